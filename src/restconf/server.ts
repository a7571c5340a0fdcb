import { once } from 'node:events';
import {
  createServer as createHttpServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { Router, type Request, type Response } from 'express';
import type { Agent } from '../agent/agent.ts';
import type { RequestContext, Transport } from '../agent/context.ts';
import type { Logger } from '../observe/log.ts';
import { RpcError } from '../yang/rpc-error.ts';
import { BasicAuthentication, type Authenticator } from './auth.ts';
import { Bodies } from './body.ts';
import { Connections } from './connections.ts';
import { dataReply } from './data.ts';
import { apiReply, hostMetaReply, schemaReply, yangLibraryVersionReply } from './discovery.ts';
import { errorReply, HttpError, methodNotAllowed, notFound } from './errors.ts';
import type { Exchange, Method } from './exchange.ts';
import { HttpContext } from './http-context.ts';
import { RequestsInProgress } from './in-progress.ts';
import { negotiateEncoding, type Encoding } from './media-type.ts';
import { openStream, openSubscription } from './notifications.ts';
import { actionReply, operationReply, operationsReply } from './operations.ts';
import { writeReply, type Reply } from './reply.ts';
import { parseResource, ROOT, type Resource } from './resource.ts';

export interface RestconfServerOptions {
  readonly agent: Agent;
  readonly authenticator: Authenticator;
  readonly logger: Logger;
  /** HTTPS; PEM. */
  readonly tls?: { readonly host: string; readonly port: number; readonly certificate: string; readonly key: string };
  /** HTTP without TLS; for loopback. */
  readonly plain?: { readonly host: string; readonly port: number };
  /** Connections at once, for each of the addresses. */
  readonly connections: number;
  /** The most that a request's body may hold, in bytes. */
  readonly bodyBytes: number;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

export interface RestconfServer {
  /** Base URLs that it answers at, such as `https://127.0.0.1:8443`. */
  readonly urls: readonly string[];
  /** Takes no more requests, lets those in progress finish within five seconds, ends streams, closes. */
  close(): Promise<void>;
}

const METHODS: readonly string[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] satisfies Method[];

/** The time a client has to send its request: a slow one hurts itself only. */
const REQUEST_TIMEOUT_MS = 60_000;
const HANDSHAKE_TIMEOUT_MS = 30_000;
/** The time that requests in progress have to finish when the server stops. */
const FINISH_MS = 5_000;

/** @throws Error when an address cannot be listened on */
export async function startRestconfServer(options: RestconfServerOptions): Promise<RestconfServer> {
  const authentication = new BasicAuthentication(options.authenticator, options.now, options.logger);
  const inProgress = new RequestsInProgress();
  const servers: { server: Server; url: string }[] = [];
  try {
    if (options.tls !== undefined) {
      const { host, port, certificate, key } = options.tls;
      const connections = new Connections(options.connections, options.logger);
      const listener = restconfListener(options, { authentication, connections, inProgress }, 'restconf-https');
      const security = {
        cert: certificate,
        key,
        minVersion: 'TLSv1.2',
        handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
      } as const;
      const server = createHttpsServer(security, listener);
      connections.watch(server, 'secureConnection');
      servers.push({ server, url: await listen(server, 'https', host, port, options.logger) });
    }
    if (options.plain !== undefined) {
      const { host, port } = options.plain;
      const connections = new Connections(options.connections, options.logger);
      const listener = restconfListener(options, { authentication, connections, inProgress }, 'restconf-http');
      const server = createHttpServer(listener);
      connections.watch(server, 'connection');
      servers.push({ server, url: await listen(server, 'http', host, port, options.logger) });
    }
  } catch (error) {
    for (const { server } of servers) server.close().closeAllConnections();
    throw error;
  }
  return {
    urls: servers.map(({ url }) => url),
    close: async () => {
      const closed = servers.map(async ({ server }) => {
        const event = once(server, 'close');
        server.close();
        await event;
      });
      await inProgress.stop(FINISH_MS);
      for (const { server } of servers) server.closeAllConnections();
      await Promise.all(closed);
    },
  };
}

async function listen(server: Server, scheme: string, host: string, port: number, logger: Logger): Promise<string> {
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  server.listen(port, host);
  await once(server, 'listening');
  // Such as no file descriptor left for a connection: without a listener it would end the process.
  server.on('error', (error) => logger.error({ err: error }, 'RESTCONF listener failed'));
  // A server that listens on TCP has an address with a port.
  const { address, port: chosen } = server.address() as AddressInfo;
  logger.info({ protocol: 'restconf', transport: scheme, host: address, port: chosen }, 'RESTCONF server listens');
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${chosen}`;
}

/** What a request has to pass. */
interface Admission {
  readonly authentication: BasicAuthentication;
  readonly connections: Connections;
  readonly inProgress: RequestsInProgress;
}

/**
 * One handler for all: Express decodes paths before it routes, which a RESTCONF path does not survive (RFC 8040 §3.5.3). The router is
 * used without an application of Express, which gives each request and response another prototype: that takes Node longer than all
 * the rest of an exchange over HTTP.
 */
function restconfListener(
  options: RestconfServerOptions,
  { authentication, connections, inProgress }: Admission,
  transport: Transport,
): RequestListener {
  const router = Router();
  const bodies = new Bodies(options.bodyBytes);
  router.use(async (request, response) => {
    const number = inProgress.begin();
    try {
      if (number === undefined) throw stopping();
      connections.admit(request.socket);
      const user = await admitted(authentication, request);
      // Whoever left meanwhile waits for no answer, and would never end a stream.
      if (response.destroyed) return;
      const body = await bodies.read(request, response);
      const context = new HttpContext(user, transport, peerOf(request), response);
      await respond(options.agent, context, body, request, response);
    } catch (error) {
      await fail(options, error, request, response);
    } finally {
      if (number !== undefined) inProgress.answered(response, number);
    }
  });
  return (request, response) => {
    // Casts: what an application adds to the two is used neither by the router nor by the handler.
    router(request as Request, response as Response, (error: unknown) => {
      options.logger.error({ err: error }, 'an answer of RESTCONF could not be written');
      response.destroy();
    });
  };
}

function stopping(): HttpError {
  const error = RpcError.operationFailed('The server is stopping; the request was not carried out.');
  return new HttpError(503, error, { Connection: 'close' });
}

/** Who sends the request; asked before its body is read, so that strangers cannot fill the memory. */
function admitted(authentication: BasicAuthentication, request: IncomingMessage): Promise<string> {
  const { method = '' } = request;
  if (!METHODS.includes(method)) throw methodNotAllowed(method, METHODS, 'in RESTCONF');
  return authentication.user(request.headers.authorization, peerOf(request));
}

function peerOf(request: IncomingMessage): string {
  return request.socket.remoteAddress ?? 'unknown';
}

async function respond(
  agent: Agent,
  context: RequestContext,
  body: Uint8Array,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { method, url = '' } = request;
  const [path, query] = split(url);
  const exchange: Exchange = {
    agent,
    context,
    // Checked against the list of methods when the client was admitted.
    method: method as Method,
    query,
    headers: request.headers,
    body,
    path,
  };
  const resource = findResource(exchange);
  if (resource.kind === 'stream') openStream(exchange, response, resource.stream, resource.encoding);
  else if (resource.kind === 'subscription') openSubscription(exchange, response, resource.id);
  else await writeReply(response, await resourceReply(exchange, resource), method !== 'HEAD');
}

type Found = Resource | { readonly kind: 'host-meta'; readonly json: boolean };

function findResource(exchange: Exchange): Found {
  const { path } = exchange;
  if (path === '/.well-known/host-meta') return { kind: 'host-meta', json: false };
  if (path === '/.well-known/host-meta.json') return { kind: 'host-meta', json: true };
  if (path === ROOT || path.startsWith(`${ROOT}/`)) {
    const reads = exchange.method === 'GET' || exchange.method === 'HEAD';
    return parseResource(exchange.agent.yang.schema, path, reads);
  }
  throw notFound(`There is no resource ${path}: the RESTCONF API is at ${ROOT}.`);
}

const READABLE = ['GET', 'HEAD', 'OPTIONS'] as const;

/** The methods of resources that are no data (RFC 8040 §4.1); those of data depend on the schema. */
const ALLOWED: Readonly<Record<Exclude<Found['kind'], 'data' | 'stream' | 'subscription'>, readonly Method[]>> = {
  'host-meta': READABLE,
  api: READABLE,
  'yang-library-version': READABLE,
  schema: READABLE,
  operations: READABLE,
  operation: ['GET', 'HEAD', 'POST', 'OPTIONS'],
  action: ['POST', 'OPTIONS'],
};

function resourceReply(
  exchange: Exchange,
  resource: Exclude<Found, { kind: 'stream' | 'subscription' }>,
): Reply | Promise<Reply> {
  if (exchange.method === 'OPTIONS' && resource.kind !== 'data') {
    return { status: 200, headers: { Allow: ALLOWED[resource.kind].join(', ') }, body: [] };
  }
  switch (resource.kind) {
    case 'host-meta':
      return hostMetaReply(exchange, resource.json);
    case 'api':
      return apiReply(exchange);
    case 'yang-library-version':
      return yangLibraryVersionReply(exchange);
    case 'schema':
      return schemaReply(exchange, resource.module, resource.revision);
    case 'operations':
      return operationsReply(exchange);
    case 'operation':
      return operationReply(exchange, resource.rpc);
    case 'action':
      return actionReply(exchange, resource.path, resource.action);
    case 'data':
      return dataReply(exchange, resource);
  }
}

function split(url: string): readonly [string, string] {
  const mark = url.indexOf('?');
  return mark < 0 ? [url, ''] : [url.slice(0, mark), url.slice(mark + 1)];
}

async function fail(
  options: RestconfServerOptions,
  error: unknown,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const reply = errorReply(error, options.agent.yang.schema, errorEncoding(request));
  // What has a name of its own is no failure of the server.
  if (reply.status >= 500 && !(error instanceof HttpError))
    options.logger.error(
      { err: error, method: request.method, path: split(request.url ?? '')[0] },
      'a RESTCONF request failed',
    );
  if (response.headersSent) {
    // Too late for an error: a body that breaks off cannot be taken for a whole one.
    response.destroy();
    return;
  }
  await writeReply(response, reply, request.method !== 'HEAD');
}

/** Errors have a body in the encoding asked for, and in JSON when what was asked for cannot be had. */
function errorEncoding(request: IncomingMessage): Encoding {
  try {
    const body = /xml/.test(request.headers['content-type'] ?? '') ? 'xml' : undefined;
    return negotiateEncoding(request.headers.accept, body);
  } catch {
    return 'json';
  }
}
