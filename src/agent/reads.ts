import type { Data, Value } from '../yang/data.ts';
import { impliedValue } from '../yang/defaults.ts';
import { isData } from '../yang/entries.ts';
import { mapEntries } from '../yang/entry-views.ts';
import { formatPath, schemaNodes } from '../yang/instance-path.ts';
import type { InstancePath } from '../yang/instance-path.ts';
import { RpcError } from '../yang/rpc-error.ts';
import type { SchemaParent, SchemaTree } from '../yang/schema-tree.ts';
import {
  getNode,
  limitDepth,
  parseFields,
  pruneTo,
  restrictTo,
  selectContent,
  selectFields,
  subtreeFilter,
  trimDefaults,
} from '../yang/select.ts';
import type { YangContext } from '../yang/yang-context.ts';
import type { AccessControl, UserAccess } from './access.ts';
import type { RequestContext } from './context.ts';
import type { DataProviders } from './data-providers.ts';
import type { Datastores } from './datastores.ts';
import type { Filter, GetRequest } from './requests.ts';
import { readable } from './readable.ts';
import { filterPrefixes } from './xpath-prefixes.ts';

export interface ReadParts {
  readonly yang: YangContext;
  readonly datastores: Datastores;
  readonly providers: DataProviders;
  readonly access: AccessControl;
}

/** Reads a datastore as {@link Agent.get} says. */
export async function readDatastore(parts: ReadParts, context: RequestContext, request: GetRequest): Promise<Data> {
  const { yang, access } = parts;
  const { schema } = yang;
  const running = await parts.datastores.running();
  const wanted = wantedNodes(schema, request);
  const view = request.datastore === 'running' ? running : operational(parts, context, running, wanted);
  const user = access.of(context.user);
  const all = readable({ schema, access: user }, view);
  const { target = [] } = request;
  const there = target.length === 0 ? all : targetIn({ yang, access: user, datastore: request.datastore }, all, target);
  let data = there;
  if (request.content !== undefined) data = selectContent(schema, data, request.content);
  if (request.withDefaults === 'report-all' || request.withDefaults === 'report-all-tagged') {
    data = yang.addDefaults(data);
    if (target.length > 0) data = pruneTo(schema, data, target);
  }
  if (request.withDefaults === 'trim') data = trimDefaults(schema, data);
  if (request.filter !== undefined) data = filtered(yang, data, request.filter);
  data = withTarget(schema, data, there, target);
  const { fields, depth } = request;
  const limited = (nodes: Data, parent: SchemaParent | undefined): Data =>
    depth === undefined ? nodes : limitDepth(schema, nodes, depth, parent);
  if (fields === undefined) return atTarget(schema, data, target, limited);
  // The selected nodes and their ancestors are of depth 1 (RFC 8040 §4.8.2).
  return belowTarget(schema, data, target, (nodes, parent) => ({
    ...keysIn(parent, nodes),
    ...selectFields(schema, nodes, parseFields(schema, fields, parent), parent, limited),
  }));
}

/**
 * The top-level nodes, as `module:name`, that an answer can hold; undefined for all. It spares providers work whose result
 * would be thrown away.
 */
function wantedNodes(schema: SchemaTree, { target, filter }: GetRequest): ReadonlySet<string> | undefined {
  const first = target?.[0];
  if (first !== undefined) return new Set([`${first.module}:${first.name}`]);
  if (filter?.type !== 'subtree') return undefined;
  const wanted = new Set<string>();
  for (const element of filter.element.children) {
    for (const node of schema.childrenNamed(undefined, element.name)) {
      const own = schema.namespaceOf(node.module);
      if (element.namespace === '' || element.namespace === own) wanted.add(`${node.module}:${node.name}`);
    }
  }
  return wanted;
}

function operational(
  parts: ReadParts,
  context: RequestContext,
  running: Data,
  wanted: ReadonlySet<string> | undefined,
): Data {
  const view: Record<string, Value> = {};
  for (const [member, value] of Object.entries(running)) {
    if (value !== undefined && parts.providers.get(member) === undefined) view[member] = value;
  }
  for (const provider of parts.providers) {
    if (wanted !== undefined && !wanted.has(provider.node)) continue;
    const value = provider.read({ context, running });
    if (value !== undefined) view[provider.node] = value;
  }
  return view;
}

/**
 * Only the target and the way to it. What is not there may be so implicitly where its parent is: a container without presence, and a leaf
 * or leaf-list with a default (RFC 8040 §3.5.4).
 */
function targetIn(reader: TargetReader, data: Data, target: InstancePath): Data {
  const { schema } = reader.yang;
  if (getNode(schema, data, target) !== undefined) return pruneTo(schema, data, target);
  const implied = impliedAt(reader, data, target);
  if (implied !== undefined) return placed(schema, data, target, implied);
  const path = formatPath(target);
  throw RpcError.invalidValue(`There is no ${path}.`, { path });
}

