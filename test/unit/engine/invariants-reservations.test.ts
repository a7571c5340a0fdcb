/** What `violations` finds of reservations and of sums: each rule broken on purpose, by changes that no command makes. */
import { expect } from 'chai';
import { toVector } from '../../../src/engine/capacity.ts';
import type { Id, Reservation } from '../../../src/engine/entities.ts';
import { violations } from '../../../src/engine/invariants.ts';
import { apply, poolNode, providerNode } from '../../../src/engine/state.ts';
import { HOUR, NOW } from './engine-fixture.ts';
import { Doubted, T } from './invariants-lab.ts';

describe('the invariants', () => {
  describe('reservations', () => {
    it('have a window within the bounds that were asked for, and of that length', () => {
      const engine = new Doubted();
      const flexible = { earliestStart: T, latestEnd: T + 2 * HOUR, duration: HOUR };
      const id = engine.reserve({ flexible, demand: { capacity: { cores: 1 } } });
      const at = (startsAt: number, endsAt: number): string[] => {
        engine.spoil(id, () => ({ startsAt, endsAt, claims: [] }));
        return engine.found('reservation');
      };
      const wrong = [`${id} its window is not one within its bounds`];
      expect(at(T + HOUR, T + 2 * HOUR)).to.deep.equal([]);
      expect(at(T + HOUR + 1, T + 2 * HOUR + 1)).to.deep.equal(wrong);
      expect(at(T - 1, T - 1 + HOUR)).to.deep.equal(wrong);
      expect(at(T, T + HOUR - 1)).to.deep.equal(wrong);
      engine.spoil(id, () => ({ status: 'cancelled' }));
      expect(engine.found('reservation')).to.deep.equal([]);
    });

    it('say when it eases only while they are degraded', () => {
      const engine = new Doubted();
      const id = engine.cores(1);
      engine.spoil(id, () => ({ easesAt: T }));
      expect(engine.found('reservation')).to.deep.equal([`${id} it says when it eases and is not degraded`]);
      engine.spoil(id, () => ({ status: 'degraded' }));
      expect(engine.found('reservation')).to.deep.equal([]);
    });

    it('say that they were told of the end that they have, and no other, until they are over', () => {
      const engine = new Doubted();
      const id = engine.cores(1);
      const { endsAt } = engine.reservation(id);
      engine.spoil(id, () => ({ noticed: endsAt }));
      expect(engine.found('reservation')).to.deep.equal([]);
      const wrong = [`${id} it says that notice was given of an end that it does not have`];
      engine.spoil(id, () => ({ noticed: endsAt - 1 }));
      expect(engine.found('reservation')).to.deep.equal(wrong);
      engine.spoil(id, () => ({ noticed: endsAt, status: 'ended' }));
      expect(engine.found('reservation')).to.deep.equal(wrong);
    });

    it('hold what is allocated under them', () => {
      const engine = new Doubted();
      const id = engine.reserve({ end: T, demand: { capacity: { cores: 2, ram: 1024, instances: 2 } } });
      const machine = engine.machine(id);
      engine.spoilMachine(machine, { capacity: { cores: 3 } });
      expect(engine.found('reservation')).to.deep.equal([
        `${id} more is allocated under it on pool/${engine.pool1} than it holds`,
      ]);
      engine.spoilMachine(machine, { capacity: { cores: 1 }, claim: '7' });
      expect(engine.found('reservation')).to.deep.equal([`${id} ${machine} runs by a claim that it does not have`]);
    });

    it('have each instance allocated once, on its host', () => {
      const engine = new Doubted();
      const containers = [{ name: 'web', count: 2, size: { vcpus: 2, ram: 1024, disk: 1 } }];
      const id = engine.reserve({ end: T, demand: { capacity: {}, containers } });
      const [first, second] = [engine.machine(id), engine.machine(id)];
      const claim = engine.head.allocations.get(first)?.claim ?? '';
      engine.spoilMachine(second, { claim, capacity: { cores: 1 } });
      expect(engine.found('reservation')).to.deep.equal([`${id} its claim ${claim} is allocated 2 times`]);
      engine.spoilMachine(second, { claim: claim === '1' ? '2' : '1', host: 'elsewhere' });
      expect(engine.found('reservation')).to.deep.equal([
        `${id} a machine of its claim ${claim === '1' ? '2' : '1'} is not on the host of the claim`,
      ]);
      const { host, ...nowhere } = engine.head.allocations.get(second) ?? expect.fail('no machine');
      expect(host).to.equal('elsewhere');
      apply(engine.head, { kind: 'allocation', id: second, body: nowhere });
      expect(engine.found('reservation')).to.have.length(1);
    });

    it('are placed as their groups and zones say', () => {
      const groups = (policy: 'affinity' | 'anti-affinity') => ({ groups: [{ name: 'g', policy }] });
      const engine = new Doubted();
      const [h1, h2] = [`host/${engine.source}/h1`, `host/${engine.source}/h2`] as const;
      const onto = (id: Id, hosts: readonly `host/${string}/${string}`[]): string[] => {
        engine.spoil(id, ({ claims }) => ({
          claims: claims.map((claim, index) => ({ ...claim, host: hosts[index] ?? h1 })),
        }));
        return engine.found('reservation');
      };
      const together = engine.web(2, { group: 'g' }, groups('affinity'));
      expect(onto(together, [h1, h2])).to.deep.equal([`${together} its group g is on several hosts`]);
      expect(onto(together, [h2, h2])).to.deep.equal([]);
      const apart = engine.web(2, { group: 'g' }, groups('anti-affinity'));
      expect(onto(apart, [h1, h1])).to.deep.equal([`${apart} members of its group g share a host`]);
      expect(onto(apart, [h1, h2])).to.deep.equal([]);
      const there = engine.web(1, { zone: 'z2' });
      expect(onto(there, [h1])).to.deep.equal([`${there} its claim 1 is not in the zone z2`]);
      engine.spoil(there, () => ({ status: 'degraded' }));
      expect(engine.found('reservation')).to.deep.equal([]);
      const size = { vcpus: 1, ram: 512 };
      const containers = [
        { name: 'any', count: 1, size },
        { name: 'bound', count: 1, size, zone: 'z2' },
      ];
      const two = engine.reserve({ start: T + HOUR, end: T + 2 * HOUR, demand: { capacity: {}, containers } });
      expect(onto(two, [h1, h1])).to.deep.equal([`${two} its claim 2 is not in the zone z2`]);
    });

    it('that recur hold what was asked for in each window after the current one', () => {
      const engine = new Doubted();
      const recurrence = { frequency: 'daily', interval: 1, count: 3 } as const;
      const capacity = { cores: 1 };
      const containers = [{ name: 'web', count: 1, size: { vcpus: 1, ram: 512 } }];
      const id = engine.reserve({ start: T, end: T + HOUR, recurrence, demand: { capacity, containers } });
      const before = engine.reservation(id);
      const { series } = before;
      if (series === undefined) throw new Error('it does not recur');
      expect(engine.found()).to.deep.equal([]);
      const wrong = (change: Partial<Reservation>): string[] => {
        engine.spoil(id, () => ({ ...before, ...change }));
        return engine.found('reservation').map((each) => each.slice(id.length + 1));
      };
      expect(wrong({ series: { ...series, occurrence: 4 } })).to.include('it is in window 4 of 3');
      expect(wrong({ series: { ...series, occurrence: 0 } })).to.include('it is in window 0 of 3');
      expect(wrong({ series: { ...series, period: HOUR / 2 } })).to.include('its windows overlap');
      const { claims, demand } = before;
      expect(wrong({ demand: { ...demand, capacity: { cores: 2 } } })).to.deep.equal([
        'its window 2 does not hold what was asked for',
        'its window 3 does not hold what was asked for',
      ]);
      expect(wrong({ claims: claims.filter(({ container }) => container === undefined) })).to.deep.equal([
        'its window 2 has 0 of 1 instances of web',
        'its window 3 has 0 of 1 instances of web',
      ]);
    });
  });

  describe('sums', () => {
    const span = { start: T, end: T + HOUR };
    const one = toVector({ cores: 1 });

    it('each timeline shows the sum of its parts', () => {
      const engine = new Doubted();
      engine.cores(2);
      const { source, pool1, head } = engine;
      for (const where of [poolNode(pool1), providerNode(source)]) {
        for (const shown of ['total', 'free', 'lent', 'used'] as const) {
          const timeline = head.nodes.get(where)?.[shown];
          timeline?.add(span, one);
          expect(engine.found('sum')).to.have.length(1);
          expect(engine.found('sum')[0]).to.include(`${where} its timeline '${shown}'`);
          timeline?.remove(span, one);
        }
      }
      const host = head.hosts.nodes.get(`host/${source}/h1`);
      host?.free.remove(span, one);
      expect(engine.found('sum')).to.deep.equal([
        `host/${source}/h1 its timeline 'free' changes where none of its parts does`,
      ]);
      host?.free.add(span, one);
      expect(engine.found()).to.deep.equal([]);
    });

    it('says from when on it does not', () => {
      const engine = new Doubted();
      engine.cores(2);
      const node = engine.head.nodes.get(poolNode(engine.pool1));
      const at = (start: number, end: number): unknown => {
        const vector = toVector({ cores: 1 });
        node?.free.remove({ start, end }, vector);
        const [found, ...others] = violations(engine.head, NOW, { anew: false });
        node?.free.add({ start, end }, vector);
        expect(others).to.deep.equal([]);
        return found?.at;
      };
      expect(at(T - HOUR, T)).to.equal(T - HOUR);
      expect(at(T + 1, T + 2)).to.equal(T + 1);
      expect(at(T + HOUR, T + 2 * HOUR)).to.equal(T + HOUR);
      expect(at(T + 5 * HOUR, T + 6 * HOUR)).to.equal(T + 5 * HOUR);
      const held = toVector({ cores: 2 });
      for (const end of [T + 1, T + HOUR]) {
        // What is held from T on is not shown up to then: later, or not at all.
        node?.free.add({ start: T, end }, held);
        const [found] = violations(engine.head, NOW, { anew: false });
        node?.free.remove({ start: T, end }, held);
        expect(found?.at).to.equal(T);
        expect(found?.message).to.contain('does not show the sum of its parts');
      }
    });

    it('nothing is held where the head has nothing', () => {
      const engine = new Doubted();
      engine.reserve({ start: T, end: T + HOUR, demand: { capacity: {}, elements: ['private'] } });
      engine.head.elements.nodes.clear();
      expect(engine.found('sum')).to.deep.equal([
        `element/${engine.source}/network/n1 something is held here and the head does not have it`,
      ]);
    });
  });
});
