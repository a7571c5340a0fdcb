/** Instances placed on hosts, by the commands that make and use them (issue: VM granularity; reservation steps 1, 6b; allocation step 1b). */
import { expect } from 'chai';
import type { Claim, Container, Demand, Id } from '../../../src/engine/entities.ts';
import { hostName } from '../../../src/engine/hosts.ts';
import { remainingInstances, remainingOf } from '../../../src/engine/claims.ts';
import { queryCapacity } from '../../../src/engine/queries.ts';
import { DAY, Engine, HOUR, MINUTE, NOW, inventoryOf } from './engine-fixture.ts';
import type { HostSpec } from './engine-fixture.ts';

const SIZE = { vcpus: 4, ram: 4096, disk: 10 };

function container(name: string, count: number, more: Partial<Container> = {}): Container {
  return { name, count, size: SIZE, ...more };
}

function hostsOf(count: number, cores: number, more: Partial<HostSpec> = {}): HostSpec[] {
  return Array.from({ length: count }, (_, index) => ({ name: `h${index + 1}`, cores, ...more }));
}

/** An engine with one provider, all of whose cores and memory are in one pool. */
function cloud(hosts: readonly HostSpec[]): { engine: Engine; source: Id; pool: Id } {
  const engine = new Engine();
  const source = engine.provider(hosts);
  const pool = engine.pool(source, {});
  return { engine, source, pool };
}

function placesOf(engine: Engine, id: Id): string[] {
  return (engine.head.reservations.get(id)?.claims ?? []).flatMap(({ container: name, host }) =>
    host === undefined ? [] : [`${name ?? 'whole'}@${hostName(host)}`],
  );
}

function ask(engine: Engine, demand: Partial<Demand>, from = DAY, to = DAY + HOUR) {
  return engine.do('createReservation', {
    start: NOW + from,
    end: NOW + to,
    demand: { capacity: {}, ...demand },
  });
}

function granted(engine: Engine, demand: Partial<Demand>, from?: number, to?: number): Id {
  const result = ask(engine, demand, from, to);
  if (result.outcome === 'refused') throw new Error(result.refusal.message);
  return result.reservation.id;
}

function refusalOf(result: ReturnType<typeof ask>) {
  if (result.outcome !== 'refused') throw new Error('it was granted');
  return result.refusal;
}

function hostDown(engine: Engine, source: Id, hosts: readonly HostSpec[], down: readonly string[]): void {
  const specs = hosts.map((host) => (down.includes(host.name) ? { ...host, state: 'down' as const } : host));
  engine.do('updateProvider', { id: source, inventory: inventoryOf(specs) });
}

