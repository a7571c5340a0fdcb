/** Which changes of an entity concern what is computed from it. */
import { expect } from 'chai';
import type {
  Allocation,
  Claim,
  MachineAllocation,
  Reservation,
  ResourceAllocation,
} from '../../../src/engine/entities.ts';
import { omit } from '../../../src/engine/omit.ts';
import { holdsTheSame, takesTheSame } from '../../../src/engine/same-hold.ts';
import { MACHINE, VOLUME } from './allocation-records.ts';

const CAPACITY = { cores: 1 };
const OTHER = { cores: 2 };
const CLAIM: Claim = { id: '1', node: 'pool/p', start: 10, end: 20, capacity: CAPACITY };
const RESERVATION: Reservation = {
  id: 'r',
  origin: 'rpc',
  owner: 'alice',
  tenant: 't',
  priority: 3,
  demand: { capacity: CAPACITY },
  status: 'scheduled',
  hold: 'firm',
  createdOn: 1,
  modifiedOn: 2,
  startsAt: 10,
  endsAt: 20,
  claims: [CLAIM],
};

describe('a new version of a reservation', () => {
  it('holds the same when nothing that is held, and nobody who holds it, has changed', () => {
    const changed: Reservation = { ...RESERVATION, status: 'active', modifiedOn: 9, message: 'm', endsAt: 20 };
    expect(holdsTheSame(RESERVATION, { ...changed, claims: [{ ...CLAIM, id: '2' }] })).to.equal(true);
  });

  const claims: readonly Partial<Claim>[] = [
    { capacity: OTHER },
    { node: 'pool/q' },
    { start: 11 },
    { end: 21 },
    { period: 100 },
    { count: 2 },
    { onLoan: true },
    { host: 'host/p/h1' },
    { disk: 5 },
    { element: 'element/p/network/n1' },
  ];
  for (const claim of claims) {
    it(`does not when a claim has another ${Object.keys(claim).join()}`, () => {
      const changed = { ...RESERVATION, claims: [{ ...CLAIM, ...claim }] };
      expect(holdsTheSame(RESERVATION, changed)).to.equal(false);
      expect(holdsTheSame(changed, RESERVATION)).to.equal(false);
    });
  }

  it('does not when it holds nothing for good any more', () => {
    expect(holdsTheSame(RESERVATION, omit(RESERVATION, 'hold'))).to.equal(false);
  });

  const changes: readonly Partial<Reservation>[] = [
    { owner: 'bob' },
    { tenant: 'u' },
    { claims: [] },
    { claims: [CLAIM, CLAIM] },
  ];
  for (const change of changes) {
    it(`does not when it has ${JSON.stringify(change)}`, () => {
      expect(holdsTheSame(RESERVATION, { ...RESERVATION, ...change })).to.equal(false);
    });
  }
});

describe('a new version of an allocation', () => {
  it('takes the same when its state has changed', () => {
    expect(takesTheSame(MACHINE, { ...MACHINE, vmState: 'DELETING', intent: 'delete', modifiedOn: 9 })).to.equal(true);
    expect(takesTheSame(VOLUME, { ...VOLUME, vmState: 'ERROR', attachedTo: 'b' })).to.equal(true);
  });

  const changes: readonly Partial<Omit<Allocation, 'resource'>>[] = [
    { capacity: OTHER },
    { claims: [] },
    { pool: 'q' },
    { provider: 'q' },
    { host: 'host/p/h1' },
    { claim: '1' },
    { disk: 5 },
    { startsAt: 1 },
    { endsAt: 30 },
    { backing: 'reservation' },
    { reservation: 'r' },
    { token: 'u' },
    { owner: 'bob' },
    { tenant: 'u' },
  ];
  for (const change of changes) {
    it(`does not when it has another ${Object.keys(change).join()}`, () => {
      expect(takesTheSame(MACHINE, { ...MACHINE, ...change })).to.equal(false);
      expect(takesTheSame({ ...VOLUME, ...change }, VOLUME)).to.equal(false);
    });
  }

  it('does not when what it uses is something else', () => {
    const uses: readonly Partial<MachineAllocation>[] = [{ networks: [] }, { ports: ['p1'] }, { volumes: ['v1'] }];
    for (const use of uses)
      expect(takesTheSame(MACHINE, { ...MACHINE, ...use }), Object.keys(use).join()).to.equal(false);
    const other: ResourceAllocation = { ...VOLUME, resource: { kind: 'volume', sizeGb: 20 } };
    expect(takesTheSame(VOLUME, other)).to.equal(false);
  });
});
