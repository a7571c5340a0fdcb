import { LocalClient, type LocalSubscription } from '../../src/agent/local-client.ts';
import {
  ErrorAnswer,
  Inbox,
  type Consumer,
  type DataStep,
  type EditKind,
  type Notification,
  type Subscribed,
  type SubscriptionOptions,
} from '../../src/cli/demo/consumer.ts';
import { all, first, fromJson, namespaceOf, splitName, type Content, type Json } from '../../src/cli/demo/content.ts';
import { NetconfConsumer } from '../../src/cli/demo/netconf-consumer.ts';
import { dataUrl, RestconfConsumer } from '../../src/cli/demo/restconf-consumer.ts';
import { RpcError } from '../../src/yang/rpc-error.ts';
import { USER, type AgentUnderTest } from './agent-under-test.ts';

/** A way to reach the agent; every scenario holds through each of them. */
export type Binding = (agent: AgentUnderTest) => Promise<Consumer>;

export const local: Binding = (agent) => Promise.resolve(new LocalConsumer(agent));
export const restconfJson: Binding = (agent) => Promise.resolve(new RestconfConsumer(agent.restconf(), 'json'));
export const restconfXml: Binding = (agent) => Promise.resolve(new RestconfConsumer(agent.restconf(), 'xml'));
export const netconf: Binding = (agent) => NetconfConsumer.open(() => agent.netconf());

/** The client inside the process, as the other bindings look. */
class LocalConsumer implements Consumer {
  readonly protocol = 'local';
  readonly #client: LocalClient;
  readonly #subscriptions = new Map<string, LocalSubscription>();

  constructor(agent: AgentUnderTest) {
    this.#client = new LocalClient(agent.system.agent, USER);
  }

  async invoke(rpc: string, input: Json = {}): Promise<Content> {
    const { module } = splitName(rpc);
    const output = await asAnswer(this.#client.invoke(rpc, input));
    // The local client answers in JSON.
    const children = fromJson(output as Json, module);
    return { name: 'output', namespace: namespaceOf(module), text: '', children };
  }

  async get(path: readonly DataStep[]): Promise<Content | undefined> {
    try {
      const data = (await this.#client.get(apiPath(path))) as Json;
      const root: Content = { name: 'data', namespace: '', text: '', children: fromJson(data) };
      return path.reduce<Content | undefined>((node, { name, key }) => {
        const found = all(node, splitName(name).name);
        return key === undefined ? found[0] : found.find((entry) => first(entry, key.name)?.text === key.value);
      }, root);
    } catch (error) {
      // What is read and is not there is invalid-value, which RESTCONF answers as 404.
      if (error instanceof RpcError && error.tag === 'invalid-value') return undefined;
      throw error;
    }
  }

  async edit(kind: EditKind, path: readonly DataStep[], body: Json = {}): Promise<void> {
    const target = path.at(-1);
    if (target === undefined) throw new Error('an edit needs a target');
    const module = path.reduce((before, step) => splitName(step.name, before).module, '');
    const content = target.key === undefined ? body : { [target.key.name]: target.key.value, ...body };
    const member = { [`${module}:${splitName(target.name).name}`]: target.key === undefined ? content : [content] };
    const place = apiPath(kind === 'create' ? path.slice(0, -1) : path);
    await asAnswer(this.#client.edit(kind, place, kind === 'delete' ? undefined : member));
  }

  subscribe({ filter, replayFrom }: SubscriptionOptions): Promise<Subscribed> {
    const expression =
      filter === undefined
        ? undefined
        : `/${filter.event}${filter.leaf === undefined ? '' : `[${splitName(filter.event).module}:${filter.leaf[0]}='${filter.leaf[1]}']`}`;
    const local = this.#client.subscribe({
      stream: 'promise',
      ...(expression === undefined ? {} : { filter: { type: 'xpath', expression, namespaces: {} } }),
      ...(replayFrom === undefined ? {} : { startTime: replayFrom.getTime() }),
    });
    const id = String(local.subscription.id);
    this.#subscriptions.set(id, local);
    const inbox = new Inbox<Notification>();
    void passOn(local, inbox);
    return Promise.resolve({ id, inbox });
  }

  unsubscribe(id: string): Promise<void> {
    this.#subscriptions.get(id)?.end();
    return Promise.resolve();
  }

  close(): Promise<void> {
    for (const subscription of this.#subscriptions.values()) subscription.end();
    return Promise.resolve();
  }
}

function apiPath(path: readonly DataStep[]): string {
  return dataUrl(path).slice('/restconf/data'.length);
}

async function asAnswer<Answer>(work: Promise<Answer>): Promise<Answer> {
  try {
    return await work;
  } catch (error) {
    throw new ErrorAnswer(
      RpcError.from(error).map(({ type, tag, message, path, appTag, info }) => ({
        type,
        tag,
        message,
        ...(path === undefined ? {} : { path }),
        ...(appTag === undefined ? {} : { appTag }),
        ...(info?.structure === undefined
          ? {}
          : // Structures hold JSON values as they are printed.
            { info: { name: 'error-info', namespace: '', text: '', children: fromJson(info.structure as Json) } }),
      })),
    );
  }
}

async function passOn(subscription: LocalSubscription, inbox: Inbox<Notification>): Promise<void> {
  try {
    for (let index = 0; ; index++) {
      const { received } = subscription;
      const { name, time, content } = await subscription.until((each) => received.indexOf(each) >= index);
      const { module, name: event } = splitName(name);
      inbox.put({
        time: new Date(time).toISOString(),
        // The local client gives the content as JSON.
        event: { name: event, namespace: namespaceOf(module), text: '', children: fromJson(content as Json, module) },
      });
    }
  } catch (error) {
    inbox.end(error instanceof Error ? error.message : String(error));
  }
}
