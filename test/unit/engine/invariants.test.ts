/** What `violations` finds: each rule broken on purpose, by changes that no command makes. */
import { expect } from 'chai';
import type { Allocation, Offer, Reservation } from '../../../src/engine/entities.ts';
import { emptyNode } from '../../../src/engine/empty-node.ts';
import { violations } from '../../../src/engine/invariants.ts';
import { ReservationIndex } from '../../../src/engine/reservation-map.ts';
import { apply, poolNode } from '../../../src/engine/state.ts';
import { toVector } from '../../../src/engine/capacity.ts';
import { Engine, HOUR, NOW } from './engine-fixture.ts';
import { Doubted, HOSTS, T } from './invariants-lab.ts';

const twice = ({ claims }: Reservation) => ({
  claims: claims.map((claim) => ({ ...claim, capacity: { cores: 2 * (claim.capacity.cores ?? 0) } })),
});

describe('the invariants', () => {
  it('are looked at everywhere, and what is told of each says where', () => {
    const engine = new Doubted();
    const reservation = engine.cores(2);
    const offer = engine.offer(1);
    const machine = engine.machine();
    engine.reserve({ start: T, end: T + HOUR, demand: { capacity: {}, elements: ['private'] } });
    const looked = new Set<string>();
    expect(violations(engine.head, NOW, { inspected: (rule, where) => looked.add(`${rule} ${where}`) })).to.deep.equal(
      [],
    );
    const { source, pool1 } = engine;
    expect([...looked]).to.include.members([
      `capacity pool/${pool1}`,
      `capacity host/${source}/h1`,
      `loan pool/${pool1}`,
      `element element/${source}/network/n1`,
      ...['claim', 'reservation'].map((rule) => `${rule} ${reservation}`),
      ...['claim', 'offer'].map((rule) => `${rule} ${offer}`),
      ...['claim', 'allocation'].map((rule) => `${rule} ${machine}`),
      `provider ${source}`,
      `sum pool/${pool1}`,
      `sum provider/${source}`,
      `sum host/${source}/h1`,
      'records head',
    ]);
    looked.clear();
    violations(engine.head, NOW, { inspected: (rule) => looked.add(rule), anew: false });
    expect([...looked]).not.to.include('records');
  });

  describe('capacity', () => {
    it('no pool bears more than it has: who holds what is too much, how much and from when on', () => {
      const engine = new Doubted();
      const [first, second] = [engine.cores(4), engine.cores(4, { start: T + HOUR / 2, end: T + 2 * HOUR })];
      engine.spoil(second, twice);
      const [found, ...others] = violations(engine.head, NOW);
      expect(others).to.deep.equal([]);
      expect(found).to.deep.equal({
        rule: 'capacity',
        where: poolNode(engine.pool1),
        at: T + HOUR / 2,
        message: `bears more than it has: 2 cores too much; held by ${first}, ${second}`,
      });
    });

    it('degraded reservations may hold it, and machines that are being deleted', () => {
      const engine = new Doubted();
      engine.cores(10);
      const second = engine.cores(4, { start: T + HOUR, end: T + 2 * HOUR });
      engine.spoil(second, ({ claims }) => ({
        status: 'degraded',
        startsAt: T,
        claims: claims.map((claim) => ({ ...claim, start: T })),
      }));
      expect(engine.found()).to.deep.equal([]);
      const other = new Doubted();
      const machine = other.machine();
      const reserved = other.cores(9);
      other.spoil(reserved, ({ claims }) => ({ claims: claims.map((each) => ({ ...each, capacity: { cores: 10 } })) }));
      expect(other.found('capacity')).to.have.length(1);
      other.spoilMachine(machine, { vmState: 'DELETING', intent: 'delete' });
      expect(other.found('capacity')).to.deep.equal([]);
    });

    it('machines without a reservation may, beside nobody else', () => {
      const engine = new Doubted();
      const machine = engine.machine();
      const claims = [{ id: '1', node: poolNode(engine.pool1), start: NOW, capacity: { cores: 11 } }];
      engine.spoilMachine(machine, { capacity: { cores: 11 }, claims });
      expect(engine.found('capacity')).to.deep.equal([]);
      engine.spoilMachine(machine, { capacity: { cores: 1 }, claims: [] });
      const id = engine.offer(1);
      engine.spoilMachine(machine, { capacity: { cores: 11 }, claims });
      expect(engine.found('capacity')).to.deep.equal([
        `pool/${engine.pool1} bears more than it has: 2 cores too much; held by ${id}`,
      ]);
    });

    it('no host does', () => {
      const engine = new Doubted();
      const id = engine.web(1);
      engine.spoil(id, ({ claims }) => ({
        claims: claims.map((claim) => ({ ...claim, capacity: { cores: 9, ram: 1024 } })),
      }));
      expect(engine.found('capacity')).to.deep.equal([
        `host/${engine.source}/h1 bears more than it has: 1 cores too much; held by ${id}`,
      ]);
    });

    it('nothing else than machines themselves may, where they are', () => {
      const engine = new Doubted();
      const machine = engine.machine();
      const { host } = engine.head.allocations.get(machine) ?? {};
      const [here, other] = host === 'h1' ? (['h1', 'h2'] as const) : (['h2', 'h1'] as const);
      const span = { start: NOW, end: T };
      const bear = (name: string): string[] => {
        const free = engine.head.hosts.nodes.get(`host/${engine.source}/${name}`)?.free;
        free?.remove(span, toVector({ cores: 20 }));
        const found = engine.found('capacity');
        free?.add(span, toVector({ cores: 20 }));
        return found;
      };
      const said = 'bears more than it has: ';
      expect(bear(other).join()).to.contain(`host/${engine.source}/${other} ${said}`);
      expect(bear(here)).to.deep.equal([]);
      const free = engine.head.nodes.get(poolNode(engine.pool1))?.free;
      free?.remove(span, toVector({ cores: 20 }));
      expect(engine.found('capacity')).to.deep.equal([]);
      engine.spoilMachine(machine, { backing: 'reservation' });
      expect(engine.found('capacity').join()).to.contain(
        `pool/${engine.pool1} ${said}11 cores too much; held by no reservation or offer`,
      );
    });
  });

  it('quota: nobody holds more than one allows, of what was granted since it was set', () => {
    const engine = new Doubted();
    const quota = { name: 'q', user: 'alice', reservations: 1, capacity: { cores: 4 } };
    engine.do('applyConfiguration', {
      changes: [{ put: 'policy', entry: { ...engine.head.policy, quotas: [quota] } }],
    });
    engine.now += 1;
    const id = engine.cores(4);
    expect(engine.found()).to.deep.equal([]);
    engine.spoil(id, twice);
    const [node = ''] = [...engine.head.quotas.keys()];
    expect(violations(engine.head, engine.now)).to.deep.equal([
      { rule: 'quota', where: node, at: T, message: 'is exceeded: 4 cores too much' },
    ]);
    engine.spoil(id, () => ({ createdOn: NOW }));
    expect(engine.found()).to.deep.equal([]);
    engine.spoil(id, ({ claims }) => ({
      createdOn: engine.now,
      claims: claims.map((claim) => ({ ...claim, capacity: { cores: 1 } })),
    }));
    apply(engine.head, { kind: 'reservation', id: 'other', body: { ...engine.reservation(id), id: 'other' } });
    expect(engine.found('quota')).to.deep.equal([`${node} counts 2 reservations of 1`]);
    apply(engine.head, {
      kind: 'reservation',
      id: 'other',
      body: { ...engine.reservation(id), id: 'other', createdOn: NOW },
    });
    expect(engine.found('quota')).to.deep.equal([]);
  });

  it('quota: what others hold, or a machine of no reservation holds, excuses nobody', () => {
    const engine = new Doubted();
    engine.as = { user: 'bob' };
    engine.cores(1);
    engine.as = { user: 'alice' };
    engine.now += 1;
    const quota = { name: 'q', user: 'alice', capacity: { cores: 4 } };
    engine.do('applyConfiguration', {
      changes: [{ put: 'policy', entry: { ...engine.head.policy, quotas: [quota] } }],
    });
    engine.now += 1;
    const machine = engine.machine();
    const id = engine.cores(3);
    engine.spoil(id, twice);
    expect(engine.found('quota')).to.have.length(1);
    engine.spoilMachine(machine, { reservation: 'ended' });
    expect(engine.found('quota'), 'it was released').to.deep.equal([]);
    engine.spoilMachine(machine, { reservation: 'ended', backing: 'reservation' });
    expect(engine.found('quota')).to.have.length(1);
  });

  describe('claims', () => {
    const spoilt = (change: (claim: Reservation['claims'][number]) => Reservation['claims']): string[] => {
      const engine = new Doubted();
      const id = engine.cores(2);
      engine.spoil(id, ({ claims }) => ({ claims: claims.flatMap(change) }));
      return engine.found().filter((each) => each.startsWith(id));
    };

    it('lie on pools that exist, unless their reservation is over', () => {
      expect(spoilt((claim) => [{ ...claim, node: 'pool/none' }]).join()).to.match(
        / its claim 1 is on pool\/none, which does not exist$/,
      );
      const engine = new Doubted();
      const id = engine.cores(2);
      engine.spoil(id, ({ claims }) => ({
        status: 'cancelled',
        claims: claims.map((claim) => ({ ...claim, node: 'pool/none' as const })),
      }));
      expect(engine.found('claim')).to.deep.equal([]);
      const other = new Doubted();
      const offer = other.offer(1);
      const machine = other.head.allocations.get(other.machine()) ?? expect.fail('no machine');
      const nowhere = ({ claims }: Offer | Allocation) => ({
        claims: claims.map((claim) => ({ ...claim, node: 'pool/none' as const })),
      });
      other.spoilOffer(offer, nowhere);
      other.spoilMachine(machine.id, nowhere(machine));
      expect(other.found('claim')).to.deep.equal([
        `${offer} its claim 1 is on pool/none, which does not exist`,
        `${machine.id} its claim ${machine.claims[0]?.id ?? ''} is on pool/none, which does not exist`,
      ]);
      other.spoilOffer(offer, () => ({ status: 'lapsed' }));
      expect(other.found('claim')).to.have.length(1);
    });

    it('are not negative, and have ids of their own', () => {
      expect(spoilt((claim) => [{ ...claim, capacity: { cores: -1 } }]).join()).to.match(/ its claim 1 is negative$/);
      expect(spoilt((claim) => [{ ...claim, disk: -1 }]).join()).to.match(/ its claim 1 is negative$/);
      expect(spoilt((claim) => [{ ...claim, capacity: { cores: 0 } }])).to.deep.equal([]);
      expect(spoilt((claim) => [claim, claim]).join()).to.match(/ its claims share an id$/);
      expect(spoilt((claim) => [claim, { ...claim, id: '2' }])).to.deep.equal([]);
    });

    it('lie in the window of their reservation', () => {
      const outside = / its claim 1 lies outside its window$/;
      expect(spoilt((claim) => [{ ...claim, start: T - 1 }]).join()).to.match(outside);
      expect(spoilt((claim) => [{ ...claim, end: T + HOUR + 1 }]).join()).to.match(outside);
      expect(spoilt((claim) => [{ ...claim, start: T + 1, end: T + HOUR - 1 }])).to.deep.equal([]);
    });
  });

  it('offers hold what they offer as long as they are held', () => {
    const engine = new Doubted();
    const id = engine.offer(2);
    const before = engine.head.offers.get(id);
    if (before === undefined) throw new Error('no offer');
    const wrong = (change: Partial<Offer>): string[] => {
      engine.spoilOffer(id, () => ({ ...before, ...change }));
      return engine.found('offer').map((each) => each.slice(id.length + 1));
    };
    const [claim] = before.claims;
    if (claim === undefined) throw new Error('no claim');
    const nothing = 'it is held and holds nothing, or past its window';
    expect(wrong({})).to.deep.equal([]);
    expect(wrong({ claims: [] })).to.deep.equal([nothing]);
    expect(wrong({ expiresAt: T + HOUR })).to.deep.equal([]);
    expect(wrong({ expiresAt: T + HOUR + 1 })).to.deep.equal([nothing]);
    const outside = ['its claim 1 lies outside its time'];
    expect(wrong({ claims: [{ ...claim, start: T - 1 }] })).to.deep.equal(outside);
    expect(wrong({ claims: [{ ...claim, end: T + HOUR + 1 }] })).to.deep.equal(outside);
    expect(wrong({ status: 'lapsed' })).to.deep.equal(outside);
    expect(wrong({ status: 'lapsed', modifiedOn: T + HOUR })).to.deep.equal([]);
    expect(wrong({ status: 'accepted', modifiedOn: T + HOUR })).to.deep.equal([
      'it was accepted and holds something beside its reservation',
    ]);
    expect(wrong({ flexible: { duration: HOUR / 2 } })).to.deep.equal(['its window is not one within its bounds']);
  });

  it('allocations are where something is, and end with the reservation that backs them', () => {
    const engine = new Doubted();
    const id = engine.reserve({ end: T, demand: { capacity: { cores: 2, ram: 1024, instances: 2 } } });
    const machine = engine.machine(id);
    const wrong = (change: Partial<Allocation>): string[] => {
      engine.spoilMachine(machine, change);
      return engine.found('allocation').map((each) => each.slice(machine.length + 1));
    };
    expect(wrong({})).to.deep.equal([]);
    expect(wrong({ provider: 'none' })).to.deep.equal(['its provider none does not exist']);
    expect(wrong({ provider: engine.source, pool: 'none' })).to.deep.equal(['its pool none does not exist']);
    expect(wrong({ pool: engine.pool1, endsAt: T + 1 })).to.deep.equal(['it does not end with its reservation']);
    const gone = ['it is backed by a reservation that is not there'];
    expect(wrong({ endsAt: T, reservation: 'none' })).to.deep.equal(gone);
    expect(wrong({ capacity: {} })).to.deep.equal([]);
    engine.spoil(id, () => ({ status: 'ended' }));
    expect(wrong({ reservation: id, capacity: { cores: 1 } })).to.deep.equal(gone);
  });

  it('pools have no more than their provider, save for what is lost of it', () => {
    const engine = new Doubted();
    const pool = engine.head.pools.get(engine.pool1);
    if (pool === undefined) throw new Error('no pool');
    const lost = [{ since: NOW, capacity: { cores: 4 } }];
    const capacity = { ...pool.capacity, cores: 20 };
    apply(engine.head, { kind: 'pool', id: pool.id, body: { ...pool, capacity } });
    expect(engine.found('provider')).to.deep.equal([`${engine.source} its pools have more cores than it has`]);
    apply(engine.head, { kind: 'pool', id: pool.id, body: { ...pool, capacity, lost } });
    expect(engine.found('provider')).to.deep.equal([]);
    const once = { id: 'a', direction: 'increase', startsAt: T, end: T + HOUR, capacity: { cores: 20 } } as const;
    apply(engine.head, { kind: 'pool', id: pool.id, body: { ...pool, adjustments: [once] } });
    expect(engine.found('provider')).to.have.length(1);
    engine.now = T + HOUR;
    expect(engine.found('provider'), 'it is over').to.deep.equal([]);
  });

  it('who waits for a machine to be gone has not started, and it is being deleted', () => {
    const engine = new Doubted();
    const machine = engine.machine();
    const id = engine.cores(1);
    engine.spoil(id, () => ({ awaits: [machine] }));
    expect(engine.found('loan')).to.deep.equal([`${machine} is waited for and is not being deleted`]);
    engine.spoilMachine(machine, { vmState: 'DELETING' });
    expect(engine.found('loan')).to.deep.equal([]);
    engine.spoil(id, () => ({ status: 'active' }));
    expect(engine.found('loan')).to.deep.equal([`${machine} ${id} waits for it with the status active`]);
  });

  it('a machine that waits for another to be gone has not been asked for', () => {
    const engine = new Doubted();
    const [going, waiting] = [engine.machine(), engine.machine()];
    const { intent, ...asked } = engine.head.allocations.get(waiting) ?? expect.fail('no machine');
    expect(intent).to.equal('create');
    engine.spoilMachine(going, { vmState: 'ERROR' });
    const waits = (more: Partial<Allocation>): string[] => {
      // Cast: what kind of allocation it is does not change.
      const body = { ...asked, awaits: [going], ...more } as Allocation;
      apply(engine.head, { kind: 'allocation', id: waiting, body });
      return engine.found('loan');
    };
    const wrong = [`${going} ${waiting} waits for it, and the VIM has been asked for it`];
    expect(waits({})).to.deep.equal([]);
    expect(waits({ intent: 'create' })).to.deep.equal(wrong);
    expect(waits({ server: 's1' })).to.deep.equal(wrong);
    expect(waits({ vmState: 'BUILD' })).to.deep.equal(wrong);
  });

  it('no more is on loan than reservations that have started leave', () => {
    const engine = new Doubted();
    const machine = engine.machine();
    const id = engine.reserve({ end: T, demand: { capacity: { cores: 9 } } });
    const lent = (cores: number, vmState: Allocation['vmState']): string[] => {
      const claims = [
        { id: '1', node: poolNode(engine.pool1), start: NOW, capacity: { cores }, onLoan: true as const },
      ];
      engine.spoilMachine(machine, { capacity: { cores }, claims, vmState });
      return engine.found('loan');
    };
    const over = [`pool/${engine.pool1} has more cores on loan than reservations that have started leave`];
    expect(lent(1, 'ACTIVE')).to.deep.equal([]);
    expect(lent(2, 'ACTIVE')).to.deep.equal(over);
    expect(lent(2, 'DELETING')).to.deep.equal([]);
    engine.spoilMachine(machine, { vmState: 'ACTIVE' });
    engine.spoil(id, () => ({ status: 'scheduled' }));
    expect(engine.found('loan')).to.deep.equal([]);
  });

  it('nor of a host', () => {
    const engine = new Doubted();
    const machine = engine.machine();
    engine.reserve({ end: T, demand: { capacity: {}, elements: ['h2'] } });
    const lent = (change: Partial<Allocation>): string[] => {
      const claims = [{ id: '1', node: poolNode(engine.pool1), start: NOW, capacity: {}, onLoan: true as const }];
      engine.spoilMachine(machine, { claims, ...change });
      return engine.found('loan');
    };
    const over = ['cores', 'ram', 'gigabytes'].map(
      (resource) => `host/${engine.source}/h2 has more ${resource} on loan than reservations that have started leave`,
    );
    expect(lent({ host: 'h1' })).to.deep.equal([]);
    expect(lent({ host: 'h2' })).to.deep.equal(over);
    expect(lent({ host: 'h2', vmState: 'DELETING' })).to.deep.equal([]);
  });

  it('no element is held twice', () => {
    const engine = new Doubted();
    const demand = { capacity: {}, elements: ['private'] };
    const one = engine.reserve({ start: T, end: T + HOUR, demand });
    const id = engine.reserve({ start: T + HOUR, end: T + 2 * HOUR, demand });
    expect(engine.found()).to.deep.equal([]);
    engine.spoil(id, ({ claims }) => ({
      startsAt: T,
      claims: claims.map((claim) => ({ ...claim, start: T + HOUR / 2 })),
    }));
    expect(violations(engine.head, NOW)).to.deep.equal([
      {
        rule: 'element',
        where: `element/${engine.source}/network/n1`,
        at: T + HOUR / 2,
        message: `is held by two at once; held by ${one}, ${id}`,
      },
    ]);
  });

  it('the head is what its records make', () => {
    const engine = new Doubted();
    engine.as = { user: 'alice', tenant: 'red' };
    const id = engine.cores(2);
    const machine = engine.machine();
    const { head } = engine;
    engine.reserve({ start: T, end: T + HOUR, demand: { capacity: {}, elements: ['private'] } });
    const offer = head.offers.get(engine.offer(1));
    const pool = head.nodes.get(poolNode(engine.pool1));
    const host = head.hosts.nodes.get(`host/${engine.source}/h1`);
    const network = head.elements.nodes.get(`element/${engine.source}/network/n1`);
    if (offer === undefined || pool === undefined || host === undefined || network === undefined)
      throw new Error('lost');
    const reservation = engine.reservation(id);
    const upcoming = new ReservationIndex(head.reservations);
    upcoming.add(reservation);
    const quota = { quota: { name: 'x', capacity: {} }, holders: 1, reservations: 1 };
    const { resources } = pool;
    const { zone, traits, size, out } = host;
    const spoilt: [string, () => void, () => void][] = [
      ['degraded', () => head.degraded.add('x'), () => head.degraded.delete('x')],
      ['intents', () => head.intents.delete(machine), () => head.intents.add(machine)],
      ['departing', () => head.departing.add('x'), () => head.departing.delete('x')],
      ['servers', () => head.servers.set('x', 'y'), () => head.servers.delete('x')],
      ['tokens', () => head.tokens.set('x', 'y'), () => head.tokens.delete('x')],
      ['awaiting', () => head.awaiting.set('x', new Set(['y'])), () => head.awaiting.delete('x')],
      ['standing', () => head.standing.set('pool/x', new Set(['y'])), () => head.standing.delete('pool/x')],
      [
        'elements',
        () => head.elements.hold('element/a/port/b', { start: T, end: T + 1 }, 1),
        () => head.elements.nodes.delete('element/a/port/b'),
      ],
      ['elements', () => (network.there = false), () => (network.there = true)],
      ['elements', () => network.holders.set('x', 1), () => network.holders.delete('x')],
      ['hosts', () => (host.zone = 'x'), () => (host.zone = zone)],
      ['hosts', () => (host.traits = ['x']), () => (host.traits = traits)],
      ['hosts', () => (host.usable = false), () => (host.usable = true)],
      ['hosts', () => (host.size = { ...size, cores: 1 }), () => (host.size = size)],
      ['hosts', () => (host.out = [{ start: T, end: T + 1 }]), () => (host.out = out)],
      ['hosts', () => host.holders.set('x', 1), () => host.holders.delete('x')],
      [`${pool.id} resources`, () => (pool.resources = []), () => (pool.resources = resources)],
      [
        `reservation ${id}`,
        () => head.reservations.set(id, { ...reservation, ...{ unknown: 'x' } }),
        () => head.reservations.set(id, reservation),
      ],
      ['upcoming', () => head.upcoming.set('pool/x', upcoming), () => head.upcoming.delete('pool/x')],
      ['waiting', () => head.waiting.set('x', new Set(['y'])), () => head.waiting.delete('x')],
      ['users', () => head.users.set(network.id, new Set(['y'])), () => head.users.delete(network.id)],
      ['quotas', () => head.quotas.set('quota/x', quota), () => head.quotas.delete('quota/x')],
      ['held offers', () => head.heldOffers.delete(offer), () => head.heldOffers.add(offer)],
      ['pool order', () => (head.poolOrder = []), () => (head.poolOrder = [engine.pool1])],
      ['held', () => head.held.delete(engine.reservation(id)), () => head.held.add(engine.reservation(id))],
      ['over', () => head.over.add(engine.reservation(id)), () => head.over.delete(engine.reservation(id))],
      [
        'reservations by tenant',
        () => head.owned.reservation.get('red')?.add('x'),
        () => head.owned.reservation.get('red')?.delete('x'),
      ],
      ['offers by tenant', () => head.owned.offer.get('red')?.add('x'), () => head.owned.offer.get('red')?.delete('x')],
      [
        'allocations by tenant',
        () => head.owned.allocation.get('red')?.delete(machine),
        () => head.owned.allocation.get('red')?.add(machine),
      ],
      [
        'allocations by reservation',
        () => head.allocationsOf.set('x', new Set(['y'])),
        () => head.allocationsOf.delete('x'),
      ],
      [
        'allocations by pool',
        () => head.allocationsIn.get(engine.pool1)?.add('x'),
        () => head.allocationsIn.get(engine.pool1)?.delete('x'),
      ],
    ];
    for (const [what, spoil, mend] of spoilt) {
      spoil();
      const found = engine.found('records');
      mend();
      expect(found, what).to.have.length(1);
      expect(found[0]?.startsWith(`head ${what} differs from what the records make: `), found[0]).to.equal(true);
    }
    head.nodes.set('pool/x', emptyNode('pool/x'));
    expect(engine.found('records').map((each) => each.split(' what ')[0])).to.deep.equal([
      'head nodes differs from',
      'head pool/x resources differs from',
    ]);
    head.nodes.delete('pool/x');
    expect(engine.found()).to.deep.equal([]);
  });

  it('the head is what its records make, in whatever order the members of an entity are', () => {
    const engine = new Doubted();
    const id = engine.cores(2);
    // Cast: the same members.
    const turned = Object.fromEntries(Object.entries(engine.reservation(id)).reverse()) as unknown as Reservation;
    engine.head.reservations.set(id, turned);
    expect(engine.found('records')).to.deep.equal([]);
  });

  it('the head knows who may give way, as its records do', () => {
    const engine = new Engine();
    const source = engine.provider(HOSTS, 'p', 'priority');
    const node = poolNode(engine.pool(source, { cores: 10 }));
    const id = engine.reserve({ start: T, end: T + HOUR, demand: { capacity: { cores: 1 } } });
    engine.head.upcoming.get(node)?.delete(engine.reservation(id));
    expect(violations(engine.head, NOW).map(({ message }) => message)).to.deep.equal([
      `upcoming differs from what the records make: [["${node}",[]]] instead of [["${node}",["${id}"]]]`,
    ]);
  });
});
