import type { CurrentResource, EditRequest } from '../agent/requests.ts';
import type { Data, Value } from '../yang/data.ts';
import type { EditOperation } from '../yang/edit.ts';
import { entryKey } from '../yang/data.ts';
import { isData, type InsertPosition } from '../yang/entries.ts';
import { formatApiPath, formatPath, parseApiPath, schemaNodes, type InstancePath } from '../yang/instance-path.ts';
import { printJson, printXml, type PrintOptions } from '../yang/print.ts';
import { RpcError } from '../yang/rpc-error.ts';
import type { DataSchemaNode, SchemaTree } from '../yang/schema-tree.ts';
import { getNode, parseFields } from '../yang/select.ts';
import type { Encoded } from '../yang/yang-context.ts';
import { methodNotAllowed, notFound } from './errors.ts';
import { encodedBody, replyEncoding, type Exchange, type Method } from './exchange.ts';
import { YANG_DATA, type Encoding } from './media-type.ts';
import { editPrecondition, isNotModified, revisionHeaders } from './preconditions.ts';
import { parseEditQuery, parseReadQuery, refuseQuery, type Insert } from './query.ts';
import type { Reply } from './reply.ts';
import { ROOT, type Resource } from './resource.ts';

type DataResource = Extract<Resource, { kind: 'data' }>;

/** Media types that PATCH takes (RFC 8040 §4.1). */
const ACCEPT_PATCH = Object.values(YANG_DATA).join(', ');

/** What is there depends on who asks: a cache must not hand one user's answer to another. */
const OWN_ANSWER = { 'Cache-Control': 'private, no-cache', Vary: 'Accept, Authorization' };

/** The datastore and data resources (RFC 8040 §3.4, §3.5, §4). */
export async function dataReply(exchange: Exchange, resource: DataResource): Promise<Reply> {
  const allowed = allowedMethods(resource.node);
  if (!allowed.includes(exchange.method)) {
    throw methodNotAllowed(
      exchange.method,
      allowed,
      resource.node?.config === false ? 'for state data' : 'for this resource',
    );
  }
  switch (exchange.method) {
    case 'GET':
    case 'HEAD':
      return await read(exchange, resource);
    case 'OPTIONS':
      refuseQuery(exchange.query, 'OPTIONS');
      return options(resource.node, allowed);
    case 'POST':
      return await create(exchange, resource);
    case 'PUT':
      return await replace(exchange, resource);
    case 'PATCH':
      return await merge(exchange, resource);
    case 'DELETE':
      return await remove(exchange, resource);
  }
}

/** What may be done with a data resource, from its place in the schema alone. */
function allowedMethods(node: DataSchemaNode | undefined): readonly Method[] {
  if (node === undefined) return ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'OPTIONS'];
  if (!node.config) return ['GET', 'HEAD', 'OPTIONS'];
  const parent = node.kind === 'container' || node.kind === 'list';
  return ['GET', 'HEAD', ...(parent ? (['POST'] as const) : []), 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];
}

function options(node: DataSchemaNode | undefined, allowed: readonly Method[]): Reply {
  const patch: Readonly<Record<string, string>> = node?.config === false ? {} : { 'Accept-Patch': ACCEPT_PATCH };
  return { status: 200, headers: { Allow: allowed.join(', '), ...patch }, body: [] };
}

