/** How decisions are explained: what was granted, by which pools and hosts, what the others lack, and why something was refused. */
import { expect } from 'chai';
import { explainAllocation, explainDecision, explainReservation } from '../../../src/engine/explain.ts';
import type { Explanation } from '../../../src/engine/explain.ts';
import { UnknownEntry } from '../../../src/engine/requests.ts';
import type { CreateInstance } from '../../../src/engine/requests.ts';
import { DAY, Engine, HOUR, NOW } from './engine-fixture.ts';

const T = NOW + DAY;
const WINDOW = { start: T, end: T + HOUR };
const GRANTED = 'Granted on 2030-01-01T00:00:00Z in the pool';
const FIRST = ', the first in the order of ids that fits the whole request.';
const AS_IT_IS = ' What the other pools lack is as it is now.';

/** Two pools of four and six cores, on a host each. */
class Lab extends Engine {
  readonly source = this.provider([
    { name: 'h1', cores: 8, zone: 'z1' },
    { name: 'h2', cores: 8, zone: 'z2' },
  ]);
  readonly small = this.pool(this.source, { cores: 4, ram: 4096, instances: 4 }, 'z1');
  readonly large = this.pool(this.source, { cores: 6, ram: 6144, instances: 6 }, 'z2');

  explained(id: string): Explanation {
    const before = JSON.stringify([...(this.head.nodes.get(`pool/${this.small}`)?.free.steps(WINDOW) ?? [])]);
    const found = explainReservation(this.head, id, this.now);
    const after = JSON.stringify([...(this.head.nodes.get(`pool/${this.small}`)?.free.steps(WINDOW) ?? [])]);
    expect(after).to.equal(before);
    return found;
  }

  machine(more: Partial<CreateInstance> = {}): string {
    const result = this.do('createInstance', { name: 'vm', image: 'cirros', flavor: 'small', ...more });
    if (result.outcome === 'refused') throw new Error(result.refusal.message);
    return result.allocation.id;
  }
}

