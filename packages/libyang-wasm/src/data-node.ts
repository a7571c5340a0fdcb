/** Nodes of a data tree as plain data, a copy that stays valid whatever happens to the tree. */

export interface Metadata {
  readonly name: string;
  /** Module of the annotation (RFC 7952), or of an attribute whose namespace is a module's. */
  readonly module?: string;
  /** Namespace of an attribute that belongs to no module. */
  readonly namespace?: string;
  readonly value: string;
}

export interface DataNode {
  /** `opaque`: a node without a schema, which only parsing with `opaque` (or an edit, or an envelope) leaves in a tree. */
  readonly kind:
    'container' | 'list' | 'leaf' | 'leaf-list' | 'anydata' | 'anyxml' | 'rpc' | 'action' | 'notification' | 'opaque';
  readonly name: string;
  readonly module?: string;
  /** Namespace of an opaque node that belongs to no module. */
  readonly namespace?: string;
  /** Instance path, as `/module:list[key='value']/leaf`. Nodes of an envelope have none. */
  readonly path?: string;
  /** Canonical value of a leaf or leaf-list, as text; what an opaque, anydata or anyxml node contains. */
  readonly value?: string;
  /** Not given explicitly but by the schema's default. */
  readonly isDefault: boolean;
  readonly metadata: readonly Metadata[];
  readonly children: readonly DataNode[];
}

export function readNodes(text: string): readonly DataNode[] {
  // The shim writes exactly these members (`lyw_json_node()` in c/nodes.c).
  return JSON.parse(text) as readonly DataNode[];
}
