import { expect } from 'chai';
import { Context, loadLibyang } from 'libyang-wasm';
import type { PromiseTree } from '../../../../src/generated/opnfv-promise.ts';
import { servedModules } from '../../../../src/yang-modules.ts';
import type { Entries } from '../../../../src/yang/data.ts';
import { ModuleFiles } from '../../../../src/yang/module-files.ts';
import { RpcError } from '../../../../src/yang/rpc-error.ts';
import type { Json } from '../../../../src/agent/local-client.ts';
import { errorOfPromise, errorsOf } from '../agent-fixture.ts';
import { at, PromiseFixture, SIMULATION } from './promise-fixture.ts';

const PROMISE = '/opnfv-promise:promise';

describe('configuration of opnfv-promise', () => {
  let promise: PromiseFixture;

  beforeEach(async () => {
    promise = await new PromiseFixture().start();
  });
  afterEach(() => promise.close());

  const edit = (tree: Json): Promise<unknown> =>
    promise.client.edit('merge', PROMISE, { 'opnfv-promise:promise': tree });

  const reservation = (id: string, more: Json = {}): Json => ({
    id,
    start: at(1),
    end: at(2),
    capacity: { cores: 10 },
    ...more,
  });

  const reserve = (...entries: readonly Json[]): Promise<unknown> => edit({ reservations: { reservation: entries } });

  async function operational(path: string): Promise<Json> {
    return (await promise.get(`${PROMISE}/${path}`))['opnfv-promise:promise'] as Json;
  }

  /** A provider and a pool of 16 cores by configuration. */
  async function configure(): Promise<void> {
    await edit({
      providers: {
        provider: [
          {
            id: 'lab',
            name: 'lab',
            'provider-type': 'promise-simulator:simulated',
            'promise-simulator:simulation': SIMULATION,
          },
        ],
      },
    });
    await promise.settle();
    await edit({ pools: { pool: [{ id: 'all', source: 'lab', capacity: { cores: 16, ram: '32768' } }] } });
  }

  it('a configured provider is accepted at once and contacted afterwards', async () => {
    await configure();
    const tree = await operational('providers/provider=lab');
    expect(tree)
      .to.have.nested.property('providers.provider[0]')
      .that.deep.includes({ status: 'up', pools: ['all'] });
    expect(tree).to.have.nested.property('providers.provider[0].services.compute.hosts').with.length(2);
    expect(tree).to.have.nested.property('providers.provider[0].promise-simulator:simulation.seed', 7);
  });

  it('a configured reservation is admitted like one of an RPC, and both are shown with their state', async () => {
    await configure();
    await reserve(reservation('mine', { name: 'web', priority: 'high' }));
    await promise.rpc('create-reservation', { start: at(1), end: at(2), capacity: { cores: 6 } });
    const { reservations } = await operational('reservations');
    expect(reservations).to.have.property('reservation').with.length(2);
    const mine = await operational('reservations/reservation=mine');
    expect(mine)
      .to.have.nested.property('reservations.reservation[0]')
      .that.deep.includes({ name: 'web', priority: 'high' });
    expect(mine)
      .to.have.nested.property('reservations.reservation[0].state')
      .that.deep.includes({
        status: 'scheduled',
        owner: 'ann',
        remaining: { cores: 10 },
      });
    const running = await promise.client.get(PROMISE, { datastore: 'running' });
    expect(running).to.have.nested.property('opnfv-promise:promise.reservations.reservation').with.length(1);
    expect(running).not.to.have.nested.property('opnfv-promise:promise.reservations.reservation[0].state');
  });

  it('an edit that does not fit is refused as a whole, each entry with what could be had', async () => {
    await configure();
    const errors = await errorsOf(
      reserve(reservation('a-small', { capacity: { cores: 1 } }), reservation('big', { capacity: { cores: 17 } })),
    );
    expect(errors).to.have.length(1);
    const [error] = errors;
    expect(error).to.include({
      tag: 'resource-denied',
      appTag: 'insufficient-capacity',
      path: "/opnfv-promise:promise/reservations/reservation[id='big']",
    });
    const info = error?.info?.structure?.['opnfv-promise:refusal-info'];
    expect(info).to.deep.include({
      reason: 'opnfv-promise:insufficient-capacity',
      'reservation-id': 'big',
      most: { cores: 15 },
    });
    expect(await operational('capacity')).not.to.equal(undefined);
    expect(await promise.get(PROMISE)).not.to.have.nested.property('opnfv-promise:promise.reservations');
    const running = await promise.client.get(PROMISE, { datastore: 'running' });
    expect(running).not.to.have.nested.property('opnfv-promise:promise.reservations');
  });

  it('several entries that do not fit are several errors', async () => {
    await configure();
    const errors = await errorsOf(
      reserve(reservation('one', { capacity: { cores: 20 } }), reservation('two', { capacity: { cores: 30 } })),
    );
    expect(errors.map(({ path }) => path)).to.have.members(
      ['one', 'two'].map((id) => `/opnfv-promise:promise/reservations/reservation[id='${id}']`),
    );
  });

  it('a leaf changed deep in an entry is an update, and removing the entry a cancellation', async () => {
    await configure();
    await reserve(reservation('mine'));
    const subscription = promise.subscribe();
    await promise.client.edit('merge', `${PROMISE}/reservations/reservation=mine/capacity/cores`, {
      'opnfv-promise:cores': 12,
    });
    const updated = await subscription.until(({ content }) => content['cause'] === 'updated');
    expect(updated.content).to.deep.include({ 'reservation-id': 'mine', capacity: { cores: 12 } });
    await promise.client.edit('delete', `${PROMISE}/reservations/reservation=mine`);
    await subscription.until(({ content }) => content['cause'] === 'cancelled');
    expect(
      (await promise.rpc('query-capacity', { window: { start: at(1), end: at(2) } }))['capacity'],
    ).to.have.nested.property('available.cores', 16);
  });

  it('removing everything at once is one admission', async () => {
    await configure();
    await reserve(reservation('mine'));
    await promise.client.edit('delete', PROMISE);
    expect(await promise.get(PROMISE)).to.have.nested.property('opnfv-promise:promise.capacity');
    expect(await promise.get(PROMISE)).not.to.have.nested.property('opnfv-promise:promise.pools');
  });

  it('a pool that is in use cannot be removed', async () => {
    await configure();
    await reserve(reservation('mine'));
    const error = await errorOfPromise(promise.client.edit('delete', `${PROMISE}/pools/pool=all`));
    expect(error).to.include({
      tag: 'resource-denied',
      appTag: 'capacity-in-use',
      path: "/opnfv-promise:promise/pools/pool[id='all']",
    });
    expect(error.info?.structure?.['opnfv-promise:refusal-info']).to.deep.include({ 'pool-id': 'all' });
  });

  it('neither side changes what the other made', async () => {
    await configure();
    await reserve(reservation('mine', { capacity: { cores: 1 } }));
    const byRpc = await errorOfPromise(promise.rpc('cancel-reservation', { 'reservation-id': 'mine' }));
    expect(byRpc).to.include({ tag: 'resource-denied', appTag: 'owned-by-config' });
    const { 'reservation-id': id } = await promise.rpc('create-reservation', {
      start: at(1),
      end: at(2),
      capacity: { cores: 1 },
    });
    const byEdit = await errorOfPromise(reserve(reservation(String(id), { capacity: { cores: 2 } })));
    expect(byEdit).to.include({
      tag: 'resource-denied',
      appTag: 'owned-by-rpc',
      path: `/opnfv-promise:promise/reservations/reservation[id='${String(id)}']`,
    });
  });

  it('what cannot be is an invalid value of the entry', async () => {
    await configure();
    const error = await errorOfPromise(reserve(reservation('mine', { end: at(1) })));
    expect(error).to.be.instanceOf(RpcError);
    expect(error).to.include({
      tag: 'invalid-value',
      path: "/opnfv-promise:promise/reservations/reservation[id='mine']/end",
    });
  });

  it('policy takes effect with the edit, and is as before when it is removed', async () => {
    await configure();
    await edit({ policy: { reservation: { 'open-ended': 'refuse' } } });
    const endless = { start: at(1), capacity: { cores: 1 } };
    expect(await promise.rpc('create-reservation', endless)).to.include({
      result: 'conflict',
      reason: 'opnfv-promise:policy-violation',
    });
    expect(await operational('policy')).to.deep.equal({ policy: { reservation: { 'open-ended': 'refuse' } } });
    await promise.client.edit('delete', `${PROMISE}/policy/reservation/open-ended`);
    expect(await promise.rpc('create-reservation', endless)).to.include({ result: 'ok' });
  });
});

