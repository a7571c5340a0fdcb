/** Changes of reservations: what stays where it is, what is placed again, and why a change is refused. */
import { expect } from 'chai';
import type { Container, Id } from '../../../src/engine/entities.ts';
import { hostName } from '../../../src/engine/hosts.ts';
import type { Commands } from '../../../src/engine/requests.ts';
import { DAY, Engine, HOUR, MINUTE, NOW } from './engine-fixture.ts';

const T = NOW + DAY;

/** Two pools of ten cores, `a` and `b`, each on a host of its own. */
class Lab extends Engine {
  readonly source = this.provider([
    { name: 'h1', cores: 10, zone: 'z1' },
    { name: 'h2', cores: 10, zone: 'z2' },
  ]);

  constructor() {
    super();
    for (const [id, zone] of [
      ['a', 'z1'],
      ['b', 'z2'],
    ] as const) {
      const capacity = { cores: 10, ram: 10_240, instances: 10 };
      const entry = { id, source: this.source, zone, capacity, adjustments: [] };
      this.do('applyConfiguration', { changes: [{ put: 'pool', entry }] });
    }
  }

  machine(reservation: Id): { readonly claim: string | undefined; readonly host: string | undefined } {
    const result = this.do('createInstance', { name: 'vm', image: 'cirros', flavor: 'small', reservation });
    if (result.outcome === 'refused') throw new Error(result.refusal.message);
    const { claim, host } = result.allocation;
    return { claim, host };
  }

  /** Each claim as `id pool[/host] cores`. */
  claims(id: Id): string[] {
    return this.reservation(id).claims.map(({ id: claim, node, host, capacity }) => {
      const place = `${node.slice('pool/'.length)}${host === undefined ? '' : `/${hostName(host)}`}`;
      return `${claim} ${place} ${capacity.cores ?? 0}`;
    });
  }

  /** Changes a reservation; says why where it is refused, and that nothing has changed then. */
  change(id: Id, input: Omit<Parameters<Commands['updateReservation']>[1], 'id'>): string {
    const before = this.reservation(id);
    const result = this.do('updateReservation', { id, ...input });
    if (result.outcome === 'updated') return 'updated';
    expect(this.reservation(id)).to.equal(before);
    return `${result.refusal.reason}: ${result.refusal.message}`;
  }
}

function web(count: number, more: Partial<Container> = {}): Container {
  return { name: 'web', count, size: { vcpus: 4, ram: 1024, disk: 1 }, ...more };
}

