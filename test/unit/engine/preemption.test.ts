import { expect } from 'chai';
import type { PreEmption, Priority } from '../../../src/engine/entities.ts';
import { HIGH, LOW, NORMAL } from '../../../src/engine/entities.ts';
import { Engine, inventoryOf, HOUR, NOW } from './engine-fixture.ts';
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
    const result = lab.do('createReservation', { ...window, demand: { capacity: { cores: 8 }, pools: [pool] } });
    expect(result.outcome).to.equal('granted');
    expect(lab.status(first)).to.equal('scheduled');
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
    expect(lab.head.reservations.get(low)).to.include({ status: 'scheduled' }).and.not.to.have.property('easesAt');
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

describe('machines without a reservation', () => {
  it('hold what they have for good unless policy says otherwise', () => {
    const lab = new Lab('none');
    lab.booted();
    lab.booted();
    expect(lab.ask(4, HIGH, 1).outcome).to.equal('refused');
    expect(lab.ask(4, HIGH, undefined).outcome).to.equal('refused');
  });

  it('under best effort have what is free now, and are withdrawn when a reservation starts that needs it', () => {
    const lab = new Lab('best-effort');
    const later = lab.grant(8, LOW, 1);
    const [first, second] = [lab.booted(), lab.booted()];
    expect(lab.boot().outcome).to.equal('refused');
    lab.told();
    lab.advance(HOUR);
    expect([lab.state(first), lab.state(second)]).to.deep.equal(['DELETING', 'DELETING']);
    expect(lab.status(later)).to.equal('scheduled');
    expect(lab.withdrawn().map(({ by }) => by)).to.deep.equal([later, later]);
    const barred = lab.boot(later);
    expect(barred.outcome === 'refused' && barred.refusal.reason).to.equal('reservation-not-started');
    lab.gone(first);
    expect(lab.status(later)).to.equal('scheduled');
    lab.gone(second);
    expect(lab.status(later)).to.equal('active');
    expect(lab.boot(later).outcome).to.equal('accepted');
  });

  it('have the class that was asked for, and give way to none below it', () => {
    const lab = new Lab('priority');
    const input = { name: 'vm', image: 'cirros', flavor: 'large' };
    const boot = (priority?: Priority): string => {
      const result = lab.do('createInstance', priority === undefined ? input : { ...input, priority });
      if (result.outcome === 'refused') throw new Error(result.refusal.message);
      return result.allocation.id;
    };
    const [high, low] = [boot(HIGH), boot()];
    expect([high, low].map((id) => lab.head.allocations.get(id)?.priority)).to.deep.equal([HIGH, LOW]);
    expect(lab.ask(8, NORMAL, 1).outcome).to.equal('refused');
    const result = lab.ask(4, NORMAL, 1);
    if (result.outcome !== 'granted') throw new Error('refused');
    expect(result.displaced?.machines).to.deep.equal([low]);
    expect(lab.ask(8, HIGH, 3).outcome).to.equal('refused');
  });

  it('under best effort go the newest first, and no more than have to', () => {
    const lab = new Lab('best-effort');
    const [first, second] = [lab.booted(), lab.booted()];
    const result = lab.ask(3, LOW, undefined);
    if (result.outcome !== 'granted') throw new Error('refused');
    expect(result.displaced).to.deep.equal({ reservations: [], machines: [second], complete: true });
    expect(result.reservation).to.deep.include({ status: 'scheduled', awaits: [second] });
    expect(lab.state(first)).to.equal('ACTIVE');
    lab.gone(second);
    expect(lab.status(result.reservation.id)).to.equal('active');
  });

  it('under best effort have on loan what they consume when they were resized', () => {
    const lab = new Lab('best-effort');
    const later = lab.grant(8, LOW, 1);
    const machine = lab.booted();
    lab.do('serverResized', { allocation: machine, flavor: 'f1' });
    const resized = lab.head.allocations.get(machine);
    expect(resized?.claims.map(({ capacity, onLoan }) => [capacity.cores, onLoan])).to.deep.equal([[1, true]]);
    expect(lab.status(later)).to.equal('scheduled');
    lab.advance(HOUR);
    expect(lab.state(machine)).to.equal('DELETING');
    lab.gone(machine);
    expect(lab.status(later)).to.equal('active');
  });

  it('are not withdrawn when the reservation is cancelled before it starts', () => {
    const lab = new Lab('best-effort');
    const later = lab.grant(8, LOW, 1);
    const machine = lab.booted();
    lab.do('cancelReservation', { id: later });
    lab.advance(2 * HOUR);
    expect(lab.state(machine)).to.equal('ACTIVE');
  });

  it('that are being deleted anyway are waited for before others are withdrawn', () => {
    const lab = new Lab('best-effort');
    const [first, second] = [lab.booted(), lab.booted()];
    lab.do('destroyInstance', { id: first });
    const id = lab.grant(4, LOW, undefined);
    expect(lab.head.reservations.get(id)?.awaits).to.deep.equal([first]);
    expect(lab.state(second)).to.equal('ACTIVE');
    lab.gone(first);
    expect(lab.status(id)).to.equal('active');
  });

  it('keep two reservations that start at once waiting each for what it needs', () => {
    const lab = new Lab('best-effort');
    const [one, two] = [lab.grant(4, LOW, 1, 2), lab.grant(4, LOW, 1, 2)];
    const [first, second] = [lab.booted(), lab.booted()];
    lab.advance(HOUR);
    lab.gone(second);
    expect([lab.status(one), lab.status(two)].sort()).to.deep.equal(['active', 'scheduled']);
    lab.gone(first);
    expect([lab.status(one), lab.status(two)]).to.deep.equal(['active', 'active']);
  });

  it('are waited for by a reservation that is changed to begin now, and not by one that is put off again', () => {
    const lab = new Lab('best-effort');
    const later = lab.grant(8, LOW, 1, 4);
    const machine = lab.booted();
    const begun = lab.do('updateReservation', { id: later, start: lab.now });
    expect(begun).to.deep.include({
      outcome: 'updated',
      displaced: { reservations: [], machines: [machine], complete: true },
    });
    const waiting = { status: 'scheduled', awaits: [machine] };
    expect(lab.head.reservations.get(later)).to.deep.include(waiting);
    expect(lab.state(machine)).to.equal('DELETING');
    const { message } = lab.head.reservations.get(later) ?? {};
    lab.do('updateReservation', { id: later, name: 'other' });
    expect(lab.head.reservations.get(later)).to.deep.include({ ...waiting, name: 'other' });
    expect(lab.head.reservations.get(later)?.message).to.equal(message);
    lab.do('updateReservation', { id: later, demand: { capacity: { cores: 7 } } });
    expect(lab.head.reservations.get(later)).to.deep.include(waiting);
    lab.do('updateReservation', { id: later, start: NOW + 2 * HOUR });
    expect(lab.head.reservations.get(later)).to.include({ status: 'scheduled' }).and.not.to.have.property('awaits');
    lab.gone(machine);
    expect(lab.status(later)).to.equal('scheduled');
    lab.do('updateReservation', { id: later, start: lab.now });
    expect(lab.status(later)).to.equal('active');
  });

  it('are waited for by a reservation out of an offer whose start has come', () => {
    const lab = new Lab('best-effort');
    const window = { start: NOW + HOUR, end: NOW + 4 * HOUR };
    const asked = { ...window, demand: { capacity: { cores: 8 } }, holdFor: 2 * HOUR };
    const made = lab.do('requestOffer', asked);
    if (made.outcome === 'refused') throw new Error(made.refusal.message);
    const machine = lab.booted();
    lab.now = NOW + HOUR;
    const accepted = lab.do('acceptOffer', { id: made.offer.id });
    if (accepted.outcome === 'refused') throw new Error(accepted.refusal.message);
    expect(accepted.reservation).to.deep.include({ status: 'scheduled', awaits: [machine] });
    expect(lab.state(machine)).to.equal('DELETING');
    expect(lab.boot(accepted.reservation.id)).to.have.nested.property('refusal.reason', 'reservation-not-started');
    lab.gone(machine);
    expect(lab.status(accepted.reservation.id)).to.equal('active');
  });

  it('whose reservation is cancelled while it waits let it go', () => {
    const lab = new Lab('best-effort');
    const [first] = [lab.booted(), lab.booted()];
    const id = lab.grant(8, LOW, undefined);
    lab.do('cancelReservation', { id });
    lab.gone(first);
    expect(lab.head.awaiting.size).to.equal(0);
    expect(lab.boot().outcome).to.equal('accepted');
  });

  it('by priority give way to a higher class from its start on', () => {
    const lab = new Lab('priority');
    const [first, second] = [lab.booted(), lab.booted()];
    expect(lab.ask(4, LOW, 1).outcome).to.equal('refused');
    const result = lab.ask(4, NORMAL, 1);
    if (result.outcome !== 'granted') throw new Error('refused');
    expect(result.displaced?.machines).to.deep.equal([second]);
    expect(lab.withdrawn().map(({ from, by, allocation }) => [from, by, allocation.vmState])).to.deep.equal([
      [NOW + HOUR, result.reservation.id, 'ACTIVE'],
    ]);
    lab.advance(HOUR);
    expect([lab.state(first), lab.state(second)]).to.deep.equal(['ACTIVE', 'DELETING']);
    lab.gone(second);
    expect(lab.status(result.reservation.id)).to.equal('active');
  });

  it('by priority hold again what nobody needs any more', () => {
    const lab = new Lab('priority', 4);
    const machine = lab.booted();
    const id = lab.grant(4, NORMAL, 1);
    // It holds its place until then: an equal gets nothing of it.
    expect(lab.ask(4, LOW, undefined, 1).outcome).to.equal('refused');
    lab.do('cancelReservation', { id });
    expect(lab.ask(4, LOW, 1).outcome).to.equal('refused');
    lab.advance(2 * HOUR);
    expect(lab.state(machine)).to.equal('ACTIVE');
  });

  it('by priority hold again what nobody needs, up to when somebody does', () => {
    const lab = new Lab('priority', 4);
    const machine = lab.booted();
    /** From when to when it holds its place, in hours, and whether it has it on loan. */
    const held = () =>
      lab.head.allocations.get(machine)?.claims.map(({ id, start, end, onLoan }) => {
        const hours = (at: number | undefined) => (at === undefined ? undefined : Math.round((at - NOW) / HOUR));
        return [id, hours(start), hours(end), onLoan === true];
      });
    expect(held()).to.deep.equal([['1', 0, undefined, false]]);
    const soon = lab.grant(4, NORMAL, 1);
    const later = lab.grant(2, NORMAL, 5);
    const lent = [
      ['1', 0, 1, false],
      ['2', 1, undefined, true],
    ];
    expect(held()).to.deep.equal(lent);
    lab.do('cancelReservation', { id: soon });
    expect(held()).to.deep.equal([
      ['1', 0, 5, false],
      ['2', 5, undefined, true],
    ]);
    lab.do('cancelReservation', { id: later });
    expect(held()).to.deep.equal([['1', 0, undefined, false]]);
  });

  it('under best effort stay on loan when nobody needs it any more', () => {
    const lab = new Lab('best-effort', 4);
    const later = lab.grant(4, NORMAL, 1);
    const machine = lab.booted();
    lab.do('cancelReservation', { id: later });
    const claims = lab.head.allocations.get(machine)?.claims;
    expect(claims?.map(({ start, end, onLoan }) => [start, end, onLoan])).to.deep.equal([
      [lab.now - 1, undefined, true],
    ]);
  });

  it('are named to whom they keep waiting, until it starts', () => {
    const lab = new Lab('best-effort', 4);
    const later = lab.grant(4, NORMAL, 1);
    const machine = lab.booted();
    lab.advance(HOUR);
    const said = `It starts when the VIM has confirmed that these virtual machines are gone: ${machine}.`;
    expect(lab.head.reservations.get(later)?.message).to.equal(said);
    lab.gone(machine);
    expect(lab.head.reservations.get(later))
      .to.include({ status: 'active' })
      .and.not.to.have.any.keys('message', 'awaits');
  });

  it('keep a degraded reservation from starting too, which goes on saying what it lacks', () => {
    const lab = new Lab('best-effort', 4);
    const later = lab.grant(4, NORMAL, 1, 2);
    const machine = lab.booted();
    lab.do('updateProvider', { id: lab.lab, inventory: inventoryOf([{ name: 'h1', cores: 3 }]) });
    expect(lab.status(later)).to.equal('degraded');
    const { message } = lab.head.reservations.get(later) ?? {};
    lab.advance(HOUR);
    expect(lab.head.reservations.get(later)).to.deep.include({ status: 'degraded', message, awaits: [machine] });
    lab.gone(machine);
    expect(lab.head.reservations.get(later))
      .to.include({ status: 'degraded', message })
      .and.not.to.have.property('awaits');
  });

  it('are let go in the order of who waits: the higher class first', () => {
    const lab = new Lab('best-effort');
    const [low, high] = [lab.grant(4, LOW, 1, 2), lab.grant(4, HIGH, 1, 2)];
    const [first, second] = [lab.booted(), lab.booted()];
    lab.advance(HOUR);
    lab.gone(second);
    expect([lab.status(low), lab.status(high)]).to.deep.equal(['scheduled', 'active']);
    expect(lab.state(first)).to.equal('DELETING');
    lab.gone(first);
    expect([lab.status(low), lab.status(high)]).to.deep.equal(['active', 'active']);
  });

  it('that outlive their reservation do not degrade the next one of a higher class', () => {
    const lab = new Lab('priority', 4);
    const now = lab.grant(4, NORMAL, undefined, 1);
    const machine = lab.booted(now);
    const next = lab.grant(4, HIGH, 1);
    lab.advance(HOUR);
    expect(lab.status(next)).to.equal('scheduled');
    expect(lab.state(machine)).to.equal('DELETING');
    lab.gone(machine);
    expect(lab.status(next)).to.equal('active');
  });
});

