import { expect } from 'chai';
import type { Claim, Reservation } from '../../../src/engine/entities.ts';
import { omit } from '../../../src/engine/omit.ts';
import { recordOf, reservationIn, sharedClaims } from '../../../src/engine/reservation-record.ts';
import type { ReservationRecord } from '../../../src/engine/reservation-record.ts';

const START = Date.parse('2030-01-31T08:00:00Z');
const HOUR = 3_600_000;

const plain: Reservation = {
  id: 'r1',
  origin: 'rpc',
  owner: 'consumer',
  priority: 2,
  demand: { capacity: { cores: 4, ram: 8_192 }, pools: ['p'] },
  status: 'scheduled',
  createdOn: START - HOUR,
  modifiedOn: START - HOUR,
  start: START,
  end: START + HOUR,
  startsAt: START,
  endsAt: START + HOUR,
  hold: 'firm',
  claims: [{ id: '1', node: 'pool/p', start: START, end: START + HOUR, capacity: { cores: 4, ram: 8_192 } }],
};

const KNOWN = { nodes: new Map([['pool/p', { id: 'pool/p' }]] as const), hosts: { nodes: new Map() } };

function back(record: object): Reservation {
  // Cast: what was a record is one after a journey through JSON.
  return reservationIn('r1', JSON.parse(JSON.stringify(record)) as ReservationRecord, KNOWN);
}

describe('the record of a reservation', () => {
  it('leaves out what follows from the rest', () => {
    const record = recordOf(plain);
    expect(record).to.have.all.keys('owner', 'demand', 'createdOn', 'start', 'end', 'hold');
    expect(back(record)).to.deep.equal(plain);
    const least = recordOf(omit(plain, 'start', 'end', 'hold'));
    expect(least).to.have.all.keys('owner', 'demand', 'createdOn', 'startsAt', 'endsAt');
  });

  it('says on which pool its claim is, unless one alone is named', () => {
    const on = (pools: readonly string[] | undefined): unknown => {
      const { capacity } = plain.demand;
      return recordOf({ ...plain, demand: pools === undefined ? { capacity } : { capacity, pools } }).on;
    };
    expect(on(['p'])).to.equal(undefined);
    for (const pools of [undefined, [], ['q'], ['p', 'q']]) expect(on(pools), JSON.stringify(pools)).to.equal('pool/p');
  });

  const [claim] = plain.claims;
  const variants: Readonly<Record<string, Reservation>> = {
    'is configured, and of another class': { ...plain, origin: 'config', priority: 1 },
    'names no pool': { ...plain, demand: { capacity: plain.demand.capacity } },
    'names more than one pool': { ...plain, demand: { ...plain.demand, pools: ['o', 'p'] } },
    'is on another pool than it names': { ...plain, demand: { ...plain.demand, pools: ['gone'] } },
    'has started': { ...plain, status: 'active' },
    'holds nothing': { ...plain, status: 'pending', claims: [] },
    'began when it was made': { ...plain, startsAt: plain.createdOn },
    'was changed later': { ...plain, modifiedOn: plain.createdOn + 1, name: 'n', tenant: 't' },
    'asked for no end': omit(plain, 'end'),
    'ends before it was to': { ...plain, endsAt: START + 1 },
    'holds less than it asked for': {
      ...plain,
      claims: plain.claims.map((each) => ({ ...each, capacity: { cores: 4 } })),
    },
    'has its claim on loan': { ...plain, claims: plain.claims.map((each) => ({ ...each, onLoan: true as const })) },
    'was told of its end': { ...plain, status: 'active', noticed: START + HOUR },
    'has a claim of another name': { ...plain, claims: plain.claims.map((each) => ({ ...each, id: '2' })) },
    'has two claims': { ...plain, claims: claim === undefined ? [] : [claim, { ...claim, id: '2' }] },
  };
  for (const [what, reservation] of Object.entries(variants)) {
    it(`brings back one that ${what}`, () => {
      expect(back(recordOf(reservation))).to.deep.equal(reservation);
    });
  }

  it('reads a record that says everything', () => {
    expect(back(plain)).to.deep.equal(plain);
  });

  it('reads a record that says where its claim is', () => {
    expect(back({ ...omit(plain, 'claims'), on: 'pool/p' })).to.deep.equal(plain);
  });

  it('shares the vector of the demand and the id of the node', () => {
    const { demand, claims } = back(plain);
    expect(claims[0]?.capacity).to.equal(demand.capacity);
  });

  it('shares the vector of the claim before', () => {
    const on = (id: string, capacity: object, name: 'h1' | 'h2'): Claim => {
      return { id, node: 'pool/p', start: START, end: START + HOUR, capacity, host: `host/p/${name}` };
    };
    const held = [on('1', { cores: 2 }, 'h1'), on('2', { cores: 2 }, 'h2'), on('3', { cores: 4 }, 'h1')];
    const shared = sharedClaims(held, { cores: 1 }, KNOWN);
    expect(shared).to.deep.equal(held);
    expect(shared[1]?.capacity).to.equal(shared[0]?.capacity);
  });
});
