import { expect } from 'chai';
import type { Json, LocalSubscription } from '../../../../src/agent/local-client.ts';
import { HOUR, PromiseFixture, SIMULATION, at } from './promise-fixture.ts';

/** The notifications of a name and cause that have come. */
function caused(subscription: LocalSubscription, name: string, cause: string): Json[] {
  return subscription.received
    .filter((record) => record.name === `opnfv-promise:${name}`)
    .map((record) => record.content)
    .filter((content) => content['cause'] === cause);
}

describe('pre-emption through the agent', () => {
  let promise: PromiseFixture;

  beforeEach(async () => {
    promise = await new PromiseFixture().start();
  });

  afterEach(async () => {
    await promise.close();
  });

  /** A provider of 16 virtual CPUs in one pool, under a policy. */
  async function pool(preEmption: string): Promise<string> {
    const added = await promise.rpc('add-provider', {
      name: 'lab',
      'provider-type': 'promise-simulator:simulated',
      'pre-emption': preEmption,
      'promise-simulator:simulation': SIMULATION,
    });
    const provider = String(added['provider-id']);
    await promise.rpc('increase-capacity', { source: provider });
    return provider;
  }

  function reserve(cores: number, priority: string, from?: number, to?: number): Promise<Json> {
    return promise.rpc('create-reservation', {
      ...(from === undefined ? {} : { start: at(from) }),
      end: at(to ?? (from ?? 0) + 1),
      priority,
      capacity: { cores, ram: String(cores * 1024), instances: 2 },
    });
  }

  it('answers who was displaced, and tells the displaced why, by what, and what is left for them', async () => {
    const provider = await pool('priority');
    const subscription = promise.subscribe();
    const low = await reserve(10, 'low', 1);
    const high = await reserve(10, 'high', 1);
    expect(high).to.deep.include({
      result: 'ok',
      status: 'scheduled',
      'displaced-reservations': [low['reservation-id']],
      'search-complete': true,
    });
    await promise.settle();
    const [event] = caused(subscription, 'reservation-event', 'preempted');
    expect(event).to.deep.include({
      'reservation-id': low['reservation-id'],
      'old-status': 'scheduled',
      status: 'preempted',
      reason: 'opnfv-promise:displaced',
      by: high['reservation-id'],
    });
    expect(event?.['offered']).to.deep.include({ 'next-window': { start: at(2), end: at(3) } });
    const query = await promise.rpc('query-reservation', { status: ['preempted'] });
    expect((query['reservations'] as Json[]).map(({ id }) => id)).to.deep.equal([low['reservation-id']]);
    const shown = await promise.get(`/opnfv-promise:promise/providers/provider=${provider}`);
    expect(JSON.stringify(shown)).to.contain('"pre-emption":"priority"');
  });

  it('displaces for an element that is named as for capacity', async () => {
    await pool('priority');
    const subscription = promise.subscribe();
    const window = { start: at(1), end: at(2), elements: ['private'] };
    const low = await promise.rpc('create-reservation', { ...window, priority: 'low' });
    const high = await promise.rpc('create-reservation', { ...window, priority: 'high' });
    expect(high).to.deep.include({ result: 'ok', 'displaced-reservations': [low['reservation-id']] });
    for (const asked of [{ 'reservation-id': high['reservation-id'] }, { decision: high['decision'] }]) {
      const explained = await promise.rpc('explain', asked);
      expect(explained['message']).to.contain(' For it, 1 reservation gave way.');
      expect(explained['displaced-reservations']).to.deep.equal([low['reservation-id']]);
    }
    await promise.settle();
    const [event] = caused(subscription, 'reservation-event', 'preempted');
    expect(event).to.include({ 'reservation-id': low['reservation-id'], by: high['reservation-id'] });
    expect(event?.['offered']).to.deep.include({ 'next-window': { start: at(2), end: at(3) } });
  });

  it('answers which reservations a machine of a higher priority displaced, and tells them', async () => {
    await pool('priority');
    const subscription = promise.subscribe();
    const low = await reserve(14, 'low', 1);
    const boot = { name: 'vm', image: 'cirros', flavor: 'large' };
    expect(await promise.rpc('create-instance', boot)).to.deep.include({
      result: 'conflict',
      status: 'rejected',
      reason: 'opnfv-promise:insufficient-capacity',
    });
    const machine = await promise.rpc('create-instance', { ...boot, priority: 'normal' });
    expect(machine).to.deep.include({
      result: 'ok',
      'displaced-reservations': [low['reservation-id']],
      'search-complete': true,
    });
    await promise.settle();
    const [event] = caused(subscription, 'reservation-event', 'preempted');
    expect(event).to.deep.include({
      'reservation-id': low['reservation-id'],
      status: 'preempted',
      reason: 'opnfv-promise:displaced',
      message: `It gave way to the virtual machine '${String(machine['instance-id'])}' of the priority normal.`,
      by: machine['instance-id'],
    });
    expect(event?.['offered']).to.have.nested.property('most.cores', 10);
  });

  it('has a reservation wait until the machines that it displaced are gone', async () => {
    await pool('best-effort');
    const subscription = promise.subscribe();
    const machine = await promise.rpc('create-instance', { name: 'vm', image: 'cirros', flavor: 'large' });
    await promise.advance(2000);
    const granted = await reserve(12, 'normal', undefined, 5);
    expect(granted).to.deep.include({
      result: 'ok',
      status: 'scheduled',
      'displaced-instances': [machine['instance-id']],
    });
    const id = granted['reservation-id'];
    const boot = { name: 'mine', image: 'cirros', flavor: 'large', 'reservation-id': id };
    expect(await promise.rpc('create-instance', boot)).to.deep.include({
      result: 'conflict',
      reason: 'opnfv-promise:reservation-not-started',
    });
    await promise.settle();
    expect(caused(subscription, 'allocation-event', 'preempted')).to.have.length(1);
    expect(caused(subscription, 'allocation-event', 'preempted')[0]).to.deep.include({
      'instance-id': machine['instance-id'],
      'vm-state': 'DELETING',
      reason: 'opnfv-promise:displaced',
      by: id,
    });
    await promise.advance(2000);
    expect(caused(subscription, 'reservation-event', 'started').map((event) => event['reservation-id'])).to.deep.equal([
      id,
    ]);
    expect((await promise.rpc('create-instance', boot))['result']).to.equal('ok');
    const queried = await promise.rpc('query-capacity', { capacity: 'usage' });
    expect((queried['capacity'] as Json)['usage']).to.deep.include({ cores: 6 });
  });

  it('has a machine of a higher priority wait until the machine is gone whose place it takes, across restarts', async () => {
    await pool('priority');
    const boot = { image: 'cirros', flavor: 'large' };
    const subscription = promise.subscribe();
    const [, low] = [
      await promise.rpc('create-instance', { ...boot, name: 'kept', priority: 'normal' }),
      await promise.rpc('create-instance', { ...boot, name: 'low' }),
    ];
    await promise.advance(2000);
    const answer = await promise.rpc('create-instance', { ...boot, name: 'high', priority: 'high' });
    const id = answer['instance-id'];
    expect(answer).to.deep.include({
      result: 'ok',
      status: 'in-progress',
      'vm-state': 'INITIALIZED',
      'displaced-instances': [low['instance-id']],
      'search-complete': true,
      message:
        "'high' is recorded; the provider is asked for it when the virtual machines are gone whose place it takes.",
    });
    const recorded = (): Promise<Json> => promise.entry('allocation', id);
    expect(await recorded()).to.deep.include({ 'vm-state': 'INITIALIZED', awaits: [low['instance-id']] });
    await promise.settle();
    const [event] = caused(subscription, 'allocation-event', 'preempted');
    expect(event).to.deep.include({
      'instance-id': low['instance-id'],
      reason: 'opnfv-promise:displaced',
      message: `It gives way to the virtual machine '${String(id)}'.`,
      by: id,
    });
    expect(event?.['offered']).to.have.nested.property('most.cores', 4);
    promise = await promise.restarted();
    expect(await recorded()).to.deep.include({ 'vm-state': 'INITIALIZED', awaits: [low['instance-id']] });
    const [cloud] = [...promise.ledger.head.domain.providers.keys()].map((each) => promise.clouds.cloud(each));
    const names = (): string[] => (cloud?.servers() ?? []).map(({ name }) => name);
    await promise.advance(100);
    expect(names()).to.have.members(['kept', 'low']);
    await promise.advance(600);
    promise = await promise.restarted();
    await promise.advance(2000);
    expect(await recorded()).to.include({ 'vm-state': 'ACTIVE' });
    expect(await recorded()).not.to.have.property('awaits');
    const [after] = [...promise.ledger.head.domain.providers.keys()].map((each) => promise.clouds.cloud(each));
    expect((after?.servers() ?? []).map(({ name }) => name)).to.have.members(['kept', 'high']);
  });

  it('waits across a restart', async () => {
    await pool('best-effort');
    await promise.rpc('create-instance', { name: 'vm', image: 'cirros', flavor: 'large' });
    await promise.advance(2000);
    const granted = await reserve(12, 'normal', undefined, 5);
    promise = await promise.restarted();
    await promise.advance(HOUR / 60);
    const query = await promise.rpc('query-reservation', { 'reservation-id': [granted['reservation-id']] });
    expect((query['reservations'] as Json[])[0]?.['state']).to.deep.include({ status: 'active' });
  });

  it('takes both policies from the configuration, and applies them', async () => {
    await promise.client.edit('merge', '/opnfv-promise:promise', {
      'opnfv-promise:promise': {
        policy: { 'on-capacity-loss': 'favour-priority' },
        providers: {
          provider: [
            {
              id: 'cloud',
              name: 'cloud',
              'provider-type': 'promise-simulator:simulated',
              'pre-emption': 'priority',
              'promise-simulator:simulation': SIMULATION,
            },
          ],
        },
      },
    });
    await promise.settle();
    await promise.rpc('increase-capacity', { source: 'cloud' });
    const subscription = promise.subscribe();
    const high = await reserve(8, 'high', 1);
    const low = await reserve(8, 'low', 1);
    const decrease = { source: 'cloud', capacity: { cores: 8 } };
    const refused = await promise.rpc('decrease-capacity', decrease);
    expect(refused).to.deep.include({ result: 'conflict', reason: 'opnfv-promise:capacity-in-use' });
    expect((refused['affected'] as Json[]).map((each) => each['reservation-id'])).to.deep.equal([
      low['reservation-id'],
    ]);
    const forced = await promise.rpc('decrease-capacity', { ...decrease, force: true });
    expect((forced['affected'] as Json[]).map((each) => each['reservation-id'])).to.deep.equal([low['reservation-id']]);
    await promise.settle();
    const [event] = caused(subscription, 'reservation-event', 'preempted');
    expect(event).to.deep.include({ 'reservation-id': low['reservation-id'], by: high['reservation-id'] });
  });
});
