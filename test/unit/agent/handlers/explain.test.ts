import { expect } from 'chai';
import { errorOfPromise } from '../agent-fixture.ts';
import type { Json } from '../../../../src/agent/local-client.ts';
import { at, PromiseFixture, SIMULATION } from './promise-fixture.ts';

describe('explain', () => {
  let promise: PromiseFixture;
  let west: string;
  let east: string;

  beforeEach(async () => {
    promise = await new PromiseFixture().start();
    const source = await promise.provider();
    const capacity = { cores: 8, ram: '8192', instances: 8 };
    const pool = async (zone: string): Promise<string> =>
      String((await promise.rpc('increase-capacity', { source, zone, capacity }))['pool-id']);
    [west, east] = [await pool('west'), await pool('east')];
  });
  afterEach(() => promise.close());

  const window = { start: at(1), end: at(2) };

  it('a refusal by its number, as it was when it was made', async () => {
    await promise.rpc('create-reservation', { ...window, pools: [west], capacity: { cores: 6 } });
    const asked = { ...window, start: at(0.5), capacity: { cores: 12 } };
    const refused = await promise.rpc('create-reservation', asked);
    const explained = await promise.rpc('explain', { decision: refused['decision'] });
    const short = (missing: string, from: string, to?: string): object => ({
      resource: 'cores',
      from,
      ...(to === undefined ? {} : { to }),
      missing,
    });
    expect(explained).to.include({ reason: 'opnfv-promise:insufficient-capacity', message: refused['message'] });
    expect(explained['considered']).to.have.deep.members([
      { pool: west, host: '', chosen: false, shortage: [short('10', at(0.5))] },
      { pool: east, host: '', chosen: false, shortage: [short('4', at(0.5))] },
    ]);
    const offer = await promise.rpc('request-offer', { ...asked, 'hold-for': 60 });
    expect(BigInt(String(offer['decision']))).to.equal(BigInt(String(refused['decision'])) + 1n);
    const policy = { ...window, end: at(24 * 400), capacity: { cores: 1 } };
    const forbidden = await promise.rpc('create-reservation', policy);
    const why = await promise.rpc('explain', { decision: forbidden['decision'] });
    expect(why).to.include({ reason: 'opnfv-promise:policy-violation' }).and.not.have.property('considered');
  });

  it('a reservation: where it is, and what the others lack', async () => {
    const [first = '', second = ''] = [west, east].sort();
    await promise.rpc('create-reservation', { ...window, pools: [first], capacity: { cores: 6 } });
    const granted = await promise.rpc('create-reservation', { ...window, capacity: { cores: 4 } });
    const id = granted['reservation-id'];
    const explained = await promise.rpc('explain', { 'reservation-id': id });
    expect(explained).not.to.have.property('reason');
    expect(explained['considered']).to.deep.equal([
      {
        pool: first,
        host: '',
        chosen: false,
        shortage: [{ resource: 'cores', from: at(1), missing: '2' }],
      },
      { pool: second, host: '', chosen: true },
    ]);
    expect(await promise.rpc('explain', { decision: granted['decision'] })).to.deep.equal(explained);
    const cut = { 'pool-id': second, capacity: { cores: 7 }, force: true };
    await promise.rpc('decrease-capacity', cut);
    const degraded = await promise.rpc('explain', { 'reservation-id': id });
    expect(degraded).to.include({ reason: 'opnfv-promise:capacity-withdrawn' });
    expect(degraded)
      .to.have.nested.property('considered[1]')
      .that.deep.includes({ chosen: true, shortage: [{ resource: 'cores', from: at(1), missing: '3' }] });
  });

  it('one that was rejected later, and one that is over', async () => {
    const asked = { ...window, capacity: { cores: 17 }, asynchronous: true };
    const { 'reservation-id': id, decision } = await promise.rpc('create-reservation', asked);
    await promise.advance(1000);
    const rejected = await promise.rpc('explain', { 'reservation-id': id });
    expect(rejected).to.include({ reason: 'opnfv-promise:insufficient-capacity' });
    expect(rejected['considered']).to.have.length(2);
    expect((await promise.rpc('explain', { decision }))['message']).to.include('not decided');
    const kept = await promise.rpc('create-reservation', { ...window, capacity: { cores: 1 } });
    await promise.advance(2 * 3_600_000);
    expect(await promise.rpc('explain', { 'reservation-id': kept['reservation-id'] })).to.include({
      reason: 'opnfv-promise:window-over',
    });
  });

  it('an allocation, with a reservation and without', async () => {
    const [first = '', second = ''] = [west, east].sort();
    const machine = { name: 'vm', image: 'cirros', flavor: 'large' };
    const free = await promise.rpc('create-instance', machine);
    const explained = await promise.rpc('explain', { 'instance-id': free['instance-id'] });
    const [, , host] = explained['considered'] as Json[];
    expect(explained['considered']).to.deep.equal([
      { pool: first, host: '', chosen: true },
      { pool: second, host: '', chosen: false },
      { pool: first, host: host?.['host'], chosen: true },
    ]);
    const reserved = await promise.rpc('create-reservation', { capacity: { cores: 6, ram: '8192', instances: 1 } });
    const under = { ...machine, 'reservation-id': reserved['reservation-id'] };
    const { 'instance-id': id } = await promise.rpc('create-instance', under);
    const backed = await promise.rpc('explain', { 'instance-id': id });
    expect(backed['message']).to.include(String(reserved['reservation-id']));
    const none = await promise.rpc('create-instance', machine);
    expect(none).to.include({ result: 'conflict' });
    const why = await promise.rpc('explain', { decision: none['decision'] });
    expect(why).to.include({ reason: 'opnfv-promise:insufficient-capacity' });
    expect(why['considered']).to.have.length(2);
  });

  it('a change of capacity that was refused', async () => {
    await promise.rpc('create-reservation', { ...window, capacity: { cores: 16 } });
    const refused = await promise.rpc('decrease-capacity', { 'pool-id': west, capacity: { cores: 1 } });
    expect(refused).to.include({ result: 'conflict' });
    const why = await promise.rpc('explain', { decision: refused['decision'] });
    expect(why).to.include({ reason: refused['reason'], message: refused['message'] });
  });

  it('nothing that is not there', async () => {
    const path = async (input: Record<string, string>): Promise<string | undefined> =>
      (await errorOfPromise(promise.rpc('explain', input))).path;
    expect(await path({ 'reservation-id': 'nobody' })).to.equal('/opnfv-promise:input/reservation-id');
    expect(await path({ 'instance-id': 'nobody' })).to.equal('/opnfv-promise:input/instance-id');
    expect(await path({ decision: '1' })).to.equal('/opnfv-promise:input/decision');
    expect(await path({ decision: '18446744073709551615' })).to.equal('/opnfv-promise:input/decision');
    const { decision } = await promise.rpc('create-reservation', { ...window, capacity: { cores: 1 } });
    await promise.rpc('explain', { decision: String(decision) });
    expect(await path({ decision: String(BigInt(String(decision)) + 1n) })).to.equal('/opnfv-promise:input/decision');
    promise = await promise.restarted();
    expect(await path({ decision: String(decision) })).to.equal('/opnfv-promise:input/decision');
  });

  describe('of containers', () => {
    const web = { name: 'web', count: 1, explicit: { vcpus: 6, ram: '1024' } };

    it('a reservation: the hosts that bear instances, and of the others how many lack what', async () => {
      const source = await promise.provider('wide', {
        ...SIMULATION,
        host: [
          { name: 'a', zone: 'west', vcpus: 8, ram: '16384', disk: 100, traits: ['HW_DPDK'] },
          { name: 'b', zone: 'west', vcpus: 8, ram: '16384', disk: 100, traits: ['HW_DPDK'] },
          { name: 'c', zone: 'west', vcpus: 4, ram: '16384', disk: 100, traits: ['HW_DPDK'] },
          { name: 'd', zone: 'east', vcpus: 4, ram: '16384', disk: 100 },
          { name: 'e', zone: 'east', vcpus: 8, ram: '16384', disk: 100 },
        ],
      });
      const pool = String((await promise.rpc('increase-capacity', { source }))['pool-id']);
      const container = [{ ...web, 'required-traits': ['HW_DPDK'] }];
      const granted = await promise.rpc('create-reservation', { ...window, pools: [pool], container });
      const explained = await promise.rpc('explain', { 'reservation-id': granted['reservation-id'] });
      expect(explained['considered']).to.deep.equal([
        { pool, host: '', chosen: true },
        { pool, host: 'a', chosen: true },
      ]);
      const group = { container: 'web', pool };
      expect(explained['hosts']).to.have.deep.members([
        { ...group, lacking: 'nothing: another host was preferred', count: 1, example: ['b'] },
        { ...group, lacking: 'lacks cores', count: 1, example: ['c'] },
        { ...group, lacking: 'lacks HW_DPDK', count: 2, example: ['d', 'e'] },
      ]);
      expect(await promise.rpc('explain', { decision: granted['decision'] })).to.deep.equal(explained);
    });

    it('a refusal: what each host lacked, and from when on', async () => {
      const taken = { start: at(1.5), end: at(2), pools: [west], container: [{ ...web, count: 1 }] };
      expect(await promise.rpc('create-reservation', taken)).to.include({ result: 'ok' });
      const refused = await promise.rpc('create-reservation', { ...window, pools: [west], container: [web] });
      const explained = await promise.rpc('explain', { decision: refused['decision'] });
      const [, host] = explained['considered'] as Json[];
      expect(host).to.deep.equal({
        pool: west,
        host: 'left',
        chosen: false,
        lacking: [`lacks 4 cores from ${at(1.5)}`],
      });
    });

    it('a machine: its host', async () => {
      const booted = await promise.rpc('create-instance', { name: 'vm', image: 'cirros', flavor: 'large' });
      await promise.advance(2_000);
      const explained = await promise.rpc('explain', { 'instance-id': booted['instance-id'] });
      const hosts = (explained['considered'] as Json[]).filter(({ host }) => host !== '');
      expect(hosts).to.have.length(1);
      expect(hosts[0]).to.include({ chosen: true });
    });
  });
});
