import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { expect } from 'chai';
import { z } from 'zod';
import type { Config } from '../../src/config.ts';
import type { Subscribed } from '../../src/cli/demo/consumer.ts';
import { leaf } from '../../src/cli/demo/content.ts';
import { removeServers, until } from './cloud.ts';
import { OpenStackClient } from './control-plane/client.ts';
import { BROKER, BROKER_AUTHORITY, BROKER_OVER_TLS } from './control-plane/configuration.ts';
import { HOST, PORTS } from './control-plane/layout.ts';
import { PromiseUnderTest, demanded, told } from './promise.ts';

type NotificationSource = NonNullable<NonNullable<Config['openstack']>['notifications']>[number];

/** Well below the time after which Promise would look by itself: about a minute for servers. */
const SOON_MS = 20_000;

/** Stands between Promise and the broker, so that the connection can be cut. */
class Line {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor() {
    this.#server = createServer((near) => {
      const far = connect(PORTS.broker, HOST);
      for (const [one, other] of [
        [near, far],
        [far, near],
      ] as const) {
        this.#sockets.add(one);
        one.on('error', () => other.destroy()).on('close', () => other.destroy());
        one.pipe(other);
      }
    });
  }

  static async open(): Promise<Line> {
    const line = new Line();
    await new Promise<void>((resolve) => line.#server.listen(0, HOST, resolve));
    return line;
  }

  get url(): string {
    const url = new URL(BROKER.replace('rabbit:', 'amqp:'));
    // A TCP server's address is no string.
    url.port = String((this.#server.address() as AddressInfo).port);
    return url.href;
  }

  get isUsed(): boolean {
    return [...this.#sockets].some((socket) => !socket.destroyed);
  }

  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#sockets.clear();
  }

  close(): Promise<void> {
    this.cut();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }
}

describe("Nova's notifications from RabbitMQ tell Promise when to look", () => {
  let line: Line;
  let promise: PromiseUnderTest;
  let provider: string;
  let events: Subscribed;
  let admin: OpenStackClient;
  const start = async (source: NotificationSource): Promise<void> => {
    // Without a webhook there is no alarm.
    promise = await PromiseUnderTest.start({ openstack: { notifications: [source] } });
    ({ provider } = await promise.setUp('admin', { cores: 6, ram: '12288', instances: 3 }));
    events = await promise.subscribe('allocation-event');
  };
  const boot = async (name: string): Promise<{ readonly instance: string; readonly server: string }> => {
    const answer = await promise.createInstance(provider, name);
    const instance = demanded(leaf(answer, 'instance-id'), 'an instance-id');
    const event = await told(events.inbox, { 'instance-id': instance, 'vm-state': 'ACTIVE' });
    return { instance, server: demanded(leaf(event, 'server'), 'a server') };
  };
  const fail = (server: string): Promise<unknown> =>
    admin.ask('compute', 'POST', `/servers/${server}/action`, z.unknown(), { 'os-resetState': { state: 'error' } });

  before(async () => {
    await removeServers('admin');
    admin = await OpenStackClient.login('admin');
    line = await Line.open();
    await start({ url: line.url, exchange: 'nova' });
  });
  after(async () => {
    await promise.close();
    await line.close();
    await removeServers('admin');
  });

  const failsSoon = async ({ instance, server }: { instance: string; server: string }): Promise<void> => {
    const began = Date.now();
    await fail(server);
    await told(events.inbox, { 'instance-id': instance, 'vm-state': 'ERROR' });
    expect(Date.now() - began).to.be.below(SOON_MS);
  };

  it('at once about a server that fails, and about one that somebody else deletes', async () => {
    const { instance, server } = await boot('vm-notified');
    await failsSoon({ instance, server });
    const began = Date.now();
    await admin.request('compute', 'DELETE', `/servers/${server}`);
    await told(events.inbox, { 'instance-id': instance, cause: 'destroyed' });
    expect(Date.now() - began).to.be.below(SOON_MS);
  });

  it('again after the connection was lost', async () => {
    const { instance, server } = await boot('vm-later');
    line.cut();
    await until(() => line.isUsed);
    // What was missed meanwhile is looked for; what comes from now on is heard.
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    await failsSoon({ instance, server });
    expect(promise.logged.join('')).to.not.include(new URL(BROKER.replace('rabbit:', 'amqp:')).password + '@');
    await promise.destroyInstance(instance);
    await told(events.inbox, { 'instance-id': instance, cause: 'destroyed' });
  });

  it('about a compute service that was forced down, before the next look', async () => {
    const capacity = await promise.subscribe('capacity-event');
    const form = z.object({ services: z.array(z.object({ id: z.string(), host: z.string() })) });
    const { services } = await admin.ask('compute', 'GET', '/os-services?binary=nova-compute', form);
    const id = services.find(({ host }) => host === 'compute2')?.id ?? '';
    for (const [forced, cause] of [
      [true, 'host-failed'],
      [false, 'host-restored'],
    ] as const) {
      await admin.ask('compute', 'PUT', `/os-services/${id}`, z.unknown(), { forced_down: forced });
      await told(capacity.inbox, { cause, host: 'compute2' });
    }
  });

  it('over TLS, to a broker of the authority that its entry names', async () => {
    await promise.close();
    await start({ url: BROKER_OVER_TLS, exchange: 'nova', caFile: BROKER_AUTHORITY });
    await failsSoon(await boot('vm-over-tls'));
    expect(promise.logged.join('')).to.not.include('notifications do not arrive');
  });

  it('not over TLS to a broker of another authority, which is told', async () => {
    await promise.close();
    await start({ url: BROKER_OVER_TLS, exchange: 'nova' });
    const { host } = new URL(BROKER_OVER_TLS);
    await until(() => promise.logged.join('').includes(`The certificate of ${host} is not accepted`));
  });
});
