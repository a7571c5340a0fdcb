import { expect } from 'chai';
import type { Priority } from '../../../src/engine/entities.ts';
import { HIGH, LOW, NORMAL } from '../../../src/engine/entities.ts';
import { Engine, inventoryOf, HOUR, NOW } from './engine-fixture.ts';
import type { HostSpec } from './engine-fixture.ts';
import { Lab } from './preemption-lab.ts';

describe('machines without a reservation, by their class', () => {
  /** A machine of four cores and a class. */
  const boot = (lab: Lab, priority?: Priority) => {
    const input = { name: 'vm', image: 'cirros', flavor: 'large' };
    return lab.do('createInstance', priority === undefined ? input : { ...input, priority });
  };

  it('displace the lowest class that has not started, the newest in it, and no more than they need', () => {
    const lab = new Lab('priority');
    const normal = lab.grant(2, NORMAL, 1);
    const older = lab.grant(2, LOW, 1);
    const newer = lab.grant(4, LOW, 1);
    const later = lab.grant(4, LOW, 5);
    lab.told();
    const result = boot(lab, HIGH);
    if (result.outcome === 'refused') throw new Error(result.refusal.message);
    expect(result.displaced).to.deep.equal({ reservations: [newer], machines: [], complete: true });
    expect([normal, older, newer, later].map((id) => lab.status(id))).to.deep.equal([
      'scheduled',
      'scheduled',
      'preempted',
      'scheduled',
    ]);
    expect(lab.head.reservations.get(newer)?.message).to.equal(
      `It gave way to the virtual machine '${result.allocation.id}' of the priority high.`,
    );
    const [event] = lab.preempted();
    expect(event?.by).to.equal(result.allocation.id);
    expect(event?.offered?.nextWindow?.start).to.equal(NOW + 2 * HOUR);
    expect([...lab.due.values()].filter(({ subject }) => subject === newer).map(({ task }) => task)).to.deep.equal([
      'forget',
    ]);
  });

  it('spare what has started, equals, and machines of their class, and change nothing when they are refused', () => {
    const lab = new Lab('priority');
    const started = lab.grant(2, LOW, undefined, 9);
    const own = boot(lab, NORMAL);
    if (own.outcome === 'refused') throw new Error(own.refusal.message);
    const machine = own.allocation.id;
    const equal = lab.grant(2, NORMAL, 1);
    lab.told();
    const head = JSON.stringify([[...lab.head.reservations], [...lab.head.allocations], [...lab.due]]);
    const result = boot(lab, NORMAL);
    expect(result).to.have.nested.property('refusal.reason', 'insufficient-capacity');
    expect(result).to.not.have.nested.property('refusal.searchComplete');
    expect([lab.status(started), lab.status(equal), lab.state(machine)]).to.deep.equal([
      'active',
      'scheduled',
      'INITIALIZED',
    ]);
    expect(JSON.stringify([[...lab.head.reservations], [...lab.head.allocations], [...lab.due]])).to.equal(head);
    expect(lab.told()).to.deep.equal([]);
  });

  describe('where all there is was taken by their own class', () => {
    let lab: Lab;
    let [first, second] = ['', ''];
    beforeEach(() => {
      lab = new Lab('priority');
      const made = (): string => {
        const result = boot(lab, NORMAL);
        if (result.outcome === 'refused') throw new Error(result.refusal.message);
        const { id } = result.allocation;
        lab.do('serverAccepted', { allocation: id, server: `server-${id}` });
        lab.do('vmStateReported', { allocation: id, vmState: 'ACTIVE' });
        lab.now += 1;
        return id;
      };
      [first, second] = [made(), made()];
    });

    it('wait for one that is being deleted, and are refused before', () => {
      expect(boot(lab, NORMAL).outcome).to.equal('refused');
      lab.do('destroyInstance', { id: first });
      const waits = boot(lab, NORMAL);
      if (waits.outcome === 'refused') throw new Error(waits.refusal.message);
      expect(waits.allocation).to.deep.include({ awaits: [first] });
      expect(waits.displaced?.machines ?? []).to.not.include(second);
      expect(lab.state(second)).to.equal('ACTIVE');
    });

    it('are not displaced by a reservation, also where one is being deleted', () => {
      lab.do('destroyInstance', { id: first });
      expect(lab.ask(8, NORMAL, 5).outcome).to.equal('refused');
      expect(lab.state(second)).to.equal('ACTIVE');
    });
  });

  describe('take the place of machines of a lower class', () => {
    let lab: Lab;
    beforeEach(() => {
      lab = new Lab('priority');
    });

    const accepted = (result: ReturnType<typeof boot>) => {
      if (result.outcome === 'refused') throw new Error(result.refusal.message);
      return result;
    };

    it('and wait until these are gone, the newest of the lowest class', () => {
      const [older, newer] = [lab.booted(), lab.booted()];
      lab.told();
      const result = accepted(boot(lab, HIGH));
      const { id } = result.allocation;
      expect(result.displaced).to.deep.equal({ reservations: [], machines: [newer], complete: true });
      expect([lab.state(older), lab.state(newer), lab.state(id)]).to.deep.equal(['ACTIVE', 'DELETING', 'INITIALIZED']);
      expect(lab.head.allocations.get(id)).to.deep.include({ awaits: [newer] });
      expect(lab.head.allocations.get(id)).not.to.have.property('intent');
      expect(lab.head.intents.has(id)).to.equal(false);
      const event = lab.events.find((each) => each.kind === 'allocation-event' && each.cause === 'preempted');
      expect(event).to.include({ by: id, byWhat: 'machine' });
      expect(event).to.have.nested.property('offered.reason', 'insufficient-capacity');
      // Its place is nobody else's meanwhile.
      expect(boot(lab, NORMAL).outcome).to.equal('accepted');
      expect(lab.state(older)).to.equal('DELETING');
      lab.gone(newer);
      expect(lab.head.allocations.get(id)).to.include({ intent: 'create' });
      expect(lab.head.allocations.get(id)).not.to.have.property('awaits');
    });

    it('with their hosts', () => {
      const small = new Engine();
      const provider = small.provider(
        [
          { name: 'h1', cores: 4 },
          { name: 'h2', cores: 4 },
        ],
        'lab',
        'priority',
      );
      small.pool(provider, { cores: 8, ram: 8192 });
      const made = [NORMAL, LOW, HIGH].map((priority) =>
        small.do('createInstance', { name: 'vm', image: 'cirros', flavor: 'large', priority }),
      );
      const hosts = made.map((each) => (each.outcome === 'accepted' ? each.allocation.host : undefined));
      expect(new Set(hosts.slice(0, 2)).size).to.equal(2);
      expect(hosts[2]).to.equal(hosts[1]);
    });

    it('and wait for those that are being deleted before they have others deleted', () => {
      const [first, second] = [lab.booted(), lab.booted()];
      lab.do('destroyInstance', { id: first });
      const { displaced, allocation } = accepted(boot(lab, NORMAL));
      expect(displaced).to.deep.equal({ reservations: [], machines: [], complete: true });
      expect(allocation.awaits).to.deep.equal([first]);
      expect(lab.state(second)).to.equal('ACTIVE');
    });

    it('and may give way in their turn: who displaces them waits for the same', () => {
      const [older, low] = [lab.booted(), lab.booted()];
      const normal = accepted(boot(lab, NORMAL)).allocation;
      expect(normal.awaits).to.deep.equal([low]);
      accepted(boot(lab, HIGH));
      const high = accepted(boot(lab, HIGH)).allocation;
      expect([lab.state(older), lab.state(normal.id)]).to.deep.equal(['DELETING', 'DELETING']);
      expect(lab.head.allocations.get(normal.id)).not.to.have.property('awaits');
      expect(new Set(high.awaits)).to.deep.equal(new Set([older, low, normal.id]));
      for (const each of [normal.id, older]) lab.gone(each);
      expect(lab.head.allocations.get(high.id)).not.to.have.property('intent');
      lab.gone(low);
      expect(lab.head.allocations.get(high.id)?.intent).to.equal('create');
    });

    it('and give it back when they are destroyed while they wait', () => {
      lab.booted();
      const low = lab.booted();
      const { id } = accepted(boot(lab, HIGH)).allocation;
      lab.do('destroyInstance', { id });
      lab.gone(low);
      expect(lab.head.allocations.get(id)).to.include({ vmState: 'DELETING', intent: 'delete' });
      lab.gone(id);
      expect(lab.booted()).to.be.a('string');
    });

    it('and go on waiting for one that cannot be deleted, until it is', () => {
      lab.booted();
      const low = lab.booted();
      const { id } = accepted(boot(lab, HIGH)).allocation;
      lab.do('deletionAccepted', { allocation: low });
      lab.do('vmStateReported', { allocation: low, vmState: 'ERROR', fault: { message: 'stuck' } });
      expect(lab.head.allocations.get(id)?.awaits).to.deep.equal([low]);
      lab.do('destroyInstance', { id: low });
      lab.gone(low);
      expect(lab.head.allocations.get(id)?.intent).to.equal('create');
    });

    it('and are not made where their pool has less by then', () => {
      const after = (decrease: number): (string | undefined)[] => {
        const lab = new Lab('priority', 12);
        accepted(boot(lab, NORMAL));
        const low = [lab.booted(), lab.booted()];
        const high = [HIGH, HIGH].map((priority) => accepted(boot(lab, priority)).allocation.id);
        lab.do('decreaseCapacity', { source: lab.lab, capacity: { cores: decrease }, force: true });
        for (const machine of low) lab.gone(machine);
        return high.map((id) => lab.head.allocations.get(id)?.intent ?? lab.state(id));
      };
      expect(after(1)).to.have.members(['create', 'ERROR']);
      expect(after(12)).to.deep.equal(['ERROR', 'ERROR']);
    });

    it('and are made the best first, where they wait for the same one', () => {
      const lab = new Lab('priority', 4);
      const low = lab.booted();
      const small = (priority: Priority) =>
        accepted(lab.do('createInstance', { name: 'vm', image: 'cirros', flavor: 'small', priority })).allocation.id;
      const [normal, high] = [small(NORMAL), small(HIGH)];
      for (const id of [normal, high]) expect(lab.head.allocations.get(id)?.awaits).to.deep.equal([low]);
      lab.do('decreaseCapacity', { source: lab.lab, capacity: { cores: 3 }, force: true });
      lab.gone(low);
      const outcomes = [normal, high].map((id) => lab.head.allocations.get(id)?.intent ?? lab.state(id));
      expect(outcomes).to.deep.equal(['ERROR', 'create']);
      expect(lab.head.allocations.get(normal)?.fault?.message).to.include("'vm'");
    });

    describe('on their hosts', () => {
      let two: Engine;
      let [a, b] = ['', ''];
      beforeEach(() => {
        two = new Engine();
        a = two.provider(undefined, 'a', 'priority');
        b = two.provider(undefined, 'b', 'priority');
      });

      const report = (id: string, ...hosts: readonly HostSpec[]): void => {
        const inventory = inventoryOf(hosts);
        const flavors = [...inventory.flavors, { id: 'f0', name: 'diskless', vcpus: 4, memoryMb: 4096, diskGb: 0 }];
        two.do('updateProvider', { id, status: 'up', inventory: { ...inventory, flavors } });
      };
      const pool = (source: string, cores: number): string =>
        two.pool(source, { cores, ram: cores * 1024, instances: 9 });
      const made = (provider: string, priority: Priority, more: { flavor?: string; zone?: string } = {}): string => {
        const named = { provider, name: 'vm', image: 'cirros', flavor: 'large', priority, ...more };
        two.now += 1;
        return accepted(two.do('createInstance', named)).allocation.id;
      };
      const running = (provider: string, host: string, priority: Priority): string => {
        const allocation = made(provider, priority);
        two.do('serverAccepted', { allocation, server: `server-${allocation}` });
        two.do('vmStateReported', { allocation, vmState: 'ACTIVE', host });
        return allocation;
      };
      const record = (id: string) => two.head.allocations.get(id);

      it('have their place as long as there is one, beside others that wait there', () => {
        report(a, { name: 'h1', cores: 8 });
        pool(a, 8);
        const low = [running(a, 'h1', LOW), running(a, 'h1', LOW)];
        const high = [made(a, HIGH), made(a, HIGH)];
        const claims = high.map((id) => record(id)?.claims);
        two.now += HOUR;
        for (const allocation of low) two.do('serverGone', { allocation });
        expect(high.map((id) => record(id)?.intent)).to.deep.equal(['create', 'create']);
        expect(high.map((id) => record(id)?.claims)).to.deep.equal(claims);
      });

      it('have no room of those that wait on another host, or for another provider', () => {
        // The third one has cores, and too little memory for anybody.
        const others = [
          { name: 'h2', cores: 4 },
          { name: 'h3', cores: 8, ram: 1024 },
        ];
        report(a, { name: 'h1', cores: 8 }, ...others);
        report(b, { name: 'h1', cores: 4 });
        pool(a, 12);
        pool(b, 4);
        running(a, 'h1', NORMAL);
        const [other, first] = [running(a, 'h2', LOW), running(a, 'h1', LOW), running(b, 'h1', LOW)];
        const [here, elsewhere, there] = [made(a, HIGH), made(a, HIGH), made(b, HIGH)];
        expect([here, elsewhere, there].map((id) => record(id)?.host)).to.deep.equal(['h1', 'h2', 'h1']);
        report(a, { name: 'h1', cores: 6, ram: 16_384 }, ...others);
        two.do('serverGone', { allocation: first });
        expect(record(here)).to.include({ vmState: 'ERROR' });
        expect(record(elsewhere)?.awaits).to.deep.equal([other]);
        expect(record(there)?.awaits).to.have.length(1);
      });

      it('have no room beside one that is still on its way out', () => {
        const spare = { name: 'h2', cores: 8, ram: 1024 };
        const outcome = (lose: (pool: string) => void): string | undefined => {
          two = new Engine();
          a = two.provider(undefined, 'a', 'priority');
          report(a, { name: 'h1', cores: 8 }, spare);
          const all = pool(a, 8);
          const [, newer] = [running(a, 'h1', LOW), running(a, 'h1', LOW)];
          const [high] = [made(a, HIGH), made(a, HIGH)];
          lose(all);
          two.do('serverGone', { allocation: newer });
          return record(high)?.intent ?? record(high)?.vmState;
        };
        expect(outcome(() => undefined)).to.equal('create');
        expect(outcome(() => report(a, { name: 'h1', cores: 7 }, spare))).to.equal('ERROR');
        const decrease = (id: string) => two.do('decreaseCapacity', { pool: id, capacity: { cores: 1 }, force: true });
        expect(outcome(decrease)).to.equal('ERROR');
      });

      it('have no room in their pool of those that wait in another one', () => {
        report(a, { name: 'h1', cores: 8 });
        report(b, { name: 'h1', cores: 8 });
        const short = pool(a, 4);
        pool(b, 4);
        const low = running(a, 'h1', LOW);
        running(b, 'h1', LOW);
        const [here, there] = [made(a, HIGH), made(b, HIGH)];
        two.do('decreaseCapacity', { pool: short, capacity: { cores: 1 }, force: true });
        two.do('serverGone', { allocation: low });
        expect(record(here)).to.include({ vmState: 'ERROR' });
        expect(record(there)?.awaits).to.have.length(1);
      });

      it('mind nothing that is short of what they do not take', () => {
        report(a, { name: 'h1', cores: 8 });
        pool(a, 8);
        running(a, 'h1', NORMAL);
        const low = running(a, 'h1', LOW);
        const high = made(a, HIGH, { flavor: 'diskless' });
        const before = record(high)?.claims;
        report(a, { name: 'h1', cores: 8, disk: 5 });
        two.now += HOUR;
        two.do('serverGone', { allocation: low });
        expect(record(high)).to.deep.include({ intent: 'create', claims: before });
      });

      it('are made nowhere that has too little disk, or is in another zone', () => {
        const outcome = (more: { flavor?: string; zone?: string }, ...spare: readonly HostSpec[]) => {
          two = new Engine();
          a = two.provider(undefined, 'a', 'priority');
          report(a, { name: 'h1', cores: 4 });
          pool(a, 4);
          const low = running(a, 'h1', LOW);
          const high = made(a, HIGH, more);
          report(a, { name: 'h1', cores: 4, state: 'down' }, ...spare);
          two.do('serverGone', { allocation: low });
          return record(high)?.host ?? record(high)?.vmState;
        };
        const tiny = { name: 'h2', cores: 4, disk: 5 };
        expect(outcome({}, { name: 'h2', cores: 4 })).to.equal('h2');
        expect(outcome({ flavor: 'diskless' }, tiny)).to.equal('h2');
        expect(record([...two.head.allocations.keys()].at(-1) ?? '')).to.include({ intent: 'create' });
        expect(outcome({}, tiny)).to.not.equal('h2');
        expect(outcome({ zone: 'nova' }, { name: 'h2', cores: 4, zone: 'other' })).to.not.equal('h2');
      });
    });

    it('and are made elsewhere, or not at all, when the place is lost meanwhile', () => {
      const made = (left: number) => {
        const two = new Engine();
        const hosts = (count: number) =>
          Array.from({ length: 3 }, (_, index) => ({
            name: `h${index}`,
            cores: 4,
            state: index < count ? ('up' as const) : ('down' as const),
          }));
        const provider = two.provider(hosts(2), 'lab', 'priority');
        two.pool(provider, { cores: 8, ram: 8192, instances: 8 });
        const start = (priority: Priority) => {
          const result = two.do('createInstance', { name: 'vm', image: 'cirros', flavor: 'large', priority });
          if (result.outcome === 'refused') throw new Error(result.refusal.message);
          two.now += 1;
          return result.allocation.id;
        };
        start(NORMAL);
        const low = start(LOW);
        const high = start(HIGH);
        const lost = two.head.allocations.get(high)?.host;
        const all = hosts(3).map((host, index) => ({
          ...host,
          state: host.name === lost || (index === 2 && left === 1) ? ('down' as const) : ('up' as const),
        }));
        two.do('updateProvider', { id: provider, inventory: inventoryOf(all) });
        two.do('serverGone', { allocation: low });
        return two.head.allocations.get(high);
      };
      expect(made(2)).to.include({ intent: 'create', vmState: 'INITIALIZED', host: 'h2' });
      const lost = made(1);
      expect(lost).to.include({ vmState: 'ERROR' });
      expect(lost?.fault?.message).to.include('Its place was lost while it waited for it');
      expect(lost?.claims).to.deep.equal([]);
    });
  });

  it('displace nobody when they are low, or under another policy', () => {
    const low = new Lab('priority');
    const [first] = [low.grant(8, LOW, 1)];
    expect(boot(low)).to.have.property('outcome', 'refused');
    expect(low.status(first)).to.equal('scheduled');
    const none = new Lab('none');
    none.grant(8, LOW, 1);
    expect(boot(none, HIGH)).to.have.property('outcome', 'refused');
  });

  it('move to another pool whom they displace where there is room', () => {
    const lab = new Lab('priority', 4);
    const low = lab.grant(4, LOW, 1);
    const other = lab.provider([{ name: 'h2', cores: 100 }], 'other');
    const spare = lab.pool(other, { cores: 4, ram: 8192 });
    lab.told();
    const result = lab.do('createInstance', {
      provider: lab.lab,
      name: 'vm',
      image: 'cirros',
      flavor: 'large',
      priority: HIGH,
    });
    if (result.outcome === 'refused') throw new Error(result.refusal.message);
    expect(result.displaced?.reservations).to.deep.equal([]);
    expect(lab.head.reservations.get(low)).to.include({ status: 'scheduled' });
    expect(lab.head.reservations.get(low)?.claims.map(({ node }) => node)).to.deep.equal([`pool/${spare}`]);
  });
});
