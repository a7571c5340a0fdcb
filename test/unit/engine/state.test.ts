/** The head after each kind of change: what it has computed on the way is what its records make. */
import { expect } from 'chai';
import { elementId } from '../../../src/engine/element-map.ts';
import { DEFAULT_POLICY } from '../../../src/engine/entities.ts';
import type { Allocation, Claim, HostId, Id, Reservation } from '../../../src/engine/entities.ts';
import { violations } from '../../../src/engine/invariants.ts';
import { omit } from '../../../src/engine/omit.ts';
import { POLICY_ID, apply, inverse, poolNode } from '../../../src/engine/state.ts';
import type { Change, Head } from '../../../src/engine/state.ts';
import { DAY, Engine, HOUR, NOW } from './engine-fixture.ts';

const T = NOW + DAY;

/** Two providers with two hosts and a pool each; on the first, what is of a lower class may be displaced. Everybody has a quota. */
class Lab extends Engine {
  readonly source = this.provider(hosts, 'a', 'priority');
  readonly other = this.provider(hosts, 'b');
  readonly pool1 = this.pool(this.source, { cores: 10, ram: 10_240, instances: 10 });
  readonly pool2 = this.pool(this.other, { cores: 10, ram: 10_240, instances: 10 });

  constructor() {
    super();
    this.as = { user: 'alice', tenant: 'red' };
    const quotas = [
      { name: 'tenant', capacity: { cores: 100 } },
      { name: 'alice', tenant: 'red', user: 'alice', capacity: { ram: 100_000 } },
    ];
    this.do('applyConfiguration', { changes: [{ put: 'policy', entry: { ...DEFAULT_POLICY, quotas } }] });
  }

  /** Two instances on hosts, and cores of pools beside them. */
  placed(): Reservation {
    const containers = [{ name: 'web', count: 2, size: { vcpus: 2, ram: 1024, disk: 5 } }];
    const id = this.reserve({ start: T, end: T + HOUR, demand: { capacity: { cores: 1 }, containers } });
    return this.#found(this.head.reservations.get(id));
  }

  machine(): Allocation {
    const result = this.do('createInstance', { name: 'vm', image: 'cirros', flavor: 'small', provider: this.source });
    if (result.outcome === 'refused') throw new Error(result.refusal.message);
    return this.#found(this.head.allocations.get(result.allocation.id));
  }

  put(change: Change): void {
    apply(this.head, change);
  }

  /** What the head has computed and its records, or its parts, do not make. */
  astray(): string[] {
    return violations(this.head, this.now)
      .filter(({ rule }) => rule === 'sum' || rule === 'records')
      .map(({ where, message }) => `${where} ${message}`);
  }

  #found<T>(entity: T | undefined): T {
    if (entity === undefined) throw new Error('it was not made');
    return entity;
  }
}

const hosts = [
  { name: 'h1', cores: 8 },
  { name: 'h2', cores: 8 },
];

/** Puts one entity in place of another and back, and expects the head to follow both times. */
function expectFollowed(lab: Lab, to: Change): void {
  const back = inverse(lab.head, to);
  lab.put(to);
  expect(lab.astray()).to.deep.equal([]);
  lab.put(back);
  expect(lab.astray()).to.deep.equal([]);
  expect(inverse(lab.head, to)).to.deep.equal(back);
}

