import { expect } from 'chai';
import type { Json } from '../../../../src/agent/local-client.ts';
import { errorOfPromise } from '../agent-fixture.ts';
import { at, HOUR, PromiseFixture } from './promise-fixture.ts';

const PROMISE = '/opnfv-promise:promise';

describe('maintenance, through the agent', () => {
  let promise: PromiseFixture;
  let pool: string;

  beforeEach(async () => {
    promise = await new PromiseFixture().start();
    ({ pool } = await promise.pool());
  });
  afterEach(() => promise.close());

  const plan = (entry: Json = {}): Promise<unknown> =>
    promise.client.edit('merge', PROMISE, {
      'opnfv-promise:promise': {
        policy: { maintenance: [{ id: 'm', pool, host: 'left', start: at(2), end: at(4), ...entry }] },
      },
    });
  const cancel = (): Promise<unknown> => promise.client.edit('delete', `${PROMISE}/policy/maintenance=m`);

  const available = async (from: number, to: number): Promise<unknown> => {
    const answer = await promise.rpc('query-capacity', { window: { start: at(from), end: at(to) } });
    return (answer['capacity'] as { available: { cores: number } }).available.cores;
  };

  const reserve = (cores: number, more: Json = {}): Promise<Json> =>
    promise.rpc('create-reservation', { start: at(2), end: at(4), capacity: { cores }, ...more });

  it('shows what is out of service as not available, and names it where it stands in the way', async () => {
    await plan();
    expect([await available(0, 2), await available(2, 4), await available(4, 5)]).to.deep.equal([16, 8, 16]);
    const answer = await reserve(9);
    expect(answer).to.include({ result: 'conflict', reason: 'opnfv-promise:insufficient-capacity' });
    expect(answer['message']).to.include("the host 'left' of the pool").and.include("(maintenance 'm')");
    expect(answer['refusal']).to.deep.include({ maintenance: ['m'], most: { cores: 8 } });
    const explained = await promise.rpc('explain', { decision: String(answer['decision']) });
    expect(explained['message']).to.include("(maintenance 'm')");
    await cancel();
    expect(await reserve(9)).to.include({ result: 'ok' });
  });

  it('degrades what cannot be kept, restores it, and tells of its beginning and end', async () => {
    const { 'reservation-id': id } = await reserve(9);
    const events = promise.subscribe();
    await plan();
    const degraded = await events.until(({ content }) => content['cause'] === 'degraded');
    expect(degraded.content).to.deep.include({
      'reservation-id': id,
      reason: 'opnfv-promise:maintenance',
      missing: { cores: 1 },
    });
    const begun = events.until(({ content }) => content['cause'] === 'maintenance-started');
    await promise.advance(2 * HOUR);
    expect((await begun).content).to.deep.include({ pool, host: 'left', maintenance: 'm' });
    await plan({ end: at(3) });
    await promise.advance(HOUR);
    const restored = await events.until(({ content }) => content['cause'] === 'restored');
    expect(restored.content).to.deep.include({ 'reservation-id': id, status: 'active' });
  });

  it('is refused where that is asked for, and cannot end before it starts', async () => {
    const { 'reservation-id': id } = await reserve(9);
    const strict = await errorOfPromise(plan({ 'when-held': 'refuse' }));
    expect(strict).to.include({ tag: 'resource-denied', appTag: 'capacity-in-use' });
    expect(strict).to.have.property('path', `${PROMISE}/policy/maintenance[id='m']`);
    expect((strict as { message: string }).message).to.include(String(id));
    expect(await available(2, 4)).to.equal(7);
    const backward = await errorOfPromise(plan({ end: at(1) }));
    expect(backward).to.include({ tag: 'invalid-value' });
    expect(backward).to.have.property('path', `${PROMISE}/policy/maintenance[id='m']/end`);
  });

  it('survives a restart, before it and in it', async () => {
    await plan();
    promise = await promise.restarted();
    expect(await available(2, 4)).to.equal(8);
    await promise.advance(3 * HOUR);
    promise = await promise.restarted();
    expect([await available(3, 4), await available(4, 5)]).to.deep.equal([8, 16]);
    const events = promise.subscribe();
    const over = events.until(({ content }) => content['cause'] === 'maintenance-ended');
    await promise.advance(HOUR);
    expect((await over).content).to.deep.include({ maintenance: 'm' });
  });

  it('machines without a reservation have the priority that is asked for; those with one have its', async () => {
    const machine = { name: 'vm', image: 'cirros', flavor: 'small' };
    const { 'instance-id': id } = await promise.rpc('create-instance', { ...machine, priority: 'normal' });
    expect(await promise.entry('allocation', id)).to.include({ priority: 'normal' });
    const both = { ...machine, priority: 'high', 'reservation-id': 'r' };
    const error = await errorOfPromise(promise.rpc('create-instance', both));
    expect((error as { message: string }).message).to.include('follows from that');
  });
});
