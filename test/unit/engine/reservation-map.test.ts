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

function loaded(): Head {
  const head = emptyHead();
  for (const each of made) {
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
});
