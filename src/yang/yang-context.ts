import type { Data } from './data.ts';
import type { EditOperation, EditTree } from './edit.ts';
import type { InsertPosition } from './entries.ts';
import type { InstancePath } from './instance-path.ts';
import type { ActionNode, NotificationNode, RpcNode, SchemaParent, SchemaTree } from './schema-tree.ts';

/** A message body as it came: xml has its in-scope namespaces in the text itself (`toStandaloneText`). */
export interface Encoded {
  readonly format: 'xml' | 'json';
  readonly text: string;
}

export interface ModuleRequest {
  readonly name: string;
  readonly revision?: string;
  /** Features to switch on; `*` for all. */
  readonly features: readonly string[];
}

export interface YangContextOptions {
  /** Where `.yang` files are looked for, in this order: `name@revision.yang`, `name.yang`. */
  readonly directories: readonly string[];
  readonly modules: readonly ModuleRequest[];
}

export interface ParseEditOptions {
  /** default-operation; merge unless given. */
  readonly defaultOperation?: 'merge' | 'replace' | 'none';
}

export interface EditRequestAt {
  /** The target resource; for POST the parent of what is created. */
  readonly path: InstancePath;
  /** PUT → replace, PATCH → merge, POST → create, DELETE → delete. */
  readonly operation: EditOperation;
  readonly insert?: InsertPosition;
}

/** The loaded modules and every codec: the only place that calls libyang. */
export abstract class YangContext {
  /** @throws Error naming the module, line and reason when a module does not load */
  static load(options: YangContextOptions): YangContext {
    throw new Error(`YangContext.load ${options.modules.length}`);
  }

  abstract readonly schema: SchemaTree;
  /** The content-id of ietf-yang-library (RFC 8525 §3). */
  abstract readonly contentId: string;

  /** Input of an RPC, validated, with defaults. JSON: `{"module:input": {…}}`; XML: `<input xmlns=…>` or the operation's own element. */
  abstract parseRpcInput(rpc: RpcNode, source: Encoded): Data;
  /** As parseRpcInput. That the node at `path` exists is for the caller to check. */
  abstract parseAction(path: InstancePath, action: ActionNode, source: Encoded): Data;
  /** Instance data of a datastore (XML: any root element with the top-level nodes below it), stored form, not validated as a whole. */
  abstract parseData(source: Encoded): Data;
  /** The content of `<config>` (XML: the `<config>` element itself) or a JSON datastore, as an edit. */
  abstract parseEdit(source: Encoded, options?: ParseEditOptions): EditTree;
  /** A RESTCONF request body (RFC 8040 §4.4–4.7) as an edit; `source` absent for DELETE. */
  abstract parseEditAt(request: EditRequestAt, source?: Encoded): EditTree;
  /** Full validation of configuration: must, when, leafref, unique, mandatory. @throws RpcErrors */
  abstract validate(config: Data): void;
  abstract validateRpcOutput(rpc: RpcNode | ActionNode, output: Data): void;
  abstract validateNotification(notification: NotificationNode, content: Data): void;
  /** With every default in use (RFC 6243 `report-all`). */
  abstract addDefaults(data: Data): Data;
  /**
   * Paths of the nodes an XPath 1.0 expression selects, in document order; bounded in steps.
   * @param namespaces module name by prefix
   */
  abstract xpath(data: Data, expression: string, namespaces: Readonly<Record<string, string>>): readonly InstancePath[];
  /** Whether the expression is true of the data (a node-set: not empty); for filters of notifications. */
  abstract xpathTest(data: Data, expression: string, namespaces: Readonly<Record<string, string>>): boolean;
  /** The source of a module or submodule; undefined when not in this context. */
  abstract moduleText(name: string, revision: string | undefined, format: 'yang' | 'yin'): string | undefined;
  /** `ietf-yang-library:yang-library` and `modules-state`. */
  abstract yangLibrary(): Data;
  /** Free libyang's memory. */
  abstract close(): void;
}
export type { SchemaParent };
