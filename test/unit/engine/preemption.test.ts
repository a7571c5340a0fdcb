import { expect } from 'chai';
import type { PreEmption, Priority } from '../../../src/engine/entities.ts';
import { DEFAULT_POLICY, HIGH, LOW, NORMAL } from '../../../src/engine/entities.ts';
import { HOUR, NOW } from './engine-fixture.ts';
import { Lab } from './preemption-lab.ts';

describe('pre-emption by priority', () => {
  it('displaces the lowest class, and tells it why, by what, and what it can have instead', () => {
    const lab = new Lab('priority');
    const low = lab.grant(4, LOW, 1);
    const normal = lab.grant(4, NORMAL, 1);
    const result = lab.ask(4, HIGH, 1);
    if (result.outcome === 'refused') throw new Error(result.refusal.message);
    expect(result.displaced).to.deep.equal({ reservations: [low], machines: [], complete: true });
    expect([lab.status(low), lab.status(normal)]).to.deep.equal(['preempted', 'scheduled']);
    expect(lab.head.reservations.get(low))
      .to.include({ message: `It gave way to the reservation '${result.reservation.id}' of the priority high.` })
      .and.not.to.have.any.keys('hold', 'awaits', 'easesAt');
    const [event] = lab.preempted();
    expect(event).to.deep.include({ oldStatus: 'scheduled', by: result.reservation.id });
    expect(event?.reservation).to.deep.include({ status: 'preempted', reason: 'displaced', claims: [] });
    expect(event?.offered?.nextWindow).to.deep.equal({ start: NOW + 2 * HOUR, end: NOW + 3 * HOUR });
    expect(event?.offered?.most?.cores).to.equal(0);
  });

  it('of one class displaces the newest, and no more than it needs', () => {
    const lab = new Lab('priority');
    const oldest = lab.grant(4, LOW, 1);
    const middle = lab.grant(2, LOW, 1);
    const newest = lab.grant(2, LOW, 1);
    lab.grant(2, NORMAL, 1);
    expect([oldest, middle, newest].map((id) => lab.status(id))).to.deep.equal(['scheduled', 'scheduled', 'preempted']);
    lab.grant(3, NORMAL, 1);
    expect([oldest, middle].map((id) => lab.status(id))).to.deep.equal(['preempted', 'scheduled']);
  });

  it('tells nobody of others what may not be seen: who gave way, and to whom', () => {
    const lab = new Lab('priority');
    lab.as = { user: 'ann', tenant: 'red' };
    const machine = lab.booted();
    const low = lab.grant(4, LOW, 1);
    lab.as = { user: 'bob', tenant: 'blue', confinedTo: 'blue' };
    const result = lab.ask(8, HIGH, 1);
    if (result.outcome === 'refused') throw new Error(result.refusal.message);
    expect(result.displaced).to.deep.equal({ reservations: [], machines: [], others: 2, complete: true });
    expect(lab.head.reservations.get(low)?.message).to.equal('It gave way to a reservation of the priority high.');
    expect(lab.head.allocations.get(machine)?.claims.at(-1)).to.include({ start: NOW + HOUR, onLoan: true });
  });

  it('tells each machine once, also where it has to go at once', () => {
    const lab = new Lab('priority');
    const machine = lab.booted();
    lab.grant(8, HIGH, undefined);
    expect(lab.withdrawn().map(({ allocation }) => allocation.id)).to.deep.equal([machine]);
  });

  it('displaces nobody for what a quota forbids', () => {
    const lab = new Lab('priority');
    const low = lab.grant(8, LOW, 1);
    const quotas = [{ name: 'few', user: 'bob', capacity: { cores: 4 } }];
    lab.do('applyConfiguration', { changes: [{ put: 'policy', entry: { ...DEFAULT_POLICY, quotas } }] });
    lab.told();
    lab.as = { user: 'bob' };
    expect(lab.ask(5, HIGH, 1)).to.have.nested.property('refusal.reason', 'quota-exceeded');
    expect([lab.status(low), lab.told()]).to.deep.equal(['scheduled', []]);
  });

  it('displaces one that is degraded, which eases at no time then', () => {
    const lab = new Lab('priority');
    const low = lab.grant(8, LOW, 2, 4);
    const pool = lab.head.poolOrder[0] ?? '';
    const less = { start: NOW + 2 * HOUR, end: NOW + 3 * HOUR, capacity: { cores: 4 } };
    lab.do('decreaseCapacity', { pool, ...less, force: true });
    expect(lab.head.reservations.get(low)).to.include({ status: 'degraded', easesAt: NOW + 3 * HOUR });
    lab.told();
    lab.grant(8, HIGH, 4);
    expect(lab.head.reservations.get(low)).to.include({ status: 'preempted' }).and.not.to.have.property('easesAt');
    expect(lab.told()).to.include('capacity released');
  });

  it('tells a machine that gives way to another what it could have in its zone', () => {
    const zones = ['z1', 'z2'] as const;
    for (const zone of [undefined, 'z1'] as const) {
      const lab = new Lab('priority', 1);
      const source = lab.provider(
        zones.map((each) => ({ name: each, zone: each, cores: 4, ram: 8192 })),
        'zones',
        'priority',
      );
      lab.pool(source, { cores: 4, ram: 8192, instances: 8 }, 'z1');
      const boot = (priority: Priority, within: object) => {
        const machine = { name: 'vm', image: 'cirros', flavor: 'large', provider: source };
        return lab.do('createInstance', { ...machine, priority, ...within });
      };
      const low = boot(LOW, zone === undefined ? {} : { zone });
      if (low.outcome === 'refused') throw new Error(low.refusal.message);
      lab.now += 1;
      lab.pool(source, { cores: 4, ram: 8192, instances: 8 }, 'z2');
      const high = boot(HIGH, { zone: 'z1' });
      expect(high).to.have.nested.property('displaced.machines').that.deep.equals([low.allocation.id]);
      const [event] = lab.withdrawn();
      expect(event?.offered === undefined, `within ${zone}`).to.equal(zone === undefined);
    }
  });

  it('offers the displaced only what is free as things are, nobody else being moved', () => {
    const lab = new Lab('priority');
    const source = lab.provider(
      [
        { name: 'fast', cores: 4, traits: ['FAST'] },
        { name: 'slow', cores: 4 },
      ],
      'hosts',
      'priority',
    );
    const pool = lab.pool(source, { cores: 8, ram: 8192, instances: 8 });
    const container = (requiredTraits: readonly string[]) => ({
      name: 'c',
      count: 1,
      size: { vcpus: 4, ram: 512 },
      requiredTraits,
      forbiddenTraits: [],
    });
    const window = { start: NOW + HOUR, end: NOW + 2 * HOUR };
    const ask = (priority: Priority, requiredTraits: readonly string[]) => {
      const containers = [container(requiredTraits)];
      const id = lab.reserve({ ...window, priority, demand: { capacity: {}, pools: [pool], containers } });
      lab.now += 1;
      return id;
    };
    const anywhere = ask(NORMAL, []);
    const fast = ask(LOW, ['FAST']);
    ask(HIGH, ['FAST']);
    expect([lab.status(anywhere), lab.status(fast)]).to.deep.equal(['scheduled', 'preempted']);
    expect(lab.preempted()[0]?.offered?.nextWindow?.start).to.equal(NOW + 2 * HOUR);
  });

  it('spares equals, and changes nothing when it is refused', () => {
    const lab = new Lab('priority');
    const low = lab.grant(4, LOW, 1);
    const high = lab.grant(4, HIGH, 1);
    lab.told();
    expect(lab.ask(4, LOW, 1).outcome).to.equal('refused');
    // The low one alone would not do.
    const result = lab.ask(8, HIGH, 1);
    expect(result.outcome).to.equal('refused');
    expect(lab.told()).to.deep.equal([]);
    expect([lab.status(low), lab.status(high)]).to.deep.equal(['scheduled', 'scheduled']);
  });

  it('spares what has started', () => {
    const lab = new Lab('priority');
    const running = lab.grant(8, LOW, undefined, 5);
    expect(lab.ask(4, HIGH, 1).outcome).to.equal('refused');
    expect(lab.status(running)).to.equal('active');
  });

  it('does nothing under another policy', () => {
    for (const policy of ['none', 'best-effort'] as const) {
      const lab = new Lab(policy);
      const low = lab.grant(8, LOW, 1);
      expect(lab.ask(4, HIGH, 1).outcome, policy).to.equal('refused');
      expect(lab.status(low)).to.equal('scheduled');
    }
  });

  it('follows the policy of the provider when that changes', () => {
    const lab = new Lab('none');
    const entry = { id: 'c', access: { type: 'promise-simulator:simulated' }, preEmption: 'none' as PreEmption };
    lab.do('applyConfiguration', { changes: [{ put: 'provider', entry }] });
    const pool = { id: 'p', source: 'c', capacity: { cores: 4 }, adjustments: [] };
    lab.do('applyConfiguration', { changes: [{ put: 'pool', entry: pool }] });
    const window = { start: NOW + HOUR, end: NOW + 2 * HOUR };
    const demand = { capacity: { cores: 4 }, pools: ['p'] };
    const low = lab.reserve({ ...window, priority: LOW, demand });
    expect(lab.do('createReservation', { ...window, demand }).outcome).to.equal('refused');
    lab.do('applyConfiguration', { changes: [{ put: 'provider', entry: { ...entry, preEmption: 'priority' } }] });
    expect(lab.do('createReservation', { ...window, demand }).outcome).to.equal('granted');
    expect(lab.status(low)).to.equal('preempted');
  });

  it('moves the displaced to another pool where there is room', () => {
    const lab = new Lab('priority');
    const other = lab.provider([{ name: 'h2', cores: 100 }], 'other');
    const first = lab.grant(8, LOW, 1);
    lab.pool(other, { cores: 8, ram: 100_000 });
    const window = { start: NOW + HOUR, end: NOW + 2 * HOUR };
    const [pool = ''] = [...lab.head.pools.values()].filter(({ source }) => source === lab.lab).map(({ id }) => id);
    lab.told();
    const result = lab.do('createReservation', { ...window, demand: { capacity: { cores: 8 }, pools: [pool] } });
    expect(result.outcome).to.equal('granted');
    expect(lab.status(first)).to.equal('scheduled');
    expect(lab.told().sort()).to.deep.equal([
      'capacity released',
      'capacity reserved',
      'capacity reserved',
      'reservation created scheduled',
      'reservation updated scheduled',
    ]);
    expect(lab.head.reservations.get(first)?.claims[0]?.node).to.not.equal(`pool/${pool}`);
    expect(lab.preempted()).to.deep.equal([]);
  });

  it('moves one that was degraded, and forgets when that would have passed', () => {
    const lab = new Lab('priority');
    const low = lab.grant(8, LOW, 2, 4);
    const lessOf = (pool: string): unknown =>
      lab.do('decreaseCapacity', {
        pool,
        start: NOW + 2 * HOUR,
        end: NOW + 3 * HOUR,
        capacity: { cores: 4 },
        force: true,
      });
    lessOf(lab.head.poolOrder[0] ?? '');
    expect(lab.head.reservations.get(low)).to.include({ status: 'degraded', easesAt: NOW + 3 * HOUR });
    const other = lab.pool(lab.provider([{ name: 'x', cores: 8 }], 'other'), { cores: 8, ram: 8192, instances: 50 });
    const demand = { capacity: { cores: 8 }, pools: [lab.head.poolOrder[0] ?? ''] };
    lab.reserve({ start: NOW + 4 * HOUR, end: NOW + 5 * HOUR, priority: HIGH, demand });
    expect(lab.head.reservations.get(low))
      .to.include({ status: 'scheduled' })
      .and.not.to.have.any.keys('easesAt', 'reason', 'message');
    lessOf(other);
    expect(lab.head.reservations.get(low)).to.include({ status: 'degraded', easesAt: NOW + 3 * HOUR });
    lab.advance(3 * HOUR);
    expect(lab.status(low)).to.equal('active');
  });

  it('lets an update displace, and keeps what was when it is refused', () => {
    const lab = new Lab('priority');
    const mine = lab.grant(2, NORMAL, 1);
    const low = lab.grant(4, LOW, 1);
    const normal = lab.grant(2, NORMAL, 1);
    expect(lab.do('updateReservation', { id: mine, demand: { capacity: { cores: 7 } } }).outcome).to.equal('refused');
    expect(lab.status(low)).to.equal('scheduled');
    const result = lab.do('updateReservation', { id: mine, demand: { capacity: { cores: 5 } } });
    expect(result).to.deep.include({
      outcome: 'updated',
      displaced: { reservations: [low], machines: [], complete: true },
    });
    expect(lab.head.reservations.get(mine)?.claims[0]?.capacity.cores).to.equal(5);
    expect(lab.status(normal)).to.equal('scheduled');
  });

  it('lets an update of what runs displace for what it adds, and not where it recurs', () => {
    const lab = new Lab('priority');
    const mine = lab.grant(4, NORMAL, undefined, 9);
    lab.booted(mine);
    const low = lab.grant(4, LOW, 1);
    const result = lab.do('updateReservation', { id: mine, demand: { capacity: { cores: 6 } } });
    expect(result).to.deep.include({
      outcome: 'updated',
      displaced: { reservations: [low], machines: [], complete: true },
    });
    expect(lab.head.reservations.get(mine)?.claims.map(({ capacity }) => capacity.cores)).to.deep.equal([6]);

    const other = new Lab('priority');
    const hours = { start: NOW, end: NOW + 2 * HOUR };
    const recurrence = { frequency: 'daily', interval: 1, count: 2 } as const;
    const demand = { capacity: { cores: 4, ram: 8192 } };
    const series = other.reserve({ ...hours, recurrence, demand });
    other.now += 1;
    const away = other.grant(4, LOW, 1);
    const more = { id: series, demand: { capacity: { cores: 5 } } };
    other.booted(series);
    expect(other.do('updateReservation', more)).to.have.nested.property('refusal.reason', 'insufficient-capacity');
    expect(other.status(away)).to.equal('scheduled');
  });

  it('lets an update of what recurs displace while nothing runs in it', () => {
    const lab = new Lab('priority');
    const hours = { start: NOW + HOUR, end: NOW + 2 * HOUR };
    const recurrence = { frequency: 'daily', interval: 1, count: 2 } as const;
    const series = lab.reserve({ ...hours, recurrence, demand: { capacity: { cores: 4 } } });
    lab.now += 1;
    const low = lab.grant(4, LOW, 25);
    expect(lab.do('updateReservation', { id: series, demand: { capacity: { cores: 5 } } })).to.deep.include({
      outcome: 'updated',
      displaced: { reservations: [low], machines: [], complete: true },
    });
  });

  it('lets no update of what is placed on hosts displace', () => {
    const lab = new Lab('priority');
    const containers = (count: number) => [{ name: 'web', count, size: { vcpus: 4, ram: 1024 } }];
    const hours = { start: NOW + HOUR, end: NOW + 2 * HOUR };
    const mine = lab.reserve({ ...hours, demand: { capacity: {}, containers: containers(1) } });
    lab.now += 1;
    const low = lab.grant(4, LOW, 1);
    expect(lab.do('updateReservation', { id: mine, demand: { containers: containers(2) } }).outcome).to.equal(
      'refused',
    );
    expect(lab.status(low)).to.equal('scheduled');
  });

  it('moves one whose window is open before others have to give way to it, unless it has begun', () => {
    const lab = new Lab('priority');
    const flexible = { duration: 2 * HOUR, earliestStart: NOW + HOUR };
    const mine = lab.reserve({ flexible, demand: { capacity: { cores: 4, ram: 4096 } } });
    lab.now += 1;
    const low = lab.grant(4, LOW, 1, 2);
    const more = { id: mine, demand: { capacity: { cores: 5 } } };
    expect(lab.do('updateReservation', more).outcome).to.equal('updated');
    expect(lab.status(low)).to.equal('scheduled');
    expect(lab.head.reservations.get(mine)).to.include({ startsAt: NOW + 3 * HOUR });
    lab.now = NOW + 2;
    lab.advance(3 * HOUR - 2);
    expect(lab.status(mine)).to.equal('active');
    const next = lab.grant(3, LOW, 4, 1);
    const again = lab.do('updateReservation', { id: mine, demand: { capacity: { cores: 6 } } });
    expect(again).to.deep.include({ displaced: { reservations: [next], machines: [], complete: true } });
    expect(lab.head.reservations.get(mine)).to.include({ startsAt: NOW + 3 * HOUR });
    // What does not fit within the bounds changes nothing.
    const before = lab.head.reservations.get(mine);
    expect(lab.do('updateReservation', { id: mine, demand: { capacity: { cores: 9 } } }).outcome).to.equal('refused');
    expect(lab.head.reservations.get(mine)).to.equal(before);
  });

  it('lets no entry of an edit displace another, and lets the edit displace what is not in it', () => {
    const lab = new Lab('priority');
    const low = lab.grant(4, LOW, 1);
    const window = { start: NOW + HOUR, end: NOW + 2 * HOUR };
    const entry = (id: string, priority: Priority, cores: number) =>
      ({ put: 'reservation', entry: { id, priority, ...window, demand: { capacity: { cores } } } }) as const;
    expect(lab.do('applyConfiguration', { changes: [entry('a', LOW, 4), entry('b', HIGH, 8)] }).outcome).to.equal(
      'refused',
    );
    expect(lab.status(low)).to.equal('scheduled');
    expect(lab.do('applyConfiguration', { changes: [entry('a', NORMAL, 4), entry('b', HIGH, 4)] }).outcome).to.equal(
      'applied',
    );
    expect([low, 'a', 'b'].map((id) => lab.status(id))).to.deep.equal(['preempted', 'scheduled', 'scheduled']);
  });
});

