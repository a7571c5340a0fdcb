import { expect } from 'chai';
import type { Json } from '../../../../src/agent/local-client.ts';
import { errorOfPromise } from '../agent-fixture.ts';
import { at, HOUR, PromiseFixture } from './promise-fixture.ts';

const PROMISE = '/opnfv-promise:promise';
const DAY = 24 * HOUR;

describe('reservations that recur, through the agent', () => {
  let promise: PromiseFixture;
  let pool: string;

  beforeEach(async () => {
    promise = await new PromiseFixture().start();
    ({ pool } = await promise.pool());
  });
  afterEach(() => promise.close());

  const shift = { start: at(1), end: at(9), recurrence: { frequency: 'daily', count: 5 } };

  const reserve = (more: Json = {}): Promise<Json> =>
    promise.rpc('create-reservation', { ...shift, capacity: { cores: 10 }, ...more });

  const stateOf = async (id: unknown): Promise<Json> => {
    const { state } = await promise.entry('reservation', id);
    // Cast: a container, as JSON.
    return state as Json;
  };

  it('answer with the first window and say how many there are', async () => {
    const answer = await reserve();
    expect(answer).to.include({ result: 'ok', status: 'scheduled', 'starts-at': at(1), 'ends-at': at(9) });
    expect(answer['message'])
      .to.include('window 1 of 5')
      .and.include(`the last one ends on ${at(4 * 24 + 9)}`);
    const state = await stateOf(answer['reservation-id']);
    expect(state['recurring']).to.deep.equal({
      windows: 5,
      'ends-at': at(4 * 24 + 9),
      next: { occurrence: 1, start: at(1), end: at(9) },
    });
    expect(state['claim']).to.deep.equal([
      { id: '1', pool, start: at(1), end: at(9), period: 86_400, windows: 5, capacity: { cores: 10 } },
    ]);
  });

  it('show the window in progress and the next one, and tell of each', async () => {
    const { 'reservation-id': id } = await reserve();
    const events = promise.subscribe();
    await promise.advance(9 * HOUR);
    const over = await events.until(({ content }) => content['cause'] === 'occurrence-ended');
    expect(over.content).to.deep.include({ occurrence: 1, status: 'scheduled', 'starts-at': at(25) });
    await promise.advance(17 * HOUR);
    const state = await stateOf(id);
    expect(state).to.include({ status: 'active', 'starts-at': at(25), 'ends-at': at(33) });
    expect(state['recurring']).to.deep.include({
      current: { occurrence: 2, start: at(25), end: at(33) },
      next: { occurrence: 3, start: at(49), end: at(57) },
    });
  });

  it('are refused with the windows that fall short and the first start at which all fit', async () => {
    await promise.rpc('create-reservation', { start: at(50), end: at(60), capacity: { cores: 10 } });
    const answer = await reserve();
    expect(answer).to.include({ result: 'conflict', reason: 'opnfv-promise:insufficient-capacity' });
    expect(answer['refusal']).to.deep.include({
      most: { cores: 6 },
      'short-window': [{ occurrence: 3, start: at(49), end: at(57) }],
      'next-window': { start: at(12), end: at(20) },
    });
  });

  it('are changed, and cut down to one window, in one call', async () => {
    const { 'reservation-id': id } = await reserve();
    const weekly = { frequency: 'weekly', interval: 2, until: at(100 * 24) };
    const updated = await promise.rpc('update-reservation', {
      'reservation-id': String(id),
      end: at(100),
      capacity: { cores: 4 },
      recurrence: weekly,
    });
    expect(updated).to.include({ result: 'ok', 'ends-at': at(100) });
    expect((await stateOf(id))['recurring']).to.include({ windows: 8 });
    await promise.rpc('update-reservation', { 'reservation-id': String(id), clear: ['recurrence'] });
    expect(await stateOf(id)).not.to.have.property('recurring');
  });

  it('cannot overlap, or lack an end', async () => {
    const bad = async (input: Json): Promise<string | undefined> => {
      const error = await errorOfPromise(promise.rpc('create-reservation', { capacity: { cores: 1 }, ...input }));
      return (error as { message?: string }).message;
    };
    const { recurrence } = shift;
    const until = {
      'flexible-window': { 'earliest-start': at(5), duration: 60 },
      recurrence: { frequency: 'daily', until: at(4) },
    };
    expect(await bad(until)).to.include('before the first window');
    expect(await bad({ 'flexible-window': { duration: 90_000 }, recurrence })).to.include('must not overlap');
    expect(await bad({ start: at(1), recurrence })).to.include('needs an end');
    expect(await bad({ start: at(1), end: at(26), recurrence })).to.include('must not overlap');
    const unbounded = { ...shift, recurrence: { frequency: 'daily' } };
    expect(await bad(unbounded)).to.match(/bound|until|count/);
  });

  it('can be configured, and survive a restart in the middle', async () => {
    const entry = { id: 'shift', ...shift, capacity: { cores: 10 } };
    await promise.client.edit('merge', PROMISE, {
      'opnfv-promise:promise': { reservations: { reservation: [entry] } },
    });
    await promise.advance(DAY + 2 * HOUR);
    promise = await promise.restarted();
    const running = await stateOf('shift');
    expect(running['recurring']).to.deep.include({ current: { occurrence: 2, start: at(25), end: at(33) } });
    expect(await reserve({ start: at(27), end: at(28) })).to.include({ result: 'conflict' });
    await promise.advance(3 * DAY + 8 * HOUR);
    expect((await stateOf('shift'))['status']).to.equal('ended');
  });

  it('begin where all windows fit, within the bounds of the first, also when they are configured', async () => {
    await reserve({ start: at(26), end: at(28), capacity: { cores: 10 }, recurrence: undefined });
    const bounds = { 'earliest-start': at(1), 'latest-end': at(10), duration: 4 * 3600 };
    const open = { 'flexible-window': bounds, recurrence: shift.recurrence, capacity: { cores: 8 } };
    const made = await promise.rpc('create-reservation', open);
    expect(made).to.include({ result: 'ok', 'starts-at': at(4), 'ends-at': at(8) });
    expect((await stateOf(made['reservation-id']))['recurring']).to.include({ windows: 5 });
    await promise.rpc('cancel-reservation', { 'reservation-id': String(made['reservation-id']) });

    const entry = { id: 'open', ...open };
    await promise.client.edit('merge', PROMISE, {
      'opnfv-promise:promise': { reservations: { reservation: [entry] } },
    });
    expect(await stateOf('open')).to.include({ 'starts-at': at(4) });
    promise = await promise.restarted();
    await promise.advance(5 * HOUR);
    expect(await stateOf('open')).to.include({ status: 'active', 'starts-at': at(4) });

    const later = { ...open, 'flexible-window': { ...bounds, 'latest-end': at(9) }, capacity: { cores: 9 } };
    const refused = await promise.rpc('create-reservation', later);
    expect(refused).to.include({ result: 'conflict' }).and.to.have.nested.property('refusal.short-window');
  });

  it('are offered as a whole', async () => {
    const offer = await promise.rpc('request-offer', { ...shift, capacity: { cores: 10 }, 'hold-for': 60 });
    expect(offer).to.include({ result: 'ok', start: at(1), end: at(9) });
    expect(await reserve()).to.include({ result: 'conflict' });
    const accepted = await promise.rpc('accept-offer', { 'offer-id': String(offer['offer-id']) });
    expect((await stateOf(accepted['reservation-id']))['recurring']).to.include({ windows: 5 });
  });
});