describe('operational data of opnfv-promise', () => {
  let promise: PromiseFixture;

  beforeEach(async () => {
    promise = await new PromiseFixture().start();
  });
  afterEach(() => promise.close());

  it('builds only the entries that are asked for', async () => {
    await promise.pool();
    for (let count = 0; count < 20; count++) {
      await promise.rpc('create-reservation', { start: at(1), end: at(2), capacity: { ports: 1, cores: 0 } });
    }
    let built = 0;
    const { reservations } = promise.ledger.head.domain;
    for (const [id, one] of reservations) {
      const counting = new Proxy(one, {
        get(target, property) {
          if (property === 'claims') built++;
          return Reflect.get(target, property) as unknown;
        },
      });
      reservations.set(id, counting);
    }
    const context = { user: 'ann', transport: 'local', signal: new AbortController().signal } as const;
    const provider = promise.created.providers.get('opnfv-promise:promise');
    const tree = provider?.read({ context, running: {} }) as PromiseTree;
    const list = tree.reservations?.reservation as Entries;
    expect(list.size).to.equal(20);
    expect(built).to.equal(0);
    const [wanted = ''] = reservations.keys();
    expect(list.get(wanted)).to.include({ id: wanted });
    const forOne = built;
    expect(forOne).to.be.greaterThan(0);
    list.get(wanted);
    expect(built).to.equal(2 * forOne);
    expect(list.get('none')).to.equal(undefined);
  });

  it('is valid data of the schema', async () => {
    const { provider } = await promise.pool();
    await promise.rpc('create-reservation', { capacity: { cores: 2 } });
    await promise.rpc('decrease-capacity', { source: provider, start: at(3), capacity: { cores: 1 } });
    await promise.rpc('create-instance', { name: 'vm', image: 'cirros', flavor: 'small' });
    const data = await promise.get(PROMISE);
    const served = servedModules([], true);
    const files = new ModuleFiles(served.directories);
    const libyang = new Context(loadLibyang(), {
      modules: served.modules,
      importModule: ({ module, revision }) => {
        const text = files.find(module, revision);
        return text === undefined ? undefined : { format: 'yang', text };
      },
    });
    expect(() => libyang.parseData(JSON.stringify(data), { format: 'json' }).dispose()).not.to.throw();
    libyang.dispose();
    expect(data).to.have.nested.property('opnfv-promise:promise.capacity.usage.cores', 1);
  });
});
