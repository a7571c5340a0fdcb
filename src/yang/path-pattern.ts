import { findNode, formatPath, keyLeaf, noChildren, readLeaf } from './instance-path.ts';
import type { InstancePath } from './instance-path.ts';
import { leafText } from './leaf-value.ts';
import { splitPath } from './path-syntax.ts';
import type { PathVariables, RawPredicate, RawValue } from './path-syntax.ts';
import { RpcError } from './rpc-error.ts';
import type {
  ActionNode,
  DataSchemaNode,
  LeafListNode,
  LeafNode,
  NotificationNode,
  SchemaParent,
  SchemaTree,
} from './schema-tree.ts';

interface PatternStep {
  readonly module: string;
  readonly name: string;
  /** Those of a list's keys that are given, or of a leaf-list its value under the name `.`. */
  readonly values: readonly { readonly name: string; readonly text: string }[];
}

/** A path that may stand for several nodes: predicates for keys are optional (RFC 8341, node-instance-identifier). */
export interface PathPattern {
  readonly steps: readonly PatternStep[];
  /** What it ends at; undefined for the datastore. */
  readonly node: DataSchemaNode | ActionNode | NotificationNode | undefined;
  /** What an instance has to have; nothing where the pattern stands for all instances of its node. */
  readonly checks: readonly PatternCheck[];
}

/** One value that a step of a path has to have. */
export interface PatternCheck {
  /** Which step. */
  readonly at: number;
  /** Name of the key, or `.` for the value of a leaf-list. */
  readonly name: string;
  readonly text: string;
}

/**
 * Parses a pattern of paths in its RFC 7951 form; `/` is the datastore. It may end at an action, or at a notification inside data.
 * @param variables what a predicate may say in place of a value, such as `$USER`
 * @throws RpcError invalid-value for a malformed path or key, unknown-element for a name that is not in the schema
 */
export function parsePathPattern(schema: SchemaTree, text: string, variables: PathVariables): PathPattern {
  const steps: PatternStep[] = [];
  let node: PathPattern['node'];
  let parent: SchemaParent | undefined;
  let module: string | undefined;
  for (const raw of text.trim() === '/' ? [] : splitPath(text, variables)) {
    if (node !== undefined && parent === undefined) throw noChildren(node, steps);
    const owner = raw.prefix === '' ? module : raw.prefix;
    node = bound(schema, parent, owner, raw, steps);
    steps.push({ module: node.module, name: node.name, values: givenValues(schema, node, raw.predicates, steps) });
    parent = node.kind === 'container' || node.kind === 'list' ? node : undefined;
    module = node.module;
  }
  const checks = steps.flatMap(({ values }, at) => values.map((value) => ({ at, ...value })));
  return { steps, node, checks };
}

/** Whether a node that is at or below the pattern's node in the schema is at or below an instance for which the pattern stands. */
export function isWithin({ checks }: PathPattern, path: InstancePath): boolean {
  for (const check of checks) if (checkedValue(check, path) !== check.text) return false;
  return true;
}

/** The value that a check is about. */
export function checkedValue({ at, name }: PatternCheck, path: InstancePath): string | undefined {
  const step = path[at];
  const value = name === '.' ? step?.value : step?.keys?.find((key) => key.name === name)?.value;
  return value === undefined ? undefined : leafText(value);
}

function bound(
  schema: SchemaTree,
  parent: SchemaParent | undefined,
  owner: string | undefined,
  raw: { readonly prefix: string; readonly name: string },
  before: InstancePath,
): NonNullable<PathPattern['node']> {
  const own = parent !== undefined && 'notifications' in parent ? parent.notifications : [];
  return (
    (owner === undefined ? undefined : schema.action(parent, owner, raw.name)) ??
    own.find(({ module, name }) => module === owner && name === raw.name) ??
    findNode(schema, parent, raw.prefix, owner, raw.name, before)
  );
}

function givenValues(
  schema: SchemaTree,
  node: NonNullable<PathPattern['node']>,
  predicates: readonly RawPredicate[],
  before: InstancePath,
): PatternStep['values'] {
  const at = formatPath([...before, { module: node.module, name: node.name }]);
  // What a variable stands for need not be a value of the node; nothing is like it then.
  const text = (leaf: LeafNode | LeafListNode, { value, isVariable }: RawValue): string =>
    isVariable ? value : leafText(readLeaf(schema, leaf, value, 'json', at));
  return predicates.map((predicate) => {
    if (node.kind === 'list' && predicate.kind === 'key' && node.keys.includes(predicate.name))
      return { name: predicate.name, text: text(keyLeaf(schema, node, predicate.name), predicate) };
    if (node.kind === 'leaf-list' && predicate.kind === 'value') return { name: '.', text: text(node, predicate) };
    throw RpcError.invalidValue(`${at} takes ${predicatesOf(node)}.`, { path: at });
  });
}

function predicatesOf(node: NonNullable<PathPattern['node']>): string {
  if (node.kind === 'leaf-list') return "[.='value'] or no predicate";
  if (node.kind !== 'list' || node.keys.length === 0) return 'no predicate';
  return `predicates for its keys alone: ${node.keys.map((key) => `[${key}='…']`).join('')}`;
}