describe('placement of instances', () => {
  it('takes the host with the least left, and fills it before it takes another', () => {
    const { engine } = cloud([
      { name: 'big', cores: 16 },
      { name: 'small', cores: 8 },
    ]);
    const id = granted(engine, { containers: [container('web', 3)] });
    expect(placesOf(engine, id)).to.deep.equal(['web@small', 'web@small', 'web@big']);
    const [claim] = engine.head.reservations.get(id)?.claims ?? [];
    expect(claim?.capacity).to.deep.equal({ cores: 4, ram: 4096, instances: 1 });
  });

  it('refuses what the hosts cannot bear, though the pool has the sum, and says what each candidate lacks', () => {
    const { engine } = cloud(hostsOf(4, 3));
    const refusal = refusalOf(ask(engine, { containers: [container('web', 1)] }));
    expect(refusal.reason).to.equal('insufficient-capacity');
    expect(refusal.container).to.equal('web');
    expect(refusal.searchComplete).to.equal(true);
    expect(refusal.message)
      .to.include("container 'web'")
      .and.to.include('0 of 1')
      .and.to.include("'h4': lacks 1 cores");
    expect(refusal.candidates?.map(({ host }) => host)).to.deep.equal(['h1', 'h2', 'h3', 'h4']);
  });

  it('counts local disk on hosts', () => {
    const { engine } = cloud(hostsOf(1, 16, { disk: 25 }));
    const refusal = refusalOf(ask(engine, { containers: [container('db', 3, { size: SIZE })] }));
    expect(refusal.message).to.include('2 of 3');
    granted(engine, { containers: [container('db', 2, { size: SIZE })] });
    expect(
      refusalOf(ask(engine, { containers: [container('db', 1, { size: { ...SIZE, disk: 6 } })] })).message,
    ).to.include('lacks 1 GB of local disk');
  });

  it('knows sizes by flavor', () => {
    const { engine } = cloud(hostsOf(1, 9));
    granted(engine, { containers: [container('web', 2, { size: { flavor: 'large' } })] });
    expect(
      refusalOf(ask(engine, { containers: [container('web', 1, { size: { flavor: 'f2' } })] })).container,
    ).to.equal('web');
    expect(refusalOf(ask(engine, { containers: [container('web', 1, { size: { flavor: 'huge' } })] })).reason).to.equal(
      'unknown-flavor',
    );
  });

  describe('of groups', () => {
    const groups = (policy: NonNullable<Demand['groups']>[number]['policy']) => [{ name: 'g', policy }];

    it('keeps affinity on one host', () => {
      const { engine } = cloud([
        { name: 'a', cores: 7 },
        { name: 'b', cores: 12 },
      ]);
      const id = granted(engine, { containers: [container('web', 3, { group: 'g' })], groups: groups('affinity') });
      expect(placesOf(engine, id)).to.deep.equal(['web@b', 'web@b', 'web@b']);
      const more = ask(engine, { containers: [container('web', 2, { group: 'g' })], groups: groups('affinity') });
      expect(refusalOf(more).message).to.include('1 of 2');
    });

    it('spreads anti-affinity over hosts of their own, across containers', () => {
      const { engine } = cloud(hostsOf(3, 16));
      const demand = {
        containers: [container('web', 2, { group: 'g' }), container('db', 1, { group: 'g' })],
        groups: groups('anti-affinity'),
      };
      const places = placesOf(engine, granted(engine, demand));
      expect(new Set(places.map((place) => place.split('@')[1])).size).to.equal(3);
      const four = { ...demand, containers: [container('web', 4, { group: 'g' })] };
      expect(refusalOf(ask(engine, four)).message).to.include('3 of 4');
    });

    it('shares hosts as evenly as possible where soft anti-affinity has too few', () => {
      const { engine } = cloud(hostsOf(3, 16));
      const id = granted(engine, {
        containers: [container('web', 7, { group: 'g' })],
        groups: groups('soft-anti-affinity'),
      });
      const counts = ['h1', 'h2', 'h3'].map(
        (name) => placesOf(engine, id).filter((each) => each.endsWith(name)).length,
      );
      expect(counts.sort()).to.deep.equal([1, 3, 3]);
    });

    it('takes few hosts where soft affinity does not fit on one', () => {
      const { engine } = cloud([...hostsOf(4, 4), { name: 'big', cores: 12 }]);
      const id = granted(engine, {
        containers: [container('web', 4, { group: 'g' })],
        groups: groups('soft-affinity'),
      });
      expect(new Set(placesOf(engine, id)).size).to.equal(2);
    });

    it('goes back on a choice where another container finds no place', () => {
      // The tightest host for 'any' is the only one with the trait that 'fast' needs.
      const { engine } = cloud([
        { name: 'fast', cores: 4, traits: ['HW_FAST'] },
        { name: 'slow', cores: 6 },
      ]);
      const id = granted(engine, {
        containers: [
          container('any', 1, { group: 'g' }),
          container('fast', 1, { group: 'g', requiredTraits: ['HW_FAST'] }),
        ],
        groups: groups('anti-affinity'),
      });
      expect(placesOf(engine, id)).to.deep.equal(['any@slow', 'fast@fast']);
    });

    it('refuses a container of a group that is not there', () => {
      const { engine } = cloud(hostsOf(1, 8));
      expect(() => ask(engine, { containers: [container('web', 1, { group: 'none' })] })).to.throw(
        /none of the affinity groups/,
      );
    });
  });

  it('heeds required and forbidden traits and zones', () => {
    const { engine } = cloud([
      { name: 'a', cores: 8, zone: 'z1', traits: ['HW_DPDK'] },
      { name: 'b', cores: 8, zone: 'z2', traits: ['HW_DPDK', 'HW_OLD'] },
      { name: 'c', cores: 8, zone: 'z2' },
    ]);
    const of = (more: Partial<Container>) =>
      placesOf(engine, granted(engine, { containers: [container('x', 1, more)] }));
    expect(of({ requiredTraits: ['HW_DPDK'], zone: 'z2' })).to.deep.equal(['x@b']);
    expect(of({ requiredTraits: ['HW_DPDK'], forbiddenTraits: ['HW_OLD'] })).to.deep.equal(['x@a']);
    expect(of({ forbiddenTraits: ['HW_DPDK'] })).to.deep.equal(['x@c']);
    const none = refusalOf(ask(engine, { containers: [container('x', 1, { requiredTraits: ['HW_GPU'] })] }));
    expect(none.candidates?.[0]?.lackingTraits).to.deep.equal(['HW_GPU']);
    expect(refusalOf(ask(engine, { containers: [container('x', 1, { zone: 'z9' })] })).reason).to.equal('unknown-zone');
  });

  it('grants all parts or none: instances in two providers, and capacity', () => {
    const engine = new Engine();
    const [p1, p2] = [engine.provider(hostsOf(1, 8), 'one'), engine.provider([{ name: 'x', cores: 8 }], 'two')];
    const [a, b] = [
      engine.pool(p1, { cores: 8, ram: 8192, instances: 10 }),
      engine.pool(p2, { cores: 8, ram: 8192, instances: 10, addresses: 4 }),
    ];
    const parts = { containers: [container('a', 2, { pools: [a] }), container('b', 1, { pools: [b] })] };
    const id = granted(engine, { ...parts, capacity: { addresses: 4 } });
    const claims = engine.head.reservations.get(id)?.claims ?? [];
    expect(claims.map(({ node }) => node)).to.have.members([`pool/${b}`, `pool/${a}`, `pool/${a}`, `pool/${b}`]);
    expect(new Set(claims.map((claim) => claim.id)).size).to.equal(4);
    const before = engine.head.reservations.size;
    expect(refusalOf(ask(engine, { ...parts, capacity: { addresses: 1 } })).shortages[0]?.resource).to.be.a('string');
    expect(engine.head.reservations.size).to.equal(before);
  });

  it('puts capacity before instances where instances would leave too little for it', () => {
    const engine = new Engine();
    const [p1, p2] = [engine.provider(hostsOf(1, 8), 'one'), engine.provider(hostsOf(1, 8), 'two')];
    const [a, b] = [p1, p2].map((source) => engine.pool(source, { cores: 8, ram: 8192, instances: 10 }));
    if (a === undefined || b === undefined) throw new Error('no pools');
    const web = (count: number) => [container('web', count, { pools: [a, b] })];
    const id = granted(engine, { pools: [a], capacity: { cores: 6 }, containers: web(2) });
    const claims = engine.head.reservations.get(id)?.claims ?? [];
    expect(claims.map((claim) => `${claim.id} ${claim.node} ${claim.container ?? ''}`)).to.deep.equal([
      `1 pool/${a} `,
      `2 pool/${b} web`,
      `3 pool/${b} web`,
    ]);
    engine.do('cancelReservation', { id });
    // With one more, nothing is left for it either way: what was short at first is told.
    const refusal = refusalOf(ask(engine, { pools: [a], capacity: { cores: 6 }, containers: web(3) }));
    expect(refusal.container).to.equal(undefined);
    expect(refusal.shortages.map(({ pool, resource, missing }) => [pool, resource, missing])).to.deep.equal([
      [a, 'cores', 6],
    ]);
  });

  it('chooses the earliest flexible window in which all parts fit', () => {
    const { engine } = cloud(hostsOf(1, 4));
    const id = granted(engine, { containers: [container('web', 1)] }, DAY, DAY + 3 * HOUR);
    const startOf = (latestEnd: number) => {
      const flexible = { earliestStart: NOW + DAY, latestEnd: NOW + DAY + latestEnd, duration: HOUR };
      const demand = { capacity: {}, containers: [container('web', 1)] };
      const result = engine.do('createReservation', { flexible, demand });
      return result.outcome === 'refused' ? result.refusal.reason : result.reservation.startsAt - NOW - DAY;
    };
    expect(startOf(4 * HOUR - 1)).to.equal('insufficient-capacity');
    expect(startOf(4 * HOUR)).to.equal(3 * HOUR);
    engine.do('cancelReservation', { id });
    expect(startOf(4 * HOUR)).to.equal(0);
  });

  it('finds the next window in which all parts fit', () => {
    const { engine } = cloud(hostsOf(2, 4));
    granted(engine, { containers: [container('web', 1)] }, DAY, DAY + 3 * HOUR);
    granted(engine, { containers: [container('web', 1)] }, DAY, DAY + 2 * HOUR);
    const refusal = refusalOf(ask(engine, { containers: [container('web', 2)] }));
    expect(refusal.nextWindow?.start).to.equal(NOW + DAY + 3 * HOUR);
    expect(refusalOf(ask(engine, { containers: [container('web', 1)] })).nextWindow?.start).to.equal(
      NOW + DAY + 2 * HOUR,
    );
  });

  it('finds the next window among many hosts', () => {
    const { engine } = cloud(hostsOf(80, 4));
    // The hosts become free one after the other.
    for (let minute = 0; minute < 60; minute++) {
      granted(engine, { containers: [container('web', 1)] }, DAY, DAY + HOUR + minute * MINUTE);
    }
    const groups = [{ name: 'g', policy: 'anti-affinity' as const }];
    const refusal = refusalOf(ask(engine, { containers: [container('db', 40, { group: 'g' })], groups }));
    expect(refusal.message).to.include('20 of 40');
    expect(refusal.nextWindow).to.deep.equal({
      start: NOW + DAY + HOUR + 19 * MINUTE,
      end: NOW + DAY + 2 * HOUR + 19 * MINUTE,
    });
    expect(refusal.searchedUntil).to.equal(undefined);
  });

  it('places those anew that have not started, when that makes room, and says so', () => {
    const { engine } = cloud([
      { name: 'big', cores: 8 },
      { name: 'small', cores: 4 },
    ]);
    const filler = granted(engine, { containers: [container('x', 1)] });
    const moved = granted(engine, { containers: [container('y', 1)] });
    expect([placesOf(engine, filler), placesOf(engine, moved)]).to.deep.equal([['x@small'], ['y@big']]);
    expect(engine.do('cancelReservation', { id: filler }).outcome).to.equal('cancelled');
    engine.told();
    const result = ask(engine, { containers: [container('large', 1, { size: { vcpus: 8, ram: 8192 } })] });
    expect(result).to.include({ outcome: 'granted' });
    expect(result).to.have.property('moved').that.deep.equals([moved]);
    expect(placesOf(engine, moved)).to.deep.equal(['y@small']);
    expect(engine.told()).to.include('reservation updated scheduled');
  });

  it('places nobody anew for an offer that a quota forbids', () => {
    const { engine } = cloud([
      { name: 'big', cores: 8 },
      { name: 'small', cores: 4 },
    ]);
    const filler = granted(engine, { containers: [container('x', 1)] });
    const other = granted(engine, { containers: [container('y', 1)] });
    engine.do('cancelReservation', { id: filler });
    const entry = { ...engine.head.policy, quotas: [{ name: 'q', user: 'alice', capacity: { cores: 8 } }] };
    engine.do('applyConfiguration', { changes: [{ put: 'policy', entry }] });
    engine.told();
    const containers = [container('large', 1, { size: { vcpus: 8, ram: 8192 } })];
    const request = { start: NOW + DAY, end: NOW + DAY + HOUR, demand: { capacity: {}, containers } };
    const result = engine.do('requestOffer', { ...request, holdFor: HOUR });
    expect(result.outcome === 'refused' && result.refusal.reason).to.equal('quota-exceeded');
    expect(placesOf(engine, other)).to.deep.equal(['y@big']);
    expect(engine.told()).to.deep.equal([]);
  });

  it('leaves those alone that have started', () => {
    const { engine } = cloud([
      { name: 'big', cores: 8 },
      { name: 'small', cores: 4 },
    ]);
    granted(engine, { containers: [container('x', 1)] });
    const started = granted(engine, { containers: [container('y', 1)] });
    engine.advance(DAY);
    const large = { containers: [container('large', 1, { size: { vcpus: 8, ram: 8192 } })] };
    refusalOf(ask(engine, large, DAY, DAY + HOUR / 2));
    expect(placesOf(engine, started)).to.deep.equal(['y@big']);
  });

  it('says that a placement was not found within the budget where it was not', () => {
    const { engine } = cloud([...hostsOf(12, 10), { name: 'other', cores: 3 }]);
    engine.checked = false;
    // Sizes of which no two add up well: 13 × 9 of 120 cores, with much to try.
    const containers = [4, 5, 6, 7].map((vcpus) => container(`c${vcpus}`, 6, { size: { vcpus, ram: 1 } }));
    const refusal = refusalOf(ask(engine, { containers }));
    expect(refusal.searchComplete).to.equal(false);
  });
});

