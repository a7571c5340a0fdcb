import { expect } from 'chai';
import { dataPath, ErrorAnswer, type Consumer, type Subscribed } from '../../src/cli/demo/consumer.ts';
import { all, amount, leaf, type Content, type Json } from '../../src/cli/demo/content.ts';
import { flows } from '../../src/cli/demo/flows.ts';
import {
  allocationPath,
  at,
  DAY,
  HOUR,
  MINUTE,
  POOL_CORES,
  PROMISE,
  poolPath,
  PROVIDER_CORES,
  providerPath,
  reservationPath,
  setUpInfrastructure,
  type Infrastructure,
} from '../../src/cli/demo/infrastructure.ts';
import type { Stage } from '../../src/cli/demo/stage.ts';
import { AgentUnderTest } from './agent-under-test.ts';
import type { Binding } from './bindings.ts';

/** Everything that holds through every binding: the scenarios TC-01 to TC-16, and each numbered step of the message flows. */
export function contract(title: string, bind: Binding): void {
  describe(`the contract through ${title}`, function () {
    this.timeout(20_000);
    let agent: AgentUnderTest;
    let consumer: Consumer;

    before(async () => {
      agent = await AgentUnderTest.start();
      consumer = await bind(agent);
    });
    after(async () => {
      await consumer.close();
      await agent.close();
    });

    const world = (): World => new World(agent, consumer);
    describe('scenarios', () => scenarios(world));
    describe('beyond the scenarios', () => furtherScenarios(world));
    messageFlows(
      () => agent,
      () => consumer,
    );
  });
}

let infrastructures = 0;

/** What a scenario acts in: an agent through one consumer, and its own infrastructure once asked for. */
class World {
  readonly agent: AgentUnderTest;
  readonly consumer: Consumer;
  #infrastructure: Infrastructure | undefined;

  constructor(agent: AgentUnderTest, consumer: Consumer) {
    this.agent = agent;
    this.consumer = consumer;
  }

  async open(): Promise<this> {
    infrastructures += 1;
    this.#infrastructure = await setUpInfrastructure(this.consumer, `vim-${infrastructures}`);
    return this;
  }

