import { expect } from 'chai';
import type { PreEmption, Priority } from '../../../src/engine/entities.ts';
import { HIGH, LOW, NORMAL } from '../../../src/engine/entities.ts';
import { roomForLoans } from '../../../src/engine/vacancy.ts';
import { inventoryOf, HOUR, NOW } from './engine-fixture.ts';
import { Lab } from './preemption-lab.ts';

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
    lab.told();
    lab.gone(second);
    expect(lab.status(later)).to.equal('active');
    expect(lab.told()).to.include('reservation started active');
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

  it('are waited for no longer when there is room without them', () => {
    const lab = new Lab('best-effort');
    const ends = lab.grant(4, LOW, undefined, 0.5);
    const machine = lab.booted();
    const waits = lab.grant(4, LOW, undefined, 2);
    expect([lab.state(machine), lab.status(waits)]).to.deep.equal(['DELETING', 'scheduled']);
    lab.advance(HOUR / 2);
    expect([lab.status(ends), lab.status(waits)]).to.deep.equal(['ended', 'active']);
  });

  it('go at once when what waits and what starts need the place of all of them', () => {
    const lab = new Lab('best-effort');
    const [one, two] = [lab.grant(4, LOW, 1, 2), lab.grant(4, LOW, 1, 2)];
    const machines = [lab.booted(), lab.booted()];
    lab.advance(HOUR);
    expect(machines.map((id) => lab.state(id))).to.deep.equal(['DELETING', 'DELETING']);
    expect(lab.withdrawn().map(({ by }) => by)).to.deep.equal([one, two]);
    expect([one, two].map((id) => lab.status(id))).to.deep.equal(['scheduled', 'scheduled']);
  });

  it('go for who starts while another one waits for the rest of them', () => {
    const lab = new Lab('best-effort');
    lab.grant(4, LOW, 1, 4);
    lab.grant(4, LOW, 2, 3);
    const machines = [lab.booted(), lab.booted()];
    lab.advance(HOUR);
    expect(machines.map((id) => lab.state(id))).to.deep.equal(['ACTIVE', 'DELETING']);
    lab.advance(HOUR);
    expect(machines.map((id) => lab.state(id))).to.deep.equal(['DELETING', 'DELETING']);
  });

  it('are waited for where those who have started hold the rest', () => {
    const lab = new Lab('best-effort', 12);
    lab.grant(4, LOW, undefined, 9);
    const [going, staying] = [lab.booted(), lab.booted()];
    lab.do('destroyInstance', { id: going });
    const id = lab.grant(4, LOW, undefined);
    expect(lab.head.reservations.get(id)).to.deep.include({ status: 'scheduled', awaits: [going] });
    expect(lab.state(staying)).to.equal('ACTIVE');
  });

  it('are not waited for where there is room until one starts that waits itself', () => {
    const lab = new Lab('best-effort', 12);
    const [older, newer] = [lab.booted(), lab.booted()];
    const first = lab.grant(8, LOW, undefined, 9);
    expect(lab.head.reservations.get(first)?.awaits).to.deep.equal([newer]);
    const second = lab.grant(4, LOW, undefined, 9);
    expect([lab.status(first), lab.status(second)]).to.deep.equal(['scheduled', 'active']);
    expect(lab.state(older)).to.equal('DELETING');
    lab.gone(newer);
    expect(lab.head.reservations.get(first)).to.deep.include({ status: 'scheduled', awaits: [older] });
  });

  it('change nothing of who waits for them when something else changes', () => {
    const lab = new Lab('best-effort');
    const waits = lab.grant(8, LOW, 1, 4);
    lab.booted();
    lab.advance(HOUR);
    const before = lab.head.reservations.get(waits);
    expect(before?.awaits).to.have.length(1);
    lab.advance(HOUR);
    lab.do('increaseCapacity', { source: lab.lab, capacity: { cores: 1 } });
    expect(lab.head.reservations.get(waits)).to.equal(before);
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
    const made = lab.requestOffer(asked);
    const machine = lab.booted();
    lab.now = NOW + HOUR;
    const accepted = lab.do('acceptOffer', { id: made });
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

  it('by priority hold until a later loss what others of them have to do without before', () => {
    const lab = new Lab('priority', 16);
    const [first, second] = [lab.booted(), lab.booted()];
    const now = lab.grant(4, NORMAL, undefined, 2);
    const soon = lab.grant(4, NORMAL, 1, 1);
    const loss = lab.do('updateProvider', { id: lab.lab, inventory: inventoryOf([{ name: 'h1', cores: 8 }]) });
    expect(loss).to.deep.include({ degraded: [] });
    // Eight cores bear one machine beside the first reservation, and none once the second begins.
    expect([lab.state(first), lab.state(second)]).to.deep.equal(['ACTIVE', 'DELETING']);
    expect([lab.status(now), lab.status(soon)]).to.deep.equal(['active', 'scheduled']);
    lab.gone(second);
    lab.advance(HOUR);
    expect(lab.state(first)).to.equal('DELETING');
    lab.gone(first);
    expect(lab.status(soon)).to.equal('active');
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

  it('keep one from starting also when it lacks nothing any more', () => {
    const lab = new Lab('best-effort', 4);
    const later = lab.grant(4, NORMAL, 1, 2);
    const machine = lab.booted();
    const has = (cores: number): void => {
      lab.do('updateProvider', { id: lab.lab, inventory: inventoryOf([{ name: 'h1', cores }]) });
    };
    has(3);
    lab.advance(HOUR);
    expect(lab.head.reservations.get(later)).to.deep.include({ status: 'degraded', awaits: [machine] });
    has(5000);
    expect(lab.head.reservations.get(later)).to.deep.include({ status: 'scheduled', awaits: [machine] });
    lab.gone(machine);
    expect(lab.status(later)).to.equal('active');
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

  describe('where not all of them have to go', () => {
    let lab: Lab;
    beforeEach(() => {
      lab = new Lab('best-effort');
    });

    const boot = (flavor: 'small' | 'large', priority: Priority): string => {
      const result = lab.do('createInstance', { name: 'vm', image: 'cirros', flavor, priority });
      if (result.outcome === 'refused') throw new Error(result.refusal.message);
      const { id } = result.allocation;
      lab.do('serverAccepted', { allocation: id, server: `server-${id}` });
      lab.do('vmStateReported', { allocation: id, vmState: 'ACTIVE' });
      lab.now += 1;
      return id;
    };
    const states = (...ids: readonly string[]) => ids.map((id) => lab.state(id));
    const node = () => {
      const found = lab.head.nodes.get(`pool/${lab.head.poolOrder[0] ?? ''}`);
      if (found === undefined) throw new Error('no pool');
      return found;
    };
    const shrink = (cores: number) =>
      lab.do('updateProvider', { id: lab.lab, inventory: inventoryOf([{ name: 'h1', cores, ram: 5_000_000 }]) });

    it('those of the lowest class go, however long they have been there', () => {
      const [low, high] = [boot('large', LOW), boot('large', HIGH)];
      const id = lab.grant(4, LOW, undefined);
      expect(states(low, high)).to.deep.equal(['DELETING', 'ACTIVE']);
      expect(lab.head.reservations.get(id)?.awaits).to.deep.equal([low]);
    });

    it('of those on their way out the lowest are waited for, and nobody is told again', () => {
      const [low, high] = [boot('large', LOW), boot('large', HIGH)];
      for (const id of [low, high]) lab.do('destroyInstance', { id });
      const id = lab.grant(4, LOW, undefined);
      expect(lab.head.reservations.get(id))
        .to.deep.include({ awaits: [low] })
        .and.not.to.have.property('room');
      expect(lab.withdrawn()).to.deep.equal([]);
    });

    it('one that fits stays beside a better one that does not', () => {
      const ids = [boot('small', HIGH), boot('large', NORMAL), boot('small', LOW)];
      lab.grant(5, LOW, undefined);
      expect(states(...ids)).to.deep.equal(['ACTIVE', 'DELETING', 'ACTIVE']);
    });

    it('they stay where the reservation needs nothing of what is short', () => {
      const machine = boot('large', LOW);
      shrink(3);
      const result = lab.do('createReservation', { end: lab.now + HOUR, demand: { capacity: { ram: 1024 } } });
      expect(result).to.have.nested.property('reservation.status', 'active');
      expect(lab.state(machine)).to.equal('ACTIVE');
    });

    it('there is room for them where reservations hold what they have not begun to use', () => {
      lab.grant(2, NORMAL, undefined, 9);
      const later = lab.grant(3, NORMAL, 0.1, 8);
      const start = NOW + 0.1 * HOUR;
      const roomAt = (at: number) => roomForLoans(lab.head, node(), at)[0];
      expect(roomAt(lab.now)).to.equal(6);
      expect(roomAt(start)).to.equal(6);
      expect(roomForLoans(lab.head, node(), start, ({ id }) => id === later)[0]).to.equal(3);
      lab.advance(0.1 * HOUR);
      expect(roomAt(lab.now)).to.equal(3);
      shrink(4);
      expect(lab.status(later)).to.equal('degraded');
      expect(roomAt(lab.now), 'degraded, and begun').to.equal(-1);
    });

    it('a degraded reservation that waits for them leaves them room', () => {
      const later = lab.grant(8, NORMAL, 1, 8);
      shrink(4);
      expect(lab.status(later)).to.equal('degraded');
      const machine = boot('large', LOW);
      lab.advance(HOUR);
      expect(lab.head.reservations.get(later)).to.deep.include({ status: 'degraded', awaits: [machine] });
      expect(roomForLoans(lab.head, node(), lab.now)[0], 'while it waits').to.equal(4);
    });

    it('those of the lowest class go when capacity is lost, for the best reservation, each once', () => {
      lab = new Lab('best-effort', 12);
      lab.grant(1, LOW, undefined, 9);
      const best = lab.grant(1, HIGH, undefined, 9);
      const [low, high] = [boot('large', LOW), boot('large', HIGH)];
      shrink(6);
      expect(states(low, high)).to.deep.equal(['DELETING', 'ACTIVE']);
      shrink(5);
      expect(states(low, high)).to.deep.equal(['DELETING', 'DELETING']);
      expect(lab.withdrawn().map(({ by, allocation }) => [by, allocation.id])).to.deep.equal([
        [best, low],
        [best, high],
      ]);
    });

    it('what is withdrawn has on loan all that it consumes, once', () => {
      const machine = boot('large', LOW);
      lab.grant(8, LOW, undefined);
      const claims = lab.head.allocations.get(machine)?.claims ?? [];
      expect(claims.map(({ id, onLoan, start }) => [id, onLoan, start])).to.deep.equal([['1', true, lab.now - 1]]);
    });

    it('what outlives its reservation has nothing of it any more, and is of the normal class', () => {
      lab = new Lab('none');
      const reservation = lab.grant(4, HIGH, undefined, 1);
      const machine = lab.booted(reservation);
      expect(lab.head.allocations.get(machine)).to.include({ backing: 'reservation' }).and.have.property('endsAt');
      lab.advance(HOUR);
      expect(lab.head.allocations.get(machine))
        .to.include({ backing: 'own', priority: NORMAL })
        .and.not.to.have.any.keys('endsAt', 'claim');
    });

    it('what outlives an instance that was reserved is that no more', () => {
      lab = new Lab('none');
      const containers = [{ name: 'web', count: 1, size: { flavor: 'large' } }];
      const reservation = lab.reserve({ end: NOW + HOUR, demand: { capacity: {}, containers } });
      const machine = lab.booted(reservation);
      expect(lab.head.allocations.get(machine)).to.have.property('claim');
      lab.advance(HOUR);
      expect(lab.head.allocations.get(machine)).to.include({ backing: 'own' }).and.not.to.have.property('claim');
    });

    it('they are not named to whom they are not shown', () => {
      lab.as = { user: 'ann', tenant: 'red' };
      const machine = boot('large', LOW);
      lab.as = { user: 'bob', tenant: 'blue', confinedTo: 'blue' };
      const reservation = lab.head.reservations.get(lab.grant(8, LOW, undefined));
      expect(reservation?.awaits).to.deep.equal([machine]);
      expect(reservation?.message).to.include('these virtual machines are gone').and.not.to.include(machine);
    });

    it('those on their way out hold nothing again', () => {
      lab = new Lab('priority');
      const machine = boot('large', LOW);
      const id = lab.grant(8, HIGH, 1);
      lab.do('destroyInstance', { id: machine });
      lab.do('cancelReservation', { id });
      expect(lab.head.allocations.get(machine)?.claims.at(-1)?.onLoan).to.equal(true);
    });

    it('they hold from then on what they had on loan, when the policy is to lend no more', () => {
      const entry = { id: 'c', access: { type: 'promise-simulator:simulated' } };
      const put = (preEmption: PreEmption) =>
        lab.do('applyConfiguration', { changes: [{ put: 'provider', entry: { ...entry, preEmption } }] });
      lab = new Lab('best-effort', 1);
      put('best-effort');
      lab.do('updateProvider', { id: 'c', status: 'up', inventory: inventoryOf([{ name: 'h9', cores: 8 }]) });
      lab.pool('c', { cores: 8, ram: 8192, instances: 8 });
      const input = { name: 'vm', image: 'cirros', flavor: 'large', provider: 'c' };
      const made = lab.do('createInstance', input);
      if (made.outcome === 'refused') throw new Error(made.refusal.message);
      const machine = made.allocation.id;
      const claims = () => lab.head.allocations.get(machine)?.claims.map(({ start, onLoan }) => [start, onLoan]);
      expect(claims()).to.deep.equal([[NOW, true]]);
      lab.advance(HOUR);
      put('priority');
      expect(claims()).to.deep.equal([[lab.now, undefined]]);
    });

    it('they hold no more than before when they are resized, though the policy is to lend no more', () => {
      const entry = { id: 'c', access: { type: 'promise-simulator:simulated' } };
      const put = (preEmption: PreEmption) =>
        lab.do('applyConfiguration', { changes: [{ put: 'provider', entry: { ...entry, preEmption } }] });
      lab = new Lab('best-effort', 1);
      put('best-effort');
      lab.do('updateProvider', { id: 'c', status: 'up', inventory: inventoryOf([{ name: 'h9', cores: 8 }]) });
      const pool = lab.pool('c', { cores: 4, ram: 8192, instances: 8 });
      const made = lab.do('createInstance', { name: 'vm', image: 'cirros', flavor: 'large', provider: 'c' });
      if (made.outcome === 'refused') throw new Error(made.refusal.message);
      const machine = made.allocation.id;
      lab.do('serverAccepted', { allocation: machine, server: 's' });
      lab.do('vmStateReported', { allocation: machine, vmState: 'ACTIVE' });
      const start = NOW + HOUR;
      const demand = { capacity: { cores: 4 }, pools: [pool] };
      const id = lab.reserve({ start, end: NOW + 2 * HOUR, demand });
      put('none');
      lab.do('serverResized', { allocation: machine, flavor: 'f1' });
      const claims = lab.head.allocations
        .get(machine)
        ?.claims.map((each) => [each.capacity.cores, each.start, each.onLoan]);
      expect(claims).to.deep.equal([
        [1, lab.now, undefined],
        [1, start, true],
      ]);
      expect(lab.status(id)).to.equal('scheduled');
    });

    it('the best hold again what is not needed any more', () => {
      lab = new Lab('priority');
      const [low, normal] = [boot('large', LOW), boot('large', NORMAL)];
      const id = lab.grant(8, HIGH, 1);
      const onLoan = () => [low, normal].map((each) => isLent(each));
      const isLent = (each: string) => lab.head.allocations.get(each)?.claims.some((claim) => claim.onLoan === true);
      expect(onLoan()).to.deep.equal([true, true]);
      lab.do('updateReservation', { id, demand: { capacity: { cores: 4, ram: 4096 } } });
      expect(onLoan()).to.deep.equal([true, false]);
    });
  });
});
