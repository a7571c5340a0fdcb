import { expect } from 'chai';
import type { Json } from '../../../../src/agent/local-client.ts';
import { errorOfPromise } from '../agent-fixture.ts';
import { at, HOUR, PromiseFixture } from './promise-fixture.ts';

describe('RPCs of reservations', () => {
  let promise: PromiseFixture;

  beforeEach(async () => {
    promise = await new PromiseFixture().start();
  });
  afterEach(() => promise.close());

  it('create-reservation for the future holds capacity and is listed with its state', async () => {
    const { pool } = await promise.pool();
    const answer = await promise.rpc('create-reservation', {
      name: 'web',
      priority: 'high',
      start: at(1),
      end: at(2),
      capacity: { cores: 5, ram: '4096' },
    });
    expect(answer).to.include({ result: 'ok', status: 'scheduled' });
    const id = String(answer['reservation-id']);
    const found = await promise.rpc('query-reservation', { window: { start: at(0), end: at(3) } });
    expect(found).to.have.property('reservations').with.length(1);
    expect(found)
      .to.have.nested.property('reservations[0]')
      .that.deep.equals({
        id,
        name: 'web',
        priority: 'high',
        start: at(1),
        end: at(2),
        capacity: { cores: 5, ram: '4096' },
        state: {
          status: 'scheduled',
          hold: 'firm',
          owner: 'ann',
          'created-on': at(0),
          'modified-on': at(0),
          'starts-at': at(1),
          'ends-at': at(2),
          claim: [{ id: '1', pool, start: at(1), end: at(2), capacity: { cores: 5, ram: '4096' } }],
          remaining: { cores: 5, ram: '4096' },
        },
      });
    expect(found['utilization']).to.deep.equal([
      { timestamp: at(0), count: 0, capacity: { cores: 0, ram: '0' } },
      { timestamp: at(1), count: 1, capacity: { cores: 5, ram: '4096' } },
      { timestamp: at(2), count: 0, capacity: { cores: 0, ram: '0' } },
    ]);
    const [queried] = found['reservations'] as readonly Json[];
    expect(await promise.entry('reservation', id)).to.deep.equal(queried);
    expect(await promise.rpc('query-reservation', { window: { start: at(2), end: at(3) } })).not.to.have.property(
      'reservations',
    );
  });

  it('without a start it is for immediate use, and the answer has a validity period after which it expires', async () => {
    await promise.pool();
    const subscription = promise.subscribe();
    const answer = await promise.rpc('create-reservation', { capacity: { cores: 5 } });
    expect(answer).to.include({ result: 'ok', status: 'active', 'expires-at': at(1) });
    await promise.advance(HOUR);
    const event = await subscription.until(({ content }) => content['cause'] === 'expired');
    expect(event.content).to.deep.include({
      'reservation-id': answer['reservation-id'],
      'old-status': 'active',
      status: 'expired',
      reason: 'opnfv-promise:not-allocated-in-time',
    });
    const { capacity } = await promise.rpc('query-capacity');
    expect(capacity).to.have.nested.property('available.cores', 16);
  });

  it('refuses what does not fit, and says what could be had instead', async () => {
    const { pool } = await promise.pool();
    await promise.rpc('create-reservation', { start: at(1), end: at(2), capacity: { cores: 10 } });
    const answer = await promise.rpc('create-reservation', { start: at(1), end: at(2), capacity: { cores: 8 } });
    expect(answer).to.deep.include({
      result: 'conflict',
      reason: 'opnfv-promise:insufficient-capacity',
      status: 'rejected',
    });
    expect(answer).not.to.have.property('reservation-id');
    expect(answer).to.have.nested.property('refusal.most.cores', 6);
    expect(answer)
      .to.have.nested.property('refusal.next-window')
      .that.deep.equals({ start: at(2), end: at(3) });
    expect(answer['refusal'])
      .to.have.property('shortage')
      .that.deep.equals([{ pool, resource: 'cores', from: at(1), missing: '2' }]);
  });

  it('refuses by policy, and names the limit', async () => {
    await promise.pool();
    await promise.client.edit('merge', '/opnfv-promise:promise', {
      'opnfv-promise:promise': { policy: { reservation: { 'max-duration': 2 } } },
    });
    const answer = await promise.rpc('create-reservation', { start: at(1), end: at(4), capacity: { cores: 1 } });
    expect(answer).to.include({ result: 'conflict', reason: 'opnfv-promise:policy-violation' });
    expect(answer).to.have.nested.property('refusal.policy', 'max-duration');
    const bound = await promise.rpc('create-reservation', { start: at(1), capacity: { cores: 1 } });
    expect(bound).to.include({ result: 'ok' });
  });

  it('asynchronous: answers pending, and notifies the decision', async () => {
    await promise.pool();
    const subscription = promise.subscribe();
    const input = { start: at(1), end: at(2), capacity: { cores: 10 }, asynchronous: true };
    const decided = async (): Promise<unknown> => {
      const answer = await promise.rpc('create-reservation', input);
      expect(answer).to.include({ result: 'ok', status: 'pending' });
      await promise.advance(1000);
      const id = answer['reservation-id'];
      const event = await subscription.until(
        ({ content }) => content['cause'] === 'decided' && content['reservation-id'] === id,
      );
      return event.content;
    };
    expect(await decided()).to.include({ 'old-status': 'pending', status: 'scheduled' });
    expect(await decided()).to.include({ status: 'rejected', reason: 'opnfv-promise:insufficient-capacity' });
  });

  it('update-reservation changes what is given, clears what is named, and refuses as a whole', async () => {
    await promise.pool();
    const { 'reservation-id': id } = await promise.rpc('create-reservation', {
      name: 'web',
      start: at(1),
      end: at(2),
      capacity: { cores: 5, ram: '1024' },
    });
    const grown = await promise.rpc('update-reservation', {
      'reservation-id': id,
      end: at(3),
      capacity: { cores: 6 },
      clear: ['name'],
    });
    expect(grown).to.include({ result: 'ok', status: 'scheduled' });
    const current = async (): Promise<unknown> =>
      ((await promise.rpc('query-reservation', { 'reservation-id': [id] }))['reservations'] as unknown[])[0];
    expect(await current()).to.deep.include({ end: at(3), capacity: { cores: 6, ram: '1024' } });
    expect(await current()).not.to.have.property('name');
    const refused = await promise.rpc('update-reservation', {
      'reservation-id': id,
      name: 'big',
      capacity: { cores: 99 },
    });
    expect(refused).to.include({ result: 'conflict', status: 'scheduled' });
    expect(refused).to.have.nested.property('refusal.most.cores', 16);
    expect(await current()).to.deep.include({ capacity: { cores: 6, ram: '1024' } });
  });

  it('cancel-reservation frees what it held and forgets it', async () => {
    await promise.pool();
    const subscription = promise.subscribe();
    const { 'reservation-id': id } = await promise.rpc('create-reservation', {
      start: at(1),
      end: at(2),
      capacity: { cores: 16 },
    });
    expect(await promise.rpc('cancel-reservation', { 'reservation-id': id })).to.include({
      result: 'ok',
      status: 'cancelled',
    });
    await subscription.until(({ content }) => content['cause'] === 'cancelled');
    const again = await errorOfPromise(promise.rpc('cancel-reservation', { 'reservation-id': id }));
    expect(again).to.include({
      tag: 'invalid-value',
      appTag: 'unknown-reservation',
      path: '/opnfv-promise:input/reservation-id',
    });
    expect(again.message).to.include(String(id));
    expect(await promise.rpc('create-reservation', { start: at(1), end: at(2), capacity: { cores: 16 } })).to.include({
      result: 'ok',
    });
  });

  it('chooses the earliest window within the bounds of a flexible one, by RPC and by edit', async () => {
    await promise.pool();
    const subscription = promise.subscribe();
    await promise.rpc('create-reservation', { start: at(1), end: at(4), capacity: { cores: 10 } });
    const bounds = { 'earliest-start': at(1), 'latest-end': at(10), duration: 7200 };
    const answer = await promise.rpc('create-reservation', { 'flexible-window': bounds, capacity: { cores: 8 } });
    expect(answer).to.include({ result: 'ok', status: 'scheduled', 'starts-at': at(4), 'ends-at': at(6) });
    const { content } = await subscription.until(
      ({ content: event }) => event['reservation-id'] === answer['reservation-id'],
    );
    expect(content).to.deep.include({ 'flexible-window': bounds, 'starts-at': at(4), 'ends-at': at(6) });
    expect(content).not.to.have.any.keys('start', 'end');
    const path = '/opnfv-promise:promise/reservations/reservation=edited';
    const entry = { id: 'edited', 'flexible-window': bounds, capacity: { cores: 16 } };
    await promise.client.edit('merge', '/opnfv-promise:promise', {
      'opnfv-promise:promise': { reservations: { reservation: [entry] } },
    });
    expect(await promise.get(path))
      .to.have.nested.property('opnfv-promise:promise.reservations.reservation[0]')
      .that.deep.includes({ 'flexible-window': bounds })
      .and.has.property('state')
      .that.includes({ 'starts-at': at(6), 'ends-at': at(8) });
    const refused = await promise.rpc('create-reservation', {
      'flexible-window': { ...bounds, 'latest-end': at(8) },
      capacity: { cores: 9 },
    });
    expect(refused).to.include({ result: 'conflict' }).and.not.have.any.keys('starts-at', 'ends-at');
    expect(refused)
      .to.have.nested.property('refusal.next-window')
      .that.deep.equals({ start: at(8), end: at(10) });
    const never = { 'flexible-window': { ...bounds, 'latest-end': at(8) }, capacity: { cores: 17 } };
    expect(await promise.rpc('create-reservation', never)).to.have.nested.property(
      'refusal.searched-until',
      at(1 + 365 * 24),
    );
    const both = { 'flexible-window': bounds, start: at(1), capacity: { cores: 1 } };
    const error = await errorOfPromise(promise.rpc('create-reservation', both));
    expect(error).to.include({ tag: 'operation-failed', appTag: 'must-violation' });
  });

  it('names the leaf of what cannot be', async () => {
    await promise.pool();
    const refused = async (input: object): Promise<string | undefined> =>
      (await errorOfPromise(promise.rpc('create-reservation', { capacity: { cores: 1 }, ...input }))).path;
    expect(await refused({ start: at(2), end: at(1) })).to.equal('/opnfv-promise:input/end');
    expect(await refused({ start: at(-1) })).to.equal('/opnfv-promise:input/start');
    expect(await refused({ start: at(1), end: at(2), 'expiry-time': at(-1) })).to.equal(
      '/opnfv-promise:input/expiry-time',
    );
  });
});
