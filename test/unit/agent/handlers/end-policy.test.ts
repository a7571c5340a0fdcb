import { expect } from 'chai';
import type { Json } from '../../../../src/agent/local-client.ts';
import { at, HOUR, PromiseFixture } from './promise-fixture.ts';

const PROMISE = '/opnfv-promise:promise';

describe('the end of reservations by policy', () => {
  let promise: PromiseFixture;

  beforeEach(async () => {
    promise = await new PromiseFixture().start();
    await promise.pool();
  });
  afterEach(() => promise.close());

  const policy = (nodes: Json): Promise<unknown> =>
    promise.client.edit('merge', PROMISE, { 'opnfv-promise:promise': { policy: nodes } });

  /** A reservation for two hours with a machine that runs. */
  async function running(): Promise<{ readonly reservation: unknown; readonly instance: unknown }> {
    const { 'reservation-id': reservation } = await promise.rpc('create-reservation', {
      end: at(2),
      capacity: { cores: 4, ram: '4096' },
    });
    const made = await promise.rpc('create-instance', {
      name: 'vm',
      image: 'cirros',
      flavor: 'small',
      'reservation-id': reservation,
    });
    await promise.advance(1000);
    return { reservation, instance: made['instance-id'] };
  }

  it('is announced with the lead of the policy, and terminates what was allocated', async () => {
    await policy({ 'at-end': 'terminate', 'termination-lead': 30 });
    const { reservation, instance } = await running();
    const subscription = promise.subscribe();
    await promise.advance(1.5 * HOUR - 1000);
    const ending = await subscription.until(({ content }) => content['cause'] === 'ending');
    expect(ending.content).to.deep.include({
      'reservation-id': reservation,
      status: 'active',
      'ends-at': at(2),
      allocations: [instance],
      message: `Ends at ${at(2)}. What is allocated under it is then destroyed: 1 virtual machine.`,
    });
    await promise.advance(HOUR / 2);
    await subscription.until(({ content }) => content['cause'] === 'ended');
    // So long a jump in time ends calls to the cloud that were waiting; the next ones get through.
    for (let second = 0; second < 60; second++) await promise.advance(1000);
    const gone = await subscription.until(({ content }) => content['cause'] === 'destroyed');
    expect(gone.content).to.include({ 'instance-id': instance, 'vm-state': 'DELETED' });
    expect(await promise.get(PROMISE)).not.to.have.nested.property('opnfv-promise:promise.allocations');
  });

  it('releases what was allocated without a policy, or by it', async () => {
    await policy({ 'at-end': 'release' });
    const { instance, reservation } = await running();
    const subscription = promise.subscribe();
    await promise.advance(2 * HOUR);
    const over = await subscription.until(({ content }) => content['cause'] === 'reservation-over');
    expect(over.content).to.include({ 'instance-id': instance, 'vm-state': 'ACTIVE', priority: 'normal' });
    expect(await promise.entry('allocation', instance)).to.include({ reservation });
  });

  it('an update that would leave less than is allocated is refused with what is in use', async () => {
    const { reservation } = await running();
    const answer = await promise.rpc('update-reservation', {
      'reservation-id': reservation,
      end: at(5),
      capacity: { ram: '100' },
    });
    expect(answer).to.deep.include({
      result: 'conflict',
      reason: 'opnfv-promise:below-allocated',
      status: 'active',
      refusal: { 'in-use': { cores: 1, ram: '1024' } },
    });
    const { reservations } = await promise.rpc('query-reservation');
    expect(reservations).to.have.nested.property('[0].end', at(2));
  });

  it('an extension takes the machines along', async () => {
    const { reservation, instance } = await running();
    const answer = await promise.rpc('update-reservation', { 'reservation-id': reservation, end: at(3) });
    expect(answer).to.include({ result: 'ok', status: 'active' });
    await promise.advance(2.5 * HOUR);
    const { reservations } = await promise.rpc('query-reservation');
    expect(reservations)
      .to.have.nested.property('[0].state')
      .that.deep.includes({ status: 'active', allocations: [instance] });
  });
});
