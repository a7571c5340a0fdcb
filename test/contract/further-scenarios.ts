import { expect } from 'chai';
import { dataPath } from '../../src/cli/demo/consumer.ts';
import { all, leaf, type Content, type Json } from '../../src/cli/demo/content.ts';
import {
  allocationPath,
  at,
  DAY,
  HOUR,
  MINUTE,
  POOL_CORES,
  PROMISE,
  reservationPath,
} from '../../src/cli/demo/infrastructure.ts';
import { text, type World } from './world.ts';

/** What reservations, offers and instances do beyond the scenarios. */
export function furtherScenarios(open: () => World): void {
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