async function read(exchange: Exchange, { path, node }: DataResource): Promise<Reply> {
  const { agent, context } = exchange;
  const { schema } = agent.yang;
  const encoding = replyEncoding(exchange);
  const query = parseReadQuery(exchange.query);
  if (query.fields !== undefined)
    parseFields(schema, query.fields, node === undefined ? undefined : fieldsParent(node));
  const configuration = node?.config !== false;
  const revision = configuration ? agent.revision(context, 'running', path) : undefined;
  const datastore = query.content === 'config' ? ('running' as const) : ('operational' as const);
  const request = { datastore, ...query, ...(path.length === 0 ? {} : { target: path }) };
  const data = await agent.get(context, request).catch((error: unknown) => {
    // The request was found well-formed above: what is left is that the target does not exist.
    if (error instanceof RpcError && error.tag === 'invalid-value')
      throw notFound(error.message, error.path ?? formatPath(path));
    throw error;
  });
  // A read that includes state, or what RPCs made, may differ although the configuration's revision is the same.
  if (revision !== undefined && query.content === 'config' && isNotModified(exchange.headers, revision)) {
    return { status: 304, headers: { ...OWN_ANSWER, ...revisionHeaders(revision) } };
  }
  const headers = {
    'Content-Type': YANG_DATA[encoding],
    ...OWN_ANSWER,
    ...(revision === undefined ? {} : revisionHeaders(revision)),
  };
  const tagDefaults = query.withDefaults === 'report-all-tagged';
  const body = resourceBody(schema, data, path, encoding, tagDefaults);
  return { status: 200, headers, body, whenDurable: () => agent.whenDurable() };
}

function fieldsParent(node: DataSchemaNode): Extract<DataSchemaNode, { kind: 'container' | 'list' }> {
  if (node.kind === 'container' || node.kind === 'list') return node;
  throw RpcError.invalidValue(
    `'fields' selects below a container or a list entry, and '${node.name}' is a ${node.kind}.`,
    {
      type: 'protocol',
    },
  );
}

/** The body of a datastore or data resource: one top-level member or element, with its namespace (RFC 8040 §3.4, §3.5). */
function resourceBody(
  schema: SchemaTree,
  data: Data,
  path: InstancePath,
  encoding: Encoding,
  tagDefaults: boolean,
): Iterable<string> {
  const options: PrintOptions = { pretty: true, tagDefaults };
  if (path.length === 0) return datastoreBody(schema, data, encoding, options);
  const nodes = schemaNodes(schema, path);
  const node = nodes.at(-1);
  const parent = nodes.at(-2);
  const value = getNode(schema, data, path);
  if (node === undefined || value === undefined) throw notFound('The resource does not exist.', formatPath(path));
  if (encoding === 'xml' && isSeveral(value)) {
    throw RpcError.invalidValue(
      `${formatPath(path)} names several entries, which XML has no document for: name one by its key, read what they are in, or ask for JSON.`,
      { type: 'protocol', path: formatPath(path) },
    );
  }
  const asParent = parent?.kind === 'container' || parent?.kind === 'list' ? parent : undefined;
  const member = { [schema.memberName(node, asParent?.module)]: asMember(node, value) };
  const place: PrintOptions = asParent === undefined ? options : { ...options, parent: asParent };
  return encoding === 'json'
    ? printJson(schema, member, { ...place, qualified: true })
    : printXml(schema, member, place);
}

/** Whether a list or leaf-list as a whole has more than one entry (RFC 8040 §4.3). */
function isSeveral(value: Value): boolean {
  if (typeof value !== 'object' || isData(value)) return false;
  const entries = value[Symbol.iterator]();
  entries.next();
  return entries.next().done !== true;
}

function* datastoreBody(schema: SchemaTree, data: Data, encoding: Encoding, options: PrintOptions): Generator<string> {
  if (encoding === 'json') {
    yield '{"ietf-restconf:data": ';
    yield* printJson(schema, data, options);
    yield '}\n';
    return;
  }
  yield '<data xmlns="urn:ietf:params:xml:ns:yang:ietf-restconf">\n';
  yield* printXml(schema, data, options);
  yield '</data>\n';
}

/** One entry of a list or leaf-list is printed as the only one of its list (RFC 7951 §5.4). */
function asMember(node: DataSchemaNode, value: Value): Value {
  // A target that is an entry is one Data or leaf value; its list has just that entry.
  if (node.kind === 'list' && isData(value)) return [value];
  if (node.kind === 'leaf-list' && typeof value !== 'object') return [value];
  return value;
}

