import type { Data, LeafValue, Value } from '../yang/data.ts';
import { mapEntries } from '../yang/entry-views.ts';
import { formatPath, schemaNodes, valueContext } from '../yang/instance-path.ts';
import type { InstancePath } from '../yang/instance-path.ts';
import { leafFromText } from '../yang/leaf-value.ts';
import { RpcError } from '../yang/rpc-error.ts';
import type { DataSchemaNode, SchemaParent, SchemaTree } from '../yang/schema-tree.ts';
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
import type { AccessControl } from './access.ts';
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
  let data = readable({ schema, access: access.of(context.user) }, view);
  const { target = [] } = request;
  if (target.length > 0) data = targetIn(schema, data, target);
  if (request.content !== undefined) data = selectContent(schema, data, request.content);
  if (request.withDefaults === 'report-all' || request.withDefaults === 'report-all-tagged') {
    data = yang.addDefaults(data);
    if (target.length > 0) data = pruneTo(schema, data, target);
  }
  if (request.withDefaults === 'trim') data = trimDefaults(schema, data);
  if (request.filter !== undefined) data = filtered(yang, data, request.filter);
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
 * Only the target and the way to it. A leaf that is not there has its default where its parent is there (RFC 8040 §3.5.4), which a
 * container without presence is wherever its own parent is (RFC 7950 §7.5.1).
 */
function targetIn(schema: SchemaTree, data: Data, target: InstancePath): Data {
  if (getNode(schema, data, target) !== undefined) return pruneTo(schema, data, target);
  const nodes = schemaNodes(schema, target);
  const node = nodes.at(-1);
  const fallback = node === undefined ? undefined : defaultOf(schema, node);
  const there = ancestorsThere(schema, data, target, nodes);
  if (fallback === undefined || there === undefined) {
    const path = formatPath(target);
    throw RpcError.invalidValue(`There is no ${path}.`, { path });
  }
  const above = target.slice(0, there);
  const added = nodes
    .slice(there)
    .reduceRight<Value>(
      (value, below, at) => ({ [schema.memberName(below, nodes[there + at - 1]?.module)]: value }),
      fallback,
    );
  const bare = above.length === 0 ? {} : pruneTo(schema, data, above);
  // A chain of members was built above, so it is Data.
  return belowTarget(schema, bare, above, (given, parent) => ({ ...keysIn(parent, given), ...(added as Data) }));
}

/** How many steps of the path lead to the nearest ancestor in the data when all between are there implicitly; else undefined. */
function ancestorsThere(
  schema: SchemaTree,
  data: Data,
  target: InstancePath,
  nodes: readonly DataSchemaNode[],
): number | undefined {
  for (let length = target.length - 1; length > 0; length--) {
    if (getNode(schema, data, target.slice(0, length)) !== undefined) return length;
    const node = nodes[length - 1];
    if (node?.kind !== 'container' || node.presence) return undefined;
  }
  return 0;
}

function keysIn(parent: SchemaParent | undefined, nodes: Data): Data {
  if (parent === undefined || !('kind' in parent) || parent.kind !== 'list') return {};
  return Object.fromEntries(parent.keys.map((key) => [key, nodes[key]]));
}

function defaultOf(schema: SchemaTree, node: DataSchemaNode): LeafValue | undefined {
  if (node.kind !== 'leaf' || node.default === undefined) return undefined;
  const read = leafFromText(valueContext(schema, node.module, 'json'), node.type, node.default);
  return read.ok ? read.value : undefined;
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