describe('the head', () => {
  const host = ({ other }: Lab): HostId => `host/${other}/h2`;

  const claims: readonly (readonly [string, (lab: Lab, claim: Claim) => Claim])[] = [
    ['capacity', (_, claim) => ({ ...claim, capacity: { cores: 3 } })],
    ['node', ({ pool2 }, claim) => ({ ...claim, node: poolNode(pool2) })],
    ['start', (_, claim) => ({ ...claim, start: T - HOUR })],
    ['end', (_, claim) => ({ ...claim, end: T + 2 * HOUR })],
    ['end: without', (_, claim) => omit(claim, 'end')],
    ['count', (_, claim) => ({ ...claim, period: DAY, count: 3 })],
    ['on loan', (_, claim) => ({ ...claim, onLoan: true })],
    ['host', (lab, claim) => ({ ...claim, host: host(lab) })],
    ['host: without', (_, claim) => omit(claim, 'host')],
    ['disk', (_, claim) => ({ ...claim, disk: 7 })],
    ['element', ({ source }, claim) => ({ ...claim, element: elementId(source, 'network', 'n1') })],
  ];

  describe('follows a reservation', () => {
    const changes: readonly (readonly [string, (lab: Lab, before: Reservation) => Reservation])[] = [
      ...claims.map(([what, change]) => {
        const one = (lab: Lab, before: Reservation): Reservation => ({
          ...before,
          claims: before.claims.map((claim, index) => (index === 0 ? change(lab, claim) : claim)),
        });
        return [`whose claim has another ${what}`, one] as const;
      }),
      ['with a claim less', (_, before) => ({ ...before, claims: before.claims.slice(1) })],
      ['with a claim more', (_, before) => ({ ...before, claims: before.claims.flatMap((claim) => [claim, claim]) })],
      ['that holds nothing', (_, before) => ({ ...omit(before, 'hold'), claims: [] })],
      ['that does not hold what it claims', (_, before) => omit(before, 'hold')],
      ['of another owner', (_, before) => ({ ...before, owner: 'bob' })],
      ['of another tenant', (_, before) => ({ ...before, tenant: 'blue' })],
      ['of no tenant', (_, before) => omit(before, 'tenant')],
      ['that is degraded', (_, before) => ({ ...before, status: 'degraded' })],
      ['that has started', (_, before) => ({ ...before, status: 'active' })],
      ['that is over', (_, before) => ({ ...before, status: 'cancelled' })],
      ['that waits for machines', (_, before) => ({ ...before, awaits: ['m1', 'm2'] })],
      ['in another window', (_, before) => ({ ...before, startsAt: T + 1, endsAt: T + 2 })],
    ];
    for (const [what, change] of changes) {
      it(what, () => {
        const lab = new Lab();
        const before = lab.placed();
        expectFollowed(lab, { kind: 'reservation', id: before.id, body: change(lab, before) });
      });
    }

    it('that goes', () => {
      const lab = new Lab();
      expectFollowed(lab, { kind: 'reservation', id: lab.placed().id, body: null });
    });
  });

  describe('adds up claims that follow each other on one pool, and no others', () => {
    for (const [what, change] of claims) {
      it(`beside one of another ${what}`, () => {
        const lab = new Lab();
        const before = lab.placed();
        const [first] = before.claims;
        if (first === undefined) throw new Error('it has no claims');
        const recurring = { ...first, period: 2 * DAY, count: 2 };
        for (const one of [first, recurring]) {
          const two = [one, { ...change(lab, one), id: 'another' }];
          expectFollowed(lab, { kind: 'reservation', id: before.id, body: { ...before, claims: two } });
        }
      });
    }
  });

  describe('follows a machine', () => {
    const changes: readonly (readonly [string, (lab: Lab, before: Allocation) => object])[] = [
      ...claims.map(([what, change]) => {
        const all = (lab: Lab, before: Allocation): object => ({
          claims: before.claims.map((claim) => change(lab, claim)),
        });
        return [`whose claim has another ${what}`, all] as const;
      }),
      ['without claims', () => ({ claims: [] })],
      ['with another capacity', () => ({ capacity: { cores: 5 } })],
      ['in another pool', ({ pool2 }) => ({ pool: pool2 })],
      ['of another provider', ({ other }) => ({ provider: other })],
      ['on another host', () => ({ host: 'h2' })],
      ['with a claim of its reservation', () => ({ claim: 'c1' })],
      ['with another disk', () => ({ disk: 50 })],
      ['that starts at another time', () => ({ startsAt: NOW + HOUR })],
      ['that ends', () => ({ endsAt: T })],
      ['whose place a reservation holds', () => ({ backing: 'reservation' })],
      ['made against a reservation', () => ({ reservation: 'r1' })],
      ['with another token', () => ({ token: 'another' })],
      ['of another owner', () => ({ owner: 'bob' })],
      ['of another tenant', () => ({ tenant: 'blue' })],
      ['with another server', () => ({ server: 's9' })],
      ['on a network', () => ({ networks: ['n1'] })],
      ['with a port', () => ({ ports: ['p1'] })],
      ['with a volume', () => ({ volumes: ['v1'] })],
      ['that is being deleted', () => ({ vmState: 'DELETING' })],
      ['that nothing is to be told of', () => ({ vmState: 'ACTIVE', server: 's1' })],
      ['that waits for others', () => ({ awaits: ['m1', 'm2'] })],
    ];
    for (const [what, change] of changes) {
      it(what, () => {
        const lab = new Lab();
        const before = lab.machine();
        const body = { ...before, ...change(lab, before) };
        expectFollowed(lab, { kind: 'allocation', id: before.id, body });
      });
    }

    it('that goes', () => {
      const lab = new Lab();
      expectFollowed(lab, { kind: 'allocation', id: lab.machine().id, body: null });
    });
  });

  describe('follows what there is', () => {
    const changes: readonly (readonly [string, (lab: Lab) => Change])[] = [
      ['a provider on which nothing may be displaced', ({ head, source }) => provider(head, source, 'none')],
      ['a provider on which something may be now', ({ head, other }) => provider(head, other, 'priority')],
      ['a pool that goes', ({ pool1 }) => ({ kind: 'pool', id: pool1, body: null })],
      ['a pool that goes to another provider', ({ head, pool1, other }) => pool(head, pool1, other)],
      ['a pool that comes from another provider', ({ head, pool2, source }) => pool(head, pool2, source)],
      ['a provider that goes', ({ source }) => ({ kind: 'provider', id: source, body: null })],
      ['no quota', () => ({ kind: 'policy', id: POLICY_ID, body: DEFAULT_POLICY })],
      ['a policy of nothing', () => ({ kind: 'policy', id: POLICY_ID, body: null })],
      ['another quota', ({ head }) => policy(head, { quotas: [{ name: 'bob', user: 'bob', capacity: { cores: 1 } }] })],
      [
        'maintenance of everything',
        ({ head }) => policy(head, { maintenance: [{ name: 'm', start: T, end: T + HOUR }] }),
      ],
    ];

    function provider(head: Head, id: Id, preEmption: 'none' | 'priority'): Change {
      const before = head.providers.get(id);
      return { kind: 'provider', id, body: before === undefined ? null : { ...before, preEmption } };
    }

    function pool(head: Head, id: Id, source: Id): Change {
      const before = head.pools.get(id);
      return { kind: 'pool', id, body: before === undefined ? null : { ...before, source } };
    }

    function policy(head: Head, more: object): Change {
      return { kind: 'policy', id: POLICY_ID, body: { ...head.policy, ...more } };
    }

    for (const [what, change] of changes) {
      it(what, () => {
        const lab = new Lab();
        lab.placed();
        lab.machine();
        lab.reserve({ start: T, end: T + HOUR, demand: { capacity: { cores: 1 }, pools: [lab.pool2] } });
        expectFollowed(lab, change(lab));
      });
    }
  });

  it('has no node left when all is gone', () => {
    const lab = new Lab();
    const [reservation, machine] = [lab.placed(), lab.machine()];
    const { head, source, other, pool1, pool2 } = lab;
    lab.put({ kind: 'policy', id: POLICY_ID, body: null });
    for (const id of [source, other]) lab.put({ kind: 'provider', id, body: null });
    for (const id of [pool1, pool2]) lab.put({ kind: 'pool', id, body: null });
    expect(head.nodes.get(poolNode(pool1))?.resources).to.deep.equal([]);
    expect(head.nodes.has(poolNode(pool2))).to.equal(false);
    lab.put({ kind: 'reservation', id: reservation.id, body: null });
    lab.put({ kind: 'allocation', id: machine.id, body: null });
    expect(lab.astray()).to.deep.equal([]);
    for (const index of [head.standing, head.allocationsOf, head.allocationsIn, head.users, head.tokens, head.intents])
      expect(index.size).to.equal(0);
    expect(head.poolOrder).to.deep.equal([]);
  });
});