describe('a change', () => {
  it('of a name alone moves nothing', () => {
    const lab = new Lab();
    const id = lab.reserve({ start: T, end: T + HOUR, demand: { capacity: { cores: 2 } } });
    const { claims } = lab.reservation(id);
    lab.told();
    expect(lab.change(id, { name: 'other' })).to.equal('updated');
    expect(lab.reservation(id)).to.deep.include({ name: 'other', claims });
    expect(lab.told()).to.deep.equal(['reservation updated scheduled']);
  });

  it('keeps the pool while it fits there, and what is consumed wherever it is', () => {
    const lab = new Lab();
    const id = lab.reserve({ end: T, demand: { capacity: { cores: 3, ram: 2048, instances: 3 }, pools: ['b'] } });
    expect(lab.change(id, { clear: ['pools'], demand: { capacity: { cores: 10 } } })).to.equal('updated');
    expect(lab.claims(id)).to.deep.equal(['1 b 10']);
    lab.machine(id);
    lab.machine(id);
    expect(lab.change(id, { demand: { capacity: { cores: 3 } } })).to.equal('updated');
    expect(lab.claims(id)).to.deep.equal(['1 b 3']);
    const other = lab.reserve({ end: T, demand: { capacity: { cores: 7 }, pools: ['b'] } });
    // What is consumed stays, and the rest goes where it fits.
    expect(lab.change(id, { demand: { capacity: { cores: 4 } } })).to.equal('updated');
    expect(lab.claims(id)).to.deep.equal(['1 b 2', '2 a 2']);
    lab.do('cancelReservation', { id: other });
    expect(lab.change(id, { demand: { capacity: { cores: 5 } } })).to.equal('updated');
    // In the first pool that takes the rest, beside what is consumed.
    expect(lab.claims(id)).to.deep.equal(['1 b 2', '2 a 3']);
    expect(lab.change(id, { demand: { pools: ['b'] } })).to.equal('updated');
    expect(lab.claims(id)).to.deep.equal(['1 b 5']);
    expect(lab.change(id, { demand: { capacity: { cores: 1 } } })).to.equal(
      'below-allocated: In use under the reservation are 2 cores, 1024 ram, 2 instances; it cannot have less.',
    );
    expect(lab.change(id, { demand: { pools: ['a'] } })).to.equal(
      "below-allocated: In use under the reservation are 2 cores, 1024 ram, 2 instances of the pools 'b': it has to keep these, and what is asked for now excludes them.",
    );
    expect(lab.change(id, { demand: { capacity: { cores: 11 } } })).to.match(/^insufficient-capacity: /);
  });

  it('keeps the instances that run, on their hosts', () => {
    const lab = new Lab();
    const id = lab.reserve({ end: T, demand: { capacity: {}, containers: [web(3)] } });
    expect(lab.claims(id)).to.deep.equal(['1 a/h1 4', '2 a/h1 4', '3 b/h2 4']);
    lab.machine(id);
    const { claim = '', host } = lab.machine(id);
    const running = lab.claims(id).filter((each) => each.startsWith('1 ') || each.startsWith(`${claim} `));
    expect(host).to.equal('h1');
    expect(lab.change(id, { demand: { containers: [web(2)] } })).to.equal('updated');
    expect(lab.claims(id)).to.deep.equal(running);
    const below =
      'below-allocated: In use under the reservation are 2 cores, 1024 ram, 2 instances; it cannot have less.';
    expect(lab.change(id, { demand: { containers: [web(1)] } })).to.equal(below);
    expect(lab.change(id, { demand: { containers: [{ ...web(2), name: 'db' }] } })).to.equal(below);
    expect(lab.change(id, { clear: ['container'], demand: { capacity: { cores: 8 } } })).to.equal(below);
    expect(lab.change(id, { demand: { containers: [web(4)], capacity: { cores: 1 } } })).to.equal('updated');
    expect(lab.claims(id).slice(0, 2)).to.deep.equal(running);
    expect(new Set(lab.reservation(id).claims.map((each) => each.id)).size).to.equal(5);
    expect(lab.claims(id).filter((each) => each.includes('b/h2'))).to.have.length(2);
  });

  it('keeps a host that is held whole while machines run there', () => {
    const lab = new Lab();
    const id = lab.reserve({ end: T, demand: { capacity: {}, elements: ['h1'] } });
    expect(lab.machine(id).host).to.equal('h1');
    expect(lab.change(id, { demand: { elements: ['h2'] } })).to.match(
      /^below-allocated: In use under the reservation are /,
    );
    expect(lab.change(id, { demand: { elements: ['h1', 'h2'] } })).to.equal('updated');
    expect(lab.claims(id)).to.deep.equal(['1 a/h1 10', '2 b/h2 10']);
    expect(lab.change(id, { demand: { elements: ['h1'] } })).to.equal('updated');
    expect(lab.claims(id)).to.deep.equal(['1 a/h1 10']);
  });

  it('puts off a start that has arrived while nothing runs, and begins anew then', () => {
    const lab = new Lab();
    const id = lab.reserve({ demand: { capacity: { cores: 2, ram: 1024, instances: 2 } } });
    expect(lab.reservation(id).status).to.equal('active');
    expect(lab.change(id, { start: NOW + HOUR, end: NOW + 2 * HOUR })).to.equal('updated');
    expect(lab.reservation(id)).to.include({ status: 'scheduled', startsAt: NOW + HOUR });
    lab.advance(HOUR);
    expect(lab.reservation(id).status).to.equal('active');
    lab.machine(id);
    expect(lab.change(id, { start: NOW + 90 * MINUTE })).to.equal(
      'below-allocated: The start cannot be put off to 2030-01-01T01:30:00Z: 1 allocation was made under the reservation since 2030-01-01T01:00:00Z.',
    );
    expect(lab.change(id, { end: NOW + 3 * HOUR })).to.equal('updated');
    expect(lab.reservation(id)).to.include({ startsAt: NOW + HOUR, endsAt: NOW + 3 * HOUR, status: 'active' });
    for (const { endsAt } of lab.head.allocations.values()) expect(endsAt).to.equal(NOW + 3 * HOUR);
  });

  it('begins at once when its start is now', () => {
    const lab = new Lab();
    const id = lab.reserve({ start: T, end: T + HOUR, demand: { capacity: { cores: 2 } } });
    expect(lab.change(id, { start: NOW })).to.equal('updated');
    expect(lab.reservation(id)).to.include({ startsAt: NOW, status: 'active' });
  });

  it('is bound by quotas in what it adds, not in what it has or takes away', () => {
    const lab = new Lab();
    const id = lab.reserve({ start: T, end: T + HOUR, demand: { capacity: { cores: 4 } } });
    lab.now += 1;
    const quotas = [{ name: 'q', user: 'alice', capacity: { cores: 3 } }];
    lab.do('applyConfiguration', { changes: [{ put: 'policy', entry: { ...lab.head.policy, quotas } }] });
    lab.now += 1;
    expect(lab.change(id, { demand: { capacity: { cores: 5 } } })).to.match(/^quota-exceeded: /);
    expect(lab.change(id, { start: T - HOUR, end: T })).to.match(/^quota-exceeded: /);
    expect(lab.change(id, { name: 'same' })).to.equal('updated');
    expect(lab.change(id, { demand: { capacity: { cores: 2 } } })).to.equal('updated');
    expect(lab.change(id, { demand: { capacity: { cores: 4 } } })).to.match(/^quota-exceeded: /);
    expect(lab.change(id, { demand: { capacity: { cores: 3 } } })).to.equal('updated');
  });

  it('of what recurs keeps what runs in its window, and names by their numbers the later ones that fall short', () => {
    const lab = new Lab();
    const recurrence = { frequency: 'daily', interval: 1, count: 4 } as const;
    const demand = { capacity: { cores: 2, ram: 1024, instances: 2 }, pools: ['a'] };
    const id = lab.reserve({ start: NOW, end: NOW + HOUR, recurrence, demand });
    lab.advance(DAY);
    lab.machine(id);
    lab.reserve({ start: T + DAY, end: T + DAY + HOUR, demand: { capacity: { cores: 7 }, pools: ['a'] } });
    const result = lab.do('updateReservation', { id, demand: { capacity: { cores: 4 } } });
    if (result.outcome !== 'refused') throw new Error(result.outcome);
    expect(result.refusal.shortWindows).to.deep.equal([
      { occurrence: 3, window: { start: T + DAY, end: T + DAY + HOUR } },
    ]);
    expect(result.refusal).not.to.have.any.keys('nextWindow', 'searchedUntil');
    expect(lab.change(id, { demand: { capacity: { cores: 3 } } })).to.equal('updated');
    expect(lab.reservation(id).series).to.include({ occurrence: 2, count: 4 });
    expect(lab.head.nodes.get('pool/a')?.free.valueAt(T + DAY)[0]).to.equal(0);
    expect(lab.head.nodes.get('pool/a')?.free.valueAt(T + 2 * DAY)[0]).to.equal(7);
    expect(lab.change(id, { start: NOW + 2 * HOUR, end: NOW + 3 * HOUR })).to.match(
      /^below-allocated: The start cannot/,
    );
  });

  it('is bound by policy in its times', () => {
    const lab = new Lab();
    const id = lab.reserve({ start: T, end: T + HOUR, demand: { capacity: { cores: 4 } } });
    const policy = { ...lab.head.policy, maxDuration: 2 };
    lab.do('applyConfiguration', { changes: [{ put: 'policy', entry: policy }] });
    expect(lab.change(id, { end: T + 3 * HOUR })).to.match(/^policy-violation: .*\(policy max-duration\)$/);
    expect(lab.change(id, { clear: ['end'] })).to.equal('updated');
    expect(lab.reservation(id))
      .to.include({ endsAt: T + 2 * HOUR })
      .and.not.to.have.property('end');
  });

  it('tells of the capacity that is given back and held, and gives it to whom it was lacking', () => {
    const engine = new Engine();
    const pool = engine.pool(engine.provider(), { cores: 10 });
    const reserve = (cores: number): Id => engine.reserve({ start: T, end: T + HOUR, demand: { capacity: { cores } } });
    const [id, other] = [reserve(6), reserve(4)];
    engine.do('decreaseCapacity', { pool, capacity: { cores: 1 }, force: true });
    const status = (): string | undefined => engine.head.reservations.get(other)?.status;
    expect(status()).to.equal('degraded');
    engine.told();
    engine.do('updateReservation', { id, demand: { capacity: { cores: 5 } } });
    expect(engine.told()).to.deep.equal([
      'reservation updated scheduled',
      'capacity released',
      'capacity reserved',
      'reservation restored scheduled',
    ]);
    expect(status()).to.equal('scheduled');
  });

  it('of the name leaves what is said of one that is degraded', () => {
    const engine = new Engine();
    const pool = engine.pool(engine.provider(), { cores: 10 });
    const id = engine.reserve({ start: T, end: T + HOUR, demand: { capacity: { cores: 10 } } });
    engine.do('decreaseCapacity', { pool, capacity: { cores: 1 }, force: true });
    const told = { status: 'degraded', reason: 'capacity-withdrawn' };
    expect(engine.head.reservations.get(id)).to.include(told);
    engine.do('updateReservation', { id, name: 'other' });
    expect(engine.head.reservations.get(id))
      .to.include({ ...told, name: 'other' })
      .and.to.have.property('message');
    // One that is placed again has nothing of it any more.
    engine.do('updateReservation', { id, demand: { capacity: { cores: 9 } } });
    expect(engine.head.reservations.get(id)).to.include({ status: 'scheduled' });
    expect(engine.head.reservations.get(id)).not.to.have.any.keys('reason', 'message');
  });

  it('does not count for quotas beside what it takes the place of', () => {
    const lab = new Lab();
    const id = lab.reserve({ end: T, demand: { capacity: { cores: 4, ram: 2048, instances: 4 } } });
    lab.machine(id);
    lab.now += 1;
    const quotas = [{ name: 'q', user: 'alice', reservations: 1, capacity: { cores: 4 } }];
    lab.do('applyConfiguration', { changes: [{ put: 'policy', entry: { ...lab.head.policy, quotas } }] });
    lab.now += 1;
    expect(lab.change(id, { end: T + HOUR })).to.equal('updated');
    expect(lab.change(id, { demand: { capacity: { cores: 5 } } })).to.match(/^quota-exceeded: /);
  });

  it('does not bring back an expiry that was carried out', () => {
    const lab = new Lab();
    const id = lab.reserve({ demand: { capacity: { cores: 2, ram: 1024, instances: 2 } } });
    lab.machine(id);
    lab.advance(HOUR);
    expect(lab.reservation(id).reason).to.equal('not-allocated-in-time');
    expect(lab.change(id, { name: 'other', end: T })).to.equal('updated');
    expect(lab.reservation(id)).not.to.have.property('expiresAt');
    lab.advance(HOUR);
    expect(lab.change(id, { end: T + HOUR })).to.equal('updated');
    expect(lab.reservation(id)).not.to.have.property('expiresAt');
    expect(lab.due.has(`expire:${id}`)).to.equal(false);
  });

  it('may name a start that is past, or now, while machines run, and keeps the one in effect', () => {
    const lab = new Lab();
    const id = lab.reserve({ end: T, demand: { capacity: { cores: 2, ram: 1024, instances: 2 } } });
    lab.machine(id);
    lab.advance(10 * MINUTE);
    for (const start of [NOW + MINUTE, NOW + 10 * MINUTE]) {
      expect(lab.change(id, { start })).to.equal('updated');
      expect(lab.reservation(id).startsAt).to.equal(NOW);
    }
    const recurrence = { frequency: 'daily', interval: 1, count: 3 } as const;
    const hours = { start: NOW + 2 * HOUR, end: NOW + 4 * HOUR };
    const series = lab.reserve({ ...hours, recurrence, demand: { capacity: { cores: 2, ram: 1024, instances: 2 } } });
    lab.advance(2 * HOUR);
    lab.machine(series);
    expect(lab.change(series, { ...hours, end: NOW + 5 * HOUR })).to.equal('updated');
    expect(lab.reservation(series)).to.include({ startsAt: hours.start, endsAt: NOW + 5 * HOUR });
    // At other hours it would recur at others than the ones in which it runs.
    expect(lab.change(series, { start: NOW + HOUR })).to.match(/^below-allocated: The start cannot be put off/);
  });

  it('is not held up by machines that earlier windows left behind', () => {
    const lab = new Lab();
    const recurrence = { frequency: 'daily', interval: 1, count: 3 } as const;
    const demand = { capacity: { cores: 2, ram: 1024, instances: 2 }, pools: ['a'] };
    const id = lab.reserve({ start: NOW + HOUR, end: NOW + 2 * HOUR, recurrence, demand });
    lab.advance(HOUR);
    lab.machine(id);
    expect(lab.change(id, { start: NOW + 3 * HOUR, end: NOW + 4 * HOUR })).to.match(/^below-allocated: The start/);
    lab.advance(HOUR);
    expect(lab.reservation(id).series).to.include({ occurrence: 2 });
    expect(lab.change(id, { start: NOW + 3 * HOUR, end: NOW + 4 * HOUR })).to.equal('updated');
    expect(lab.reservation(id)).to.include({ startsAt: NOW + 3 * HOUR, endsAt: NOW + 4 * HOUR });
    expect(lab.reservation(id).series).to.include({ occurrence: 1, count: 3 });
  });

  it('of what recurs counts its windows from the start that it names', () => {
    const lab = new Lab();
    const recurrence = { frequency: 'daily', interval: 1, count: 3 } as const;
    const id = lab.reserve({
      start: NOW,
      end: NOW + HOUR,
      recurrence,
      demand: { capacity: { cores: 2 }, pools: ['a'] },
    });
    lab.advance(2 * HOUR);
    expect(lab.reservation(id)).to.include({ startsAt: T });
    expect(lab.change(id, { start: T, end: T + HOUR })).to.equal('updated');
    expect(lab.reservation(id).series).to.include({ occurrence: 1, count: 3 });
    expect(lab.head.nodes.get('pool/a')?.free.valueAt(T + 2 * DAY)[0]).to.equal(8);
  });

  it('of what recurs names the last window by its number where it alone falls short', () => {
    const lab = new Lab();
    const recurrence = { frequency: 'daily', interval: 1, count: 2 } as const;
    const demand = { capacity: { cores: 2, ram: 1024, instances: 2 }, pools: ['a'] };
    const id = lab.reserve({ start: NOW, end: NOW + HOUR, recurrence, demand });
    lab.machine(id);
    lab.reserve({ start: T, end: T + HOUR, demand: { capacity: { cores: 7 }, pools: ['a'] } });
    const result = lab.do('updateReservation', { id, demand: { capacity: { cores: 4 } } });
    expect(result)
      .to.have.nested.property('refusal.shortWindows')
      .that.deep.equals([{ occurrence: 2, window: { start: T, end: T + HOUR } }]);
  });

  it('moves the end of the machines that count in it, and of no others', () => {
    const lab = new Lab();
    const id = lab.reserve({ end: T, demand: { capacity: { cores: 2, ram: 1024, instances: 2 } } });
    lab.machine(id);
    lab.machine(id);
    const [outgrown = '', other = ''] = [...lab.head.allocations.keys()];
    lab.do('serverAccepted', { allocation: outgrown, server: 's1' });
    lab.do('serverResized', { allocation: outgrown, flavor: 'f2' });
    expect(lab.change(id, { end: T + HOUR })).to.equal('updated');
    expect(lab.head.allocations.get(other)).to.include({ backing: 'reservation', endsAt: T + HOUR });
    expect(lab.head.allocations.get(outgrown)).to.include({ backing: 'own' }).and.not.to.have.property('endsAt');
  });

  it('leaves instances on the hosts where they are, whether they run or not', () => {
    const lab = new Lab();
    const id = lab.reserve({ end: T, demand: { capacity: {}, containers: [web(1, { zone: 'z2' })] } });
    expect(lab.claims(id)).to.deep.equal(['1 b/h2 4']);
    expect(lab.change(id, { demand: { containers: [web(1)] } })).to.equal('updated');
    expect(lab.claims(id)).to.deep.equal(['1 b/h2 4']);
    expect(lab.change(id, { demand: { containers: [web(1), { ...web(1), name: 'db' }] } })).to.equal('updated');
    const placed = (): string[] => lab.claims(id).map((each) => each.slice(2));
    const before = placed();
    expect(before).to.include('b/h2 4');
    lab.machine(id);
    expect(lab.change(id, { demand: { capacity: { cores: 1 } } })).to.equal('updated');
    expect(placed()).to.include.members(before);
  });

  it('counts the instances that run for each container by itself', () => {
    const lab = new Lab();
    const small = { size: { vcpus: 1, ram: 512, disk: 1 } };
    const containers = [web(2, small), { ...web(1, small), name: 'db' }];
    const id = lab.reserve({ end: T, demand: { capacity: {}, containers } });
    for (let count = 0; count < 3; count++) lab.machine(id);
    expect(lab.change(id, { demand: { capacity: { cores: 1 } } })).to.equal('updated');
    expect(lab.change(id, { demand: { containers: [web(3, small), { ...web(1, small), name: 'db' }] } })).to.equal(
      'updated',
    );
    expect(lab.change(id, { demand: { containers: [web(1, small), { ...web(3, small), name: 'db' }] } })).to.match(
      /^below-allocated: /,
    );
  });

  it('of what runs may have others placed anew, and says so', () => {
    const lab = new Lab();
    const id = lab.reserve({ end: T + HOUR, demand: { capacity: {}, containers: [web(1, { zone: 'z1' })] } });
    lab.machine(id);
    const five = { ...web(1, { size: { vcpus: 5, ram: 1024 } }), name: 'other' };
    const other = lab.reserve({ start: T, end: T + HOUR, demand: { capacity: {}, containers: [five] } });
    expect(lab.claims(other)).to.deep.equal(['1 a/h1 5']);
    const result = lab.do('updateReservation', { id, demand: { containers: [web(2, { zone: 'z1' })] } });
    expect(result).to.deep.include({ outcome: 'updated', moved: [other] });
    expect(lab.claims(other)).to.deep.equal(['1 b/h2 5']);
  });
});