describe('elements', () => {
  it('that are hosts are held whole, or take the instances', () => {
    const { engine } = cloud(hostsOf(2, 8));
    const whole = granted(engine, { elements: ['h1'] });
    expect(placesOf(engine, whole)).to.deep.equal(['whole@h1']);
    expect(refusalOf(ask(engine, { elements: ['h1'] })).message).to.include("'h1'");
    expect(refusalOf(ask(engine, { elements: ['h1'], containers: [container('web', 1)] })).container).to.equal('web');
    expect(placesOf(engine, granted(engine, { elements: ['h2'], containers: [container('web', 1)] }))).to.deep.equal([
      'web@h2',
    ]);
    engine.do('cancelReservation', { id: whole });
    granted(engine, { elements: ['h1'] });
  });

  it('that are networks are held by one reservation at a time, by id or name', () => {
    const { engine } = cloud(hostsOf(1, 8));
    const first = granted(engine, { elements: ['private'] });
    const refusal = refusalOf(ask(engine, { elements: ['n1'] }));
    expect(refusal.message).to.include('another reservation holds it');
    expect(refusal.nextWindow?.start).to.equal(NOW + DAY + HOUR);
    granted(engine, { elements: ['n1'] }, DAY + HOUR, DAY + 2 * HOUR);
    engine.do('cancelReservation', { id: first });
    granted(engine, { elements: ['n1'] });
  });

  it('that nobody has are refused', () => {
    const { engine } = cloud(hostsOf(1, 8));
    expect(refusalOf(ask(engine, { elements: ['ghost'] })).message).to.include("'ghost'");
  });
});

