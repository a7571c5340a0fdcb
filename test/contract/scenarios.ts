import { expect } from 'chai';
import { all, amount, leaf } from '../../src/cli/demo/content.ts';
import {
  allocationPath,
  at,
  DAY,
  HOUR,
  MINUTE,
  POOL_CORES,
  poolPath,
  PROVIDER_CORES,
  providerPath,
  reservationPath,
} from '../../src/cli/demo/infrastructure.ts';
import { ids, refused, text, type World } from './world.ts';

/** The scenarios TC-01 to TC-16. */
export function scenarios(open: () => World): void {
  it('TC-01: a provider that is added is listed, with what it offers', async () => {
    const world = await open().open();
    const provider = await world.consumer.get(providerPath(world.vim.provider));
    expect(leaf(provider, 'status')).to.equal('up');
    expect(leaf(provider, 'provider-type')).to.equal('simulated');
    expect(all(provider, 'services/compute/hosts')).to.have.length(4);
    expect(all(provider, 'services/compute/flavors').map((flavor) => leaf(flavor, 'name'))).to.include('m1.small');
    expect(all(provider, 'services/image/images').map((image) => leaf(image, 'name'))).to.include('cirros');
  });

  it('TC-02: increase-capacity from a provider makes a pool', async () => {
    const world = await open().open();
    const pool = await world.consumer.get(poolPath(world.vim.pool));
    expect(leaf(pool, 'source')).to.equal(world.vim.provider);
    expect(leaf(pool, 'capacity/cores')).to.equal(String(POOL_CORES));
    expect(leaf(pool, 'state/available/cores')).to.equal(String(POOL_CORES));
    const provider = await world.consumer.get(providerPath(world.vim.provider));
    expect(all(provider, 'pools').map((each) => each.text)).to.deep.equal([world.vim.pool]);
    const beyond = { source: world.vim.provider, capacity: { cores: PROVIDER_CORES } };
    const answer = await world.conflict('increase-capacity', beyond, 'insufficient-capacity');
    expect(leaf(answer, 'most/cores')).to.equal(String(PROVIDER_CORES - POOL_CORES));
  });

  it('TC-03: query-capacity total lists the pool and the utilization', async () => {
    const world = await open().open();
    const query = { capacity: 'total', 'provider-id': world.vim.provider, 'show-utilization': true };
    const answer = await world.consumer.invoke('opnfv-promise:query-capacity', query);
    const [pool] = all(answer, 'collections');
    expect(leaf(pool, 'kind')).to.equal('pool');
    expect(leaf(pool, 'id')).to.equal(world.vim.pool);
    expect(leaf(pool, 'capacity/cores')).to.equal(String(POOL_CORES));
    const [now] = all(answer, 'utilization');
    expect(Date.parse(text(now, 'timestamp'))).to.equal(world.now);
    expect(leaf(now, 'capacity/cores')).to.equal(String(POOL_CORES));
    const without = await world.consumer.invoke('opnfv-promise:query-capacity', {
      ...query,
      'show-utilization': false,
    });
    expect(all(without, 'utilization')).to.have.length(0);
  });

  it('TC-04: an instance without a reservation has low priority and refers to the server of the VIM', async () => {
    const world = await open().open();
    const answer = await world.ok('create-instance', world.instance());
    expect(leaf(answer, 'status')).to.equal('in-progress');
    const allocation = await world.consumer.get(allocationPath(text(answer, 'instance-id')));
    expect(leaf(allocation, 'priority')).to.equal('low');
    expect(leaf(allocation, 'reservation')).to.equal(undefined);
    expect(leaf(allocation, 'instance-ref/provider')).to.equal(world.vim.provider);
    expect(leaf(allocation, 'instance-ref/server')).to.equal(text(answer, 'server'));
    expect(await world.available()).to.equal(POOL_CORES - 1);
  });

  it('TC-05: a reservation without start and end is active at once, for a validity period', async () => {
    const world = await open().open();
    const answer = await world.ok('create-reservation', { pools: [world.vim.pool], capacity: { cores: 2 } });
    expect(leaf(answer, 'status')).to.equal('active');
    expect(Date.parse(text(answer, 'expires-at'))).to.equal(world.now + HOUR);
    expect(await world.available()).to.equal(POOL_CORES - 2);
  });

  it("TC-06: an instance against it is among the reservation's allocations, with high priority", async () => {
    const world = await open().open();
    const reservation = await world.reserve();
    const answer = await world.ok('create-instance', world.instance({ 'reservation-id': reservation }));
    const instance = text(answer, 'instance-id');
    const found = await world.consumer.get(reservationPath(reservation));
    expect(all(found, 'state/allocations').map((each) => each.text)).to.deep.equal([instance]);
    expect(leaf(found, 'state/remaining/cores')).to.equal('3');
    const allocation = await world.consumer.get(allocationPath(instance));
    expect(leaf(allocation, 'priority')).to.equal('high');
    expect(leaf(allocation, 'reservation')).to.equal(reservation);
    expect(await world.available(), 'the allocation counts once').to.equal(POOL_CORES - 4);
  });

  it('TC-07: a reservation for the future is scheduled, and active from its start', async () => {
    const world = await open().open();
    const start = world.now + HOUR;
    const id = await world.reserve({ start: at(start), end: at(start + HOUR) });
    expect(leaf(await world.consumer.get(reservationPath(id)), 'state/status')).to.equal('scheduled');
    expect(await world.available(start, start + HOUR)).to.equal(POOL_CORES - 4);
    expect(await world.available(start - MINUTE, start)).to.equal(POOL_CORES);
    const events = await world.events('reservation-event', 'reservation-id', id);
    await world.agent.reach(start);
    expect(leaf(await world.event(events, 'started'), 'status')).to.equal('active');
    await world.agent.reach(start + HOUR);
    expect(leaf(await world.event(events, 'ended'), 'status')).to.equal('ended');
    expect(await world.available()).to.equal(POOL_CORES);
  });

  it('TC-08: query-reservation by window finds it', async () => {
    const world = await open().open();
    const start = world.now + DAY;
    const id = await world.reserve({ start: at(start), end: at(start + 4 * HOUR) });
    const query = async (from: number, to: number, scope: string): Promise<readonly string[]> => {
      const window = { start: at(start + from), end: at(start + to), scope };
      return ids(await world.consumer.invoke('opnfv-promise:query-reservation', { window }), 'reservations');
    };
    expect(await query(HOUR, 2 * HOUR, 'inclusive'), 'it spans the window').to.include(id);
    expect(await query(-HOUR, HOUR, 'inclusive'), 'it starts in the window').to.include(id);
    expect(await query(-HOUR, 5 * HOUR, 'exclusive'), 'it is inside').to.include(id);
    expect(await query(-HOUR, HOUR, 'exclusive'), 'it ends outside').not.to.include(id);
    expect(await query(4 * HOUR, 5 * HOUR, 'inclusive'), 'it ends as the window starts').not.to.include(id);
  });

  it('TC-09: update-reservation changes what is given and nothing else', async () => {
    const world = await open().open();
    const start = world.now + DAY;
    const id = await world.reserve({ name: 'vEPC', start: at(start), end: at(start + HOUR) });
    const answer = await world.ok('update-reservation', {
      'reservation-id': id,
      end: at(start + 2 * HOUR),
      capacity: { cores: 6 },
    });
    expect(leaf(answer, 'reservation-id')).to.equal(id);
    const found = await world.consumer.get(reservationPath(id));
    expect(leaf(found, 'name')).to.equal('vEPC');
    expect(leaf(found, 'capacity/cores')).to.equal('6');
    expect(leaf(found, 'capacity/ram')).to.equal('8192');
    expect(Date.parse(text(found, 'start'))).to.equal(start);
    expect(Date.parse(text(found, 'end'))).to.equal(start + 2 * HOUR);
    await world.ok('update-reservation', { 'reservation-id': id, clear: ['name'] });
    expect(leaf(await world.consumer.get(reservationPath(id)), 'name')).to.equal(undefined);
    const impossible = { 'reservation-id': id, capacity: { cores: POOL_CORES + 1 } };
    const refusal = await world.conflict('update-reservation', impossible, 'insufficient-capacity');
    expect(leaf(refusal, 'refusal/most/cores')).to.equal(String(POOL_CORES));
  });

  it('TC-10: cancel-reservation removes it', async () => {
    const world = await open().open();
    const id = await world.reserve();
    const answer = await world.ok('cancel-reservation', { 'reservation-id': id });
    expect(leaf(answer, 'status')).to.equal('cancelled');
    expect(await world.consumer.get(reservationPath(id))).to.equal(undefined);
    expect(await world.available()).to.equal(POOL_CORES);
    const again = await refused(world.consumer.invoke('opnfv-promise:cancel-reservation', { 'reservation-id': id }));
    expect(again.errors[0]).to.include({ tag: 'invalid-value' });
  });

  it('TC-11: decrease-capacity in a future window takes it away there only', async () => {
    const world = await open().open();
    const [from, to] = [world.now + DAY, world.now + 2 * DAY];
    await world.ok('decrease-capacity', {
      'pool-id': world.vim.pool,
      start: at(from),
      end: at(to),
      capacity: { cores: 20 },
    });
    expect(await world.available(from, to)).to.equal(POOL_CORES - 20);
    expect(await world.available(from - HOUR, from)).to.equal(POOL_CORES);
    expect(await world.available(to, to + HOUR)).to.equal(POOL_CORES);
    const within = { start: at(from), end: at(to), pools: [world.vim.pool], capacity: { cores: POOL_CORES - 19 } };
    await world.conflict('create-reservation', within, 'insufficient-capacity');
  });

  it('TC-12: increase-capacity in a future window adds it there only', async () => {
    const world = await open().open();
    const [from, to] = [world.now + DAY, world.now + 2 * DAY];
    await world.ok('increase-capacity', {
      'pool-id': world.vim.pool,
      start: at(from),
      end: at(to),
      capacity: { cores: 10 },
    });
    expect(await world.available(from, to)).to.equal(POOL_CORES + 10);
    expect(await world.available(from - HOUR, to)).to.equal(POOL_CORES);
    await world.reserve({ start: at(from), end: at(to), capacity: { cores: POOL_CORES + 10 } });
  });

  it('TC-13: query-capacity available leaves out what is reserved and used', async () => {
    const world = await open().open();
    const start = world.now + HOUR;
    await world.reserve({ start: at(start), end: at(start + HOUR) });
    await world.ok('create-instance', world.instance());
    const answer = await world.consumer.invoke('opnfv-promise:query-capacity', {
      capacity: 'available',
      pools: [world.vim.pool],
      window: { start: at(start - HOUR), end: at(start + 2 * HOUR) },
    });
    expect(leaf(answer, 'capacity/total/cores')).to.equal(String(POOL_CORES));
    expect(leaf(answer, 'capacity/reserved/cores')).to.equal('4');
    expect(leaf(answer, 'capacity/usage/cores')).to.equal('1');
    expect(leaf(answer, 'capacity/available/cores')).to.equal(String(POOL_CORES - 5));
    const steps = all(answer, 'utilization').map((entry) => [
      Date.parse(text(entry, 'timestamp')) - start,
      amount(entry, 'capacity/cores'),
    ]);
    expect(steps).to.deep.equal([
      [-HOUR, POOL_CORES - 1],
      [0, POOL_CORES - 5],
      [HOUR, POOL_CORES - 1],
    ]);
  });

  for (const [when, ahead] of [
    ['now', undefined],
    ['in the future', DAY],
  ] as const) {
    it(`TC-14: a reservation over the capacity is a conflict, ${when}`, async () => {
      const world = await open().open();
      const start = world.now + (ahead ?? 0);
      const holder = await world.reserve({
        ...(ahead === undefined ? {} : { start: at(start) }),
        end: at(start + HOUR),
        capacity: { cores: 30 },
      });
      const answer = await world.conflict(
        'create-reservation',
        {
          ...(ahead === undefined ? {} : { start: at(start) }),
          end: at(start + HOUR),
          pools: [world.vim.pool],
          capacity: { cores: 30 },
        },
        'insufficient-capacity',
      );
      expect(leaf(answer, 'status')).to.equal('rejected');
      expect(leaf(answer, 'reservation-id')).to.equal(undefined);
      expect(leaf(answer, 'refusal/most/cores')).to.equal(String(POOL_CORES - 30));
      expect(Date.parse(text(answer, 'refusal/next-window/start'))).to.equal(start + HOUR);
      const [shortage] = all(answer, 'refusal/shortage');
      expect(leaf(shortage, 'resource')).to.equal('cores');
      expect(leaf(shortage, 'missing')).to.equal(String(60 - POOL_CORES));
      expect(await world.available(start, start + HOUR)).to.equal(POOL_CORES - 30);
      await world.ok('cancel-reservation', { 'reservation-id': holder });
    });
  }

  it('TC-15: an instance over the capacity is a conflict', async () => {
    const world = await open().open();
    const held = await world.reserve({ end: at(world.now + DAY), capacity: { cores: POOL_CORES - 1 } });
    const answer = await world.conflict(
      'create-instance',
      world.instance({ flavor: 'm1.medium' }),
      'insufficient-capacity',
    );
    expect(leaf(answer, 'status')).to.equal('rejected');
    expect(leaf(answer, 'instance-id')).to.equal(undefined);
    const small = await world.reserve({ capacity: { cores: 1, ram: '512', instances: 1 } });
    await world.conflict('create-instance', world.instance({ 'reservation-id': small }), 'exceeds-reservation');
    await world.ok('cancel-reservation', { 'reservation-id': held });
  });

  it('TC-16: destroy-instance releases the capacity', async () => {
    const world = await open().open();
    const answer = await world.ok('create-instance', world.instance());
    const id = text(answer, 'instance-id');
    const events = await world.events('allocation-event', 'instance-id', id);
    expect(leaf(await world.event(events, 'state-changed'), 'vm-state')).to.equal('ACTIVE');
    expect(await world.available()).to.equal(POOL_CORES - 1);
    const destroyed = await world.ok('destroy-instance', { 'instance-id': id });
    expect(leaf(destroyed, 'status')).to.equal('DELETING');
    expect(leaf(await world.event(events, 'destroyed'), 'vm-state')).to.equal('DELETED');
    expect(await world.available()).to.equal(POOL_CORES);
    expect(await world.consumer.get(allocationPath(id))).to.equal(undefined);
  });
}
