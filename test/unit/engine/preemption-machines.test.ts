import { expect } from 'chai';
import type { Priority } from '../../../src/engine/entities.ts';
import { HIGH, LOW, NORMAL } from '../../../src/engine/entities.ts';
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