describe('an explanation', () => {
  it('of a reservation says which pool bears it, and what the others lack of it now', () => {
    const lab = new Lab();
    const { small, large } = lab;
    const id = lab.reserve({ ...WINDOW, demand: { capacity: { cores: 5 } } });
    expect(lab.explained(id)).to.deep.equal({
      message: `${GRANTED} '${large}'${FIRST}${AS_IT_IS}`,
      considered: [
        { pool: small, chosen: false, shortages: [{ pool: small, resource: 'cores', from: T, missing: 1 }] },
        { pool: large, chosen: true, shortages: [] },
      ],
    });
    const one = lab.reserve({ ...WINDOW, demand: { capacity: { cores: 1 }, pools: [small] } });
    expect(lab.explained(one)).to.deep.equal({
      message: `${GRANTED} '${small}'${FIRST}`,
      considered: [{ pool: small, chosen: true, shortages: [] }],
    });
    expect(() => lab.explained('none')).to.throw(UnknownEntry);
    expect(() => explainReservation(lab.head, one, NOW, { confinedTo: 'red' })).to.throw(UnknownEntry);
  });

  it('of one in several pools says that none has the whole, and of each its part alone', () => {
    const lab = new Lab();
    const { small, large } = lab;
    const id = lab.reserve({ ...WINDOW, demand: { capacity: { cores: 8 } } });
    expect(lab.explained(id)).to.deep.equal({
      message: `Granted on 2030-01-01T00:00:00Z in the pools '${small}', '${large}' together, since none fits the whole request alone.`,
      considered: [small, large].map((pool) => ({ pool, chosen: true, shortages: [] })),
    });
    lab.do('decreaseCapacity', { pool: small, capacity: { cores: 3 }, force: true });
    const found = lab.explained(id);
    expect(found.reason).to.equal('capacity-withdrawn');
    expect(found.message).to.equal(
      `Capacity was lost; the reservation cannot be kept in full at present. Granted on 2030-01-01T00:00:00Z in the pools '${small}', '${large}' together, since none fits the whole request alone.`,
    );
    expect(found.considered[0]?.shortages).to.deep.equal([{ pool: small, resource: 'cores', from: T, missing: 3 }]);
  });

  it('of instances names the hosts that bear them, and puts the others together', () => {
    const lab = new Lab();
    const { small, large } = lab;
    const containers = [{ name: 'web', count: 2, size: { vcpus: 2, ram: 512 } }];
    const id = lab.reserve({ ...WINDOW, demand: { capacity: {}, containers } });
    const found = lab.explained(id);
    expect(found.considered).to.deep.equal([
      { pool: small, chosen: true, shortages: [] },
      { pool: large, chosen: false, shortages: [] },
      { pool: small, host: 'h1', chosen: true, shortages: [] },
    ]);
    expect(found.hosts).to.deep.equal([
      { container: 'web', pool: small, lacking: "in the zone 'z2'", count: 1, examples: ['h2'] },
      { container: 'web', pool: large, lacking: 'nothing: another host was preferred', count: 1, examples: ['h2'] },
    ]);
  });

  it('of what recurs is of the window in progress, or the next', () => {
    const lab = new Lab();
    const recurrence = { frequency: 'daily', interval: 1, count: 3 } as const;
    const id = lab.reserve({ ...WINDOW, recurrence, demand: { capacity: { cores: 1 } } });
    const of = (number: number) =>
      `${GRANTED} '${lab.small}'${FIRST}${AS_IT_IS} This is of window ${number} of 3; each was admitted like this one, all of them or none.`;
    expect(lab.explained(id).message).to.equal(of(1));
    lab.advance(DAY + HOUR);
    expect(lab.explained(id).message).to.equal(of(2));
  });

  it('of what holds nothing says so, and why', () => {
    const lab = new Lab();
    const asked = { ...WINDOW, demand: { capacity: { cores: 11 } }, deferred: true };
    const pending = lab.do('createReservation', asked);
    if (pending.outcome !== 'pending') throw new Error(pending.outcome);
    const { id } = pending.reservation;
    expect(lab.explained(id)).to.deep.equal({ message: 'It is recorded and not decided on yet.', considered: [] });
    lab.advance(0);
    const rejected = lab.explained(id);
    expect(rejected.reason).to.equal('insufficient-capacity');
    expect(rejected.message).to.match(/^Not free throughout .*: 11 cores asked for, 10 free in 2 pools\.$/);
    const over = lab.reserve({ ...WINDOW, demand: { capacity: { cores: 1 } } });
    lab.advance(DAY + HOUR);
    const ended = lab.explained(over);
    expect(ended).to.include({ reason: 'window-over', message: 'Its status is ended.' });
    // What was granted then is not of now.
    expect(ended.considered.flatMap(({ shortages }) => shortages)).to.deep.equal([]);
  });

  it('of a machine says what it consumes, where, and what went wrong', () => {
    const lab = new Lab();
    const { small, large } = lab;
    const reservation = lab.reserve({ end: T, demand: { capacity: { cores: 1, ram: 512, instances: 1 } } });
    const backed = lab.machine({ reservation });
    const own = lab.machine({ zone: 'z2' });
    const explained = (id: string): Explanation => explainAllocation(lab.head, id, lab.now);
    expect(explained(backed)).to.deep.equal({
      message: `It consumes a part of what the reservation '${reservation}' holds in the pool '${small}'.`,
      considered: [
        { pool: small, chosen: true, shortages: [] },
        { pool: small, host: 'h1', chosen: true, shortages: [] },
      ],
    });
    const alone =
      'It was made without a reservation, in the first pool in the order of ids that has what it needs from then on without end.';
    expect(explained(own)).to.deep.equal({
      message: `${alone}${AS_IT_IS}`,
      considered: [
        { pool: large, chosen: true, shortages: [] },
        { pool: large, host: 'h2', chosen: true, shortages: [] },
      ],
    });
    lab.do('serverAccepted', { allocation: backed, server: 's1' });
    lab.do('vmStateReported', { allocation: backed, vmState: 'ERROR', fault: { message: 'no valid host' } });
    expect(explained(backed).message).to.match(/'\. The provider says: no valid host\.$/);
    lab.advance(DAY);
    expect(explained(backed).message).to.equal(
      `Its reservation '${reservation}' is over; it holds what it needs in the pool '${small}' itself.${AS_IT_IS} The provider says: no valid host.`,
    );
    expect(explained(backed).considered.map(({ pool, chosen }) => [pool, chosen])).to.deep.include.members([
      [small, true],
      [large, false],
    ]);
    expect(() => explained('none')).to.throw(UnknownEntry);
  });

  it('of a decision is what it says of that which came of it', () => {
    const lab = new Lab();
    const refused = lab.do('createReservation', { ...WINDOW, demand: { capacity: { cores: 11, ram: 20_000 } } });
    if (refused.outcome !== 'refused') throw new Error(refused.outcome);
    const of = (decided: Parameters<typeof explainDecision>[1]): Explanation =>
      explainDecision(lab.head, decided, lab.now);
    const { refusal } = refused;
    const refusalSaid = of({ refusal });
    expect(refusalSaid).to.include({ reason: 'insufficient-capacity', message: refusal.message });
    expect(refusalSaid.considered.map(({ pool, chosen, shortages }) => [pool, chosen, shortages.length])).to.deep.equal(
      [
        [lab.small, false, 2],
        [lab.large, false, 2],
      ],
    );
    const containers = [{ name: 'web', count: 1, size: { vcpus: 9, ram: 1 } }];
    const unplaced = lab.do('createReservation', { ...WINDOW, demand: { capacity: {}, containers } });
    if (unplaced.outcome !== 'refused') throw new Error(unplaced.outcome);
    const hosts = of({ refusal: unplaced.refusal }).considered.flatMap(({ host, chosen, shortages }) =>
      host === undefined ? [] : [[host, chosen, shortages.length]],
    );
    // Each of the two as it is seen from either pool.
    expect(hosts.sort()).to.deep.equal(['h1', 'h1', 'h2', 'h2'].map((host) => [host, false, 0]));
    const granted = lab.do('createReservation', { ...WINDOW, demand: { capacity: { cores: 1 } } });
    if (granted.outcome !== 'granted') throw new Error(granted.outcome);
    const { reservation } = granted;
    expect(of({ reservation })).to.deep.equal(lab.explained(reservation.id));
    const offered = lab.do('requestOffer', { ...WINDOW, demand: { capacity: { cores: 1 } }, holdFor: HOUR });
    if (offered.outcome === 'refused') throw new Error(offered.outcome);
    expect(of({ offer: offered.offer }).message).to.equal(`${GRANTED} '${lab.small}'${FIRST}${AS_IT_IS}`);
    const made = lab.do('createInstance', { name: 'vm', image: 'cirros', flavor: 'small' });
    if (made.outcome === 'refused') throw new Error(made.refusal.message);
    expect(of({ allocation: made.allocation })).to.deep.equal(explainAllocation(lab.head, made.allocation.id, lab.now));
  });
});
