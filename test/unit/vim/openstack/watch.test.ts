import { expect } from 'chai';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { ManualClock } from '../../../../src/engine/clock.ts';
import type { NotificationReceiver } from '../../../../src/vim/openstack/notifications.ts';
import { StateWatch } from '../../../../src/vim/openstack/state-watch.ts';
import type { Vim, VimEvent, VimServer } from '../../../../src/vim/vim.ts';
import { until } from '../../../until.ts';
import { OpenStackFixture, signal } from './openstack-fixture.ts';
import { member, recorded } from './stand-in.ts';

const REQUEST = { token: 't1', name: 's0', flavor: 'm1.tiny', image: 'cirros', networks: [] };
const SERVER = '/v2.1/servers/server-1';

describe('what an OpenStack cloud tells', () => {
  let fixture: OpenStackFixture;
  let vim: Vim;
  let told: VimEvent[];
  const states = (): string[] =>
    told.flatMap((event) =>
      event.type === 'server' ? [`${event.server.status}${event.server.deleting ? '/deleting' : ''}`] : [],
    );
  const reads = (): number => fixture.cloud.asked('GET', SERVER).length;

  beforeEach(async () => {
    fixture = await OpenStackFixture.start();
    vim = fixture.connect();
    told = [];
    vim.events$.subscribe((event) => told.push(event));
  });
  afterEach(() => fixture.close());

  it('tells each state of a server once, and asks no more when it is there', async () => {
    await vim.createServer(REQUEST, signal);
    await fixture.until(() => states().includes('ACTIVE'));
    const asked = reads();
    await fixture.passing(new Promise((resolve) => setTimeout(resolve, 30)), 10_000);
    expect(reads()).to.equal(asked);
    expect(states()).to.deep.equal(['BUILD', 'ACTIVE']);
  });

  it('tells why a server failed', async () => {
    await vim.createServer(REQUEST, signal);
    fixture.cloud.script('GET', SERVER, 'nova-server-error');
    await fixture.until(() => states().includes('ERROR'));
    expect(told.at(-1)).to.have.nested.property('server.fault.message', 'No valid host was found. ');
  });

  it('waits a moment for the fault, which Nova records after the state, and not for ever', async () => {
    const { response } = recorded('nova-server-error');
    const server = { ...(member(response, 'server') as object), fault: undefined };
    const bare = { status: 200, response: { server } };
    await vim.createServer(REQUEST, signal);
    fixture.cloud.script('GET', SERVER, bare, 'nova-server-error');
    await fixture.until(() => states().includes('ERROR'));
    expect(told.at(-1)).to.have.nested.property('server.fault.message', 'No valid host was found. ');
    await vim.createServer({ ...REQUEST, token: 't2' }, signal);
    fixture.cloud.script('GET', '/v2.1/servers/server-2', bare, bare);
    await fixture.until(() => states().filter((state) => state === 'ERROR').length === 2);
  });

  describe('of several at once', () => {
    const LIST = '/v2.1/servers/detail';
    const make = async (count: number, before = 0): Promise<void> => {
      for (let number = before + 1; number <= before + count; number += 1)
        await vim.createServer({ ...REQUEST, token: `t${number}`, fresh: true }, signal);
    };
    const toldOf = (id: string): string[] =>
      told.flatMap((event) => (event.type === 'server' && event.server.id === id ? [event.server.status] : []));
    const asked = (): number => fixture.cloud.seen.filter(({ method }) => method === 'GET').length;

    it('asks once for all that are due, and tells each state of each once', async () => {
      await make(20);
      const before = asked();
      await fixture.until(() => states().filter((state) => state === 'ACTIVE').length === 20);
      // The stand-in has them in BUILD for three readings.
      expect(asked() - before).to.equal(4);
      for (let number = 1; number <= 20; number += 1)
        expect(toldOf(`server-${number}`)).to.deep.equal(['BUILD', 'ACTIVE']);
      expect(fixture.cloud.asked('GET', LIST).at(-1)?.query.get('tags-any')?.split(',')).to.have.length(20);
    });

    it('asks for no more than fifty at once', async () => {
      await make(70);
      await fixture.until(() => states().filter((state) => state === 'ACTIVE').length === 70);
      const lists = fixture.cloud.asked('GET', LIST).map(({ query }) => query.get('tags-any')?.split(',').length);
      expect(lists.slice(0, 2)).to.deep.equal([50, 20]);
    });

    it('does not ask much before it is time', async () => {
      await make(1);
      fixture.clock.advance(500);
      await make(1, 1);
      await fixture.until(() => states().length === 2, 100);
      expect(fixture.cloud.asked('GET', LIST)).to.deep.equal([]);
    });

    it('asks for each by itself when there is no list', async () => {
      await make(2);
      fixture.cloud.script('GET', LIST, { status: 400, response: {} });
      await fixture.until(() => states().includes('BUILD'));
      expect(fixture.cloud.asked('GET', LIST)).to.have.length(1);
      expect(reads()).to.equal(1);
      await fixture.until(() => states().filter((state) => state === 'ACTIVE').length === 2);
    });

    it('asks for what the list does not have, which may be gone', async () => {
      await make(20);
      fixture.cloud.script('GET', '/v2.1/servers/server-2', 'nova-server-gone');
      fixture.cloud.script('GET', LIST, {
        status: 200,
        response: { servers: [{ id: 'server-1', status: 'ACTIVE' }] },
      });
      await fixture.until(() => told.length >= 20);
      expect(toldOf('server-1')).to.deep.equal(['ACTIVE']);
      expect(toldOf('server-2')).to.deep.equal(['DELETED']);
    });
  });

  it('goes on asking when an answer is missing', async () => {
    await vim.createServer(REQUEST, signal);
    fixture.cloud.script('GET', SERVER, { status: 500 }, { status: 500 });
    await fixture.until(() => states().includes('ACTIVE'));
  });

  it('asks less often the longer it takes', async () => {
    await vim.createServer(REQUEST, signal);
    const build = { status: 200, response: { server: { id: 'server-1', status: 'BUILD' } } };
    fixture.cloud.script('GET', SERVER, ...Array.from({ length: 500 }, () => build));
    const asked: number[] = [];
    while (fixture.clock.now() < 1_000_000 + 100_000) {
      const before = reads();
      await fixture.until(() => reads() > before, 500);
      asked.push(fixture.clock.now());
      // The answer is taken before time goes on.
      await new Promise((resolve) => setTimeout(resolve, 3));
    }
    expect(asked.length).to.be.within(18, 28);
    expect((asked.at(-1) ?? 0) - (asked.at(-2) ?? 0)).to.be.within(10_000, 11_000);
  });

  it('tells of a deletion to its end', async () => {
    await vim.createServer(REQUEST, signal);
    await fixture.until(() => states().includes('ACTIVE'));
    await vim.deleteServer('server-1', signal);
    const active = { status: 200, response: { server: { id: 'server-1', status: 'ACTIVE' } } };
    fixture.cloud.script('GET', SERVER, active);
    await fixture.until(() => states().includes('DELETED/deleting'));
    expect(states().slice(2)).to.deep.equal(['ACTIVE', 'ACTIVE/deleting', 'DELETED/deleting']);
  });

  it('takes up servers that were on their way before', async () => {
    await vim.createServer(REQUEST, signal);
    await vim.close();
    vim = fixture.connect();
    vim.events$.subscribe((event) => told.push(event));
    await vim.listServers(signal);
    await fixture.until(() => states().includes('ACTIVE'));
  });

  it('tells of hosts that fail and come back between discoveries, and of services that change', async () => {
    await vim.discover(signal);
    const { response } = recorded('nova-services');
    const [one, ...others] = (response as { services: object[] }).services;
    const answer = (changed: object): object => ({
      status: 200,
      response: { services: [{ ...one, ...changed }, ...others] },
    });
    fixture.cloud.script(
      'GET',
      '/v2.1/os-services',
      ...([{ state: 'down' }, { state: 'down' }, { state: 'up' }, { status: 'disabled' }].map(answer) as never[]),
    );
    await fixture.until(() => told.length >= 3);
    expect(told.slice(0, 3)).to.deep.equal([
      { type: 'host', host: 'compute1', state: 'down' },
      { type: 'host', host: 'compute1', state: 'up' },
      { type: 'inventory' },
    ]);
  });

  it('looks when notifications say so: at servers of its project, at hosts, and at everything when some were missed', async () => {
    let receiver: NotificationReceiver | undefined;
    const register = (given: NotificationReceiver): { cancel(): void } => {
      receiver = given;
      return { cancel: () => undefined };
    };
    await vim.createServer(REQUEST, signal);
    const notified = fixture.connect({}, { notifications: { register } });
    notified.events$.subscribe((event) => told.push(event));
    await notified.discover(signal);
    const { response } = recorded('nova-services');
    const [one, ...others] = (response as { services: object[] }).services;
    const services = [{ ...one, state: 'down' }, ...others];
    fixture.cloud.script('GET', '/v2.1/os-services', { status: 200, response: { services } });
    const asked = reads();
    const project = String(member(recorded('keystone-token').response, 'token.project.id'));
    receiver?.server('another-project', 'server-1');
    receiver?.server(project, 'server-1');
    receiver?.service();
    // Time stands still: nothing is read because it is time.
    await until(() => told.length >= 2, 'what was told');
    expect(reads()).to.equal(asked + 1);
    expect(told.map(({ type }) => type)).to.have.members(['server', 'host']);
    receiver?.missed();
    expect(told.at(-1)).to.deep.equal({ type: 'inventory' });
  });
});