describe('elements of a pool', () => {
  it('bound where its instances go, and grow and shrink with it', () => {
    const engine = new Engine();
    const source = engine.provider(hostsOf(3, 8));
    const change = { source, capacity: { cores: 8, ram: 8192 } };
    engine.do('increaseCapacity', { ...change, elements: ['h2'] });
    expect(placesOf(engine, granted(engine, { containers: [container('web', 2)] }))).to.deep.equal([
      'web@h2',
      'web@h2',
    ]);
    engine.do('increaseCapacity', { ...change, elements: ['h3'] });
    const id = granted(engine, { containers: [container('web', 1)] });
    expect(placesOf(engine, id)).to.deep.equal(['web@h3']);
    engine.do('cancelReservation', { id });
    engine.do('decreaseCapacity', { ...change, elements: ['h3'], force: false });
    expect(refusalOf(ask(engine, { containers: [container('web', 1)] })).container).to.equal('web');
  });
});

describe('machines', () => {
  const boot = (engine: Engine, reservation?: Id, flavor = 'large') =>
    engine.do('createInstance', {
      name: 'vm',
      image: 'cirros',
      flavor,
      ...(reservation === undefined ? {} : { reservation }),
    });

  function booted(engine: Engine, reservation?: Id, flavor?: string) {
    const result = boot(engine, reservation, flavor);
    if (result.outcome === 'refused') throw new Error(result.refusal.message);
    return result.allocation;
  }

  const demand = {
    capacity: {},
    containers: [container('web', 2, { group: 'g', size: { flavor: 'large' } })],
    groups: [{ name: 'g', policy: 'anti-affinity' as const }],
  };

  it('run where their instance is placed, each claim once', () => {
    const { engine } = cloud(hostsOf(3, 8));
    const id = engine.reserve({ end: NOW + DAY, demand });
    const [a, b] = [booted(engine, id), booted(engine, id)];
    expect([a.host, b.host].sort()).to.deep.equal(
      placesOf(engine, id)
        .map((each) => each.split('@')[1])
        .sort(),
    );
    expect(a.claim).not.to.equal(b.claim);
    const third = boot(engine, id);
    expect(third.outcome === 'refused' && third.refusal.reason).to.equal('exceeds-reservation');
    engine.do('serverAccepted', { allocation: a.id, server: 's1' });
    engine.do('serverGone', { allocation: a.id });
    expect(booted(engine, id).host).to.equal(a.host);
  });

  it('use up the instance they run as, however small they are', () => {
    const { engine } = cloud(hostsOf(3, 8));
    const id = engine.reserve({ end: NOW + DAY, demand });
    booted(engine, id, 'small');
    const reservation = engine.head.reservations.get(id);
    if (reservation === undefined) throw new Error('gone');
    expect(remainingOf(engine.head, reservation)).to.deep.equal({ cores: 4, ram: 4096, instances: 1 });
    expect([...remainingInstances(engine.head, reservation)]).to.deep.equal([['web', 1]]);
  });

  it('that fail give their instance back', () => {
    const { engine } = cloud(hostsOf(3, 8));
    const id = engine.reserve({ end: NOW + DAY, demand: { ...demand, containers: [container('web', 1)], groups: [] } });
    const failed = booted(engine, id);
    engine.do('createFailed', { allocation: failed.id, fault: { message: 'no' } });
    expect(booted(engine, id).host).to.equal(failed.host);
  });

  it('without a reservation keep off hosts that are reserved later', () => {
    const { engine } = cloud(hostsOf(2, 4));
    granted(engine, {
      containers: [container('web', 1, { group: 'g' })],
      groups: [{ name: 'g', policy: 'anti-affinity' }],
    });
    const [taken] = placesOf(engine, [...engine.head.reservations.keys()][0] ?? '');
    const machine = booted(engine);
    expect(`web@${machine.host ?? ''}`).not.to.equal(taken);
    expect(boot(engine).outcome).to.equal('refused');
  });

  it('against capacity in aggregate keep off hosts that are placed on', () => {
    const { engine } = cloud(hostsOf(2, 4));
    const id = engine.reserve({ end: NOW + 2 * DAY, demand: { capacity: { cores: 4, ram: 4096 } } });
    granted(engine, { containers: [container('web', 1)] });
    const [host] = placesOf(engine, [...engine.head.reservations.keys()][1] ?? '');
    expect(`web@${booted(engine, id).host ?? ''}`).not.to.equal(host);
  });

  it('that the VIM put elsewhere take their claim along', () => {
    const { engine, source } = cloud(hostsOf(3, 8));
    const id = engine.reserve({ end: NOW + DAY, demand: { capacity: {}, containers: [container('web', 1)] } });
    const machine = booted(engine, id);
    engine.do('serverAccepted', { allocation: machine.id, server: 's1' });
    engine.do('vmStateReported', { allocation: machine.id, vmState: 'ACTIVE', host: 'h3' });
    expect(placesOf(engine, id)).to.deep.equal(['web@h3']);
    expect(source).to.be.a('string');
  });

  it('push others off a host where the VIM put them unasked', () => {
    const { engine } = cloud(hostsOf(2, 4));
    const id = engine.reserve({ end: NOW + 2 * DAY, demand: { capacity: { cores: 4, ram: 4096 } } });
    const placed = granted(engine, { containers: [container('web', 1)] });
    const machine = booted(engine, id);
    const [before] = placesOf(engine, placed);
    const host = before?.split('@')[1] ?? '';
    engine.do('serverAccepted', { allocation: machine.id, server: 's1' });
    engine.do('vmStateReported', { allocation: machine.id, vmState: 'ACTIVE', host });
    expect(placesOf(engine, placed)).not.to.deep.equal([before]);
    expect(engine.head.reservations.get(placed)?.status).to.equal('scheduled');
  });

  it('that outlive their reservation hold their host themselves', () => {
    const { engine } = cloud(hostsOf(1, 8));
    const id = engine.reserve({ end: NOW + HOUR, demand: { capacity: {}, containers: [container('web', 2)] } });
    booted(engine, id);
    engine.advance(2 * HOUR);
    expect(ask(engine, { containers: [container('web', 2)] }).outcome).to.equal('refused');
    expect(ask(engine, { containers: [container('web', 1)] }).outcome).to.equal('granted');
  });
});

