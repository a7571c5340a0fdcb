import { expect } from 'chai';
import { errorOfPromise } from '../agent-fixture.ts';
import { at, HOUR, PromiseFixture } from './promise-fixture.ts';

describe('RPCs of offers', () => {
  let promise: PromiseFixture;

  beforeEach(async () => {
    promise = await new PromiseFixture().start();
  });
  afterEach(() => promise.close());

  const asked = { start: at(1), end: at(2), capacity: { cores: 10 }, 'hold-for': 1800 };

  it('request-offer holds the resources, and the offer is listed', async () => {
    const { pool, provider } = await promise.pool();
    const subscription = promise.subscribe();
    const answer = await promise.rpc('request-offer', { ...asked, name: 'web' });
    expect(answer).to.include({ result: 'ok', 'expires-at': at(0.5), start: at(1), end: at(2) });
    const id = String(answer['offer-id']);
    const tree = await promise.get(`/opnfv-promise:promise/offers/offer=${id}`);
    expect(tree)
      .to.have.nested.property('opnfv-promise:promise.offers.offer[0]')
      .that.deep.equals({
        id,
        name: 'web',
        priority: 'normal',
        start: at(1),
        end: at(2),
        capacity: { cores: 10 },
        status: 'held',
        owner: 'ann',
        'created-on': at(0),
        'modified-on': at(0),
        'starts-at': at(1),
        'ends-at': at(2),
        'expires-at': at(0.5),
        claim: [{ id: '1', pool, start: at(1), end: at(2), capacity: { cores: 10 } }],
      });
    const { content } = await subscription.until(({ content }) => 'offer-id' in content);
    expect(content).to.deep.include({ cause: 'made', 'offer-id': id, name: 'web', capacity: { cores: 10 } });
    const query = { capacity: 'reserved', window: { start: at(1), end: at(2) } };
    const { collections } = await promise.rpc('query-capacity', query);
    expect(collections).to.deep.include({
      kind: 'offer',
      id,
      name: 'web',
      provider,
      start: at(1),
      end: at(2),
      capacity: { cores: 10 },
    });
  });

  it('request-offer refuses with the counter-offer', async () => {
    await promise.pool();
    await promise.rpc('request-offer', asked);
    const answer = await promise.rpc('request-offer', asked);
    expect(answer).to.include({ result: 'conflict', reason: 'opnfv-promise:insufficient-capacity' });
    expect(answer).not.to.have.any.keys('offer-id', 'expires-at');
    expect(answer).to.have.nested.property('refusal.most.cores', 6);
    expect(answer)
      .to.have.nested.property('refusal.next-window')
      .that.deep.equals({ start: at(2), end: at(3) });
  });

  it('accept-offer makes it a reservation, after a restart too', async () => {
    await promise.pool();
    const { 'offer-id': id } = await promise.rpc('request-offer', asked);
    promise = await promise.restarted();
    const subscription = promise.subscribe();
    const answer = await promise.rpc('accept-offer', { 'offer-id': id });
    expect(answer).to.include({ result: 'ok', status: 'scheduled' });
    const reservation = String(answer['reservation-id']);
    const found = await promise.rpc('query-reservation', { 'reservation-id': [reservation] });
    expect(found).to.have.nested.property('reservations[0].state.claim[0].capacity.cores', 10);
    const { content } = await subscription.until(({ content }) => 'offer-id' in content);
    expect(content).to.include({ cause: 'accepted', 'offer-id': id, 'reservation-id': reservation });
    const again = await promise.rpc('accept-offer', { 'offer-id': id });
    expect(again).to.include({ result: 'conflict', reason: 'opnfv-promise:offer-over', status: 'rejected' });
    expect(again['message']).to.include(reservation);
  });

  it('an offer lapses at its deadline, is notified, and cannot be accepted any more', async () => {
    await promise.pool();
    const subscription = promise.subscribe();
    const { 'offer-id': id } = await promise.rpc('request-offer', asked);
    await promise.advance(HOUR / 2);
    const { content } = await subscription.until(({ content: { cause } }) => cause === 'lapsed');
    expect(content).to.deep.include({ 'offer-id': id, reason: 'opnfv-promise:offer-over', capacity: { cores: 10 } });
    const late = await promise.rpc('accept-offer', { 'offer-id': id });
    expect(late).to.include({ result: 'conflict', reason: 'opnfv-promise:offer-over' });
    expect(late['message']).to.include(at(0.5));
    expect(await promise.rpc('create-reservation', { ...asked, 'hold-for': undefined })).to.include({ result: 'ok' });
  });

  it('decline-offer gives it back; what names no offer is an error', async () => {
    await promise.pool();
    const subscription = promise.subscribe();
    const { 'offer-id': id } = await promise.rpc('request-offer', asked);
    expect(await promise.rpc('decline-offer', { 'offer-id': id })).to.include({ result: 'ok' });
    await subscription.until(({ content: { cause } }) => cause === 'declined');
    expect(await promise.rpc('decline-offer', { 'offer-id': id })).to.include({
      result: 'conflict',
      reason: 'opnfv-promise:offer-over',
    });
    const error = await errorOfPromise(promise.rpc('decline-offer', { 'offer-id': 'nobody' }));
    expect(error).to.include({
      tag: 'invalid-value',
      appTag: 'unknown-offer',
      path: '/opnfv-promise:input/offer-id',
    });
  });
});
