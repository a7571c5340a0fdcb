import type { Data, Value } from './data.ts';
import { isData } from './entries.ts';
import { keysOf, mapEntries } from './entry-views.ts';
import { RpcError } from './rpc-error.ts';
import type { DataSchemaNode, SchemaParent, SchemaTree } from './schema-tree.ts';

/** What to keep below a node: everything, or some members by their names as they are in the data. */
export interface FieldSelection {
  readonly all: boolean;
  readonly members: ReadonlyMap<string, FieldSelection>;
}

interface OpenSelection extends FieldSelection {
  all: boolean;
  readonly members: Map<string, OpenSelection>;
}

/**
 * Parses a `fields` query parameter (RFC 8040 §4.8.3), already percent-decoded.
 * @param parent what the first names are children of: the target resource; absent: the datastore
 * @throws RpcError invalid-value that says where the expression is wrong or which name is not in the schema
 */
export function parseFields(schema: SchemaTree, text: string, parent?: SchemaParent): FieldSelection {
  const reader = new FieldsReader(schema, text);
  const selection = emptySelection();
  reader.expression(selection, parent);
  reader.end();
  return selection;
}

function emptySelection(): OpenSelection {
  return { all: false, members: new Map() };
}

class FieldsReader {
  readonly #schema: SchemaTree;
  readonly #text: string;
  #at = 0;

  constructor(schema: SchemaTree, text: string) {
    this.#schema = schema;
    this.#text = text;
  }

  /** fields-expr = path "(" fields-expr ")" / path ";" fields-expr / path */
  expression(into: OpenSelection, parent: SchemaParent | undefined): void {
    do {
      const { selection, node } = this.#path(into, parent);
      if (this.#take('(')) {
        if (!isInner(node)) throw this.#refuse(`${node.name} is a ${node.kind} and has no fields`);
        this.expression(selection, node);
        if (!this.#take(')')) throw this.#refuse('")" is expected');
      } else {
        selection.all = true;
      }
    } while (this.#take(';'));
  }

  end(): void {
    if (this.#at < this.#text.length) throw this.#refuse('"/", "(" or ";" is expected');
  }

  /** path = api-identifier [ "/" path ] */
  #path(
    into: OpenSelection,
    parent: SchemaParent | undefined,
  ): { readonly selection: OpenSelection; readonly node: DataSchemaNode } {
    let selection = into;
    let from = parent;
    for (;;) {
      const node = this.#name(from);
      const member = this.#schema.memberName(node, this.#schema.moduleOf(from));
      const next = selection.members.get(member) ?? emptySelection();
      selection.members.set(member, next);
      selection = next;
      if (!this.#take('/')) return { selection, node };
      if (!isInner(node)) throw this.#refuse(`${node.name} is a ${node.kind} and has no fields`);
      from = node;
    }
  }

  #name(parent: SchemaParent | undefined): DataSchemaNode {
    const name = /(?:[A-Za-z_][\w.-]*:)?[A-Za-z_][\w.-]*/y;
    name.lastIndex = this.#at;
    const match = name.exec(this.#text);
    if (match === null) throw this.#refuse('the name of a field is expected');
    const node = this.#schema.childByMember(parent, match[0]);
    if (node === undefined) throw this.#refuse(`there is no field ${match[0]}${this.#hint(parent, match[0])}`);
    this.#at = name.lastIndex;
    return node;
  }

  #hint(parent: SchemaParent | undefined, name: string): string {
    const local = name.slice(name.indexOf(':') + 1);
    const candidates = this.#schema.childrenNamed(parent, local).map((node) => `${node.module}:${node.name}`);
    return candidates.length === 0 ? '' : `; ${candidates.join(' or ')} was probably meant`;
  }

  #take(character: string): boolean {
    if (this.#text.charAt(this.#at) !== character) return false;
    this.#at++;
    return true;
  }

  #refuse(reason: string): RpcError {
    return RpcError.invalidValue(
      `The fields "${this.#text}" are not right at character ${this.#at + 1}: ${reason}. An example is a/b;c(d;e).`,
    );
  }
}

function isInner(node: DataSchemaNode): node is Extract<DataSchemaNode, { kind: 'container' | 'list' }> {
  return node.kind === 'container' || node.kind === 'list';
}

/** What is kept of selected nodes, which are children of `parent`. */
type Within = (nodes: Data, parent: SchemaParent | undefined) => Data;

/**
 * Keeps the selected fields of `nodes`, which are children of `parent`, and the keys of list entries on the way.
 * @param within what of the selected nodes; default: all
 */
export function selectFields(
  schema: SchemaTree,
  nodes: Data,
  fields: FieldSelection,
  parent?: SchemaParent,
  within: Within = (selected) => selected,
): Data {
  if (fields.all) return within(nodes, parent);
  const kept: [string, Value][] = [];
  for (const [member, selection] of fields.members) {
    const value = nodes[member];
    const node = schema.childByMember(parent, member);
    if (value === undefined || node === undefined) continue;
    const selected = selection.all
      ? within({ [member]: value }, parent)[member]
      : selectBelow(schema, node, value, selection, within);
    if (selected !== undefined) kept.push([member, selected]);
  }
  return Object.fromEntries(kept);
}

function selectBelow(
  schema: SchemaTree,
  node: DataSchemaNode,
  value: Value,
  selection: FieldSelection,
  within: Within,
): Value | undefined {
  if (node.kind === 'list') {
    return mapEntries(value, (entry) => ({
      ...keysOf(node, entry),
      ...selectFields(schema, entry, selection, node, within),
    }));
  }
  if (node.kind !== 'container' || !isData(value)) return undefined;
  const kept = selectFields(schema, value, selection, node, within);
  return Object.keys(kept).length === 0 ? undefined : kept;
}