async function create(exchange: Exchange, { path }: DataResource): Promise<Reply> {
  const { agent, context } = exchange;
  const { insert } = parseEditQuery(exchange.query);
  const edit = agent.yang.parseEditAt(editRequest(exchange, path, 'create', insert), requiredBody(exchange));
  const target = edit.target?.path ?? path;
  const outcome = await agent.edit(context, editOf(exchange, edit, target));
  const location = `${origin(exchange)}${ROOT}/data${formatApiPath(target)}`;
  return { status: 201, headers: { Location: location, ...revisionHeaders(outcome) }, body: [] };
}

async function replace(exchange: Exchange, { path }: DataResource): Promise<Reply> {
  const { agent, context } = exchange;
  const { insert } = parseEditQuery(exchange.query);
  const edit = agent.yang.parseEditAt(editRequest(exchange, path, 'replace', insert), requiredBody(exchange));
  const outcome = await agent.edit(context, editOf(exchange, edit, path));
  if (!outcome.created) return { status: 204, headers: revisionHeaders(outcome) };
  const location = `${origin(exchange)}${ROOT}/data${formatApiPath(path)}`;
  return { status: 201, headers: { Location: location, ...revisionHeaders(outcome) }, body: [] };
}

async function merge(exchange: Exchange, { path }: DataResource): Promise<Reply> {
  const { agent, context } = exchange;
  refuseQuery(exchange.query, 'PATCH');
  const edit = agent.yang.parseEditAt({ path, operation: 'merge' }, requiredBody(exchange));
  const request = mustExist(editOf(exchange, edit, path), path, ({ exists, implicit }) => exists || implicit);
  return { status: 204, headers: revisionHeaders(await agent.edit(context, request)) };
}

async function remove(exchange: Exchange, { path }: DataResource): Promise<Reply> {
  const { agent, context } = exchange;
  refuseQuery(exchange.query, 'DELETE');
  const edit = agent.yang.parseEditAt({ path, operation: 'delete' });
  await agent.edit(
    context,
    mustExist(editOf(exchange, edit, path), path, ({ exists }) => exists),
  );
  return { status: 204, headers: {} };
}

function editOf(exchange: Exchange, edit: EditRequest['edit'], target: InstancePath): EditRequest {
  const precondition = editPrecondition(exchange.headers);
  return {
    datastore: 'running',
    edit,
    ...(target.length === 0 ? {} : { target }),
    ...(precondition === undefined ? {} : { precondition }),
  };
}

/** PATCH and DELETE are for resources that exist (RFC 8040 §4.6, §4.7); looked at in the transaction, before If-Match. */
function mustExist(
  request: EditRequest,
  path: InstancePath,
  isThere: (current: CurrentResource) => boolean,
): EditRequest {
  if (path.length === 0) return request;
  return {
    ...request,
    precondition: (current) => {
      if (!isThere(current))
        throw current.madeOtherwise ?? notFound('The resource does not exist in the configuration.', formatPath(path));
      request.precondition?.(current);
    },
  };
}

function editRequest(
  exchange: Exchange,
  path: InstancePath,
  operation: EditOperation,
  insert: Insert | undefined,
): { path: InstancePath; operation: EditOperation; insert?: InsertPosition } {
  if (insert === undefined) return { path, operation };
  if (!('point' in insert)) return { path, operation, insert: { at: insert.at } };
  const point = parseApiPath(exchange.agent.yang.schema, insert.point).path.at(-1);
  const key = point?.keys?.map(({ value }) => value) ?? (point?.value === undefined ? undefined : [point.value]);
  if (key === undefined) {
    throw RpcError.badElement('point', `'point=${insert.point}' does not name an entry of a list or leaf-list.`, {
      type: 'protocol',
    });
  }
  return { path, operation, insert: { at: insert.at, key: entryKey(key) } };
}

function requiredBody(exchange: Exchange): Encoded {
  const body = encodedBody(exchange);
  if (body !== undefined) return body;
  throw RpcError.malformedMessage(
    `${exchange.method} needs a body with the data, as ${YANG_DATA.json} or ${YANG_DATA.xml}.`,
  );
}

function origin(exchange: Exchange): string {
  const scheme = exchange.context.transport === 'restconf-http' ? 'http' : 'https';
  return exchange.headers.host === undefined ? '' : `${scheme}://${exchange.headers.host}`;
}
