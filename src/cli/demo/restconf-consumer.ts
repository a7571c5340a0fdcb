import {
  ErrorAnswer,
  Inbox,
  readError,
  type Consumer,
  type DataStep,
  type EditKind,
  type EventFilter,
  type Notification,
  type Subscribed,
  type SubscriptionOptions,
} from './consumer.ts';
import {
  all,
  first,
  fromJson,
  fromXml,
  leaf,
  namespaceOf,
  splitName,
  toXml,
  type Content,
  type Json,
} from './content.ts';
import type { EventStream, HttpAnswer, RestconfClient } from './restconf-client.ts';

export type Encoding = 'json' | 'xml';

const MEDIA_TYPE: Readonly<Record<Encoding, string>> = {
  json: 'application/yang-data+json',
  xml: 'application/yang-data+xml',
};
const SUBSCRIBED = 'ietf-subscribed-notifications';
const METHOD: Readonly<Record<EditKind, string>> = { create: 'POST', replace: 'PUT', merge: 'PATCH', delete: 'DELETE' };

/** A consumer that speaks RESTCONF in one of its encodings. */
export class RestconfConsumer implements Consumer {
  readonly protocol: string;
  readonly #client: RestconfClient;
  readonly #encoding: Encoding;
  readonly #streams = new Map<string, EventStream>();

  constructor(client: RestconfClient, encoding: Encoding) {
    this.protocol = `RESTCONF, ${encoding.toUpperCase()}`;
    this.#client = client;
    this.#encoding = encoding;
  }

  async invoke(rpc: string, input: Json = {}): Promise<Content> {
    const { module } = splitName(rpc);
    const body = this.#body(`${module}:input`, input);
    const answer = await this.#request('POST', `/restconf/operations/${rpc}`, body);
    return (await this.#read(answer)) ?? { name: 'output', namespace: namespaceOf(module), text: '', children: [] };
  }

  async get(path: readonly DataStep[]): Promise<Content | undefined> {
    try {
      return await this.#read(await this.#request('GET', dataUrl(path)));
    } catch (error) {
      if (error instanceof ErrorAnswer && error.status === 404) return undefined;
      throw error;
    }
  }

  async edit(kind: EditKind, path: readonly DataStep[], body: Json = {}): Promise<void> {
    const target = path.at(-1);
    if (target === undefined) throw new Error('an edit needs a target');
    const { name } = splitName(target.name);
    const module = path.reduce((before, step) => splitName(step.name, before).module, '');
    const content = target.key === undefined ? body : { [target.key.name]: target.key.value, ...body };
    const member = `${module}:${name}`;
    const asList = target.key !== undefined && this.#encoding === 'json';
    const text = asList ? JSON.stringify({ [member]: [content] }) : this.#body(member, content);
    const url = dataUrl(kind === 'create' ? path.slice(0, -1) : path);
    await this.#request(METHOD[kind], url, kind === 'delete' ? undefined : text);
  }

  async subscribe({ filter, replayFrom }: SubscriptionOptions): Promise<Subscribed> {
    const answer = await this.invoke(`${SUBSCRIBED}:establish-subscription`, {
      stream: 'promise',
      ...(filter === undefined ? {} : { 'stream-xpath-filter': xpath(filter) }),
      ...(replayFrom === undefined ? {} : { 'replay-start-time': replayFrom.toISOString() }),
    });
    const id = leaf(answer, 'id') ?? '';
    const uri = first(answer, 'uri')?.text;
    if (uri === undefined) throw new Error('the answer to establish-subscription has no uri');
    const stream = await this.#client.stream(uri, { Accept: `text/event-stream, ${MEDIA_TYPE[this.#encoding]}` });
    if (stream.status !== 200) throw new Error(`the event stream ${uri} answered ${stream.status}`);
    this.#streams.set(id, stream);
    const inbox = new Inbox<Notification>();
    void passOn(stream, inbox);
    return { id, inbox };
  }

  async unsubscribe(id: string): Promise<void> {
    await this.invoke(`${SUBSCRIBED}:delete-subscription`, { id: Number(id) });
    this.#streams.get(id)?.close();
    this.#streams.delete(id);
  }

  close(): Promise<void> {
    for (const stream of this.#streams.values()) stream.close();
    return Promise.resolve();
  }

  #body(member: string, content: Json): string {
    if (this.#encoding === 'json') return JSON.stringify({ [member]: content });
    return toXml({ [member]: content });
  }

  async #request(method: string, path: string, body?: string): Promise<HttpAnswer> {
    const media = MEDIA_TYPE[this.#encoding];
    const headers = { Accept: media, ...(body === undefined ? {} : { 'Content-Type': media }) };
    const answer = await this.#client.request({ method, path, headers, ...(body === undefined ? {} : { body }) });
    if (answer.status < 400) return answer;
    const errors = await this.#read(answer);
    throw new ErrorAnswer(all(errors, 'error').map(readError), answer.status);
  }

  /** The one top-level node of a body; undefined when there is none. */
  async #read({ body }: HttpAnswer): Promise<Content | undefined> {
    if (body === '') return undefined;
    return this.#encoding === 'json' ? fromJson(parseObject(body))[0] : await fromXml(body);
  }
}

/** Reads the events of a stream as notifications, in order; resolves always. */
async function passOn({ events }: EventStream, inbox: Inbox<Notification>): Promise<void> {
  try {
    for await (const { data } of events) inbox.put(await readNotification(data));
    inbox.end('the event stream is over');
  } catch (error) {
    inbox.end(error instanceof Error ? error.message : String(error));
  }
}

/** A notification in the encoding that it came in (RFC 8040 §6.4). */
export async function readNotification(data: string): Promise<Notification> {
  const notification = data.startsWith('{') ? fromJson(parseObject(data))[0] : await fromXml(data);
  const event = notification?.children.find(({ name }) => name !== 'eventTime');
  if (event === undefined) throw new Error(`this is no notification: ${data}`);
  return { time: leaf(notification, 'eventTime') ?? '', event };
}

export function parseObject(text: string): Json {
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('an object was expected');
  // What JSON.parse makes of an object is one.
  return value as Json;
}

/** The URL of a data resource (RFC 8040 §3.5.3). */
export function dataUrl(path: readonly DataStep[]): string {
  const steps = path.map(({ name, key }) => `/${name}${key === undefined ? '' : `=${encodeURIComponent(key.value)}`}`);
  return `/restconf/data${steps.join('')}`;
}

/** In RESTCONF the prefixes of an XPath expression are module names (RFC 8040 §4.8.4). */
function xpath({ event, leaf: match }: EventFilter): string {
  const { module } = splitName(event);
  return match === undefined ? `/${event}` : `/${event}[${module}:${match[0]}='${match[1]}']`;
}