describe('what is read of an OpenStack cloud at the same time', () => {
  /** Readings that are answered when the test says so. */
  class Readings<T> {
    readonly #waiting: ((answer: T) => void)[] = [];
    readonly read = (): Promise<T> => new Promise((resolve) => this.#waiting.push(resolve));
    get open(): number {
      return this.#waiting.length;
    }
    async answer(answer: T): Promise<void> {
      this.#waiting.shift()?.(answer);
      await nextTurn();
    }
  }
  const server = (status: VimServer['status']): VimServer => ({
    id: 's',
    name: 's',
    status,
    deleting: false,
    flavor: '1',
    createdAt: 0,
    ...(status === 'ERROR' ? { fault: { code: 500, message: 'why' } } : {}),
  });
  let single: Readings<VimServer>;
  let lists: Readings<readonly VimServer[]>;
  let told: string[];
  let watch: StateWatch<VimServer>;

  beforeEach(() => {
    [single, lists, told] = [new Readings(), new Readings(), []];
    watch = new StateWatch<VimServer>({
      clock: new ManualClock(0),
      read: single.read,
      tell: ({ status }) => told.push(status),
      gone: (id, last) => ({ ...(last ?? server('UNKNOWN')), id, status: 'DELETED', deleting: true }),
    });
  });
  afterEach(() => watch.close());

  it('a list that began before a change was told has the change', async () => {
    const list = watch.list(lists.read);
    watch.look('s');
    await single.answer(server('ERROR'));
    expect(told).to.deep.equal(['ERROR']);
    await lists.answer([server('ACTIVE')]);
    expect((await list).map(({ status }) => status)).to.deep.equal(['ERROR']);
    const next = watch.list(lists.read);
    await lists.answer([server('ACTIVE')]);
    expect(
      (await next).map(({ status }) => status),
      'a later list is believed',
    ).to.deep.equal(['ACTIVE']);
  });

  it('a list that began before an end was told does not bring it back', async () => {
    const list = watch.list(lists.read);
    watch.look('s');
    await single.answer({ ...server('DELETED'), deleting: true });
    await lists.answer([server('ACTIVE')]);
    expect(await list).to.deep.equal([]);
  });

  it('what was read before a list that has been told meanwhile is read again', async () => {
    watch.look('s');
    const list = watch.list(lists.read);
    await lists.answer([server('ERROR')]);
    await list;
    await single.answer(server('ACTIVE'));
    expect(told, 'it may be older than the list').to.deep.equal([]);
    expect(single.open).to.equal(1);
    await single.answer(server('ERROR'));
    expect(told).to.deep.equal(['ERROR']);
  });
});
