import {
  ErrorAnswer,
  readError,
  type Consumer,
  type DataStep,
  type EditKind,
  type EventFilter,
  type Subscribed,
  type SubscriptionOptions,
} from './consumer.ts';
import { all, escapeXml, first, leaf, namespaceOf, splitName, toXml, type Content, type Json } from './content.ts';
import { NetconfClient } from './netconf-client.ts';

const BASE = namespaceOf('ietf-netconf');
const SUBSCRIBED = 'ietf-subscribed-notifications';

/** A consumer that speaks NETCONF. Each subscription has a session of its own, so that its notifications are told apart. */
export class NetconfConsumer implements Consumer {
  readonly protocol = 'NETCONF';
  readonly #connect: () => Promise<NetconfClient>;
  readonly #requests: NetconfClient;
  readonly #subscriptions = new Map<string, NetconfClient>();

  private constructor(connect: () => Promise<NetconfClient>, requests: NetconfClient) {
    this.#connect = connect;
    this.#requests = requests;
  }

  static async open(connect: () => Promise<NetconfClient>): Promise<NetconfConsumer> {
    return new NetconfConsumer(connect, await connect());
  }

  async invoke(rpc: string, input: Json = {}): Promise<Content> {
    return await carryOut(this.#requests, operation(rpc, input));
  }

  async get(path: readonly DataStep[]): Promise<Content | undefined> {
    const reply = await carryOut(this.#requests, `<get><filter type="subtree">${nest(path, '')}</filter></get>`);
    return follow(first(reply, 'data'), path);
  }

  async edit(kind: EditKind, path: readonly DataStep[], body: Json = {}): Promise<void> {
    const module = path.reduce((before, step) => splitName(step.name, before).module, '');
    const marked = nest(path, kind === 'delete' ? '' : toXml(body, module), ` nc:operation="${kind}"`);
    await carryOut(
      this.#requests,
      `<edit-config xmlns:nc="${BASE}"><target><running/></target><config>${marked}</config></edit-config>`,
    );
  }

  async subscribe({ filter, replayFrom }: SubscriptionOptions): Promise<Subscribed> {
    const client = await this.#connect();
    const parts = [
      '<stream>promise</stream>',
      filter === undefined ? '' : `<stream-subtree-filter>${subtree(filter)}</stream-subtree-filter>`,
      replayFrom === undefined ? '' : `<replay-start-time>${replayFrom.toISOString()}</replay-start-time>`,
    ];
    const establish = `<establish-subscription xmlns="${namespaceOf(SUBSCRIBED)}">${parts.join('')}</establish-subscription>`;
    const id = leaf(await carryOut(client, establish), 'id') ?? '';
    this.#subscriptions.set(id, client);
    return { id, inbox: client.notifications };
  }

  async unsubscribe(id: string): Promise<void> {
    const client = this.#subscriptions.get(id);
    if (client === undefined) throw new Error(`there is no subscription ${id} here`);
    await carryOut(client, operation(`${SUBSCRIBED}:delete-subscription`, { id: Number(id) }));
    this.#subscriptions.delete(id);
    await client.close();
  }

  async close(): Promise<void> {
    await Promise.all([this.#requests, ...this.#subscriptions.values()].map((client) => client.close()));
  }
}

/** The element of an operation. */
export function operation(rpc: string, input: Json): string {
  const { module, name } = splitName(rpc);
  return `<${name} xmlns="${namespaceOf(module)}">${toXml(input, module)}</${name}>`;
}

async function carryOut(client: NetconfClient, element: string): Promise<Content> {
  const reply = await client.rpc(element);
  const errors = all(reply, 'rpc-error').map(readError);
  if (errors.length > 0) throw new ErrorAnswer(errors);
  return reply;
}

function subtree({ event, leaf: match }: EventFilter): string {
  return operation(event, match === undefined ? {} : { [match[0]]: match[1] });
}

/** The elements along a path, each in the one before; the last one holds `inner` and has `attribute`. */
function nest(path: readonly DataStep[], inner: string, attribute = '', parentModule = ''): string {
  const [step, ...rest] = path;
  if (step === undefined) return inner;
  const { module, name } = splitName(step.name, parentModule);
  const declaration = module === parentModule ? '' : ` xmlns="${namespaceOf(module)}"`;
  const key = step.key === undefined ? '' : `<${step.key.name}>${escapeXml(step.key.value)}</${step.key.name}>`;
  const own = rest.length === 0 ? attribute : '';
  return `<${name}${declaration}${own}>${key}${nest(rest, inner, attribute, module)}</${name}>`;
}

/** The node at a path below the datastore's element. */
function follow(data: Content | undefined, path: readonly DataStep[]): Content | undefined {
  return path.reduce<Content | undefined>((node, { name, key }) => {
    const candidates = all(node, splitName(name).name);
    return key === undefined ? candidates[0] : candidates.find((entry) => first(entry, key.name)?.text === key.value);
  }, data);
}