describe('a change of what has begun asks for what is left of the window', () => {
  const WEEKLY = { frequency: 'weekly', interval: 1, count: 2 } as const;
  const DAILY = { frequency: 'daily', interval: 1, count: 2 } as const;
  const aggregate = (cores: number) => ({ capacity: { cores, ram: cores * 512 }, pools: ['a'] });
  const instances = (count: number) => ({ capacity: {}, containers: [web(count, { zone: 'z1' })] });
  const kinds = { 'in aggregate': [aggregate(4), aggregate(8)], 'of instances': [instances(1), instances(2)] } as const;

  for (const [kind, [demand, more]] of Object.entries(kinds)) {
    for (const recurrence of [undefined, DAILY]) {
      for (const machines of [0, 1]) {
        const which = `${recurrence === undefined ? 'one window' : 'many'}, ${machines} machines`;
        it(`${kind}: what others held before is past (${which})`, () => {
          const lab = new Lab();
          lab.reserve({ start: T, end: T + 2 * HOUR, recurrence: WEEKLY, demand: aggregate(5) });
          const times = { start: T, end: T + 10 * HOUR, expiryTime: T + 10 * HOUR };
          const id = lab.reserve({ ...times, demand, ...(recurrence === undefined ? {} : { recurrence }) });
          lab.advance(DAY + HOUR);
          if (machines > 0) lab.machine(id);
          expect(lab.change(id, { demand: more })).to.match(/^insufficient-capacity: /);
          lab.advance(HOUR);
          expect(lab.change(id, { demand: more })).to.equal('updated');
          // What it holds is said of its window as a whole.
          for (const { start } of lab.reservation(id).claims) expect((start - T) % DAY).to.equal(0);
        });
      }
    }

    it(`${kind}: what was lacking before is past, and nothing keeps it from having less`, () => {
      const lab = new Lab();
      const id = lab.reserve({ start: T, end: T + 10 * HOUR, expiryTime: T + 10 * HOUR, demand: more });
      const entry = lab.head.policy;
      const maintenance = [{ id: 'm', pool: 'a', start: T + HOUR, end: T + 2 * HOUR }];
      lab.do('applyConfiguration', { changes: [{ put: 'policy', entry: { ...entry, maintenance } }] });
      lab.advance(DAY + 2 * HOUR);
      expect(lab.change(id, { demand })).to.equal('updated');
      expect(lab.change(id, { demand: more, end: T + 12 * HOUR })).to.equal('updated');
    });
  }

  it('of a quota too', () => {
    const lab = new Lab();
    const quotas = [{ name: 'all', capacity: { cores: 9 } }];
    lab.do('applyConfiguration', { changes: [{ put: 'policy', entry: { ...lab.head.policy, quotas } }] });
    lab.reserve({ start: T, end: T + 2 * HOUR, recurrence: WEEKLY, demand: { ...aggregate(5), pools: ['b'] } });
    const id = lab.reserve({ start: T, end: T + 10 * HOUR, demand: aggregate(4) });
    lab.advance(DAY + HOUR);
    expect(lab.change(id, { demand: aggregate(8) })).to.match(/^quota-exceeded: /);
    lab.advance(HOUR);
    expect(lab.change(id, { demand: aggregate(8) })).to.equal('updated');
    expect(lab.change(id, { demand: aggregate(10) })).to.match(/^quota-exceeded: /);
  });

  it('and is refused for what lacks from now on, in words of that', () => {
    const lab = new Lab();
    const id = lab.reserve({ start: T, end: T + 10 * HOUR, demand: aggregate(4) });
    lab.advance(DAY + HOUR);
    expect(lab.change(id, { demand: aggregate(11) })).to.match(
      /Not free throughout 2030-01-02T01:00:00Z to 2030-01-02T10:00:00Z: 11 cores/,
    );
  });
});
