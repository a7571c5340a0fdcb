/** The map of hosts: how it follows inventories, what it holds, and in which order it shows hosts. */
import { expect } from 'chai';
import { hostAmount } from '../../../src/engine/host-steps.ts';
import {
  HostMap,
  changedHosts,
  hostId,
  hostName,
  isLent,
  isUsable,
  leastOnHost,
  onHost,
  stepsOn,
} from '../../../src/engine/hosts.ts';
import type { HostNode } from '../../../src/engine/hosts.ts';
import { ALWAYS } from '../../../src/engine/window.ts';
import type { VimHost, VimInventory } from '../../../src/vim/vim.ts';
import { inventoryOf } from './engine-fixture.ts';
import type { HostSpec } from './engine-fixture.ts';

const P = 'provider-1';
const ONE_CORE = { cores: 1, ram: 10, disk: 1 };

/** A map that follows one inventory after the other. */
class Followed extends HostMap {
  #last: VimInventory | undefined;

  see(...hosts: readonly HostSpec[]): this {
    return this.look(inventoryOf(hosts));
  }

  look(inventory: VimInventory | undefined): this {
    this.follow(P, this.#last, inventory);
    this.#last = inventory;
    return this;
  }

  at(name: string): HostNode | undefined {
    return this.nodes.get(hostId(P, name));
  }

  free(name: string, at = 0): ReturnType<typeof hostAmount> | undefined {
    const host = this.at(name);
    return host === undefined ? undefined : hostAmount(host.free.valueAt(at));
  }

  /** The names of the hosts of each class, `zone[traits]: names`: with room at all times for so many cores, and after a bar the others. */
  inClasses(cores: number): string[] {
    return this.classesOf(P).map((each) => {
      const names = (hosts: Iterable<HostNode>) => [...hosts].map(({ name }) => name).join(' ');
      const { zone, traits } = each;
      return `${zone}[${traits.join()}]: ${names(each.alwaysFree(cores))} | ${names(each.sometimesShort(cores))}`;
    });
  }

  names(): string[] {
    return [...this.hostsOf(P)].map(({ name }) => name);
  }
}

const hold = (map: Followed, name: string, start: number, end: number, cores: number, sign: 1 | -1 = 1): void => {
  map.hold(hostId(P, name), { start, end }, { cores, ram: 0, disk: 0 }, sign);
};

describe('the id of a host', () => {
  it('is of its provider and its name, in which anything may be', () => {
    expect(hostId('p', 'rack/1')).to.equal('host/p/rack/1');
    expect(hostName('host/p/rack/1')).to.equal('rack/1');
    const map = new Followed();
    map.hold('host/p/rack/1', ALWAYS, ONE_CORE, 1);
    expect(map.nodes.get('host/p/rack/1')).to.include({ provider: 'p', name: 'rack/1' });
  });
});

describe('what an instance takes of its host', () => {
  it('is nothing of what it does not ask for', () => {
    expect(onHost({ cores: 2, ram: 3, addresses: 4 }, 5)).to.deep.equal({ cores: 2, ram: 3, disk: 5 });
    expect(onHost({}, undefined)).to.deep.equal({ cores: 0, ram: 0, disk: 0 });
  });
});

describe('the map of hosts', () => {
  it('shows what a host has, and nothing of one that is down or disabled', () => {
    const map = new Followed().see({ name: 'a', cores: 8, ram: 100, disk: 10 }, { name: 'b', cores: 4, state: 'down' });
    expect(map.free('a')).to.deep.equal({ cores: 8, ram: 100, disk: 10 });
    expect(map.free('b')).to.deep.equal({ cores: 0, ram: 0, disk: 0 });
    expect(map.names()).to.deep.equal(['a']);
    for (const host of inventoryOf([{ name: 'a', cores: 8 }]).hosts) {
      const usable = [host, { ...host, enabled: false }, { ...host, state: 'down' as const }].map(isUsable);
      expect(usable).to.deep.equal([true, false, false]);
    }
  });

  it('follows each change of a host, and keeps what is held there', () => {
    const map = new Followed().see({ name: 'a', cores: 8, ram: 100, disk: 10, traits: ['T2', 'T1'] });
    hold(map, 'a', 5, 10, 3);
    expect(map.inClasses(0)).to.deep.equal(['nova[T1,T2]: a | ']);
    expect(map.free('a', 5)?.cores).to.equal(5);
    map.see({ name: 'a', cores: 9, ram: 200, disk: 20 });
    expect(map.free('a', 5)).to.deep.equal({ cores: 6, ram: 200, disk: 20 });
    expect(map.inClasses(0)).to.deep.equal(['nova[]: a | ', 'nova[T1,T2]:  | ']);
    map.see({ name: 'a', cores: 9, zone: 'z' });
    expect(map.inClasses(0)).to.deep.equal(['nova[]:  | ', 'nova[T1,T2]:  | ', 'z[]: a | ']);
    map.see({ name: 'a', cores: 9, state: 'down' });
    expect(map.free('a', 5)?.cores).to.equal(-3);
    expect(map.names()).to.deep.equal([]);
    map.see({ name: 'a', cores: 2 });
    expect(map.inClasses(0)).to.deep.equal(['nova[]:  | a', 'nova[T1,T2]:  | ', 'z[]:  | ']);
    expect(map.at('a')).to.deep.include({ usable: true, zone: 'nova', traits: [] });
  });

  it('keeps a host that is gone while something is held there, nowhere and of no use', () => {
    const map = new Followed().see({ name: 'a', cores: 8, zone: 'z', traits: ['T'] }, { name: 'b', cores: 8 });
    hold(map, 'a', 5, 10, 3);
    map.see({ name: 'b', cores: 8 });
    expect(map.at('a')).to.deep.include({ usable: false, zone: '', traits: [], size: { cores: 0, ram: 0, disk: 0 } });
    expect(map.free('a', 5)?.cores).to.equal(-3);
    hold(map, 'a', 5, 10, 3, -1);
    expect([...map.nodes.keys()]).to.deep.equal([hostId(P, 'b')]);

    // One on which nothing is held goes at once, with its provider too.
    map.look(undefined);
    expect([...map.nodes.keys()]).to.deep.equal([]);
    expect(map.names()).to.deep.equal([]);
  });

  it('keeps a host that is gone while it has a holder, something on it for good, or an outage', () => {
    const map = new Followed().see({ name: 'a', cores: 8 });
    const id = hostId(P, 'a');
    map.holder(id, 'r1', 1);
    map.holder(id, 'r1', 1);
    map.holder(id, 'r2', 1);
    map.look(undefined);
    expect(map.at('a')?.holders).to.deep.equal(
      new Map([
        ['r1', 2],
        ['r2', 1],
      ]),
    );
    map.holder(id, 'r1', -1);
    expect(map.at('a')?.holders).to.deep.equal(
      new Map([
        ['r1', 1],
        ['r2', 1],
      ]),
    );
    map.holder(id, 'r1', -1);
    map.holder(id, 'r2', -1);
    expect(map.at('a')).to.equal(undefined);
    // Nobody holds what is not known.
    map.holder(id, 'r1', 1);
    expect(map.at('a')).to.equal(undefined);

    map.hold(id, ALWAYS, ONE_CORE, 1);
    expect(map.free('a')).to.deep.equal({ cores: -1, ram: -10, disk: -1 });
    map.hold(id, ALWAYS, ONE_CORE, -1);
    expect(map.at('a')).to.equal(undefined);

    map.hold(id, { start: 5, end: 10 }, ONE_CORE, 1, true);
    expect(map.at('a')?.lent.valueAt(5)[0]).to.equal(1);
    map.hold(id, { start: 5, end: 10 }, ONE_CORE, -1, true);
    expect(map.at('a')).to.equal(undefined);

    map.takeOut(id, [{ start: 5, end: 10 }]);
    expect(map.at('a')?.out).to.deep.equal([{ start: 5, end: 10 }]);
    map.takeOut(id, []);
    expect(map.at('a')).to.equal(undefined);
    map.takeOut(id, []);
    expect(map.at('a')).to.equal(undefined);
  });

  it('has nothing of a host in the windows in which it is out of service, whatever it comes to have', () => {
    const map = new Followed().see({ name: 'a', cores: 8 });
    const cores = () => [0, 10, 20, 30, 40].map((at) => map.free('a', at)?.cores);
    map.takeOut(hostId(P, 'a'), [
      { start: 10, end: 20 },
      { start: 30, end: 40 },
    ]);
    expect(cores()).to.deep.equal([8, 0, 8, 0, 8]);
    expect(map.inClasses(1)).to.deep.equal(['nova[]:  | a']);
    map.see({ name: 'a', cores: 6 });
    expect(cores()).to.deep.equal([6, 0, 6, 0, 6]);
    map.takeOut(hostId(P, 'a'), [{ start: 20, end: 30 }]);
    expect(cores()).to.deep.equal([6, 6, 0, 6, 6]);
    map.takeOut(hostId(P, 'a'), []);
    expect(cores()).to.deep.equal([6, 6, 6, 6, 6]);
    expect(map.inClasses(1)).to.deep.equal(['nova[]: a | ']);
  });

  it('orders the hosts of a class by the cores that they have at their busiest, and then by name', () => {
    const map = new Followed().see(...['d', 'b', 'a', 'c', 'e'].map((name) => ({ name, cores: 8 })), {
      name: 'x',
      cores: 1,
      zone: 'z',
    });
    expect(map.inClasses(4)).to.deep.equal(['nova[]: a b c d e | ', 'z[]:  | x']);
    hold(map, 'c', 5, 10, 5);
    hold(map, 'd', 50, 51, 7);
    hold(map, 'a', 1, 2, 4);
    expect(map.inClasses(4)).to.deep.equal(['nova[]: a b e | c d', 'z[]:  | x']);
    expect(map.inClasses(3)).to.deep.equal(['nova[]: c a b e | d', 'z[]:  | x']);
    expect(map.names()).to.deep.equal(['d', 'c', 'a', 'b', 'e', 'x']);
    hold(map, 'd', 50, 51, 7, -1);
    expect(map.names()).to.deep.equal(['c', 'a', 'b', 'd', 'e', 'x']);
    expect([...map.hostsOf('nobody')]).to.deep.equal([]);
  });

  it('has room for cores at all times only beside what is on loan', () => {
    const map = new Followed().see({ name: 'a', cores: 8 }, { name: 'b', cores: 8 });
    const windows = { start: 5, end: 10 };
    map.hold(hostId(P, 'a'), windows, { cores: 6, ram: 0, disk: 0 }, 1, true);
    expect(map.inClasses(4)).to.deep.equal(['nova[]: b | a']);
    expect(map.free('a', 5)).to.include({ cores: 8 });
    map.hold(hostId(P, 'a'), windows, { cores: 6, ram: 0, disk: 0 }, -1, true);
    expect(map.inClasses(4)).to.deep.equal(['nova[]: a b | ']);
  });

  it('is lent in windows at any instant of which something is on loan there', () => {
    const map = new Followed().see({ name: 'a', cores: 8 });
    const lent = (...windows: readonly (readonly [number, number])[]): boolean[] =>
      windows.map(([start, end]) => isLent(map.at('a') ?? expect.fail(), { start, end }));
    hold(map, 'a', 5, 10, 2);
    expect(lent([0, 20], [6, 8])).to.deep.equal([false, false]);
    map.hold(hostId(P, 'a'), { start: 5, end: 10 }, { cores: 2, ram: 0, disk: 0 }, 1, true);
    expect(lent([0, 20], [6, 8], [9, 20])).to.deep.equal([true, true, true]);
    expect(lent([0, 5], [10, 20])).to.deep.equal([false, false]);
  });

  it('tells hosts of different traits apart, in whatever order their VIM names them', () => {
    const map = new Followed().see(
      { name: 'a', cores: 8, traits: ['T1', 'T2'] },
      { name: 'b', cores: 8, traits: ['T2', 'T1'] },
      { name: 'c', cores: 8, traits: ['T1'] },
      { name: 'd', cores: 8, traits: ['T1T2'] },
    );
    expect(map.inClasses(1)).to.deep.equal(['nova[T1]: c | ', 'nova[T1,T2]: a b | ', 'nova[T1T2]: d | ']);
  });

  it('answers of a host what is free, and anew after it has changed', () => {
    const map = new Followed().see({ name: 'a', cores: 8, ram: 100, disk: 10 });
    const host = map.at('a');
    if (host === undefined) throw new Error('there is a host');
    const before = stepsOn(host);
    expect(before.nextStep(0)).to.equal(Infinity);
    expect(stepsOn(host)).to.equal(before);
    hold(map, 'a', 5, 10, 3);
    expect(stepsOn(host).nextStep(0)).to.equal(5);
    expect(leastOnHost(host, { start: 0, end: 6 })).to.deep.equal({ cores: 5, ram: 100, disk: 10 });
    expect(leastOnHost(host, { start: 0, end: 5 })).to.deep.equal({ cores: 8, ram: 100, disk: 10 });
  });
});

describe('the hosts that differ between two inventories', () => {
  const before = inventoryOf([
    { name: 'a', cores: 8, traits: ['T1', 'T2'] },
    { name: 'b', cores: 8 },
  ]);
  const names = (after: VimInventory | undefined) => [...changedHosts(before, after).keys()];
  const having = (change: Partial<VimHost>): VimInventory => ({
    ...before,
    hosts: before.hosts.map((host) => (host.name === 'a' ? { ...host, ...change } : { ...host })),
  });

  it('are none where nothing is different, in what is used of them either', () => {
    expect(names(before)).to.deep.equal([]);
    expect(names({ ...before })).to.deep.equal([]);
    expect(names(having({}))).to.deep.equal([]);
    expect(names(having({ used: { vcpus: 1, memoryMb: 1, diskGb: 1 } }))).to.deep.equal([]);
    expect([...changedHosts(undefined, undefined)]).to.deep.equal([]);
  });

  it('are those of which anything else is', () => {
    const changes: Partial<VimHost>[] = [
      { vcpus: 9 },
      { memoryMb: 9 },
      { diskGb: 9 },
      { state: 'down' },
      { enabled: false },
      { zone: 'z' },
      { traits: ['T1'] },
      { traits: ['T1', 'T2', 'T3'] },
      { traits: ['T1', 'T3'] },
    ];
    for (const change of changes) expect(names(having(change)), JSON.stringify(change)).to.deep.equal(['a']);
  });

  it('are those that are new, and those that are gone, which are nothing in the second', () => {
    const [b] = before.hosts.slice(1);
    if (b === undefined) throw new Error('there are two hosts');
    const c = { ...b, name: 'c' };
    const changed = changedHosts(before, { ...before, hosts: [b, c] });
    expect([...changed]).to.deep.equal([
      ['c', c],
      ['a', undefined],
    ]);
    expect(names(undefined)).to.deep.equal(['a', 'b']);
    expect([...changedHosts(undefined, before).keys()]).to.deep.equal(['a', 'b']);
  });
});
