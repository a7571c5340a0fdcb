/**
 * The running configuration as part of the ledger's head, and as records.
 *
 * Records are kept at a grain that lets an edit write what it touched: one for each top-level node, and one for each entry of a
 * system-ordered list that is reached from there through containers alone. A record's id is the node's path.
 */
import type { RecordWrite, StoredRecord } from '../store/store.ts';
import type { Data, Entries, Value } from '../yang/data.ts';
import type { Change } from '../yang/edit.ts';
import { formatPath, parsePath, schemaNodeAt } from '../yang/instance-path.ts';
import type { InstancePath, PathStep } from '../yang/instance-path.ts';
import { keyValues } from '../yang/entries.ts';
import type { DataSchemaNode, ListNode, SchemaTree } from '../yang/schema-tree.ts';
import { getNode } from '../yang/select.ts';
import type { YangContext } from '../yang/yang-context.ts';
import type { Revision } from './requests.ts';

/** A change of the running configuration, as the ledger carries it. */
export interface RunningChange {
  readonly after: Data;
  /** What differs from before, at its tops. */
  readonly changes: readonly Change[];
  readonly revision: number;
  /** Epoch milliseconds. */
  readonly at: number;
}

/** The configuration's records in the making: what a load found. */
interface LoadedRecord {
  readonly id: string;
  readonly value: unknown;
  readonly revision: number;
  readonly at: number;
}

interface Version {
  readonly revision: number;
  readonly at: number;
}

const REVISION_RECORD = '/';

/** Stored configuration that the modules of this start do not accept. */
export class RunningConfigurationError extends Error {
  override readonly name = 'RunningConfigurationError';
}

export class RunningConfiguration {
  readonly #yang: YangContext;
  #loaded: LoadedRecord[] = [];
  #data: Data = {};
  #version: Version = { revision: 0, at: 0 };
  /** When each container and list entry last changed, itself or below; nodes are told apart by identity. */
  #versions = new WeakMap<object, Version>();

  constructor(yang: YangContext) {
    this.#yang = yang;
  }

  /** The configuration. @throws RunningConfigurationError when what was loaded does not fit the modules */
  get data(): Data {
    this.#finishLoad();
    return this.#data;
  }

  /** Of the whole datastore. */
  get version(): Version {
    return this.#version;
  }

  /** Takes a record of kind `running`. */
  restore(record: StoredRecord): void {
    // The body is what `recordWrites` made: this class is the only writer of the kind.
    const body = record.body as { readonly value?: unknown; readonly revision: number; readonly at: number };
    if (record.id === REVISION_RECORD) this.#version = { revision: body.revision, at: body.at };
    else this.#loaded.push({ id: record.id, value: body.value, revision: body.revision, at: body.at });
  }

  apply(change: RunningChange): void {
    this.#finishLoad();
    this.#data = change.after;
    this.#version = { revision: change.revision, at: change.at };
    for (const one of change.changes) this.#touch(one, this.#version);
  }

  /**
   * The revision of the container or list entry at `path`, of what contains it for another kind of node, and of the nearest
   * ancestor that exists when it does not.
   */
  revision(path: InstancePath): Revision {
    const data = this.data;
    let version = this.#version;
    for (let length = path.length; length > 0; length--) {
      const value = getNode(this.#yang.schema, data, path.slice(0, length));
      const own = isObject(value) ? this.#versions.get(value) : undefined;
      if (own !== undefined) {
        version = own;
        break;
      }
    }
    return { etag: etagOf(version), lastModified: version.at };
  }

  /** What `revision` will say once `change` has been applied, without applying it. */
  revisionAfter(change: RunningChange, path: InstancePath): Revision {
    const version = { revision: change.revision, at: change.at };
    const touched = path.length === 0 || change.changes.some((one) => related(one.path, path));
    return touched ? { etag: etagOf(version), lastModified: version.at } : this.revision(path);
  }

  /** Marks what a change touched: its ancestors, and what it created. */
  #touch(change: Change, version: Version): void {
    for (let length = change.path.length; length > 0; length--) {
      const value = getNode(this.#yang.schema, this.#data, change.path.slice(0, length));
      if (!isObject(value)) continue;
      if (length === change.path.length) this.#mark(value, version);
      else this.#versions.set(value, version);
    }
  }

  #mark(value: object, version: Version): void {
    if (isList(value)) {
      for (const entry of value) if (isObject(entry)) this.#mark(entry, version);
      return;
    }
    this.#versions.set(value, version);
    for (const child of Object.values(value)) if (isObject(child)) this.#mark(child, version);
  }

