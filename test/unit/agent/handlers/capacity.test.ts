import { expect } from 'chai';
import { errorOfPromise } from '../agent-fixture.ts';
import { at, HOUR, PromiseFixture, SIMULATION } from './promise-fixture.ts';

describe('RPCs of providers and capacity', () => {
  let promise: PromiseFixture;

  beforeEach(async () => {
    promise = await new PromiseFixture().start();
  });
  afterEach(() => promise.close());

  it('add-provider answers after the first contact, and the provider is listed with what it has', async () => {
    const answer = await promise.rpc('add-provider', {
      name: 'lab',
      'provider-type': 'promise-simulator:simulated',
      'promise-simulator:simulation': SIMULATION,
    });
    expect(answer).to.include({
      result: 'ok',
      status: 'up',
      message: "The provider 'lab' answers. It shows 2 hosts in 2 zones, 2 flavors, 1 image and 2 networks.",
    });
    const id = String(answer['provider-id']);
    const listed = await promise.entry('provider', id);
    expect(listed).to.deep.include({
      id,
      name: 'lab',
      'provider-type': 'promise-simulator:simulated',
      status: 'up',
      'last-contact': at(0),
    });
    expect(listed).to.have.nested.property('services.compute.hosts[1]').that.deep.includes({
      id: 'right',
      zone: 'east',
      status: 'up',
      vcpus: 8,
      ram: '16384',
      'ram-used': '0',
    });
    expect(listed).to.have.nested.property('services.compute.flavors[0].id', 'large');
  });

  it('add-provider refuses credentials that the provider rejects, and keeps nothing of it', async () => {
    const answer = await promise.rpc('add-provider', {
      name: 'lab',
      'provider-type': 'promise-simulator:simulated',
      username: 'mallory',
      password: 'a-secret',
    });
    expect(answer).to.include({ result: 'conflict', reason: 'opnfv-promise:provider-rejected', status: 'rejected' });
    expect(answer).not.to.have.property('provider-id');
    expect(JSON.stringify(answer)).not.to.include('a-secret');
    expect(await promise.get('/opnfv-promise:promise')).not.to.have.nested.property('opnfv-promise:promise.providers');
  });

  it('add-provider says which leaf has a name that is taken', async () => {
    await promise.provider('lab');
    const error = await errorOfPromise(promise.provider('lab'));
    expect(error).to.include({ tag: 'invalid-value', path: '/opnfv-promise:input/name' });
  });

  it('never shows a password', async () => {
    const added = await promise.rpc('add-provider', {
      'provider-type': 'promise-simulator:simulated',
      username: 'promise',
      password: 'promise',
    });
    expect(added).to.include({ result: 'ok' });
    expect(JSON.stringify(await promise.get())).not.to.include('"password"');
  });

  it('increase-capacity without an amount takes all that the provider has', async () => {
    const provider = await promise.provider();
    const answer = await promise.rpc('increase-capacity', { source: provider });
    expect(answer).to.include({ result: 'ok' });
    const pool = String(answer['pool-id']);
    const { 'opnfv-promise:promise': tree } = await promise.get(`/opnfv-promise:promise/pools/pool=${pool}`);
    expect(tree).to.have.nested.property('pools.pool[0]').that.deep.includes({ id: pool, source: provider });
    expect(tree).to.have.nested.property('pools.pool[0].state.available').that.includes({ cores: 16, ram: '32768' });
    expect(await promise.get(`/opnfv-promise:promise/providers/provider=${provider}/pools=${pool}`)).to.not.equal(
      undefined,
    );
  });

  it('increase-capacity beyond the provider is a conflict that says what there is', async () => {
    const provider = await promise.provider();
    const answer = await promise.rpc('increase-capacity', { source: provider, capacity: { cores: 100, ram: '1024' } });
    expect(answer).to.deep.include({
      result: 'conflict',
      reason: 'opnfv-promise:insufficient-capacity',
      most: { cores: 16, ram: '1024' },
    });
  });

  it('changes capacity in a window of the future', async () => {
    const { provider } = await promise.pool();
    const down = await promise.rpc('decrease-capacity', {
      source: provider,
      start: at(10),
      end: at(20),
      capacity: { cores: 4 },
    });
    expect(down).to.include({ result: 'ok' }).and.to.have.property('adjustment-id');
    const available = async (from: number, to: number): Promise<unknown> => {
      const answer = await promise.rpc('query-capacity', { window: { start: at(from), end: at(to) } });
      return (answer['capacity'] as { available: { cores: number } }).available.cores;
    };
    expect(await available(0, 10)).to.equal(16);
    expect(await available(9, 11)).to.equal(12);
    expect(await available(20, 30)).to.equal(16);
  });

  it('decrease-capacity lists the reservations in the way, and with force degrades them', async () => {
    const { provider, pool } = await promise.pool();
    const { 'reservation-id': reservation } = await promise.rpc('create-reservation', {
      name: 'web',
      start: at(1),
      end: at(2),
      capacity: { cores: 12 },
    });
    const subscription = promise.subscribe();
    const refused = await promise.rpc('decrease-capacity', { source: provider, capacity: { cores: 8 } });
    expect(refused).to.deep.include({
      result: 'conflict',
      reason: 'opnfv-promise:capacity-in-use',
      'pool-id': pool,
      most: { cores: 4 },
    });
    expect(refused)
      .to.have.nested.property('affected[0]')
      .that.deep.includes({
        'reservation-id': reservation,
        name: 'web',
        priority: 'normal',
        start: at(1),
        end: at(2),
        missing: { cores: 4 },
      });
    const forced = await promise.rpc('decrease-capacity', { source: provider, capacity: { cores: 8 }, force: true });
    expect(forced).to.include({ result: 'ok' }).and.to.have.nested.property('affected[0].reservation-id', reservation);
    const event = await subscription.until(({ content }) => content['cause'] === 'degraded');
    expect(event.content).to.deep.include({
      'reservation-id': reservation,
      'old-status': 'scheduled',
      status: 'degraded',
      reason: 'opnfv-promise:capacity-withdrawn',
      missing: { cores: 4 },
    });
  });

  it('query-capacity shows collections and steps of utilization', async () => {
    const { provider, pool } = await promise.pool();
    const { 'reservation-id': reservation } = await promise.rpc('create-reservation', {
      name: 'web',
      start: at(1),
      end: at(2),
      capacity: { cores: 5 },
    });
    const answer = await promise.rpc('query-capacity', { window: { start: at(0), end: at(4) } });
    expect(answer).to.have.nested.property('capacity.available.cores', 11);
    expect(answer).to.have.nested.property('capacity.reserved.cores', 5);
    expect(answer['collections']).to.deep.include({
      kind: 'reservation',
      id: reservation,
      name: 'web',
      provider,
      start: at(1),
      end: at(2),
      capacity: { cores: 5 },
    });
    expect(answer).to.have.nested.property('collections[0]').that.includes({ kind: 'pool', id: pool, provider });
    const steps = answer['utilization'] as readonly { timestamp: string; capacity: { cores: number } }[];
    expect(steps.map(({ timestamp, capacity }) => [timestamp, capacity.cores])).to.deep.equal([
      [at(0), 16],
      [at(1), 11],
      [at(2), 16],
    ]);
    const total = await promise.rpc('query-capacity', { capacity: 'total', 'show-utilization': false });
    expect(total).not.to.have.property('utilization');
    expect(total).to.have.nested.property('collections[0].capacity.cores', 16);
  });

  it('query-capacity shows the worst of each interval', async () => {
    await promise.pool();
    const reserve = (start: string, end: string, cores: number): Promise<unknown> =>
      promise.rpc('create-reservation', { start, end, capacity: { cores } });
    await reserve(at(1), at(2), 5);
    await reserve(at(1.5), at(1.75), 3);
    await reserve(at(3), at(9), 1);
    const window = { start: at(0), end: at(3.5) };
    const by = async (query: Record<string, unknown>): Promise<unknown> => {
      const answer = await promise.rpc('query-capacity', {
        window,
        interval: 3600,
        'show-collections': false,
        ...query,
      });
      expect(answer).not.to.have.property('collections');
      const entries = answer['utilization'] as readonly {
        timestamp: string;
        count: number;
        capacity: { cores: number };
      }[];
      return entries.map(({ timestamp, count, capacity }) => [timestamp, count, capacity.cores]);
    };
    expect(await by({})).to.deep.equal([
      [at(0), 1, 16],
      [at(1), 1, 8],
      [at(2), 1, 16],
      [at(3), 1, 15],
    ]);
    expect(await by({ capacity: 'reserved' })).to.deep.equal([
      [at(0), 0, 0],
      [at(1), 2, 8],
      [at(2), 0, 0],
      [at(3), 1, 1],
    ]);
    expect(await by({ capacity: 'total', interval: 7200 })).to.deep.equal([
      [at(0), 1, 16],
      [at(2), 1, 16],
    ]);
  });

  it('counts memory exactly up to the most there is, and shows no sum above it', async () => {
    const most = '1099511627776';
    const host = (name: string) => ({ name, zone: 'west', vcpus: 8, ram: most, disk: 100 });
    const provider = await promise.provider('vast', { ...SIMULATION, host: [host('left'), host('right')] });
    const { 'pool-id': half } = await promise.rpc('increase-capacity', {
      source: provider,
      capacity: { ram: String(BigInt(most) - 1n) },
    });
    const { 'reservation-id': id } = await promise.rpc('create-reservation', {
      start: at(1),
      end: at(2),
      capacity: { ram: String(BigInt(most) - 1n) },
    });
    expect(await promise.entry('reservation', id)).to.have.nested.property('capacity.ram', '1099511627775');
    await promise.rpc('increase-capacity', { 'pool-id': half, capacity: { ram: most } });
    const { capacity } = await promise.rpc('query-capacity');
    expect(capacity).to.have.nested.property('total.ram', most);
    const room = { start: at(1), end: at(2), capacity: { ram: most } };
    expect(await promise.rpc('create-reservation', room)).to.include({ result: 'ok' });
    const more = await promise.rpc('create-reservation', { start: at(1), end: at(2), capacity: { ram: '2' } });
    expect(more).to.have.nested.property('refusal.most.ram', '0');
  });

  it('query-capacity refuses intervals that have no end, or are too many', async () => {
    await promise.pool();
    const endless = await errorOfPromise(promise.rpc('query-capacity', { interval: 60 }));
    expect(endless).to.include({ tag: 'invalid-value', path: '/opnfv-promise:input/interval' });
    expect(endless.message).to.contain('give window/end');
    const window = { start: at(0), end: at(100) };
    const many = await errorOfPromise(promise.rpc('query-capacity', { window, interval: 3 }));
    expect(many).to.include({ tag: 'invalid-value', path: '/opnfv-promise:input/interval' });
    expect(many.message).to.contain('120000 intervals').and.to.contain('4 seconds or more');
  });

  it('names the leaf of what cannot be', async () => {
    await promise.pool();
    const unknown = await errorOfPromise(promise.rpc('increase-capacity', { source: 'nobody' }));
    expect(unknown).to.include({
      tag: 'invalid-value',
      path: '/opnfv-promise:input/source',
      appTag: 'unknown-provider',
    });
    const backwards = await errorOfPromise(promise.rpc('query-capacity', { window: { start: at(2), end: at(1) } }));
    expect(backwards).to.include({ tag: 'invalid-value', path: '/opnfv-promise:input/window/end' });
    const huge = await errorOfPromise(promise.rpc('increase-capacity', { capacity: { ram: '18446744073709551615' } }));
    expect(huge).to.include({ tag: 'invalid-value', path: '/opnfv-promise:input/capacity/ram' });
    const empty = await errorOfPromise(promise.rpc('increase-capacity', { start: at(2), end: at(2) }));
    expect(empty).to.include({ tag: 'invalid-value', path: '/opnfv-promise:input/end' });
  });

  it('notifies what the simulator changes, and what it does to reservations', async () => {
    const { provider, pool } = await promise.pool();
    await promise.rpc('create-reservation', { start: at(1), end: at(2), capacity: { cores: 12 } });
    const subscription = promise.subscribe();
    const lost = await promise.rpc('promise-simulator:fail-host', { 'provider-id': provider, host: 'left' });
    expect(lost).to.deep.equal({ 'lost-instances': 0 });
    const down = await subscription.until(({ content }) => content['cause'] === 'host-failed');
    expect(down.content).to.deep.include({ pool, provider, host: 'left' });
    expect(down.content).to.have.nested.property('total.cores', 8);
    expect(down.content['seq']).to.equal(String(down.seq));
    await subscription.until(({ content }) => content['cause'] === 'degraded');
    await promise.rpc('promise-simulator:restore-host', { 'provider-id': provider, host: 'left' });
    await subscription.until(({ content }) => content['cause'] === 'restored');
  });

  it('refuses controls of hosts and providers that are not there', async () => {
    const provider = await promise.provider();
    const host = await errorOfPromise(
      promise.rpc('promise-simulator:fail-host', { 'provider-id': provider, host: 'nowhere' }),
    );
    expect(host).to.include({ tag: 'invalid-value', path: '/promise-simulator:input/host' });
    const nobody = await errorOfPromise(promise.rpc('promise-simulator:set-times', { 'provider-id': 'x', jitter: 1 }));
    expect(nobody).to.include({ tag: 'invalid-value', path: '/promise-simulator:input/provider-id' });
  });

  it('adds, changes and removes hosts', async () => {
    const provider = await promise.provider();
    const host = async (): Promise<string> =>
      JSON.stringify(
        await promise.get(`/opnfv-promise:promise/providers/provider=${provider}/services/compute/hosts=new`),
      );
    await promise.rpc('promise-simulator:add-host', { 'provider-id': provider, host: 'new', vcpus: 4, ram: '2048' });
    expect(await host()).to.include('"vcpus":4');
    await promise.rpc('promise-simulator:set-host-capacity', { 'provider-id': provider, host: 'new', vcpus: 6 });
    expect(await host()).to.include('"vcpus":6');
    await promise.rpc('promise-simulator:remove-host', { 'provider-id': provider, host: 'new' });
    expect((await errorOfPromise(host())).tag).to.equal('invalid-value');
  });

  it('a window may lie in the past for a query, and time moves capacity', async () => {
    await promise.pool();
    await promise.rpc('create-reservation', { start: at(1), end: at(2), capacity: { cores: 5 } });
    await promise.advance(1.5 * HOUR);
    const { capacity } = await promise.rpc('query-capacity');
    expect(capacity).to.have.nested.property('reserved.cores', 5);
  });
});
