import type { Data } from '../yang/data.ts';
import type { EditOperation } from '../yang/edit.ts';
import { parseApiPath } from '../yang/instance-path.ts';
import { printJson } from '../yang/print.ts';
import { RpcError } from '../yang/rpc-error.ts';
import type { RpcNode, SchemaParent } from '../yang/schema-tree.ts';
import type { Agent } from './agent.ts';
import type { RequestContext } from './context.ts';
import type { EditOutcome, EditRequest, GetRequest } from './requests.ts';
import type {
  NotificationReceiver,
  NotificationRecord,
  Subscription,
  SubscriptionEnd,
  SubscriptionRequest,
} from './streams.ts';

/** A JSON object, as RFC 7951 has it. */
export type Json = Readonly<Record<string, unknown>>;

/** A notification with its content as plain JSON. */
export interface LocalNotification {
  readonly seq: number | undefined;
  /** Epoch milliseconds. */
  readonly time: number;
  /** `module:name` */
  readonly name: string;
  readonly content: Json;
}

export interface LocalSubscription {
  readonly subscription: Subscription;
  /** What has come so far, oldest first. */
  readonly received: readonly LocalNotification[];
  /** Why nothing more comes; undefined while it may. */
  readonly ended: SubscriptionEnd | undefined;
  /** Resolves with the first notification, past or future, for which `test` holds. Rejects when the subscription ends before. */
  until(test: (notification: LocalNotification) => boolean): Promise<LocalNotification>;
  end(): void;
}

export interface LocalClientOptions {
  readonly signal?: AbortSignal;
  /** Throw when the output of an operation is not what the schema says. Default: trust it, as the servers do. */
  readonly validateReplies?: boolean;
}

/**
 * A client inside the process: the same parsing, validation and printing as RESTCONF with JSON, without HTTP. Whatever is
 * wrong is thrown as RpcError.
 */
export class LocalClient {
  readonly #agent: Agent;
  readonly #context: RequestContext;
  readonly #validateReplies: boolean;

  constructor(agent: Agent, user: string, options: LocalClientOptions = {}) {
    this.#agent = agent;
    this.#context = { user, transport: 'local', signal: options.signal ?? new AbortController().signal };
    this.#validateReplies = options.validateReplies ?? false;
  }

  /**
   * Carries out an RPC.
   * @param name `module:rpc`
   * @param input the children of `input`
   * @returns the children of `output`
   */
  async invoke(name: string, input: Json = {}): Promise<Json> {
    const { schema } = this.#agent.yang;
    const [module = '', rpcName = ''] = name.split(':');
    const rpc: RpcNode | undefined = schema.rpc(module, rpcName);
    if (rpc === undefined) throw RpcError.unknownElement(rpcName, `There is no operation ${name}.`);
    const text = JSON.stringify({ [`${module}:input`]: input });
    const output = await this.#agent.request(this.#context, rpc, { format: 'json', text });
    if (this.#validateReplies) this.#agent.yang.validateRpcOutput(rpc, output);
    return this.#json(output, rpc.output);
  }

  /** Reads `<operational>`, or what `request` says. @param apiPath as behind `{+restconf}/data`, e.g. `/m:top/list=key` */
  async get(apiPath = '', request: Partial<Omit<GetRequest, 'target'>> = {}): Promise<Json> {
    const { path } = parseApiPath(this.#agent.yang.schema, apiPath);
    const target = path.length === 0 ? {} : { target: path };
    const data = await this.#agent.get(this.#context, { datastore: 'operational', ...request, ...target });
    const shown = this.#json(data);
    await this.#agent.whenDurable();
    return shown;
  }

  /**
   * Edits running as a RESTCONF method does.
   * @param operation PUT: replace, PATCH: merge, POST: create (`apiPath` names the parent), DELETE: delete
   */
  async edit(
    operation: EditOperation,
    apiPath: string,
    body?: Json,
    more: Pick<EditRequest, 'precondition' | 'testOption'> = {},
  ): Promise<EditOutcome> {
    const { yang } = this.#agent;
    const { path } = parseApiPath(yang.schema, apiPath);
    const source = body === undefined ? undefined : ({ format: 'json', text: JSON.stringify(body) } as const);
    const edit = yang.parseEditAt({ path, operation }, source);
    return await this.#agent.edit(this.#context, { datastore: 'running', edit, target: path, ...more });
  }

  /** Subscribes to a stream by the rules of RFC 8639, and starts at once. */
  subscribe(request: SubscriptionRequest = {}): LocalSubscription {
    const inbox = new Inbox((record) => this.#notification(record));
    const subscription = this.#agent.streams.establish(this.#context, request, inbox);
    subscription.start();
    return {
      subscription,
      received: inbox.received,
      get ended() {
        return inbox.ended;
      },
      until: (test) => inbox.until(test),
      end: () => subscription.end(),
    };
  }

  #notification({ seq, time, module, name, content }: NotificationRecord): LocalNotification {
    const node = this.#agent.yang.schema.notification(module, name);
    return { seq, time, name: `${module}:${name}`, content: this.#json(content, node) };
  }

  #json(data: Data, parent?: SchemaParent): Json {
    const options = parent === undefined ? {} : { parent };
    // The printer writes one JSON object.
    return JSON.parse([...printJson(this.#agent.yang.schema, data, options)].join('')) as Json;
  }
}

interface Waiting {
  readonly test: (notification: LocalNotification) => boolean;
  readonly resolve: (notification: LocalNotification) => void;
  readonly reject: (error: Error) => void;
}

class Inbox implements NotificationReceiver {
  readonly received: LocalNotification[] = [];
  ended: SubscriptionEnd | undefined;
  readonly #read: (record: NotificationRecord) => LocalNotification;
  #waiting: readonly Waiting[] = [];

  constructor(read: (record: NotificationRecord) => LocalNotification) {
    this.#read = read;
  }

  send(record: NotificationRecord): boolean {
    const notification = this.#read(record);
    this.received.push(notification);
    const heard = this.#waiting.filter(({ test }) => test(notification));
    this.#waiting = this.#waiting.filter((one) => !heard.includes(one));
    for (const { resolve } of heard) resolve(notification);
    return true;
  }

  onDrain(): void {
    // It is never busy.
  }

  closed(reason: SubscriptionEnd): void {
    this.ended = reason;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { reject } of waiting) reject(endedBefore(reason));
  }

  until(test: (notification: LocalNotification) => boolean): Promise<LocalNotification> {
    const past = this.received.find(test);
    if (past !== undefined) return Promise.resolve(past);
    if (this.ended !== undefined) return Promise.reject(endedBefore(this.ended));
    return new Promise((resolve, reject) => {
      this.#waiting = [...this.#waiting, { test, resolve, reject }];
    });
  }
}

function endedBefore(reason: SubscriptionEnd): Error {
  return new Error(`the subscription ended (${reason}) before what was waited for came`);
}