  #finishLoad(): void {
    if (this.#loaded.length === 0) return;
    const loaded = this.#loaded;
    this.#loaded = [];
    try {
      const text = JSON.stringify(compose(this.#yang.schema, loaded));
      this.#data = this.#yang.parseData({ format: 'json', text });
    } catch (error) {
      this.#loaded = loaded;
      throw new RunningConfigurationError(
        `the stored running configuration does not fit the YANG modules: ${error instanceof Error ? error.message : String(error)}`,
        { cause: error },
      );
    }
    // Shorter paths first, so that an entry's own version replaces that of the container it was composed into.
    for (const record of loaded.sort((a, b) => a.id.length - b.id.length)) {
      const value = getNode(this.#yang.schema, this.#data, parsePath(this.#yang.schema, record.id));
      if (isObject(value)) this.#mark(value, { revision: record.revision, at: record.at });
    }
  }
}

/** The time makes an etag differ from that of a change of the same number that was lost with a failed commit. */
function etagOf(version: Version): string {
  return `${version.revision.toString(36)}-${version.at.toString(36)}`;
}

/** The records that hold a change: those it touched, and the datastore's revision. */
export function recordWrites(schema: SchemaTree, change: RunningChange): readonly RecordWrite[] {
  const { revision, at } = change;
  const touched = new Map<string, InstancePath>();
  for (const one of change.changes) {
    for (const path of recordsOf(schema, one)) touched.set(formatPath(path), path);
  }
  const writes: RecordWrite[] = [{ kind: 'running', id: REVISION_RECORD, body: { revision, at } }];
  for (const [id, path] of touched) {
    const value = getNode(schema, change.after, path);
    const node = schemaNodeAt(schema, path);
    const body =
      value === undefined || node === undefined
        ? null
        : { value: recordValue(schema, node, path, value), revision, at };
    writes.push({ kind: 'running', id, body });
  }
  return writes;
}

/** The paths of the records that a change touches. The top-level one is always among them: it carries the container's revision. */
function* recordsOf(schema: SchemaTree, change: Change): Iterable<InstancePath> {
  const entry = entryRecord(schema, change.path);
  const [top] = change.path;
  if (top === undefined) return;
  if (entry === undefined || entry.length > 1) {
    if (schemaNodeAt(schema, [bare(top)])?.kind !== 'list') yield [bare(top)];
  }
  if (entry !== undefined) {
    yield entry;
    return;
  }
  if ('before' in change) yield* entryRecordsBelow(schema, change.node, change.path, change.before);
  if ('after' in change) yield* entryRecordsBelow(schema, change.node, change.path, change.after);
}

/** The path of the list entry with a record of its own that the path is in; undefined if there is none. */
function entryRecord(schema: SchemaTree, path: InstancePath): InstancePath | undefined {
  for (let length = 1; length <= path.length; length++) {
    const prefix = path.slice(0, length);
    const node = schemaNodeAt(schema, prefix);
    if (node === undefined || node.kind === 'container') continue;
    return isSplit(node) && prefix.at(-1)?.keys !== undefined ? prefix : undefined;
  }
  return undefined;
}

/** Lists whose entries have records of their own. The order of user-ordered lists is kept by keeping them whole. */
function isSplit(node: DataSchemaNode): node is ListNode {
  return node.kind === 'list' && node.keys.length > 0 && node.orderedBy === 'system';
}

function* entryRecordsBelow(
  schema: SchemaTree,
  node: DataSchemaNode,
  path: InstancePath,
  value: Value,
): Iterable<InstancePath> {
  if (isSplit(node)) {
    const step = path.at(-1);
    if (step === undefined || !isObject(value) || !isList(value)) return;
    for (const entry of value) {
      if (isObject(entry)) yield [...path.slice(0, -1), { ...bare(step), keys: keysOf(node, entry as Data) }];
    }
  } else if (node.kind === 'container' && isObject(value)) {
    for (const child of schema.children(node)) {
      const below = (value as Data)[schema.memberName(child, node.module)];
      if (below === undefined) continue;
      yield* entryRecordsBelow(schema, child, [...path, { module: child.module, name: child.name }], below);
    }
  }
}

function keysOf(list: ListNode, entry: Data): NonNullable<PathStep['keys']> {
  const values = keyValues(list, entry) ?? [];
  return list.keys.map((name, index) => ({ name, value: values[index] ?? '' }));
}

const bare = (step: PathStep): PathStep => ({ module: step.module, name: step.name });

/** What a record holds: plain JSON, without what has records of its own. */
function recordValue(schema: SchemaTree, node: DataSchemaNode, path: InstancePath, value: Value): unknown {
  return path.at(-1)?.keys !== undefined || node.kind !== 'container'
    ? plain(value)
    : withoutSplitLists(schema, node, value);
}

function withoutSplitLists(schema: SchemaTree, node: DataSchemaNode, value: Value): unknown {
  if (node.kind !== 'container') return plain(value);
  const kept: Record<string, unknown> = {};
  for (const child of schema.children(node)) {
    const member = schema.memberName(child, node.module);
    const below = (value as Data)[member];
    if (below !== undefined && !isSplit(child)) kept[member] = withoutSplitLists(schema, child, below);
  }
  return kept;
}

/** The value with lists as arrays, for JSON. */
function plain(value: unknown): unknown {
  if (!isObject(value)) return value;
  if (isList(value)) return [...value].map((entry) => plain(entry));
  return Object.fromEntries(Object.entries(value).map(([member, below]) => [member, plain(below)]));
}

/** The datastore as one JSON object again. */
function compose(schema: SchemaTree, records: readonly LoadedRecord[]): object {
  const root: Record<string, unknown> = {};
  const byDepth = [...records].sort((a, b) => a.id.length - b.id.length);
  for (const record of byDepth) {
    const path = parsePath(schema, record.id);
    const last = path.at(-1);
    if (last === undefined) continue;
    let parent = root;
    let module: string | undefined;
    for (const step of path.slice(0, -1)) {
      // Records are reached through containers alone, and those compose wrote itself.
      parent = (parent[schema.memberName(step, module)] ??= {}) as Record<string, unknown>;
      module = step.module;
    }
    const member = schema.memberName(last, module);
    if (last.keys === undefined) parent[member] = record.value;
    else ((parent[member] ??= []) as unknown[]).push(record.value);
  }
  return root;
}

/** Whether one path leads to or through the other. */
function related(a: InstancePath, b: InstancePath): boolean {
  const length = Math.min(a.length, b.length);
  return formatPath(a.slice(0, length)) === formatPath(b.slice(0, length));
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function isList(value: object): value is Entries | readonly unknown[] {
  return Symbol.iterator in value;
}
