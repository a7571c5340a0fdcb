import { entryKey } from './data.ts';
import type { Data, LeafValue, Value } from './data.ts';
import type { AnyEdit, ContainerEdit, EditNode, EditTree, EntryEdit, LeafEdit, LeafListEdit } from './edit.ts';
import { isData } from './entries.ts';
import type { EntryMap, InsertPosition } from './entries.ts';
import { asEntryMap } from './entry-views.ts';
import { entryStep, formatPath } from './instance-path.ts';
import type { PathStep } from './instance-path.ts';
import { RpcError } from './rpc-error.ts';
import type { DataSchemaNode, SchemaParent, SchemaTree } from './schema-tree.ts';
import { sameValue, shareValue } from './sharing.ts';

export interface EditResult {
  /** Shares with the datastore before whatever did not change; the very same object if nothing did. */
  readonly data: Data;
  /** Whether the target of the edit was not there before; false for an edit without a target. */
  readonly created: boolean;
}

/**
 * Applies an edit (RFC 6241 §7.2; RFC 7950 §7.5.8, §7.6.7, §7.7.9, §7.8.6, §7.9.6): all of it or, by throwing, nothing.
 * Neither defaults nor constraints are its matter; `YangContext.validate` checks the result.
 *
 * A container without presence is there when it has content. `none` needs every list entry, container with presence and
 * leaf that it names to be there.
 * @throws RpcError data-exists, data-missing, bad-attribute (`insert` next to an entry that is not there), bad-element
 *   (a node twice, nodes of two cases), invalid-value (a key changed), each with its path
 */
export function applyEdit(schema: SchemaTree, config: Data, edit: EditTree): EditResult {
  const editor = new Editor(schema, edit);
  const data = editor.root(config);
  return { data, created: editor.created };
}

type Members = Record<string, Value | undefined>;

class Editor {
  created = false;
  readonly #schema: SchemaTree;
  readonly #edit: EditTree;
  /** Where the edit is at, for errors. */
  readonly #path: PathStep[] = [];

  constructor(schema: SchemaTree, edit: EditTree) {
    this.#schema = schema;
    this.#edit = edit;
  }

  root(config: Data): Data {
    const { operation, children } = this.#edit;
    if (operation !== 'replace') return this.#children(undefined, config, children);
    return shareData(this.#schema, undefined, config, this.#children(undefined, {}, children));
  }

  /** @returns `base` itself when the edits change nothing */
  #children(parent: SchemaParent | undefined, base: Data, edits: readonly EditNode[]): Data {
    const members: Members = { ...base };
    const module = this.#schema.moduleOf(parent);
    const seen = new Set<string>();
    const made = new Set<DataSchemaNode>();
    for (const edit of edits) {
      const member = this.#schema.memberName(edit.node, module);
      this.#path.push({ module: edit.node.module, name: edit.node.name });
      this.#once(seen, member, edit);
      const before = members[member];
      const after = this.#member(edit, before);
      members[member] = after;
      if (after !== undefined && (before === undefined || edit.operation !== 'none')) {
        made.add(edit.node);
        this.#dropOtherCases(members, module, edit.node, made);
      }
      this.#path.pop();
    }
    return withoutAbsent(base, members);
  }

