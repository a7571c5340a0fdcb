import type { Data, Value } from './data.ts';
import { EntryMap, isData, isEntries, keyOf } from './entries.ts';
import type { ListNode, SchemaParent, SchemaTree } from './schema-tree.ts';

type Members = Readonly<Record<string, unknown>>;

/** Whether two values are the same, entries of lists compared in order. */
export function sameValue(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (isSequence(a)) return isSequence(b) && sameSequence(a, b);
  if (!isMembers(a) || !isMembers(b) || isSequence(b)) return false;
  // What an object has is what it names with a value.
  let members = 0;
  for (const name of Object.keys(a)) {
    const value = memberOf(a, name);
    if (value === undefined) continue;
    if (!sameValue(value, memberOf(b, name))) return false;
    members++;
  }
  for (const name of Object.keys(b)) if (memberOf(b, name) !== undefined) members--;
  return members === 0;
}

function isSequence(value: unknown): value is Iterable<unknown> {
  return isMembers(value) && Symbol.iterator in value;
}

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null;
}

/** A member of an object by its own name; undefined for one that it does not have. */
function memberOf(object: Members, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

function sameSequence(a: Iterable<unknown>, b: Iterable<unknown>): boolean {
  const others = b[Symbol.iterator]();
  for (const value of a) {
    const other = others.next();
    if (other.done === true || !sameValue(value, other.value)) return false;
  }
  return others.next().done === true;
}

/**
 * `after`, with every part that equals the part of `before` in its place replaced by the latter: so that a replacement
 * by mostly the same content shares it, and costs little to compare and to store.
 */
export function shareValue(schema: SchemaTree, parent: SchemaParent | undefined, before: Data, after: Data): Data {
  let same = Object.keys(before).length === Object.keys(after).length;
  const shared: [string, Value][] = [];
  for (const [member, value] of Object.entries(after)) {
    if (value === undefined) continue;
    const kept = shareMember(schema, parent, member, before[member], value);
    same &&= kept === before[member];
    shared.push([member, kept]);
  }
  return same ? before : Object.fromEntries(shared);
}

function shareMember(
  schema: SchemaTree,
  parent: SchemaParent | undefined,
  member: string,
  before: Value | undefined,
  after: Value,
): Value {
  if (before === undefined || before === after) return after;
  const node = schema.childByMember(parent, member);
  if (node?.kind === 'container' && isData(before) && isData(after)) return shareValue(schema, node, before, after);
  if (node?.kind === 'list' && before instanceof EntryMap && isEntries(after)) {
    return shareEntries(schema, node, before, after);
  }
  return sameValue(before, after) ? before : after;
}

function shareEntries(schema: SchemaTree, list: ListNode, before: EntryMap, after: Iterable<Data>): EntryMap {
  const entries = [...after].map((entry): [string, Data] => {
    const key = keyOf(list, entry);
    const old = before.get(key);
    return [key, old === undefined ? entry : shareValue(schema, list, old, entry)];
  });
  const keys = new Set(entries.map(([key]) => key));
  let map = before;
  for (const key of before.keys()) if (!keys.has(key)) map = map.without(key);
  for (const [key, entry] of entries) map = map.with(key, entry);
  if (list.orderedBy === 'system') return map;
  const order = [...map.keys()];
  // New ones went last; another order than that has to be made anew.
  if (entries.every(([key], at) => order[at] === key)) return map;
  return EntryMap.from(
    list,
    entries.map(([, entry]) => entry),
  );
}