describe('updates of placed reservations', () => {
  it('leave instances where they are when they still fit', () => {
    const { engine } = cloud(hostsOf(3, 8));
    const id = granted(engine, {
      containers: [container('web', 2, { group: 'g' })],
      groups: [{ name: 'g', policy: 'anti-affinity' }],
    });
    granted(engine, { containers: [container('x', 1)] });
    const before = placesOf(engine, id);
    const result = engine.do('updateReservation', { id, end: NOW + DAY + 2 * HOUR });
    expect(result.outcome).to.equal('updated');
    expect(placesOf(engine, id)).to.have.members(before);
  });

  it('change counts, and refuse to go below what runs', () => {
    const { engine } = cloud(hostsOf(3, 8));
    const id = engine.reserve({
      end: NOW + DAY,
      demand: { capacity: { addresses: 0 }, containers: [container('web', 3)] },
    });
    const boots = [1, 2].map(() =>
      engine.do('createInstance', { name: 'vm', image: 'cirros', flavor: 'large', reservation: id }),
    );
    expect(boots.map(({ outcome }) => outcome)).to.deep.equal(['accepted', 'accepted']);
    const to = (count: number) =>
      engine.do('updateReservation', { id, demand: { containers: [container('web', count)] } });
    const refused = to(1);
    expect(refused.outcome === 'refused' && refused.refusal.reason).to.equal('below-allocated');
    expect(to(2).outcome).to.equal('updated');
    expect(placesOf(engine, id)).to.have.length(2);
    expect(to(5).outcome).to.equal('updated');
    const claims: readonly Claim[] = engine.head.reservations.get(id)?.claims ?? [];
    expect(new Set(claims.map((claim) => claim.id)).size).to.equal(5);
  });

  it('release at expiry what nobody allocated', () => {
    const { engine } = cloud(hostsOf(2, 8));
    const id = engine.reserve({
      end: NOW + DAY,
      expiryTime: NOW + HOUR,
      demand: { capacity: {}, containers: [container('web', 3)] },
    });
    engine.do('createInstance', { name: 'vm', image: 'cirros', flavor: 'large', reservation: id });
    engine.advance(2 * HOUR);
    const reservation = engine.head.reservations.get(id);
    expect(reservation?.claims).to.have.length(1);
    expect(reservation?.demand.containers?.[0]?.count).to.equal(1);
  });
});

