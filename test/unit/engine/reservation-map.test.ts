import { expect } from 'chai';
import type { Reservation } from '../../../src/engine/entities.ts';
import { recordOf } from '../../../src/engine/reservation-record.ts';
import { apply, emptyHead, loadRecord } from '../../../src/engine/state.ts';
import type { Head } from '../../../src/engine/state.ts';
import { ALWAYS } from '../../../src/engine/window.ts';

const START = Date.parse('2030-01-31T08:00:00Z');
const HOUR = 3_600_000;

function reservation(id: string, hour: number): Reservation {
  const start = START + hour * HOUR;
  const end = start + HOUR;
  const demand = { capacity: { cores: 1 }, pools: ['p'] };
  const claims = [{ id: '1', node: 'pool/p', start, end, capacity: demand.capacity }] as const;
  const times = { createdOn: START, modifiedOn: START, startsAt: start, endsAt: end, start, end };
  return { id, origin: 'rpc', owner: 'o', priority: 2, demand, status: 'scheduled', hold: 'firm', ...times, claims };
}

const made = [reservation('b', 1), reservation('a', 2), reservation('c', 0)];

function loaded(...more: readonly Reservation[]): Head {
  const head = emptyHead();
  for (const each of [...made, ...more]) {
    const text = JSON.stringify(recordOf(each));
    loadRecord(head, { kind: 'reservation', id: each.id, body: JSON.parse(text) as object, text });
  }
  return head;
}

describe('reservations that were loaded', () => {
  it('are what they were, by their ids and in the order in which they came', () => {
    const { reservations } = loaded();
    expect(reservations.size).to.equal(3);
    expect([...reservations.keys()]).to.deep.equal(['b', 'a', 'c']);
    expect(reservations.has('a')).to.equal(true);
    expect(reservations.get('a')).to.deep.equal(made[1]);
    expect([...reservations.values()]).to.deep.equal(made);
    expect([...reservations]).to.deep.equal(made.map((each) => [each.id, each]));
    expect(reservations.get('d')).to.equal(undefined);
    const visited: unknown[] = [];
    reservations.forEach((each, id, map) => visited.push([id, each, map === reservations]));
    expect(visited).to.deep.equal(made.map((each) => [each.id, each, true]));
  });

  it('are the same object each time they are looked at', () => {
    const { reservations, held } = loaded();
    const a = reservations.get('a');
    expect(reservations.get('a')).to.equal(a);
    expect([...reservations.values()][1]).to.equal(a);
    expect(held.inOrder(ALWAYS)[2]).to.equal(a);
  });

  it('are found by their windows, changed and removed, whether they were looked at or not', () => {
    const head = loaded();
    const second = { start: START + HOUR, end: START + 2 * HOUR };
    expect(head.held.inOrder(second).map(({ id }) => id)).to.deep.equal(['b']);
    const later = reservation('b', 5);
    apply(head, { kind: 'reservation', id: 'b', body: later });
    apply(head, { kind: 'reservation', id: 'c', body: null });
    expect(head.held.inOrder(second)).to.deep.equal([]);
    expect(head.held.inOrder(ALWAYS)).to.deep.equal([made[1], later]);
    expect([...head.reservations.keys()]).to.deep.equal(['b', 'a']);
    expect([...(head.nodes.get('pool/p')?.free.min(ALWAYS) ?? [])][0]).to.equal(-1);
  });

  it('are found in each of the windows of what recurs, and not between them', () => {
    const once = reservation('d', 3);
    const series = { period: 24 * HOUR, count: 3, occurrence: 1 };
    const { claims } = once;
    const recurring = { ...once, series, claims: claims.map((each) => ({ ...each, period: series.period, count: 3 })) };
    const { held } = loaded(recurring);
    const at = (hour: number): string[] =>
      held.inOrder({ start: START + hour * HOUR, end: START + hour * HOUR + 1 }).map(({ id }) => id);
    expect([2, 3, 4, 27, 28, 51, 75].map(at)).to.deep.equal([['a'], ['d'], [], ['d'], [], ['d'], []]);
    expect(held.inOrder(ALWAYS).at(-1)).to.deep.equal(recurring);
  });

  it('are told in the order of their windows, those of one window by their ids', () => {
    const long = { ...reservation('long', -1), end: START + 9 * HOUR, endsAt: START + 9 * HOUR };
    const head = loaded(reservation('0', 2), reservation('z', 2), long);
    expect(head.held.inOrder(ALWAYS).map(({ id }) => id)).to.deep.equal(['long', 'c', 'b', '0', 'a', 'z']);
  });

  it('are what they were also where their text is not known', () => {
    const head = emptyHead();
    for (const each of made) loadRecord(head, { kind: 'reservation', id: each.id, body: recordOf(each) });
    expect([...head.reservations.values()]).to.deep.equal(made);
    expect(head.held.inOrder(ALWAYS).map(({ id }) => id)).to.deep.equal(['c', 'b', 'a']);
  });
});