  get vim(): Infrastructure {
    if (this.#infrastructure === undefined) throw new Error('the world was not opened');
    return this.#infrastructure;
  }

  get now(): number {
    return this.agent.clock.now();
  }

  async ok(rpc: string, input: Json): Promise<Content> {
    const answer = await this.consumer.invoke(`opnfv-promise:${rpc}`, input);
    expect(leaf(answer, 'result'), leaf(answer, 'message')).to.equal('ok');
    return answer;
  }

  async conflict(rpc: string, input: Json, reason: string): Promise<Content> {
    const answer = await this.consumer.invoke(`opnfv-promise:${rpc}`, input);
    expect(leaf(answer, 'result')).to.equal('conflict');
    expect(leaf(answer, 'reason')).to.equal(reason);
    expect(leaf(answer, 'message')).to.be.a('string').and.not.equal('');
    return answer;
  }

  async reserve(more: Json = {}): Promise<string> {
    const capacity = { cores: 4, ram: '8192', instances: 2 };
    const answer = await this.ok('create-reservation', { pools: [this.vim.pool], capacity, ...more });
    return text(answer, 'reservation-id');
  }

  instance(more: Json = {}): Json {
    return { 'provider-id': this.vim.provider, name: 'vm', image: 'cirros', flavor: 'm1.small', ...more };
  }

  async available(from?: number, to?: number): Promise<number> {
    const window = from === undefined || to === undefined ? {} : { window: { start: at(from), end: at(to) } };
    const answer = await this.consumer.invoke('opnfv-promise:query-capacity', { pools: [this.vim.pool], ...window });
    return amount(answer, 'capacity/available/cores');
  }

  async events(event: string, name: string, value: string): Promise<Subscribed> {
    return await this.consumer.subscribe({ filter: { event: `opnfv-promise:${event}`, leaf: [name, value] } });
  }

  async event({ inbox }: Subscribed, cause: string): Promise<Content> {
    return (await this.agent.arrived(inbox, ({ event }) => leaf(event, 'cause') === cause)).event;
  }
}

function text(content: Content | undefined, path: string): string {
  const found = leaf(content, path);
  expect(found, path).to.be.a('string').and.not.equal('');
  return found ?? '';
}

function ids(answer: Content, list: string): readonly string[] {
  return all(answer, list).map((entry) => leaf(entry, 'id') ?? '');
}

async function refused(work: Promise<unknown>): Promise<ErrorAnswer> {
  try {
    await work;
  } catch (error) {
    if (error instanceof ErrorAnswer) return error;
    throw error;
  }
  throw new Error('an error was expected');
}

function scenarios(open: () => World): void {
  it('TC-01: a provider that is added is listed, with what it offers', async () => {
    const world = await open().open();
    const provider = await world.consumer.get(providerPath(world.vim.provider));
    expect(leaf(provider, 'status')).to.equal('up');
    expect(leaf(provider, 'provider-type')).to.equal('simulated');
    expect(all(provider, 'services/compute/hosts')).to.have.length(4);
    expect(all(provider, 'services/compute/flavors').map((flavor) => leaf(flavor, 'name'))).to.include('m1.small');
    expect(all(provider, 'services/image/images').map((image) => leaf(image, 'name'))).to.include('cirros');
  });

  it('TC-02: increase-capacity from a provider makes a pool', async () => {
    const world = await open().open();
    const pool = await world.consumer.get(poolPath(world.vim.pool));
    expect(leaf(pool, 'source')).to.equal(world.vim.provider);
    expect(leaf(pool, 'capacity/cores')).to.equal(String(POOL_CORES));
    expect(leaf(pool, 'state/available/cores')).to.equal(String(POOL_CORES));
    const provider = await world.consumer.get(providerPath(world.vim.provider));
    expect(all(provider, 'pools').map((each) => each.text)).to.deep.equal([world.vim.pool]);
    const beyond = { source: world.vim.provider, capacity: { cores: PROVIDER_CORES } };
    const answer = await world.conflict('increase-capacity', beyond, 'insufficient-capacity');
    expect(leaf(answer, 'most/cores')).to.equal(String(PROVIDER_CORES - POOL_CORES));
  });

  it('TC-03: query-capacity total lists the pool and the utilization', async () => {
    const world = await open().open();
    const query = { capacity: 'total', 'provider-id': world.vim.provider, 'show-utilization': true };
    const answer = await world.consumer.invoke('opnfv-promise:query-capacity', query);
    const [pool] = all(answer, 'collections');
    expect(leaf(pool, 'kind')).to.equal('pool');
    expect(leaf(pool, 'id')).to.equal(world.vim.pool);
    expect(leaf(pool, 'capacity/cores')).to.equal(String(POOL_CORES));
    const [now] = all(answer, 'utilization');
    expect(Date.parse(text(now, 'timestamp'))).to.equal(world.now);
    expect(leaf(now, 'capacity/cores')).to.equal(String(POOL_CORES));
    const without = await world.consumer.invoke('opnfv-promise:query-capacity', {
      ...query,
      'show-utilization': false,
    });
    expect(all(without, 'utilization')).to.have.length(0);
  });

  it('TC-04: an instance without a reservation has low priority and refers to the server of the VIM', async () => {
    const world = await open().open();
    const answer = await world.ok('create-instance', world.instance());
    expect(leaf(answer, 'status')).to.equal('in-progress');
    const allocation = await world.consumer.get(allocationPath(text(answer, 'instance-id')));
    expect(leaf(allocation, 'priority')).to.equal('low');
    expect(leaf(allocation, 'reservation')).to.equal(undefined);
    expect(leaf(allocation, 'instance-ref/provider')).to.equal(world.vim.provider);
    expect(leaf(allocation, 'instance-ref/server')).to.equal(text(answer, 'server'));
    expect(await world.available()).to.equal(POOL_CORES - 1);
  });

  it('TC-05: a reservation without start and end is active at once, for a validity period', async () => {
    const world = await open().open();
    const answer = await world.ok('create-reservation', { pools: [world.vim.pool], capacity: { cores: 2 } });
    expect(leaf(answer, 'status')).to.equal('active');
    expect(Date.parse(text(answer, 'expires-at'))).to.equal(world.now + HOUR);
    expect(await world.available()).to.equal(POOL_CORES - 2);
  });

  it("TC-06: an instance against it is among the reservation's allocations, with high priority", async () => {
    const world = await open().open();
    const reservation = await world.reserve();
    const answer = await world.ok('create-instance', world.instance({ 'reservation-id': reservation }));
    const instance = text(answer, 'instance-id');
    const found = await world.consumer.get(reservationPath(reservation));
    expect(all(found, 'state/allocations').map((each) => each.text)).to.deep.equal([instance]);
    expect(leaf(found, 'state/remaining/cores')).to.equal('3');
    const allocation = await world.consumer.get(allocationPath(instance));
    expect(leaf(allocation, 'priority')).to.equal('high');
    expect(leaf(allocation, 'reservation')).to.equal(reservation);
    expect(await world.available(), 'the allocation counts once').to.equal(POOL_CORES - 4);
  });

  it('TC-07: a reservation for the future is scheduled, and active from its start', async () => {
    const world = await open().open();
    const start = world.now + HOUR;
    const id = await world.reserve({ start: at(start), end: at(start + HOUR) });
    expect(leaf(await world.consumer.get(reservationPath(id)), 'state/status')).to.equal('scheduled');
    expect(await world.available(start, start + HOUR)).to.equal(POOL_CORES - 4);
    expect(await world.available(start - MINUTE, start)).to.equal(POOL_CORES);
    const events = await world.events('reservation-event', 'reservation-id', id);
    await world.agent.reach(start);
    expect(leaf(await world.event(events, 'started'), 'status')).to.equal('active');
    await world.agent.reach(start + HOUR);
    expect(leaf(await world.event(events, 'ended'), 'status')).to.equal('ended');
    expect(await world.available()).to.equal(POOL_CORES);
  });

  it('TC-08: query-reservation by window finds it', async () => {
    const world = await open().open();
    const start = world.now + DAY;
    const id = await world.reserve({ start: at(start), end: at(start + 4 * HOUR) });
    const query = async (from: number, to: number, scope: string): Promise<readonly string[]> => {
      const window = { start: at(start + from), end: at(start + to), scope };
      return ids(await world.consumer.invoke('opnfv-promise:query-reservation', { window }), 'reservations');
    };
    expect(await query(HOUR, 2 * HOUR, 'inclusive'), 'it spans the window').to.include(id);
    expect(await query(-HOUR, HOUR, 'inclusive'), 'it starts in the window').to.include(id);
    expect(await query(-HOUR, 5 * HOUR, 'exclusive'), 'it is inside').to.include(id);
    expect(await query(-HOUR, HOUR, 'exclusive'), 'it ends outside').not.to.include(id);
    expect(await query(4 * HOUR, 5 * HOUR, 'inclusive'), 'it ends as the window starts').not.to.include(id);
  });

  it('TC-09: update-reservation changes what is given and nothing else', async () => {
    const world = await open().open();
    const start = world.now + DAY;
    const id = await world.reserve({ name: 'vEPC', start: at(start), end: at(start + HOUR) });
    const answer = await world.ok('update-reservation', {
      'reservation-id': id,
      end: at(start + 2 * HOUR),
      capacity: { cores: 6 },
    });
    expect(leaf(answer, 'reservation-id')).to.equal(id);
    const found = await world.consumer.get(reservationPath(id));
    expect(leaf(found, 'name')).to.equal('vEPC');
    expect(leaf(found, 'capacity/cores')).to.equal('6');
    expect(leaf(found, 'capacity/ram')).to.equal('8192');
    expect(Date.parse(text(found, 'start'))).to.equal(start);
    expect(Date.parse(text(found, 'end'))).to.equal(start + 2 * HOUR);
    await world.ok('update-reservation', { 'reservation-id': id, clear: ['name'] });
    expect(leaf(await world.consumer.get(reservationPath(id)), 'name')).to.equal(undefined);
    const impossible = { 'reservation-id': id, capacity: { cores: POOL_CORES + 1 } };
    const refusal = await world.conflict('update-reservation', impossible, 'insufficient-capacity');
    expect(leaf(refusal, 'refusal/most/cores')).to.equal(String(POOL_CORES));
  });

  it('TC-10: cancel-reservation removes it', async () => {
    const world = await open().open();
    const id = await world.reserve();
    const answer = await world.ok('cancel-reservation', { 'reservation-id': id });
    expect(leaf(answer, 'status')).to.equal('cancelled');
    expect(await world.consumer.get(reservationPath(id))).to.equal(undefined);
    expect(await world.available()).to.equal(POOL_CORES);
    const again = await refused(world.consumer.invoke('opnfv-promise:cancel-reservation', { 'reservation-id': id }));
    expect(again.errors[0]).to.include({ tag: 'invalid-value' });
  });

  it('TC-11: decrease-capacity in a future window takes it away there only', async () => {
    const world = await open().open();
    const [from, to] = [world.now + DAY, world.now + 2 * DAY];
    await world.ok('decrease-capacity', {
      'pool-id': world.vim.pool,
      start: at(from),
      end: at(to),
      capacity: { cores: 20 },
    });
    expect(await world.available(from, to)).to.equal(POOL_CORES - 20);
    expect(await world.available(from - HOUR, from)).to.equal(POOL_CORES);
    expect(await world.available(to, to + HOUR)).to.equal(POOL_CORES);
    const within = { start: at(from), end: at(to), pools: [world.vim.pool], capacity: { cores: POOL_CORES - 19 } };
    await world.conflict('create-reservation', within, 'insufficient-capacity');
  });

  it('TC-12: increase-capacity in a future window adds it there only', async () => {
    const world = await open().open();
    const [from, to] = [world.now + DAY, world.now + 2 * DAY];
    await world.ok('increase-capacity', {
      'pool-id': world.vim.pool,
      start: at(from),
      end: at(to),
      capacity: { cores: 10 },
    });
    expect(await world.available(from, to)).to.equal(POOL_CORES + 10);
    expect(await world.available(from - HOUR, to)).to.equal(POOL_CORES);
    await world.reserve({ start: at(from), end: at(to), capacity: { cores: POOL_CORES + 10 } });
  });

  it('TC-13: query-capacity available leaves out what is reserved and used', async () => {
    const world = await open().open();
    const start = world.now + HOUR;
    await world.reserve({ start: at(start), end: at(start + HOUR) });
    await world.ok('create-instance', world.instance());
    const answer = await world.consumer.invoke('opnfv-promise:query-capacity', {
      capacity: 'available',
      pools: [world.vim.pool],
      window: { start: at(start - HOUR), end: at(start + 2 * HOUR) },
    });
    expect(leaf(answer, 'capacity/total/cores')).to.equal(String(POOL_CORES));
    expect(leaf(answer, 'capacity/reserved/cores')).to.equal('4');
    expect(leaf(answer, 'capacity/usage/cores')).to.equal('1');
    expect(leaf(answer, 'capacity/available/cores')).to.equal(String(POOL_CORES - 5));
    const steps = all(answer, 'utilization').map((entry) => [
      Date.parse(text(entry, 'timestamp')) - start,
      amount(entry, 'capacity/cores'),
    ]);
    expect(steps).to.deep.equal([
      [-HOUR, POOL_CORES - 1],
      [0, POOL_CORES - 5],
      [HOUR, POOL_CORES - 1],
    ]);
  });

  for (const [when, ahead] of [
    ['now', undefined],
    ['in the future', DAY],
  ] as const) {
    it(`TC-14: a reservation over the capacity is a conflict, ${when}`, async () => {
      const world = await open().open();
      const start = world.now + (ahead ?? 0);
      const holder = await world.reserve({
        ...(ahead === undefined ? {} : { start: at(start) }),
        end: at(start + HOUR),
        capacity: { cores: 30 },
      });
      const answer = await world.conflict(
        'create-reservation',
        {
          ...(ahead === undefined ? {} : { start: at(start) }),
          end: at(start + HOUR),
          pools: [world.vim.pool],
          capacity: { cores: 30 },
        },
        'insufficient-capacity',
      );
      expect(leaf(answer, 'status')).to.equal('rejected');
      expect(leaf(answer, 'reservation-id')).to.equal(undefined);
      expect(leaf(answer, 'refusal/most/cores')).to.equal(String(POOL_CORES - 30));
      expect(Date.parse(text(answer, 'refusal/next-window/start'))).to.equal(start + HOUR);
      const [shortage] = all(answer, 'refusal/shortage');
      expect(leaf(shortage, 'resource')).to.equal('cores');
      expect(leaf(shortage, 'missing')).to.equal(String(60 - POOL_CORES));
      expect(await world.available(start, start + HOUR)).to.equal(POOL_CORES - 30);
      await world.ok('cancel-reservation', { 'reservation-id': holder });
    });
  }

  it('TC-15: an instance over the capacity is a conflict', async () => {
    const world = await open().open();
    const held = await world.reserve({ end: at(world.now + DAY), capacity: { cores: POOL_CORES - 1 } });
    const answer = await world.conflict(
      'create-instance',
      world.instance({ flavor: 'm1.medium' }),
      'insufficient-capacity',
    );
    expect(leaf(answer, 'status')).to.equal('rejected');
    expect(leaf(answer, 'instance-id')).to.equal(undefined);
    const small = await world.reserve({ capacity: { cores: 1, ram: '512', instances: 1 } });
    await world.conflict('create-instance', world.instance({ 'reservation-id': small }), 'exceeds-reservation');
    await world.ok('cancel-reservation', { 'reservation-id': held });
  });

  it('TC-16: destroy-instance releases the capacity', async () => {
    const world = await open().open();
    const answer = await world.ok('create-instance', world.instance());
    const id = text(answer, 'instance-id');
    const events = await world.events('allocation-event', 'instance-id', id);
    expect(leaf(await world.event(events, 'state-changed'), 'vm-state')).to.equal('ACTIVE');
    expect(await world.available()).to.equal(POOL_CORES - 1);
    const destroyed = await world.ok('destroy-instance', { 'instance-id': id });
    expect(leaf(destroyed, 'status')).to.equal('DELETING');
    expect(leaf(await world.event(events, 'destroyed'), 'vm-state')).to.equal('DELETED');
    expect(await world.available()).to.equal(POOL_CORES);
    expect(await world.consumer.get(allocationPath(id))).to.equal(undefined);
  });
}

function furtherScenarios(open: () => World): void {
  it('grants only one of two requests that arrive together for what only one can have', async () => {
    const world = await open().open();
    const request = { pools: [world.vim.pool], end: at(world.now + HOUR), capacity: { cores: 30 } };
    const answers = await Promise.all(
      Array.from({ length: 6 }, () => world.consumer.invoke('opnfv-promise:create-reservation', request)),
    );
    expect(answers.map((answer) => leaf(answer, 'result')).sort()).to.deep.equal([
      ...Array.from({ length: 5 }, () => 'conflict'),
      'ok',
    ]);
    expect(await world.available()).to.equal(POOL_CORES - 30);
  });

  it('releases a reservation for immediate use of which nothing is allocated in its validity period', async () => {
    const world = await open().open();
    const id = await world.reserve();
    const events = await world.events('reservation-event', 'reservation-id', id);
    await world.agent.reach(world.now + HOUR);
    const expired = await world.event(events, 'expired');
    expect(leaf(expired, 'status')).to.equal('expired');
    expect(leaf(expired, 'reason')).to.equal('not-allocated-in-time');
    expect(await world.available()).to.equal(POOL_CORES);
    await world.conflict('create-instance', world.instance({ 'reservation-id': id }), 'reservation-over');
  });

  it('allocates a network, a port and a volume against a reservation, gives them to a machine, and ends them all', async () => {
    const world = await open().open();
    const { provider } = world.vim;
    const capacity = { gigabytes: 20, volumes: 2, networks: 1, ports: 2 };
    const pool = text(await world.ok('increase-capacity', { source: provider, capacity }), 'pool-id');
    const reserved = await world.ok('create-reservation', { pools: [pool], capacity });
    const reservation = text(reserved, 'reservation-id');
    const create = (name: string, more: Json): Promise<Content> =>
      world.ok('create-allocation', { name, 'reservation-id': reservation, ...more });
    const network = await create('net', { network: { subnet: [{ cidr: '192.0.2.0/24', gateway: '192.0.2.1' }] } });
    const port = await create('port', { port: { network: text(network, 'allocation-id'), address: '192.0.2.7' } });
    expect(leaf(port, 'address')).to.equal('192.0.2.7');
    const volume = await create('data', { volume: { size: 15 } });
    expect([leaf(network, 'status'), leaf(volume, 'status')]).to.deep.equal(['completed', 'in-progress']);
    const id = text(volume, 'allocation-id');
    const events = await world.events('allocation-event', 'instance-id', id);
    const there = await world.event(events, 'state-changed');
    expect([leaf(there, 'kind'), leaf(there, 'vm-state')]).to.deep.equal(['volume', 'ACTIVE']);
    const more = { name: 'more', volume: { size: 6 }, 'reservation-id': reservation };
    await world.conflict('create-allocation', more, 'exceeds-reservation');
    const state = await world.consumer.get(reservationPath(reservation));
    expect(amount(state, 'state/remaining/gigabytes')).to.equal(5);
    expect(all(state, 'state/allocations')).to.have.length(3);

    const uses = { ports: [text(port, 'allocation-id')], volumes: [id] };
    const machine = text(await world.ok('create-instance', world.instance(uses)), 'instance-id');
    const record = await world.consumer.get(allocationPath(id));
    expect([leaf(record, 'attached-to'), leaf(record, 'volume/size')]).to.deep.equal([machine, '15']);
    await world.conflict('destroy-allocation', { 'allocation-id': id }, 'resource-in-use');
    const machineEvents = await world.events('allocation-event', 'instance-id', machine);
    await world.ok('destroy-instance', { 'instance-id': machine });
    await world.event(machineEvents, 'destroyed');
    await world.ok('destroy-allocation', { 'allocation-id': id });
    expect(leaf(await world.event(events, 'destroyed'), 'vm-state')).to.equal('DELETED');
    expect(amount(await world.consumer.get(reservationPath(reservation)), 'state/remaining/gigabytes')).to.equal(20);
  });

  it('attaches a volume and a port to a machine that runs, and takes them away again', async () => {
    const world = await open().open();
    const { provider } = world.vim;
    const capacity = { gigabytes: 20, volumes: 2, networks: 1, ports: 2 };
    await world.ok('increase-capacity', { source: provider, capacity });
    const make = async (name: string, more: Json): Promise<string> =>
      text(await world.ok('create-allocation', { 'provider-id': provider, name, ...more }), 'allocation-id');
    const network = await make('net', { network: { subnet: [{ cidr: '192.0.2.0/24' }] } });
    const volume = await make('data', { volume: { size: 10 } });
    const port = await make('eth1', { port: { network } });
    const there = await world.events('allocation-event', 'instance-id', volume);
    await world.event(there, 'state-changed');
    const machine = text(await world.ok('create-instance', world.instance({})), 'instance-id');
    const early = { 'instance-id': machine, volume };
    await world.conflict('attach-resource', early, 'resource-not-ready');
    const events = await world.events('allocation-event', 'instance-id', machine);
    await world.event(events, 'state-changed');

    for (const what of [{ volume }, { port }]) {
      const answer = await world.ok('attach-resource', { 'instance-id': machine, ...what });
      expect(leaf(answer, 'status')).to.equal('attached');
      await world.agent.arrived(
        events.inbox,
        ({ event }) => leaf(event, 'cause') === 'attached' && leaf(event, 'attachment') === leaf(answer, 'resource'),
      );
    }
    expect(leaf(await world.consumer.get(allocationPath(volume)), 'attached-to')).to.equal(machine);
    const record = await world.consumer.get(allocationPath(machine));
    expect([all(record, 'ports').length, all(record, 'volumes').length]).to.deep.equal([1, 1]);
    const again = await world.ok('attach-resource', { 'instance-id': machine, volume });
    expect(leaf(again, 'status')).to.equal('attached');
    await world.conflict('destroy-allocation', { 'allocation-id': volume }, 'resource-in-use');

    expect(leaf(await world.ok('detach-resource', { 'instance-id': machine, volume }), 'status')).to.equal('detached');
    await world.event(events, 'detached');
    await world.conflict('detach-resource', { 'instance-id': machine, volume }, 'unknown-resource');
    await world.ok('destroy-allocation', { 'allocation-id': volume });
    // What is attached when the machine goes outlives it, and is free then.
    await world.ok('destroy-instance', { 'instance-id': machine });
    await world.event(events, 'destroyed');
    expect(leaf(await world.consumer.get(allocationPath(port)), 'attached-to')).to.equal(undefined);
    await world.ok('destroy-allocation', { 'allocation-id': port });
  });

  it('starts a machine from a volume that is made from an image, and keeps the volume to its end', async () => {
    const world = await open().open();
    const { provider } = world.vim;
    await world.ok('increase-capacity', { source: provider, capacity: { gigabytes: 20, volumes: 2 } });
    const disk = { 'provider-id': provider, name: 'root', volume: { size: 5, image: 'cirros' } };
    const volume = text(await world.ok('create-allocation', disk), 'allocation-id');
    const from = { 'provider-id': provider, name: 'vm', flavor: 'm1.small', 'boot-volume': volume };
    await world.conflict('create-instance', from, 'resource-not-ready');
    await world.event(await world.events('allocation-event', 'instance-id', volume), 'state-changed');
    const machine = text(await world.ok('create-instance', from), 'instance-id');
    const events = await world.events('allocation-event', 'instance-id', machine);
    await world.event(events, 'state-changed');
    const resource = leaf(await world.consumer.get(allocationPath(volume)), 'instance-ref/resource');
    const record = await world.consumer.get(allocationPath(machine));
    expect([leaf(record, 'boot-volume'), leaf(record, 'image')]).to.deep.equal([resource, undefined]);
    await world.conflict('detach-resource', { 'instance-id': machine, volume }, 'resource-in-use');
    await world.conflict('destroy-allocation', { 'allocation-id': volume }, 'resource-in-use');
    const unknown = { ...disk, volume: { size: 5, image: 'nowhere' } };
    await world.conflict('create-allocation', unknown, 'unknown-image');
    const both = await refused(world.consumer.invoke('opnfv-promise:create-instance', { ...from, image: 'cirros' }));
    expect(both.errors[0]?.tag).to.equal('bad-element');
    await world.ok('destroy-instance', { 'instance-id': machine });
    await world.event(events, 'destroyed');
    await world.ok('destroy-allocation', { 'allocation-id': volume });
  });

  it('joins networks to the outside by a router, which keeps them until it goes', async () => {
    const world = await open().open();
    const { provider } = world.vim;
    const capacity = { networks: 1, subnets: 1, ports: 1, routers: 1, addresses: 1 };
    const pool = text(await world.ok('increase-capacity', { source: provider, capacity }), 'pool-id');
    const make = (name: string, more: Json): Promise<Content> =>
      world.ok('create-allocation', { 'provider-id': provider, name, ...more });
    const free = async (): Promise<number> =>
      amount(
        await world.consumer.invoke('opnfv-promise:query-capacity', { pools: [pool] }),
        'capacity/available/routers',
      );
    const network = await make('net', { network: { subnet: [{ cidr: '192.0.2.0/24' }] } });
    const joined = text(network, 'allocation-id');
    const edge = { gateway: 'public', networks: [joined] };
    const router = await make('edge', { router: edge });
    expect([leaf(router, 'status'), leaf(router, 'vm-state')]).to.deep.equal(['completed', 'ACTIVE']);
    const id = text(router, 'allocation-id');
    const record = await world.consumer.get(allocationPath(id));
    expect([leaf(record, 'kind'), leaf(record, 'router/networks')]).to.deep.equal([
      'router',
      text(network, 'resource'),
    ]);
    expect(leaf(record, 'instance-ref/resource')).to.equal(text(router, 'resource'));
    expect(await free()).to.equal(0);

    const another = { 'provider-id': provider, name: 'another' };
    await world.conflict('create-allocation', { ...another, router: {} }, 'insufficient-capacity');
    for (const wrong of [{ gateway: 'management' }, { gateway: 'nowhere' }, { networks: ['nowhere'] }])
      await world.conflict('create-allocation', { ...another, router: wrong }, 'unknown-network');
    const both = { ...another, router: {}, network: {} };
    const twice = await refused(world.consumer.invoke('opnfv-promise:create-allocation', both));
    expect(twice.errors[0]?.tag).to.equal('bad-element');
    const bad = { ...another, router: { gateways: 'public' } };
    const unknown = await refused(world.consumer.invoke('opnfv-promise:create-allocation', bad));
    expect(unknown.errors[0]?.tag).to.equal('unknown-element');
    expect(await free()).to.equal(0);

    const events = await world.events('allocation-event', 'instance-id', joined);
    await world.ok('destroy-allocation', { 'allocation-id': joined });
    const kept = await world.event(events, 'state-changed');
    expect([leaf(kept, 'vm-state'), leaf(kept, 'fault/message')?.includes('in use')]).to.deep.equal(['DELETING', true]);
    const ends = await world.events('allocation-event', 'instance-id', id);
    expect(leaf(await world.ok('destroy-allocation', { 'allocation-id': id }), 'status')).to.equal('DELETING');
    expect(leaf(await world.event(ends, 'destroyed'), 'kind')).to.equal('router');
    await world.event(events, 'destroyed');
    expect(await free()).to.equal(1);
    expect(await world.consumer.get(allocationPath(id))).to.equal(undefined);
    const again = await refused(world.consumer.invoke('opnfv-promise:destroy-allocation', { 'allocation-id': id }));
    expect(again.errors[0]?.tag).to.equal('invalid-value');
  });

  it('reserves many windows as one, starts and ends each, and finds it by any', async () => {
    const world = await open().open();
    const first = world.now + HOUR;
    const id = await world.reserve({
      start: at(first),
      end: at(first + 2 * HOUR),
      recurrence: { frequency: 'daily', interval: 2, count: 3 },
    });
    const events = await world.events('reservation-event', 'reservation-id', id);
    expect(await world.available(first + 4 * DAY, first + 4 * DAY + HOUR)).to.equal(POOL_CORES - 4);
    expect(await world.available(first + DAY, first + DAY + HOUR)).to.equal(POOL_CORES);
    const window = { start: at(first + 2 * DAY), end: at(first + 2 * DAY + MINUTE) };
    const found = await world.consumer.invoke('opnfv-promise:query-reservation', { window });
    expect(all(found, 'reservations').map((each) => leaf(each, 'id'))).to.include(id);
    const refused = await world.conflict(
      'create-reservation',
      {
        pools: [world.vim.pool],
        start: at(first + 2 * DAY + HOUR),
        end: at(first + 2 * DAY + 3 * HOUR),
        recurrence: { frequency: 'weekly', count: 2 },
        capacity: { cores: POOL_CORES },
      },
      'insufficient-capacity',
    );
    expect(all(refused, 'refusal/short-window').map((each) => leaf(each, 'occurrence'))).to.deep.equal(['1']);
    await world.agent.reach(first);
    expect(leaf(await world.event(events, 'started'), 'occurrence')).to.equal('1');
    await world.agent.reach(first + 2 * HOUR);
    expect(leaf(await world.event(events, 'occurrence-ended'), 'status')).to.equal('scheduled');
    const between = await world.consumer.get(reservationPath(id));
    expect(leaf(between, 'state/recurring/next/occurrence')).to.equal('2');
    await world.agent.reach(first + 4 * DAY + 2 * HOUR);
    expect(leaf(await world.event(events, 'ended'), 'occurrence')).to.equal('3');
  });

  it('keeps the time of a maintenance free, says so, and gives it back', async () => {
    const world = await open().open();
    const [from, to] = [world.now + HOUR, world.now + 3 * HOUR];
    const id = await world.reserve({ start: at(from), end: at(to) });
    const changes = await world.events('capacity-event', 'pool', world.vim.pool);
    const entry = { id: `m-${world.vim.pool}` };
    await world.consumer.edit('create', dataPath(PROMISE, 'policy', ['maintenance', entry.id]), {
      pool: world.vim.pool,
      start: at(from),
      end: at(to),
    });
    expect(leaf(await world.event(changes, 'maintenance-planned'), 'maintenance')).to.equal(entry.id);
    expect(leaf(await world.consumer.get(reservationPath(id)), 'state/reason')).to.equal('maintenance');
    expect(await world.available(from, to)).to.equal(0);
    const window = { start: at(from), end: at(to) };
    const refused = await world.conflict(
      'create-reservation',
      { pools: [world.vim.pool], ...window, capacity: { cores: 1 } },
      'insufficient-capacity',
    );
    expect(leaf(refused, 'message')).to.contain(entry.id);
    await world.agent.reach(from);
    await world.event(changes, 'maintenance-started');
    await world.agent.reach(to);
    await world.event(changes, 'maintenance-ended');
    expect(await world.available()).to.equal(POOL_CORES);
  });

  it('tells of an instance that could not boot, and frees what it held when it is destroyed', async () => {
    const world = await open().open();
    await world.consumer.invoke('promise-simulator:fail-next-boot', {
      'provider-id': world.vim.provider,
      reason: 'The hypervisor ran out of luck.',
    });
    const id = text(await world.ok('create-instance', world.instance()), 'instance-id');
    const events = await world.events('allocation-event', 'instance-id', id);
    const failed = await world.event(events, 'state-changed');
    expect(leaf(failed, 'vm-state')).to.equal('ERROR');
    expect(leaf(failed, 'fault/message')).to.equal('The hypervisor ran out of luck.');
    await world.ok('destroy-instance', { 'instance-id': id });
    await world.event(events, 'destroyed');
    expect(await world.available()).to.equal(POOL_CORES);
  });

  it('refuses edits of what RPCs made, and says so', async () => {
    const world = await open().open();
    const path = reservationPath(await world.reserve());
    for (const edit of [
      world.consumer.edit('delete', path),
      world.consumer.edit('merge', path, { name: 'other', capacity: { cores: 1 } }),
      world.consumer.edit('delete', [...path, { name: 'name' }]),
      world.consumer.edit('delete', poolPath(world.vim.pool)),
      world.consumer.edit('delete', providerPath(world.vim.provider)),
    ]) {
      const { errors } = await refused(edit);
      expect(errors[0]).to.include({ tag: 'resource-denied', appTag: 'owned-by-rpc' });
    }
    const { errors } = await refused(world.consumer.edit('delete', reservationPath('nothing')));
    expect(errors[0]?.tag).to.be.oneOf(['data-missing', 'invalid-value']);
  });

  it('answers what the VIM refuses', async () => {
    const world = await open().open();
    await world.consumer.invoke('promise-simulator:refuse-next-request', {
      'provider-id': world.vim.provider,
      reason: 'Quota exceeded for cores.',
    });
    const answer = await world.consumer.invoke('opnfv-promise:create-instance', world.instance());
    expect(leaf(answer, 'status')).to.be.oneOf(['failed', 'rejected']);
    expect(leaf(answer, 'message')).to.contain('Quota exceeded for cores.');
    expect(await world.available()).to.equal(POOL_CORES);
  });

  it('lets the instances of a cancelled reservation run on', async () => {
    const world = await open().open();
    const reservation = await world.reserve();
    const answer = await world.ok('create-instance', world.instance({ 'reservation-id': reservation }));
    await world.ok('cancel-reservation', { 'reservation-id': reservation });
    const allocation = await world.consumer.get(allocationPath(text(answer, 'instance-id')));
    expect(leaf(allocation, 'priority'), 'it was made against one that is over').to.equal('normal');
    expect(await world.available()).to.equal(POOL_CORES - 1);
  });

  it('lists who stands in the way of a decrease, and degrades them when it is forced', async () => {
    const world = await open().open();
    const id = await world.reserve({
      start: at(world.now + HOUR),
      end: at(world.now + 2 * HOUR),
      capacity: { cores: 40 },
    });
    const decrease = { 'pool-id': world.vim.pool, capacity: { cores: 20 } };
    const answer = await world.conflict('decrease-capacity', decrease, 'capacity-in-use');
    expect(all(answer, 'affected').map((entry) => leaf(entry, 'reservation-id'))).to.deep.equal([id]);
    expect(leaf(answer, 'most/cores')).to.equal(String(POOL_CORES - 40));
    await world.ok('decrease-capacity', { ...decrease, force: true });
    const found = await world.consumer.get(reservationPath(id));
    expect(leaf(found, 'state/status')).to.equal('degraded');
    expect(leaf(found, 'state/missing/cores')).to.equal('12');
  });

  it('admits a reservation that an edit makes, and frees what it holds when it is deleted', async () => {
    const world = await open().open();
    const [start, end] = [at(world.now + HOUR), at(world.now + 2 * HOUR)];
    const path = reservationPath(`configured-${world.vim.pool}`);
    const body = { start, end, pools: [world.vim.pool], capacity: { cores: 8 } };
    await world.consumer.edit('create', path, body);
    expect(await world.available(world.now + HOUR, world.now + 2 * HOUR)).to.equal(POOL_CORES - 8);
    expect(leaf(await world.consumer.get(path), 'state/status')).to.equal('scheduled');
    await world.consumer.edit('merge', path, { capacity: { cores: 10 } });
    expect(await world.available(world.now + HOUR, world.now + 2 * HOUR)).to.equal(POOL_CORES - 10);
    const exists = await refused(world.consumer.edit('create', path, body));
    expect(exists.errors[0]?.tag).to.equal('data-exists');
    await world.consumer.edit('delete', path);
    expect(await world.available(world.now + HOUR, world.now + 2 * HOUR)).to.equal(POOL_CORES);
    expect(await world.consumer.get(path)).to.equal(undefined);
  });

  it('refuses an edit that does not fit, and says what would', async () => {
    const world = await open().open();
    const path = reservationPath(`too-much-${world.vim.pool}`);
    const body = {
      start: at(world.now + HOUR),
      end: at(world.now + 2 * HOUR),
      pools: [world.vim.pool],
      capacity: { cores: POOL_CORES + 1 },
    };
    const { errors } = await refused(world.consumer.edit('replace', path, body));
    const [error] = errors;
    expect(error?.tag).to.equal('resource-denied');
    expect(error?.path).to.contain('reservation');
    const refusal = all(error?.info, 'refusal-info')[0];
    expect(leaf(refusal, 'reason')).to.equal('insufficient-capacity');
    expect(leaf(refusal, 'most/cores')).to.equal(String(POOL_CORES));
    expect(await world.consumer.get(path)).to.equal(undefined);
  });

  it('serves what edits and RPCs made in one tree, and lets neither change what the other made', async () => {
    const world = await open().open();
    const byRpc = await world.reserve({ start: at(world.now + HOUR), end: at(world.now + 2 * HOUR) });
    const path = reservationPath(`edited-${world.vim.pool}`);
    await world.consumer.edit('create', path, {
      start: at(world.now + HOUR),
      end: at(world.now + 2 * HOUR),
      pools: [world.vim.pool],
      capacity: { cores: 1 },
    });
    const list = await world.consumer.get(dataPath(PROMISE, 'reservations'));
    expect(ids(list ?? expect.fail('no reservations'), 'reservation')).to.include.members([
      byRpc,
      `edited-${world.vim.pool}`,
    ]);
    const cancel = { 'reservation-id': `edited-${world.vim.pool}` };
    const denied = await refused(world.consumer.invoke('opnfv-promise:cancel-reservation', cancel));
    expect(denied.errors[0]?.tag).to.equal('resource-denied');
    await refused(world.consumer.edit('delete', reservationPath(byRpc)));
    expect(await world.consumer.get(reservationPath(byRpc))).not.to.equal(undefined);
  });

  it('holds an offer until it is accepted; what is accepted late is refused', async () => {
    const world = await open().open();
    const window = { start: at(world.now + HOUR), end: at(world.now + 2 * HOUR) };
    const all = { ...window, pools: [world.vim.pool], capacity: { cores: POOL_CORES } };
    const offer = await world.ok('request-offer', { ...all, 'hold-for': 600 });
    const id = text(offer, 'offer-id');
    expect(leaf(offer, 'expires-at')).to.equal(at(world.now + 10 * MINUTE));
    await world.conflict('request-offer', { ...all, 'hold-for': 600 }, 'insufficient-capacity');
    await world.conflict('create-reservation', all, 'insufficient-capacity');
    const accepted = await world.ok('accept-offer', { 'offer-id': id });
    const reservation = await world.consumer.get(reservationPath(text(accepted, 'reservation-id')));
    expect(leaf(reservation, 'state/status')).to.equal('scheduled');
    expect(leaf(reservation, 'state/claim/capacity/cores')).to.equal(String(POOL_CORES));
    const again = await world.conflict('accept-offer', { 'offer-id': id }, 'offer-over');
    expect(leaf(again, 'message')).to.contain(text(accepted, 'reservation-id'));
    const entry = await world.consumer.get(dataPath(PROMISE, 'offers', ['offer', id]));
    expect(leaf(entry, 'reservation')).to.equal(text(accepted, 'reservation-id'));
  });

  it('lets an offer lapse at its deadline, and one that is declined at once, and tells', async () => {
    const world = await open().open();
    const window = { start: at(world.now + HOUR), end: at(world.now + 2 * HOUR) };
    const all = { ...window, pools: [world.vim.pool], capacity: { cores: POOL_CORES }, 'hold-for': 600 };
    const declined = text(await world.ok('request-offer', all), 'offer-id');
    await world.ok('decline-offer', { 'offer-id': declined });
    const id = text(await world.ok('request-offer', all), 'offer-id');
    const events = await world.events('offer-event', 'offer-id', id);
    await world.agent.reach(world.now + 10 * MINUTE);
    const lapse = await world.event(events, 'lapsed');
    expect(leaf(lapse, 'reason')).to.equal('offer-over');
    await world.conflict('accept-offer', { 'offer-id': id }, 'offer-over');
    expect(await world.available(world.now + HOUR, world.now + 2 * HOUR)).to.equal(POOL_CORES);
  });

  it('chooses a window within given bounds', async () => {
    const world = await open().open();
    const { now } = world;
    await world.reserve({ start: at(now), end: at(now + 3 * HOUR), capacity: { cores: POOL_CORES - 1 } });
    const asked = { pools: [world.vim.pool], capacity: { cores: 2 } };
    const bounds = { 'earliest-start': at(now + HOUR), duration: 3600 };
    const chosen = await world.ok('create-reservation', { ...asked, 'flexible-window': bounds });
    expect(leaf(chosen, 'starts-at')).to.equal(at(now + 3 * HOUR));
    expect(leaf(chosen, 'ends-at')).to.equal(at(now + 4 * HOUR));
    const narrow = { ...asked, 'flexible-window': { ...bounds, 'latest-end': at(now + 3 * HOUR) } };
    const none = await world.conflict('create-reservation', narrow, 'insufficient-capacity');
    expect(leaf(none, 'refusal/next-window/start')).to.equal(at(now + 3 * HOUR));
  });

  it('explains a refusal and a reservation', async () => {
    const world = await open().open();
    const window = { start: at(world.now + HOUR), end: at(world.now + 2 * HOUR) };
    const whole = { ...window, pools: [world.vim.pool], capacity: { cores: POOL_CORES } };
    const granted = await world.ok('create-reservation', whole);
    const refused = await world.conflict('create-reservation', whole, 'insufficient-capacity');
    const explain = async (subject: Json): Promise<Content> =>
      await world.consumer.invoke('opnfv-promise:explain', subject);
    const why = await explain({ decision: text(refused, 'decision') });
    expect(leaf(why, 'reason')).to.equal('insufficient-capacity');
    const [considered] = all(why, 'considered');
    expect(leaf(considered, 'pool')).to.equal(world.vim.pool);
    expect(leaf(considered, 'chosen')).to.equal('false');
    expect(leaf(considered, 'shortage/missing')).to.equal(String(POOL_CORES));
    expect(leaf(considered, 'shortage/from')).to.equal(window.start);
    const how = await explain({ 'reservation-id': text(granted, 'reservation-id') });
    expect(leaf(how, 'considered/chosen')).to.equal('true');
  });

  it('binds requests by the policy that was configured', async () => {
    const world = await open().open();
    const policy = dataPath(PROMISE, 'policy', 'reservation');
    await world.consumer.edit('merge', policy, { 'max-duration': 2, 'max-future-start-range': 30 });
    try {
      const request = { pools: [world.vim.pool], capacity: { cores: 1 } };
      const long = { ...request, start: at(world.now + HOUR), end: at(world.now + 4 * HOUR) };
      const answer = await world.conflict('create-reservation', long, 'policy-violation');
      expect(leaf(answer, 'refusal/policy')).to.equal('max-duration');
      expect(leaf(answer, 'refusal/limit')).to.equal('2');
      const far = { ...request, start: at(world.now + 31 * DAY), end: at(world.now + 31 * DAY + HOUR) };
      const later = await world.conflict('create-reservation', far, 'policy-violation');
      expect(leaf(later, 'refusal/policy')).to.equal('max-future-start-range');
    } finally {
      await world.consumer.edit('delete', policy);
    }
  });

  it('ends a subscription that is deleted', async () => {
    const world = await open().open();
    const subscribed = await world.events('capacity-event', 'pool', world.vim.pool);
    await world.reserve();
    await world.event(subscribed, 'reserved');
    await world.consumer.unsubscribe(subscribed.id);
    const before = subscribed.inbox.received.length;
    await world.reserve();
    expect(subscribed.inbox.received).to.have.length(before);
  });
}

function messageFlows(agent: () => AgentUnderTest, consumer: () => Consumer): void {
  const stage: Stage = {
    consumer,
    now: () => agent().clock.now(),
    reach: (instant) => agent().reach(instant),
    notified: ({ inbox }, test) => agent().arrived(inbox, ({ event }) => test(event)),
    eventually: async (what, read, test) =>
      (
        await agent().until(async () => {
          const value = await read();
          return test(value) ? { value } : undefined;
        }, what)
      ).value,
    tell: () => undefined,
  };
  for (const flow of flows(stage)) {
    describe(`the message flow: ${flow.title}`, () => {
      before(() => flow.prepare());
      for (const step of flow.steps) it(`step ${step.number}: ${step.title}`, () => step.run());
    });
  }
}