describe('capacity that is lost', () => {
  function shrunk(lab: Lab, cores: number): void {
    const result = lab.do('decreaseCapacity', { source: lab.lab, capacity: { cores }, force: true });
    expect(result.outcome).to.equal('decreased');
  }

  it('degrades by default, and is restored', () => {
    const lab = new Lab('priority');
    const [high, low] = [lab.grant(4, HIGH, 1), lab.grant(4, LOW, 1)];
    shrunk(lab, 4);
    expect([lab.status(high), lab.status(low)]).to.deep.equal(['scheduled', 'degraded']);
    lab.do('increaseCapacity', { source: lab.lab, capacity: { cores: 4 } });
    expect(lab.status(low)).to.equal('scheduled');
  });

  it('preempts who gives way to a higher class, where policy favours that, and degrades who gives way to equals', () => {
    const lab = new Lab('none');
    lab.favour();
    const [high, low] = [lab.grant(4, HIGH, 1), lab.grant(4, LOW, 1)];
    const equals = [lab.grant(4, LOW, 5), lab.grant(4, LOW, 5)];
    const result = lab.do('decreaseCapacity', { source: lab.lab, capacity: { cores: 4 }, force: true });
    expect([high, low, ...equals].map((id) => lab.status(id))).to.deep.equal([
      'scheduled',
      'preempted',
      'scheduled',
      'degraded',
    ]);
    expect(
      result.outcome === 'decreased' &&
        result.affected.map(({ reservation, missing }) => [reservation.id, missing.cores]),
    ).to.deep.equal([
      [equals[1], 4],
      [low, 4],
    ]);
    expect(lab.preempted().map(({ by }) => by)).to.deep.equal([high]);
    expect(lab.preempted()[0]?.offered?.nextWindow?.start).to.equal(NOW + 2 * HOUR);
    lab.do('increaseCapacity', { source: lab.lab, capacity: { cores: 4 } });
    expect(lab.status(equals[1] ?? '')).to.equal('scheduled');
  });

  it('withdraws the machines of a reservation that is preempted, which count until they are gone', () => {
    const lab = new Lab('none');
    lab.favour();
    const [high, low] = [lab.grant(4, HIGH, undefined, 5), lab.grant(4, LOW, undefined, 5)];
    const machine = lab.booted(low);
    shrunk(lab, 4);
    expect([lab.status(high), lab.status(low), lab.state(machine)]).to.deep.equal(['active', 'preempted', 'DELETING']);
    expect(lab.head.reservations.get(low))
      .to.deep.include({
        reason: 'displaced',
        message: `It gave way to the reservation '${high}' of the priority high because capacity was lost.`,
      })
      .and.not.to.have.any.keys('hold', 'awaits', 'easesAt');
    expect(lab.head.allocations.get(machine)).not.to.have.any.keys('endsAt', 'awaits');
    expect(lab.head.allocations.get(machine)?.claims.map(({ onLoan }) => onLoan)).to.deep.equal([true]);
    const early = lab.boot(high);
    expect(early.outcome === 'refused' && early.refusal.reason).to.equal('insufficient-capacity');
    lab.gone(machine);
    expect(lab.boot(high).outcome).to.equal('accepted');
  });

  it('preempts what has started where it is, also where there is room elsewhere, and offers it nothing that it could just ask for', () => {
    const lab = new Lab('none');
    lab.favour();
    const [high, low] = [lab.grant(4, HIGH, undefined, 5), lab.grant(4, LOW, undefined, 5)];
    const [first = ''] = lab.head.poolOrder;
    lab.pool(lab.provider([{ name: 'x', cores: 8 }], 'other'), { cores: 8, ram: 8192, instances: 8 });
    lab.do('decreaseCapacity', { pool: first, capacity: { cores: 4 }, force: true });
    expect([lab.status(high), lab.status(low)]).to.deep.equal(['active', 'preempted']);
    const [event] = lab.preempted();
    expect(event).to.include({ by: high }).and.not.to.have.property('offered');
  });

  it('offers what has started as much time as it had left', () => {
    const lab = new Lab('none');
    lab.favour();
    const [high, low] = [lab.grant(4, HIGH, undefined, 5), lab.grant(4, LOW, undefined, 5)];
    lab.booted(high);
    lab.booted(low);
    lab.advance(HOUR);
    shrunk(lab, 4);
    const [event] = lab.preempted();
    const { start = 0, end = 0 } = event?.offered?.nextWindow ?? {};
    expect(end - start).to.equal(lab.reservation(low).endsAt - lab.now);
  });

  it('preempts one that waits for machines, and does not wait on', () => {
    const lab = new Lab('best-effort');
    lab.favour();
    const machines = [lab.booted(), lab.booted()];
    const low = lab.grant(4, LOW, undefined, 5);
    expect(lab.head.reservations.get(low)).to.deep.include({ status: 'scheduled', awaits: machines.slice(1) });
    const high = lab.grant(4, HIGH, 1);
    shrunk(lab, 4);
    expect([lab.status(high), lab.status(low)]).to.deep.equal(['scheduled', 'preempted']);
    expect(lab.head.reservations.get(low)).not.to.have.any.keys('awaits', 'hold');
    expect(lab.head.awaiting.size).to.equal(0);
  });

  it('refuses a decrease that is not forced, lists whom it hits, and changes nothing', () => {
    const lab = new Lab('none');
    lab.favour();
    const [, low] = [lab.grant(4, HIGH, 1), lab.grant(4, LOW, 1)];
    lab.told();
    const result = lab.do('decreaseCapacity', { source: lab.lab, capacity: { cores: 4 }, force: false });
    expect(result.outcome === 'refused' && result.affected.map(({ reservation }) => reservation.id)).to.deep.equal([
      low,
    ]);
    expect(lab.status(low)).to.equal('scheduled');
    expect(lab.told()).to.deep.equal([]);
  });

  it('calls back what is on loan where a reservation has started', () => {
    const lab = new Lab('best-effort');
    const id = lab.grant(4, LOW, undefined, 5);
    const machine = lab.booted();
    shrunk(lab, 4);
    expect([lab.status(id), lab.state(machine)]).to.deep.equal(['active', 'DELETING']);
  });
});