describe('loss of hosts', () => {
  const HOSTS = hostsOf(3, 8);

  it('places anew what can be, without degrading it', () => {
    const { engine, source } = cloud(HOSTS);
    const id = granted(engine, { containers: [container('web', 2)] });
    const [place] = placesOf(engine, id);
    hostDown(engine, source, HOSTS, [place?.split('@')[1] ?? '']);
    expect(engine.head.reservations.get(id)?.status).to.equal('scheduled');
    expect(placesOf(engine, id)).not.to.include(place);
    // What the VIM lost of the pool is not what it was reserved from.
    expect(placesOf(engine, id)).to.have.length(2);
  });

  it('degrades only the rest, and restores it when the host is back', () => {
    const { engine, source } = cloud(HOSTS);
    const anti = (count: number) => ({
      containers: [container('web', count, { group: 'g' })],
      groups: [{ name: 'g', policy: 'anti-affinity' as const }],
    });
    const three = granted(engine, anti(3));
    const two = granted(engine, anti(2));
    hostDown(engine, source, HOSTS, ['h3']);
    expect(engine.head.reservations.get(three)?.status).to.equal('degraded');
    expect(engine.head.reservations.get(two)?.status).to.equal('scheduled');
    expect(placesOf(engine, two)).to.have.members(['web@h1', 'web@h2']);
    hostDown(engine, source, HOSTS, []);
    expect(engine.head.reservations.get(three)?.status).to.equal('scheduled');
  });

  it('favours the higher priority for what is left', () => {
    const { engine, source } = cloud(HOSTS);
    const of = (priority: 1 | 2 | 3) =>
      engine.reserve({
        priority,
        start: NOW + DAY,
        end: NOW + DAY + HOUR,
        demand: { capacity: {}, containers: [container('web', 2)] },
      });
    const [low, high, normal] = [of(3), of(1), of(2)];
    hostDown(engine, source, HOSTS, ['h1']);
    const statuses = [high, normal, low].map((id) => engine.head.reservations.get(id)?.status);
    expect(statuses).to.deep.equal(['scheduled', 'scheduled', 'degraded']);
  });

  it('takes back a degraded one when others make room', () => {
    const { engine, source } = cloud(HOSTS);
    const ids = [1, 2, 3].map(() => granted(engine, { containers: [container('web', 2)] }));
    hostDown(engine, source, HOSTS, ['h2']);
    const degraded = ids.filter((id) => engine.head.reservations.get(id)?.status === 'degraded');
    expect(degraded).to.have.length(1);
    engine.do('cancelReservation', { id: ids.find((id) => !degraded.includes(id)) ?? '' });
    expect(engine.head.reservations.get(degraded[0] ?? '')?.status).to.equal('scheduled');
  });
});

describe('how many more machines', () => {
  it('is counted by host where hosts are known, and by zone', () => {
    const { engine, pool } = cloud([
      { name: 'a', cores: 7, zone: 'z1' },
      { name: 'b', cores: 9, zone: 'z2' },
    ]);
    const count = () => queryCapacity(engine.head, { flavor: 'large' }, engine.now).fits;
    expect(count()).to.deep.equal([
      {
        pool,
        instances: 3,
        zones: [
          { zone: 'z1', instances: 1 },
          { zone: 'z2', instances: 2 },
        ],
      },
    ]);
    granted(engine, { containers: [container('web', 1, { zone: 'z1' })] });
    expect(count()[0]?.zones).to.deep.equal([
      { zone: 'z1', instances: 0 },
      { zone: 'z2', instances: 2 },
    ]);
  });
});
