import { parseApiPath, schemaNodeAt, type InstancePath } from '../yang/instance-path.ts';
import { RpcError } from '../yang/rpc-error.ts';
import type { ActionNode, DataSchemaNode, RpcNode, SchemaTree } from '../yang/schema-tree.ts';
import { notFound } from './errors.ts';
import type { Encoding } from './media-type.ts';

/** The resources of RFC 8040 §3, as a URL names them. */
export type Resource =
  | { readonly kind: 'api' }
  | { readonly kind: 'data'; readonly path: InstancePath; readonly node: DataSchemaNode | undefined }
  | { readonly kind: 'action'; readonly path: InstancePath; readonly action: ActionNode }
  | { readonly kind: 'operations' }
  | { readonly kind: 'operation'; readonly rpc: RpcNode }
  | { readonly kind: 'yang-library-version' }
  | { readonly kind: 'stream'; readonly stream: string; readonly encoding: Encoding }
  | { readonly kind: 'subscription'; readonly id: number }
  | { readonly kind: 'schema'; readonly module: string; readonly revision: string | undefined };

/** The root of the API (RFC 8040 §3.1). */
export const ROOT = '/restconf';

export function streamLocation(stream: string, encoding: Encoding): string {
  return `${ROOT}/streams/${encodeURIComponent(stream)}/${encoding}`;
}

/** Where the notifications of a subscription are fetched (RFC 8650 §3.3). */
export function subscriptionLocation(id: number): string {
  return `${ROOT}/subscriptions/${id}`;
}

/**
 * The resource that a URL names. The path is taken as it came, since decoding first would confuse an encoded `/` or `,`
 * in a key with the ones that separate (RFC 8040 §3.5.3).
 * @param raw the path without query, still percent-encoded
 * @param collection whether a list or leaf-list may be named as a whole, which only reads may (RFC 8040 §4.3)
 * @throws HttpError 404 when there is none, RpcError invalid-value when it is malformed
 */
export function parseResource(schema: SchemaTree, raw: string, collection = false): Resource {
  return operationsOf(schema).get(raw) ?? readResource(schema, raw, collection);
}

const operations = new WeakMap<SchemaTree, ReadonlyMap<string, Resource>>();

/** The operation resources by path, as it is usually written: they are asked for most, and need no reading. */
function operationsOf(schema: SchemaTree): ReadonlyMap<string, Resource> {
  let known = operations.get(schema);
  if (known === undefined) {
    const rpcs = schema.modules
      .flatMap((module) => module.rpcs)
      .filter((rpc) => schema.rpc(rpc.module, rpc.name) === rpc);
    known = new Map(rpcs.map((rpc) => [`${ROOT}/operations/${rpc.module}:${rpc.name}`, { kind: 'operation', rpc }]));
    operations.set(schema, known);
  }
  return known;
}

function readResource(schema: SchemaTree, raw: string, collection: boolean): Resource {
  const below = raw.slice(ROOT.length).replace(/\/$/, '');
  if (below === '') return { kind: 'api' };
  const [, first = '', ...rest] = below.split('/');
  switch (first) {
    case 'data':
      return dataResource(schema, below.slice('/data'.length), collection);
    case 'operations':
      return rest.length === 0 ? { kind: 'operations' } : operationResource(schema, rest);
    case 'yang-library-version':
      if (rest.length === 0) return { kind: 'yang-library-version' };
      break;
    case 'streams': {
      const [stream, encoding, more] = rest;
      if (stream !== undefined && (encoding === 'json' || encoding === 'xml') && more === undefined) {
        return { kind: 'stream', stream: decodeSegment(stream), encoding };
      }
      break;
    }
    case 'subscriptions': {
      const [id, more] = rest;
      if (id !== undefined && more === undefined && /^[0-9]{1,10}$/.test(id))
        return { kind: 'subscription', id: Number(id) };
      break;
    }
    case 'schema': {
      const [name, more] = rest;
      if (name !== undefined && more === undefined) {
        const [module = '', revision] = decodeSegment(name).split('@');
        return { kind: 'schema', module, revision };
      }
      break;
    }
  }
  throw notFound(
    `There is no resource ${raw}: below ${ROOT} there are data, operations, yang-library-version, streams and schema.`,
  );
}

function dataResource(schema: SchemaTree, raw: string, collection: boolean): Resource {
  if (raw === '') return { kind: 'data', path: [], node: undefined };
  try {
    const { path, action } = parseApiPath(schema, raw, { collection });
    if (action !== undefined) return { kind: 'action', path, action };
    return { kind: 'data', path, node: schemaNodeAt(schema, path) };
  } catch (error) {
    // What the schema does not have cannot be a resource; a malformed path stays a 400.
    const names = error instanceof RpcError && (error.tag === 'unknown-element' || error.tag === 'unknown-namespace');
    if (names) throw notFound(error.message, error.path);
    throw error;
  }
}

function operationResource(schema: SchemaTree, segments: readonly string[]): Resource {
  const [segment = '', more] = segments;
  const [module = '', name = '', extra] = decodeSegment(segment).split(':');
  const rpc = more === undefined && extra === undefined ? schema.rpc(module, name) : undefined;
  if (rpc === undefined) {
    const meant = more === undefined ? rpcsNamed(schema, decodeSegment(segment)) : [];
    const hint = meant.length === 0 ? '' : ` ${meant.join(' or ')} was probably meant.`;
    throw notFound(
      `There is no operation '${segments.join('/')}': an operation is named module:rpc, see ${ROOT}/operations.${hint}`,
    );
  }
  return { kind: 'operation', rpc };
}

/** Operations of that name in whatever module, for one that was given without its module or with another. */
function rpcsNamed(schema: SchemaTree, given: string): readonly string[] {
  const name = given.slice(given.indexOf(':') + 1);
  return schema.modules.flatMap((module) =>
    module.implemented && schema.rpc(module.name, name) !== undefined ? [`${module.name}:${name}`] : [],
  );
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw RpcError.invalidValue(`'${segment}' in the URL is not rightly percent-encoded.`, { type: 'protocol' });
  }
}
