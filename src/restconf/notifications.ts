import type { ServerResponse } from 'node:http';
import type { Filter } from '../agent/requests.ts';
import type { NotificationReceiver, NotificationRecord, Subscription } from '../agent/streams.ts';
import { printJson, printXml } from '../yang/print.ts';
import { RpcError } from '../yang/rpc-error.ts';
import type { SchemaTree } from '../yang/schema-tree.ts';
import { methodNotAllowed, notFound } from './errors.ts';
import type { Exchange } from './exchange.ts';
import { acceptsEventStream, EVENT_STREAM, type Encoding } from './media-type.ts';
import { parseStreamQuery, refuseQuery } from './query.ts';

/** How often a silent stream sends a comment, so that proxies and clients see that it lives. */
const HEARTBEAT_MS = 15_000;

/**
 * Notifications as server-sent events (RFC 8040 §6.4): one event each, `id` being the event's number in the log, so
 * that a client that comes back with Last-Event-ID goes on where it was.
 */
class EventStream implements NotificationReceiver {
  readonly #response: ServerResponse;
  readonly #schema: SchemaTree;
  readonly #encoding: Encoding;
  #heartbeat: NodeJS.Timeout | undefined;

  constructor(response: ServerResponse, schema: SchemaTree, encoding: Encoding) {
    this.#response = response;
    this.#schema = schema;
    this.#encoding = encoding;
  }

  open(): void {
    this.#response.writeHead(200, {
      'Content-Type': EVENT_STREAM,
      'Cache-Control': 'no-cache',
      'X-Accel-Buffering': 'no',
    });
    this.#response.flushHeaders();
    this.#heartbeat = setInterval(() => void this.#response.write(':\n\n'), HEARTBEAT_MS);
    this.#heartbeat.unref();
  }

  send(record: NotificationRecord): boolean {
    const text =
      this.#encoding === 'json' ? notificationJson(this.#schema, record) : notificationXml(this.#schema, record);
    const id = record.seq === undefined ? '' : `id: ${record.seq}\n`;
    return this.#response.write(`${id}data: ${text.replaceAll('\n', '\ndata: ')}\n\n`);
  }

  onDrain(ready: () => void): void {
    this.#response.on('drain', ready);
  }

  closed(): void {
    clearInterval(this.#heartbeat);
    this.#response.end();
  }
}

/** The body of a notification in JSON (RFC 8040 §6.4). */
function notificationJson(schema: SchemaTree, record: NotificationRecord): string {
  // What the log has is what would be printed: RFC 7951 JSON, in no order but its own.
  const content = record.text ?? [...printJson(schema, record.content, parentOf(schema, record))].join('');
  const name = JSON.stringify(`${record.module}:${record.name}`);
  return `{"ietf-restconf:notification":{"eventTime":"${new Date(record.time).toISOString()}",${name}:${content}}}`;
}

function notificationXml(schema: SchemaTree, record: NotificationRecord): string {
  const namespace = schema.module(record.module)?.namespace ?? '';
  const content = [...printXml(schema, record.content, { ...parentOf(schema, record), within: record.module })].join(
    '',
  );
  return (
    '<notification xmlns="urn:ietf:params:xml:ns:netconf:notification:1.0">' +
    `<eventTime>${new Date(record.time).toISOString()}</eventTime>` +
    `<${record.name} xmlns="${namespace}">${content}</${record.name}></notification>`
  );
}

function parentOf(
  schema: SchemaTree,
  record: NotificationRecord,
): { parent: NonNullable<ReturnType<SchemaTree['notification']>> } {
  const parent = schema.notification(record.module, record.name);
  if (parent === undefined) throw new Error(`the schema has no notification ${record.module}:${record.name}`);
  return { parent };
}

/** `{+restconf}/streams/NAME/ENCODING`: what ietf-restconf-monitoring gives as the location of a stream. */
export function openStream(exchange: Exchange, response: ServerResponse, stream: string, encoding: Encoding): void {
  requireEventStream(exchange);
  const { agent, context } = exchange;
  if (!agent.streams.list().some(({ name }) => name === stream))
    throw notFound(`There is no event stream '${stream}'.`);
  const query = parseStreamQuery(exchange.query);
  const afterSeq = lastEventId(exchange);
  const filter: Filter | undefined =
    query.filter === undefined
      ? undefined
      : { type: 'xpath', expression: query.filter, namespaces: moduleNamespaces(agent.yang.schema) };
  const receiver = new EventStream(response, agent.yang.schema, encoding);
  const request = {
    stream,
    ...(filter === undefined ? {} : { filter }),
    ...(query.startTime === undefined ? {} : { startTime: query.startTime }),
    ...(query.stopTime === undefined ? {} : { stopTime: query.stopTime }),
    ...(afterSeq === undefined ? {} : { afterSeq }),
  };
  deliver(receiver, response, () => agent.streams.subscribe(context, request, receiver));
}

/** `{+restconf}/subscriptions/ID`: the notifications of an established subscription (RFC 8650 §3.3), once. */
export function openSubscription(exchange: Exchange, response: ServerResponse, id: number): void {
  requireEventStream(exchange);
  refuseQuery(exchange.query, 'a subscription');
  const { agent, context } = exchange;
  const receiver = new EventStream(
    response,
    agent.yang.schema,
    exchange.headers.accept?.includes('xml') === true ? 'xml' : 'json',
  );
  deliver(receiver, response, () => {
    try {
      return agent.streams.attach(context, id, receiver);
    } catch (error) {
      if (error instanceof RpcError && error.tag === 'invalid-value') throw notFound(error.message);
      throw error;
    }
  });
}

/** The subscription comes first: if it is refused, the answer is an error and no stream. */
function deliver(receiver: EventStream, response: ServerResponse, subscribe: () => Subscription): void {
  const subscription = subscribe();
  response.on('close', () => subscription.end());
  receiver.open();
  subscription.start();
}

function requireEventStream(exchange: Exchange): void {
  if (exchange.method !== 'GET') throw methodNotAllowed(exchange.method, ['GET']);
  if (acceptsEventStream(exchange.headers.accept)) return;
  throw RpcError.invalidValue(`This resource is an event stream: ask for it with 'Accept: ${EVENT_STREAM}'.`, {
    type: 'protocol',
    appTag: 'not-acceptable',
  });
}

function lastEventId(exchange: Exchange): number | undefined {
  const header = exchange.headers['last-event-id'];
  if (header === undefined) return undefined;
  if (typeof header === 'string' && /^[0-9]{1,15}$/.test(header)) return Number(header);
  throw RpcError.invalidValue(`Last-Event-ID '${String(header)}' is not the number of an event of this server.`, {
    type: 'protocol',
  });
}

/** In RESTCONF filters, prefixes are module names (RFC 8040 §4.8.4). */
function moduleNamespaces(schema: SchemaTree): Readonly<Record<string, string>> {
  return Object.fromEntries(schema.modules.map(({ name, namespace }) => [name, namespace]));
}