  /** One edit may name an instance once: twice, their order would decide. */
  #once(seen: Set<string>, member: string, edit: EditNode): void {
    const key = 'keys' in edit ? entryKey(edit.keys) : edit.node.kind === 'leaf-list' ? valueKey(edit) : '';
    const instance = `${member}\n${key}`;
    if (seen.has(instance)) {
      const text = `${edit.node.name} is there twice; an edit may name each node once.`;
      throw RpcError.badElement(edit.node.name, text, { path: this.#here(edit) });
    }
    seen.add(instance);
  }

  /** Nodes of one case replace those of the others (RFC 7950 §7.9.6). */
  #dropOtherCases(
    members: Members,
    module: string | undefined,
    node: DataSchemaNode,
    made: ReadonlySet<DataSchemaNode>,
  ): void {
    for (const other of this.#schema.excludedBy(node)) {
      if (made.has(other)) {
        const text = `${node.name} and ${other.name} are alternatives; give one of them only.`;
        throw RpcError.badElement(node.name, text, { path: formatPath(this.#path) });
      }
      members[this.#schema.memberName(other, module)] = undefined;
    }
  }

  /** The value of a member after an edit; undefined when there is none any more. */
  #member(edit: EditNode, before: Value | undefined): Value | undefined {
    if ('all' in edit) {
      this.#checkExistence(edit, before !== undefined);
      return undefined;
    }
    if ('keys' in edit) return this.#list(edit, before);
    if ('children' in edit) return this.#container(edit, before);
    return isLeafListEdit(edit) ? this.#leafList(edit, before) : this.#leaf(edit, before);
  }

  #container(edit: ContainerEdit, before: Value | undefined): Data | undefined {
    const existing = isData(before) ? before : undefined;
    const { node } = edit;
    this.#checkExistence(edit, existing !== undefined);
    if (edit.operation === 'delete' || edit.operation === 'remove') return undefined;
    const after =
      edit.operation === 'replace'
        ? shareData(this.#schema, node, existing, this.#children(node, {}, edit.children))
        : this.#children(node, existing ?? {}, edit.children);
    return node.presence || Object.keys(after).length > 0 ? after : undefined;
  }

  #list(edit: EntryEdit, before: Value | undefined): EntryMap | undefined {
    const { node } = edit;
    const map = asEntryMap(node, before);
    const key = entryKey(edit.keys);
    const existing = map.get(key);
    this.#checkExistence(edit, existing !== undefined);
    if (edit.operation === 'delete' || edit.operation === 'remove') return nonEmpty(map.without(key));
    this.#checkAnchor(edit, (other) => map.has(other), 'key');
    this.#path.splice(-1, 1, entryStep(node, edit.keys));
    const bare: Data = Object.fromEntries(node.keys.map((name, at) => [name, edit.keys[at]]));
    const fresh = edit.operation === 'replace' || existing === undefined;
    const edited = this.#children(node, fresh ? bare : existing, edit.children);
    const after = fresh ? shareData(this.#schema, node, existing, edited) : edited;
    return map.with(key, after, edit.insert);
  }

  #leafList(edit: LeafListEdit, before: Value | undefined): readonly LeafValue[] | undefined {
    // By the schema, the member of a leaf-list is an array of leaf values.
    const values = (before ?? []) as readonly LeafValue[];
    const key = entryKey([edit.value]);
    const at = values.findIndex((value) => entryKey([value]) === key);
    this.#checkExistence(edit, at >= 0);
    if (edit.operation === 'none') return values;
    if (edit.operation === 'delete' || edit.operation === 'remove') {
      const rest = at < 0 ? values : values.toSpliced(at, 1);
      return rest.length === 0 ? undefined : rest;
    }
    this.#checkAnchor(edit, (other) => values.some((value) => entryKey([value]) === other), 'value');
    if (at >= 0 && edit.insert === undefined) return values;
    const after = placeValue(at < 0 ? values : values.toSpliced(at, 1), edit.value, edit.insert, at);
    return sameValue(values, after) ? values : after;
  }

  #leaf(edit: LeafEdit | AnyEdit, before: Value | undefined): Value | undefined {
    this.#checkExistence(edit, before !== undefined);
    if (edit.node.kind === 'leaf' && edit.node.isKey) this.#checkKey(edit, before);
    if (edit.operation === 'none') return before;
    if (edit.operation === 'delete' || edit.operation === 'remove') return undefined;
    // An edit that makes a node has a value; that of anydata is kept as it is.
    const after = edit.value as Value;
    return sameValue(before, after) ? before : after;
  }

  #checkKey(edit: LeafEdit | AnyEdit, before: Value | undefined): void {
    const keeps = edit.operation !== 'delete' && edit.operation !== 'remove' && sameValue(before, edit.value);
    if (keeps || edit.operation === 'none') return;
    throw RpcError.invalidValue(
      `${edit.node.name} is a key: it cannot be changed or deleted; delete the entry and create another.`,
      { path: formatPath(this.#path) },
    );
  }

  #checkExistence(edit: EditNode, exists: boolean): void {
    const target = this.#edit.target?.edit === edit ? this.#edit.target : undefined;
    if (target !== undefined) this.created = !exists;
    if (exists) {
      if (edit.operation !== 'create') return;
      const path = this.#here(edit);
      throw RpcError.dataExists(`${path} exists already, and the operation is create.`, { path });
    }
    const impliedContainer = edit.node.kind === 'container' && !edit.node.presence;
    const needed =
      edit.operation === 'delete' ||
      ((edit.operation === 'none' || target?.mustExist === true) && !impliedContainer && edit.operation !== 'remove');
    if (!needed) return;
    const path = this.#here(edit);
    throw RpcError.dataMissing(`${path} does not exist; ${missingReason(edit)}.`, { path });
  }

  /** RFC 7950 §15.7. */
  #checkAnchor(edit: EntryEdit | LeafListEdit, has: (key: string) => boolean, attribute: string): void {
    const { insert } = edit;
    if (insert === undefined || insert.at === 'first' || insert.at === 'last' || has(insert.key)) return;
    const path = this.#here(edit);
    throw RpcError.badAttribute(
      edit.node.name,
      attribute,
      `There is no entry ${insert.key} of ${edit.node.name} to put this one ${insert.at}.`,
      { type: 'application', appTag: 'missing-instance', path },
    );
  }