interface TargetReader {
  readonly yang: YangContext;
  readonly access: UserAccess;
  readonly datastore: GetRequest['datastore'];
}

/** The value at a path, of which some of the last nodes may be there implicitly; undefined where one of them is not. */
function impliedAt({ yang, access, datastore }: TargetReader, data: Data, target: InstancePath): Value | undefined {
  const { schema } = yang;
  let value: Value | undefined = data;
  let parent: SchemaParent | undefined;
  for (const [at, node] of schemaNodes(schema, target).entries()) {
    if (value === undefined || !isData(value)) return undefined;
    const path = target.slice(0, at + 1);
    const reach = access.readReach(node);
    const mayBeRead = reach === 'all' || (reach === 'some' && access.canRead(node, path));
    const mayBe = mayBeRead && (datastore !== 'running' || node.config) && target[at]?.value === undefined;
    // What a `when` decides is not asked for often enough to be decided alone.
    const implied = (siblings: Data): Value | undefined =>
      node.when.length > 0
        ? getNode(schema, yang.addDefaults(data), path)
        : impliedValue(schema, siblings, parent, node);
    value = getNode(schema, data, path) ?? (mayBe ? implied(value) : undefined);
    parent = node.kind === 'container' || node.kind === 'list' ? node : undefined;
  }
  return value;
}

/** Only the way to a target, and a value there. */
function placed(schema: SchemaTree, data: Data, target: InstancePath, value: Value): Data {
  const nodes = schemaNodes(schema, target);
  const ways = target.map((_, at) => target.slice(0, at));
  const above = ways.findLast((way) => way.length === 0 || getNode(schema, data, way) !== undefined) ?? [];
  const added = nodes
    .slice(above.length)
    .reduceRight<Value>(
      (inner, node, at) => ({ [schema.memberName(node, nodes[above.length + at - 1]?.module)]: inner }),
      value,
    );
  const bare = above.length === 0 ? {} : pruneTo(schema, data, above);
  // A chain of members was built above, so it is Data.
  return belowTarget(schema, bare, above, (given, parent) => ({ ...keysIn(parent, given), ...(added as Data) }));
}

/** What was left of a target: of a container without presence, which is `there`, at least that it is. */
function withTarget(schema: SchemaTree, left: Data, there: Data, target: InstancePath): Data {
  const node = schemaNodes(schema, target).at(-1);
  if (node?.kind !== 'container' || node.presence || getNode(schema, left, target) !== undefined) return left;
  return placed(schema, there, target, {});
}

function keysIn(parent: SchemaParent | undefined, nodes: Data): Data {
  if (parent === undefined || !('kind' in parent) || parent.kind !== 'list') return {};
  return Object.fromEntries(parent.keys.map((key) => [key, nodes[key]]));
}

function filtered(yang: YangContext, data: Data, filter: Filter): Data {
  if (filter.type === 'subtree') return subtreeFilter(yang.schema, data, filter.element);
  const paths = yang.xpath(data, filter.expression, filterPrefixes(yang.schema, filter.namespaces));
  return restrictTo(yang.schema, data, paths);
}

type Mapping = (nodes: Data, parent: SchemaParent | undefined) => Data;

/** Data pruned to a target, with the members of the target, or of the datastore, mapped. */
function belowTarget(schema: SchemaTree, data: Data, target: InstancePath, map: Mapping): Data {
  return mapAt(schema, data, target, undefined, map);
}

/** Data pruned to a target, with the object that holds the target as its member mapped. */
function atTarget(schema: SchemaTree, data: Data, target: InstancePath, map: Mapping): Data {
  return mapAt(schema, data, target.slice(0, -1), undefined, (nodes, parent) => {
    const step = target.at(-1);
    if (step === undefined) return map(nodes, parent);
    const member = schema.memberName(step, schema.moduleOf(parent));
    const value = nodes[member];
    return value === undefined ? nodes : { ...nodes, ...map({ [member]: value }, parent) };
  });
}

function mapAt(
  schema: SchemaTree,
  nodes: Data,
  path: InstancePath,
  parent: SchemaParent | undefined,
  map: Mapping,
): Data {
  const [step, ...rest] = path;
  if (step === undefined) return map(nodes, parent);
  const member = schema.memberName(step, schema.moduleOf(parent));
  const node = schema.child(parent, step.module, step.name);
  const value = nodes[member];
  if (value === undefined || node === undefined) return nodes;
  // The schema says that a container's value is Data.
  if (node.kind === 'container') return { ...nodes, [member]: mapAt(schema, value as Data, rest, node, map) };
  if (node.kind !== 'list') return nodes;
  return { ...nodes, [member]: mapEntries(value, (entry) => mapAt(schema, entry, rest, node, map)) };
}
