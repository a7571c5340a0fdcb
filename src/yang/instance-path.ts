import type { LeafValue } from './data.ts';
import type { ActionNode, DataSchemaNode, SchemaTree } from './schema-tree.ts';

/**
 * One step of an instance path. Modules are names, never prefixes, and always given.
 * - `keys`: the key leafs of a list entry, in key order, with canonical values
 * - `value`: the value of a leaf-list entry
 * - `position`: the 1-based position of an entry in a list without keys
 *
 * A step that names a list or leaf-list and has none of these means all its entries; only places that say so accept it.
 */
export interface PathStep {
  readonly module: string;
  readonly name: string;
  readonly keys?: readonly { readonly name: string; readonly value: LeafValue }[];
  readonly value?: LeafValue;
  readonly position?: number;
}

/** The path of one node in a data tree; empty for the datastore itself. */
export type InstancePath = readonly PathStep[];

/** The RFC 7951 §6.11 form: `/opnfv-promise:promise/pools/pool[id='p1']`; `/` for the datastore. */
export function formatPath(path: InstancePath): string {
  throw new Error(`formatPath ${path.length}`);
}

/** The form with prefixes, and the namespaces to declare: `/p:promise/p:pools/p:pool[p:id='p1']`. */
export function formatXmlPath(
  schema: SchemaTree,
  path: InstancePath,
): { readonly path: string; readonly namespaces: Readonly<Record<string, string>> } {
  throw new Error(`formatXmlPath ${path.length} ${schema.modules.length}`);
}

/** The RESTCONF form (RFC 8040 §3.5.3) below `{+restconf}/data`: `/opnfv-promise:promise/pools/pool=p1`; '' for the datastore. */
export function formatApiPath(path: InstancePath): string {
  throw new Error(`formatApiPath ${path.length}`);
}

/**
 * Parses the RFC 7951 form and checks it against the schema.
 * @throws RpcError invalid-value for a malformed path or key, unknown-element for a name that is not in the schema
 */
export function parsePath(schema: SchemaTree, text: string): InstancePath {
  throw new Error(`parsePath ${text} ${schema.modules.length}`);
}

/**
 * Parses the form with prefixes (XML instance-identifier; NETCONF, NACM).
 * @param resolve namespace of a prefix, '' for none
 * @throws RpcError as {@link parsePath}
 */
export function parseXmlPath(
  schema: SchemaTree,
  text: string,
  resolve: (prefix: string) => string | undefined,
): InstancePath {
  throw new Error(`parseXmlPath ${text} ${schema.modules.length} ${String(resolve(''))}`);
}

export interface ApiPathOptions {
  /** Accept a last step that names a list or leaf-list without keys (a collection, for pagination). */
  readonly collection?: boolean;
}

export interface ApiPath {
  readonly path: InstancePath;
  /** Set when the last segment names an action; `path` is then the node it is invoked on. */
  readonly action?: ActionNode;
}

/**
 * Parses a RESTCONF API path (RFC 8040 §3.5.3) as it stands in the URL, still percent-encoded, behind `{+restconf}/data`.
 * It is split at `/`, `=` and `,` before decoding, so an encoded comma is part of a key and an empty key is an empty string.
 * @throws RpcError invalid-value for a malformed path or wrong keys, unknown-element / unknown-namespace for names
 */
export function parseApiPath(schema: SchemaTree, raw: string, options: ApiPathOptions = {}): ApiPath {
  throw new Error(`parseApiPath ${raw} ${schema.modules.length} ${String(options.collection)}`);
}

/** The schema nodes along a path; undefined entries never occur: an unknown step throws unknown-element. */
export function schemaNodes(schema: SchemaTree, path: InstancePath): readonly DataSchemaNode[] {
  throw new Error(`schemaNodes ${path.length} ${schema.modules.length}`);
}

/** The schema node a path ends at; undefined for the datastore. */
export function schemaNodeAt(schema: SchemaTree, path: InstancePath): DataSchemaNode | undefined {
  return schemaNodes(schema, path).at(-1);
}