  /** The path of what an edit is about, while its node is the last step. */
  #here(edit: EditNode): string {
    const before = this.#path.slice(0, -1);
    const { module, name } = edit.node;
    if ('keys' in edit) return formatPath([...before, entryStep(edit.node, edit.keys)]);
    if (isLeafListEdit(edit)) return formatPath([...before, { module, name, value: edit.value }]);
    return formatPath(this.#path);
  }
}

function missingReason(edit: EditNode): string {
  if (edit.operation === 'delete') return 'what is deleted must exist, unless the operation is remove';
  if (edit.operation === 'none') return 'create it first, or in the same edit';
  return 'create it first';
}

function isLeafListEdit(edit: EditNode): edit is LeafListEdit {
  return edit.node.kind === 'leaf-list' && !('all' in edit);
}

function valueKey(edit: EditNode): string {
  return isLeafListEdit(edit) ? entryKey([edit.value]) : '';
}

function nonEmpty(map: EntryMap): EntryMap | undefined {
  return map.size === 0 ? undefined : map;
}

/** @param was the value's index before it was taken out of `rest`, or -1 */
function placeValue(
  rest: readonly LeafValue[],
  value: LeafValue,
  insert: InsertPosition | undefined,
  was: number,
): readonly LeafValue[] {
  switch (insert?.at) {
    case 'first':
      return [value, ...rest];
    case 'before':
    case 'after': {
      const other = rest.findIndex((one) => entryKey([one]) === insert.key);
      // Next to itself is where it was.
      if (other < 0) return rest.toSpliced(was, 0, value);
      return rest.toSpliced(other + (insert.at === 'after' ? 1 : 0), 0, value);
    }
    default:
      return [...rest, value];
  }
}

function withoutAbsent(base: Data, members: Members): Data {
  const present = Object.entries(members).filter(([, value]) => value !== undefined);
  const names = Object.keys(base);
  const same = present.length === names.length && present.every(([name, value]) => base[name] === value);
  return same ? base : Object.fromEntries(present);
}

function shareData(schema: SchemaTree, parent: SchemaParent | undefined, before: Data | undefined, after: Data): Data {
  return before === undefined ? after : shareValue(schema, parent, before, after);
}
