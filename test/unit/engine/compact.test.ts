/** The least memory changes nothing of a reservation. */
import { expect } from 'chai';
import { compact, compactClaim, compactHolding } from '../../../src/engine/compact.ts';
import type { Claim, Reservation } from '../../../src/engine/entities.ts';

const BARE: Claim = { id: '1', node: 'pool/p', start: 10, capacity: { cores: 1 } };
const CLAIM: Required<Claim> = {
  ...BARE,
  end: 20,
  period: 100,
  count: 3,
  onLoan: true,
  host: 'host/p/h1',
  container: 'c',
  disk: 5,
  element: 'element/p/network/n1',
};

const LEAST: Reservation = {
  id: 'r',
  origin: 'rpc',
  owner: 'alice',
  priority: 3,
  demand: { capacity: { cores: 1 } },
  status: 'pending',
  createdOn: 1,
  modifiedOn: 2,
  startsAt: 10,
  endsAt: 20,
  claims: [BARE],
};
const FULL: Required<Reservation> = {
  ...LEAST,
  status: 'degraded',
  claims: [CLAIM, BARE],
  start: 10,
  end: 20,
  hold: 'firm',
  expiresAt: 30,
  expiryTime: 31,
  flexible: { duration: 5 },
  name: 'n',
  tenant: 't',
  reason: 'capacity-withdrawn',
  message: 'm',
  awaits: ['vm'],
  recurrence: { frequency: 'daily', interval: 1, count: 3 },
  series: { period: 100, count: 3, occurrence: 1 },
  easesAt: 40,
  noticed: 20,
  room: { machines: ['vm'] },
};

describe('a reservation in the least memory', () => {
  it('is the same, and what is absent stays so', () => {
    for (const reservation of [LEAST, FULL]) {
      const made = compact(reservation);
      expect(made).to.deep.equal(reservation);
      expect(made).to.have.all.keys(Object.keys(reservation));
    }
  });

  it('has claims that are the same, and what is absent stays so', () => {
    for (const claim of [BARE, CLAIM]) {
      const made = compactClaim(claim);
      expect(made).to.deep.equal(claim);
      expect(made).to.have.all.keys(Object.keys(claim));
    }
  });

  it('holds firmly what it was granted, from when it was', () => {
    const granted = compactHolding(LEAST, { status: 'scheduled', claims: [CLAIM], since: 7 });
    expect(granted).to.deep.equal({
      ...LEAST,
      status: 'scheduled',
      hold: 'firm',
      claims: [CLAIM],
      modifiedOn: 7,
    });
  });
});
