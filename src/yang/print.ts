import type { Data } from './data.ts';
import type { SchemaParent, SchemaTree } from './schema-tree.ts';

export interface PrintOptions {
  /** What `nodes` are children of; absent: the datastore. */
  readonly parent?: SchemaParent;
  /** JSON: qualify the names of the first level with their module also below a `parent`, as RESTCONF bodies do (RFC 8040 §3.5). */
  readonly qualified?: boolean;
  /** Indented with two spaces, each element or member on its line. */
  readonly pretty?: boolean;
  /** Tag values equal to the schema default: RFC 6243 §3.4 `report-all-tagged` (`wd:default`, `ietf-netconf-with-defaults:default`). */
  readonly tagDefaults?: boolean;
}

/**
 * RFC 7951 JSON: one object with the members of `nodes`. Without a `parent` names are qualified; below one they are as in
 * `nodes`, so that callers wrap e.g. `{"module:output": …}` around it.
 * @returns chunks of about 16 kB; the data is walked as they are consumed
 */
export function printJson(schema: SchemaTree, nodes: Data, options: PrintOptions = {}): Iterable<string> {
  throw new Error(`printJson ${schema.modules.length} ${String(nodes)} ${String(options.pretty)}`);
}

/**
 * XML elements for the members of `nodes`, side by side, each declaring its namespaces; for a caller's envelope.
 * Identities and instance-identifiers get prefixes that are declared on the element that holds them.
 */
export function printXml(schema: SchemaTree, nodes: Data, options: PrintOptions = {}): Iterable<string> {
  throw new Error(`printXml ${schema.modules.length} ${String(nodes)} ${String(options.pretty)}`);
}

/**
 * An error's path (RFC 7951 form, `RpcError.path`) as the XPath that an XML `error-path` holds. A path that the schema does
 * not know is translated as far as it names modules.
 */
export function printErrorPathXml(
  schema: SchemaTree,
  path: string,
): { readonly path: string; readonly namespaces: Readonly<Record<string, string>> } {
  throw new Error(`printErrorPathXml ${schema.modules.length} ${path}`);
}

/** Structured error-info (`RpcError.info.structure`) as XML: members in the namespaces of the modules they name. */
export function printStructureXml(schema: SchemaTree, structure: Data): string {
  throw new Error(`printStructureXml ${schema.modules.length} ${String(structure)}`);
}