describe('machines without a reservation, by their class', () => {
  /** A machine of four cores and a class. */
  const boot = (lab: Lab, priority?: Priority) => {
    const input = { name: 'vm', image: 'cirros', flavor: 'large' };
    return lab.do('createInstance', priority === undefined ? input : { ...input, priority });
  };

  it('displace the lowest class that has not started, the newest in it, and no more than they need', () => {
    const lab = new Lab('priority');
    const normal = lab.grant(2, NORMAL, 1);
    const older = lab.grant(2, LOW, 1);
    const newer = lab.grant(4, LOW, 1);
    const later = lab.grant(4, LOW, 5);
    lab.told();
    const result = boot(lab, HIGH);
    if (result.outcome === 'refused') throw new Error(result.refusal.message);
    expect(result.displaced).to.deep.equal({ reservations: [newer], machines: [], complete: true });
    expect([normal, older, newer, later].map((id) => lab.status(id))).to.deep.equal([
      'scheduled',
      'scheduled',
      'preempted',
      'scheduled',
    ]);
    expect(lab.head.reservations.get(newer)?.message).to.equal(
      `It gave way to the virtual machine '${result.allocation.id}' of the priority high.`,
    );
    const [event] = lab.preempted();
    expect(event?.by).to.equal(result.allocation.id);
    expect(event?.offered?.nextWindow?.start).to.equal(NOW + 2 * HOUR);
    expect([...lab.due.values()].filter(({ subject }) => subject === newer).map(({ task }) => task)).to.deep.equal([
      'forget',
    ]);
  });

  it('spare what has started, equals, and machines of their class, and change nothing when they are refused', () => {
    const lab = new Lab('priority');
    const started = lab.grant(2, LOW, undefined, 9);
    const own = boot(lab, NORMAL);
    if (own.outcome === 'refused') throw new Error(own.refusal.message);
    const machine = own.allocation.id;
    const equal = lab.grant(2, NORMAL, 1);
    lab.told();
    const head = JSON.stringify([[...lab.head.reservations], [...lab.head.allocations], [...lab.due]]);
    const result = boot(lab, NORMAL);
    expect(result).to.have.nested.property('refusal.reason', 'insufficient-capacity');
    expect(result).to.not.have.nested.property('refusal.searchComplete');
    expect([lab.status(started), lab.status(equal), lab.state(machine)]).to.deep.equal([
      'active',
      'scheduled',
      'INITIALIZED',
    ]);
    expect(JSON.stringify([[...lab.head.reservations], [...lab.head.allocations], [...lab.due]])).to.equal(head);
    expect(lab.told()).to.deep.equal([]);
  });

  describe('take the place of machines of a lower class', () => {
    let lab: Lab;
    beforeEach(() => {
      lab = new Lab('priority');
    });

    const accepted = (result: ReturnType<typeof boot>) => {
      if (result.outcome === 'refused') throw new Error(result.refusal.message);
      return result;
    };

    it('and wait until these are gone, the newest of the lowest class', () => {
      const [older, newer] = [lab.booted(), lab.booted()];
      lab.told();
      const result = accepted(boot(lab, HIGH));
      const { id } = result.allocation;
      expect(result.displaced).to.deep.equal({ reservations: [], machines: [newer], complete: true });
      expect([lab.state(older), lab.state(newer), lab.state(id)]).to.deep.equal(['ACTIVE', 'DELETING', 'INITIALIZED']);
      expect(lab.head.allocations.get(id)).to.deep.include({ awaits: [newer] });
      expect(lab.head.allocations.get(id)).not.to.have.property('intent');
      expect(lab.head.intents.has(id)).to.equal(false);
      const event = lab.events.find((each) => each.kind === 'allocation-event' && each.cause === 'preempted');
      expect(event).to.include({ by: id, byWhat: 'machine' });
      expect(event).to.have.nested.property('offered.reason', 'insufficient-capacity');
      // Its place is nobody else's meanwhile.
      expect(boot(lab, NORMAL).outcome).to.equal('accepted');
      expect(lab.state(older)).to.equal('DELETING');
      lab.gone(newer);
      expect(lab.head.allocations.get(id)).to.include({ intent: 'create' });
      expect(lab.head.allocations.get(id)).not.to.have.property('awaits');
    });

    it('with their hosts', () => {
      const small = new Engine();
      const provider = small.provider(
        [
          { name: 'h1', cores: 4 },
          { name: 'h2', cores: 4 },
        ],
        'lab',
        'priority',
      );
      small.pool(provider, { cores: 8, ram: 8192 });
      const made = [NORMAL, LOW, HIGH].map((priority) =>
        small.do('createInstance', { name: 'vm', image: 'cirros', flavor: 'large', priority }),
      );
      const hosts = made.map((each) => (each.outcome === 'accepted' ? each.allocation.host : undefined));
      expect(new Set(hosts.slice(0, 2)).size).to.equal(2);
      expect(hosts[2]).to.equal(hosts[1]);
    });

    it('and wait for those that are being deleted before they have others deleted', () => {
      const [first, second] = [lab.booted(), lab.booted()];
      lab.do('destroyInstance', { id: first });
      const { displaced, allocation } = accepted(boot(lab, NORMAL));
      expect(displaced).to.deep.equal({ reservations: [], machines: [], complete: true });
      expect(allocation.awaits).to.deep.equal([first]);
      expect(lab.state(second)).to.equal('ACTIVE');
    });

    it('and may give way in their turn: who displaces them waits for the same', () => {
      const [older, low] = [lab.booted(), lab.booted()];
      const normal = accepted(boot(lab, NORMAL)).allocation;
      expect(normal.awaits).to.deep.equal([low]);
      accepted(boot(lab, HIGH));
      const high = accepted(boot(lab, HIGH)).allocation;
      expect([lab.state(older), lab.state(normal.id)]).to.deep.equal(['DELETING', 'DELETING']);
      expect(lab.head.allocations.get(normal.id)).not.to.have.property('awaits');
      expect(new Set(high.awaits)).to.deep.equal(new Set([older, low, normal.id]));
      for (const each of [normal.id, older]) lab.gone(each);
      expect(lab.head.allocations.get(high.id)).not.to.have.property('intent');
      lab.gone(low);
      expect(lab.head.allocations.get(high.id)?.intent).to.equal('create');
    });

    it('and give it back when they are destroyed while they wait', () => {
      lab.booted();
      const low = lab.booted();
      const { id } = accepted(boot(lab, HIGH)).allocation;
      lab.do('destroyInstance', { id });
      lab.gone(low);
      expect(lab.head.allocations.get(id)).to.include({ vmState: 'DELETING', intent: 'delete' });
      lab.gone(id);
      expect(lab.booted()).to.be.a('string');
    });

    it('and go on waiting for one that cannot be deleted, until it is', () => {
      lab.booted();
      const low = lab.booted();
      const { id } = accepted(boot(lab, HIGH)).allocation;
      lab.do('deletionAccepted', { allocation: low });
      lab.do('vmStateReported', { allocation: low, vmState: 'ERROR', fault: { message: 'stuck' } });
      expect(lab.head.allocations.get(id)?.awaits).to.deep.equal([low]);
      lab.do('destroyInstance', { id: low });
      lab.gone(low);
      expect(lab.head.allocations.get(id)?.intent).to.equal('create');
    });

    it('and are made elsewhere, or not at all, when the place is lost meanwhile', () => {
      const made = (left: number) => {
        const two = new Engine();
        const hosts = (count: number) =>
          Array.from({ length: 3 }, (_, index) => ({
            name: `h${index}`,
            cores: 4,
            state: index < count ? ('up' as const) : ('down' as const),
          }));
        const provider = two.provider(hosts(2), 'lab', 'priority');
        two.pool(provider, { cores: 8, ram: 8192, instances: 8 });
        const start = (priority: Priority) => {
          const result = two.do('createInstance', { name: 'vm', image: 'cirros', flavor: 'large', priority });
          if (result.outcome === 'refused') throw new Error(result.refusal.message);
          two.now += 1;
          return result.allocation.id;
        };
        start(NORMAL);
        const low = start(LOW);
        const high = start(HIGH);
        const lost = two.head.allocations.get(high)?.host;
        const all = hosts(3).map((host, index) => ({
          ...host,
          state: host.name === lost || (index === 2 && left === 1) ? ('down' as const) : ('up' as const),
        }));
        two.do('updateProvider', { id: provider, inventory: inventoryOf(all) });
        two.do('serverGone', { allocation: low });
        return two.head.allocations.get(high);
      };
      expect(made(2)).to.include({ intent: 'create', vmState: 'INITIALIZED', host: 'h2' });
      const lost = made(1);
      expect(lost).to.include({ vmState: 'ERROR' });
      expect(lost?.fault?.message).to.include('Its place was lost while it waited for it');
      expect(lost?.claims).to.deep.equal([]);
    });
  });

  it('displace nobody when they are low, or under another policy', () => {
    const low = new Lab('priority');
    const [first] = [low.grant(8, LOW, 1)];
    expect(boot(low)).to.have.property('outcome', 'refused');
    expect(low.status(first)).to.equal('scheduled');
    const none = new Lab('none');
    none.grant(8, LOW, 1);
    expect(boot(none, HIGH)).to.have.property('outcome', 'refused');
  });

  it('move to another pool whom they displace where there is room', () => {
    const lab = new Lab('priority', 4);
    const low = lab.grant(4, LOW, 1);
    const other = lab.provider([{ name: 'h2', cores: 100 }], 'other');
    const spare = lab.pool(other, { cores: 4, ram: 8192 });
    lab.told();
    const result = lab.do('createInstance', {
      provider: lab.lab,
      name: 'vm',
      image: 'cirros',
      flavor: 'large',
      priority: HIGH,
    });
    if (result.outcome === 'refused') throw new Error(result.refusal.message);
    expect(result.displaced?.reservations).to.deep.equal([]);
    expect(lab.head.reservations.get(low)).to.include({ status: 'scheduled' });
    expect(lab.head.reservations.get(low)?.claims.map(({ node }) => node)).to.deep.equal([`pool/${spare}`]);
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
    const early = lab.boot(high);
    expect(early.outcome === 'refused' && early.refusal.reason).to.equal('insufficient-capacity');
    lab.gone(machine);
    expect(lab.boot(high).outcome).to.equal('accepted');
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
