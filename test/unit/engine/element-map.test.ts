/** What providers have, by id, name and address, and who holds it when. */
import { expect } from 'chai';
import {
  ElementIndex,
  ElementMap,
  canonicalAddress,
  elementId,
  isElementId,
  isInRange,
  partsOfElement,
  sameElements,
} from '../../../src/engine/element-map.ts';
import type { KnownElement } from '../../../src/engine/element-map.ts';
import { ALWAYS, FOREVER } from '../../../src/engine/window.ts';
import type { VimElement, VimInventory } from '../../../src/vim/vim.ts';
import { inventoryOf } from './engine-fixture.ts';

const SUBNET: VimElement = { kind: 'subnet', id: 's1', name: 'inner', network: 'n1', cidr: '10.0.0.0/24' };
const SUBNET_V6: VimElement = { kind: 'subnet', id: 's6', name: 'inner', network: 'n6', cidr: '2001:db8::/64' };
const PORT: VimElement = {
  kind: 'port',
  id: 'p1',
  name: 'uplink',
  network: 'n1',
  addresses: ['10.0.0.5', '2001:DB8::5'],
};
const FLOATING: VimElement = { kind: 'floating-ip', id: 'f1', name: '', network: 'n2', address: '2001:DB8:0::7' };
const VOLUME: VimElement = { kind: 'volume', id: 'v1', name: 'data', sizeGb: 10 };
const ELEMENTS = [SUBNET, SUBNET_V6, PORT, FLOATING, VOLUME];
const NETWORKS = [
  { id: 'n1', name: 'private', external: false },
  { id: 'n6', name: 'sixth', external: false },
];

const ids = (found: readonly { readonly id: string }[]): string[] => found.map(({ id }) => id);

describe('the id of an element', () => {
  it('is of its provider, kind and id, in which anything may be', () => {
    const id = elementId('p', 'address', 'n1/10.0.0.5');
    expect(id).to.equal('element/p/address/n1/10.0.0.5');
    expect(partsOfElement(id)).to.deep.equal({ provider: 'p', kind: 'address', id: 'n1/10.0.0.5' });
    expect([id, 'host/p/a', 'pool/element/'].map(isElementId)).to.deep.equal([true, false, false]);
  });
});

describe('addresses', () => {
  it('have one spelling', () => {
    expect(canonicalAddress('2001:DB8:0:0::5')).to.equal('2001:db8::5');
    expect(canonicalAddress('10.0.0.5')).to.equal('10.0.0.5');
    expect(canonicalAddress('web')).to.equal('web');
  });

  it('lie in a range of their own family', () => {
    expect(isInRange('10.0.0.255', '10.0.0.0/24')).to.equal(true);
    expect(isInRange('10.0.1.0', '10.0.0.0/24')).to.equal(false);
    expect(isInRange('2001:db8::ffff', '2001:db8::/64')).to.equal(true);
    expect(isInRange('2001:db8:1::', '2001:db8::/64')).to.equal(false);
    expect(isInRange('10.0.0.5', '::/0')).to.equal(false);
    expect(isInRange('::ffff:10.0.0.5', '10.0.0.0/24')).to.equal(false);
    expect(isInRange('web', '10.0.0.0/24')).to.equal(false);
    expect(isInRange('web', 'web')).to.equal(false);
  });
});

describe('an index of elements', () => {
  let index: ElementIndex;

  beforeEach(() => {
    index = new ElementIndex({ networks: NETWORKS, elements: ELEMENTS });
  });

  it('finds by id, by name and by address, and nothing by the name that something does not have', () => {
    const named = (key: string) => ids(index.named(key));
    expect(named('p1')).to.deep.equal(['p1']);
    expect(named('uplink')).to.deep.equal(['p1']);
    expect(named('10.0.0.5')).to.deep.equal(['p1']);
    expect(named('2001:db8::5')).to.deep.equal(['p1']);
    expect(named('2001:db8::7')).to.deep.equal(['f1']);
    expect(named('private')).to.deep.equal(['n1']);
    expect(named('data')).to.deep.equal(['v1']);
    expect(named('inner')).to.deep.equal(['s1', 's6']);
    expect(named('')).to.deep.equal([]);
    expect(named('outer')).to.deep.equal([]);
  });

  it('finds the one of an id before those of a name', () => {
    const data: VimElement = { kind: 'volume', id: 'v2', name: 'v1', sizeGb: 1 };
    const both = new ElementIndex({ networks: [], elements: [data, VOLUME, { ...VOLUME, id: 'v3', name: 'v1' }] });
    expect(ids(both.named('v1'))).to.deep.equal(['v1']);
    expect(ids(both.named('v2'))).to.deep.equal(['v2']);
  });

  it('finds something once that has one name twice', () => {
    const twice = new ElementIndex({ networks: [{ id: 'n1', name: 'n1', external: false }] });
    expect(ids(twice.named('n1'))).to.deep.equal(['n1']);
  });

  it('finds by kind and id alone', () => {
    expect(index.find('port', 'p1')).to.equal(PORT);
    expect(index.find('network', 'n1')).to.deep.include({ kind: 'network', name: 'private' });
    expect(index.find('volume', 'p1')).to.equal(undefined);
    expect(index.find('port', 'uplink')).to.equal(undefined);
  });

  it('has the addresses of its subnets, on their networks, and whatever is listed', () => {
    expect(index.has('port', 'p1')).to.equal(true);
    expect(index.has('port', 'p2')).to.equal(false);
    expect(index.has('address', 'n1/10.0.0.77')).to.equal(true);
    expect(index.has('address', 'n1/10.0.1.77')).to.equal(false);
    expect(index.has('address', 'n2/10.0.0.77')).to.equal(false);
    expect(index.has('listed', 'anything')).to.equal(true);
  });

  it('tells in which subnets an address lies, and what has it', () => {
    expect(ids(index.subnetsWith('10.0.0.77'))).to.deep.equal(['s1']);
    expect(ids(index.subnetsWith('10.0.0.77', 'n6'))).to.deep.equal([]);
    expect(ids(index.subnetsWith('2001:db8::1', 'n6'))).to.deep.equal(['s6']);
    expect(ids(index.havingAddress('10.0.0.5', 'n1'))).to.deep.equal(['p1']);
    expect(ids(index.havingAddress('10.0.0.5', 'n6'))).to.deep.equal([]);
    expect(ids(index.havingAddress('n1', 'n1'))).to.deep.equal([]);
  });

  it('has nothing where the inventory tells of no elements', () => {
    const bare = new ElementIndex({ networks: NETWORKS });
    expect(ids(bare.named('private'))).to.deep.equal(['n1']);
    expect(bare.subnetsWith('10.0.0.5')).to.deep.equal([]);
  });
});

describe('the map of elements', () => {
  const P = 'p';
  const VOLUME_ID = elementId(P, 'volume', 'v1');
  const inventory = (elements: readonly VimElement[]): VimInventory =>
    inventoryOf([{ name: 'h', cores: 1 }], {}, elements);
  const hour = { start: 10, end: 20 };

  it('holds an element in a window, and gives it back', () => {
    const map = new ElementMap();
    map.follow(P, undefined, inventory(ELEMENTS));
    expect(map.isFree(VOLUME_ID, ALWAYS)).to.equal(true);
    expect(map.heldIn(VOLUME_ID, ALWAYS)).to.equal(undefined);
    map.hold(VOLUME_ID, hour, 1);
    expect(map.isFree(VOLUME_ID, { start: 0, end: 10 })).to.equal(true);
    expect(map.isFree(VOLUME_ID, { start: 0, end: 11 })).to.equal(false);
    expect(map.isFree(VOLUME_ID, { start: 20, end: 30 })).to.equal(true);
    map.hold(VOLUME_ID, hour, -1);
    expect(map.nodes.size).to.equal(0);
  });

  it('tells the first span in which somebody holds it', () => {
    const map = new ElementMap();
    map.follow(P, undefined, inventory(ELEMENTS));
    map.hold(VOLUME_ID, hour, 1);
    map.hold(VOLUME_ID, { start: 20, end: 25 }, 1);
    map.hold(VOLUME_ID, { start: 30, end: FOREVER }, 1);
    expect(map.heldIn(VOLUME_ID, { start: 0, end: 10 })).to.equal(undefined);
    expect(map.heldIn(VOLUME_ID, { start: 0, end: 50 })).to.deep.equal({ start: 10, end: 25 });
    expect(map.heldIn(VOLUME_ID, { start: 0, end: 12 })).to.deep.equal({ start: 10, end: 12 });
    expect(map.heldIn(VOLUME_ID, { start: 15, end: 50 })).to.deep.equal({ start: 15, end: 25 });
    expect(map.heldIn(VOLUME_ID, { start: 25, end: 50 })).to.deep.equal({ start: 30, end: 50 });
  });

  it('owes an element that its VIM has no more, to who holds it', () => {
    const map = new ElementMap();
    const [before, after] = [inventory(ELEMENTS), inventory([SUBNET])];
    map.follow(P, undefined, before);
    map.hold(VOLUME_ID, hour, 1);
    map.holder(VOLUME_ID, 'r1', 1);
    expect([...map.missing(P)]).to.deep.equal([]);
    map.follow(P, before, after);
    expect([...map.missing(P)]).to.deep.equal([VOLUME_ID]);
    expect([...map.missing('other')]).to.deep.equal([]);
    expect(map.nodes.get(VOLUME_ID)?.there).to.equal(false);
    expect(map.nodes.get(VOLUME_ID)?.free.valueAt(15)[0]).to.equal(-1);
    // Nobody but who holds it is in the way of another one: it is as free as when nobody holds it.
    expect(map.isFree(VOLUME_ID, { start: 0, end: 10 })).to.equal(true);
    expect(map.isFree(VOLUME_ID, hour)).to.equal(false);
    expect(map.heldIn(VOLUME_ID, ALWAYS)).to.deep.equal(hour);
    map.follow(P, after, before);
    expect([...map.missing(P)]).to.deep.equal([]);
    expect(map.nodes.get(VOLUME_ID)?.free.valueAt(15)[0]).to.equal(0);
  });

  it('leaves the elements of other providers alone', () => {
    const map = new ElementMap();
    map.follow(P, undefined, inventory(ELEMENTS));
    map.follow('q', undefined, inventory(ELEMENTS));
    map.hold(VOLUME_ID, hour, 1);
    map.hold(elementId('q', 'volume', 'v1'), hour, 1);
    map.follow('q', inventory(ELEMENTS), undefined);
    expect([...map.missing('q')]).to.deep.equal([elementId('q', 'volume', 'v1')]);
    expect([...map.missing(P)]).to.deep.equal([]);
    expect(ids(map.indexOf('q').named('v1'))).to.deep.equal([]);
    expect(ids(map.indexOf('nobody').named('v1'))).to.deep.equal([]);
  });

  it('looks again where elements or networks are others, and only there', () => {
    const map = new ElementMap();
    const first = inventory(ELEMENTS);
    map.follow(P, undefined, first);
    const index = map.indexOf(P);
    map.follow(P, first, { ...first, quotas: {} });
    expect(map.indexOf(P)).to.equal(index);
    const second = { ...first, networks: [{ id: 'n9', name: 'ninth', external: false }] };
    map.follow(P, first, second);
    expect(ids(map.indexOf(P).named('ninth'))).to.deep.equal(['n9']);
    map.follow(P, second, { ...second, elements: [] });
    expect(ids(map.indexOf(P).named('data'))).to.deep.equal([]);
  });

  it('knows what was made by id and name, before an inventory tells of it and after, once', () => {
    const map = new ElementMap();
    const made: KnownElement = { kind: 'volume', id: 'v9', name: 'made', sizeGb: 1 };
    const id = elementId(P, 'volume', 'v9');
    map.hold(id, hour, 1);
    expect([...map.missing(P)]).to.deep.equal([id]);
    map.made(P, made, 1);
    map.made(P, { ...made, id: 'v8', name: 'another' }, 1);
    expect([...map.missing(P)]).to.deep.equal([]);
    expect(ids(map.indexOf(P).named('v9'))).to.deep.equal(['v9']);
    expect(ids(map.indexOf(P).named('made'))).to.deep.equal(['v9']);
    map.follow(P, undefined, inventory(ELEMENTS));
    expect(map.indexOf(P).has('volume', 'v9')).to.equal(true);
    map.follow(P, inventory(ELEMENTS), inventory([...ELEMENTS, { ...made, name: 'renamed' }]));
    expect(ids(map.indexOf(P).named('v9'))).to.deep.equal(['v9']);
    expect(ids(map.indexOf(P).named('renamed'))).to.deep.equal(['v9']);
    expect(ids(map.indexOf(P).named('made')), 'the inventory has the last word').to.deep.equal([]);
    const other: KnownElement = { ...made, id: 'v8' };
    map.made(P, other, 1);
    map.follow(P, inventory([]), inventory(ELEMENTS));
    expect(ids(map.indexOf(P).named('made'))).to.deep.equal(['v9', 'v8']);
    map.made(P, other, -1);
    expect(ids(map.indexOf(P).named('made'))).to.deep.equal(['v9']);
    map.made(P, made, -1);
    expect([...map.missing(P)]).to.deep.equal([id]);
    expect(map.indexOf(P).has('volume', 'v9')).to.equal(false);
  });

  it('forgets what nobody holds, has held or is missing', () => {
    const map = new ElementMap();
    map.follow(P, undefined, inventory(ELEMENTS));
    map.holder(VOLUME_ID, 'r1', 1);
    map.holder(VOLUME_ID, 'r1', 1);
    map.hold(VOLUME_ID, ALWAYS, 1);
    map.holder(VOLUME_ID, 'r1', -1);
    expect(map.nodes.get(VOLUME_ID)?.holders).to.deep.equal(new Map([['r1', 1]]));
    map.holder(VOLUME_ID, 'r1', -1);
    expect(map.nodes.get(VOLUME_ID)?.holders.size).to.equal(0);
    map.hold(VOLUME_ID, ALWAYS, -1);
    expect(map.nodes.size).to.equal(0);
    const gone = elementId(P, 'volume', 'v7');
    map.holder(gone, 'r1', 1);
    expect([...map.missing(P)]).to.deep.equal([gone]);
    map.holder(gone, 'r1', -1);
    expect(map.nodes.size).to.equal(0);
  });
});

describe('elements of two inventories', () => {
  const copy = ELEMENTS.map((each) => ({ ...each }));

  it('are the same ones where nothing has changed', () => {
    expect(sameElements(ELEMENTS, copy)).to.equal(ELEMENTS);
    expect(sameElements(undefined, copy)).to.equal(copy);
    expect(sameElements(ELEMENTS, undefined)).to.equal(undefined);
    expect(sameElements([], ELEMENTS)).to.equal(ELEMENTS);
    for (const fewer of [copy.slice(1), copy.slice(0, -1)]) expect(sameElements(ELEMENTS, fewer)).to.equal(fewer);
    const one = [...copy.slice(0, -1), { ...VOLUME, name: 'other' }];
    expect(sameElements(ELEMENTS, one)).to.equal(one);
  });

  it('are others where anything of one is', () => {
    const changes: [VimElement, object][] = [
      ...ELEMENTS.flatMap((each): [VimElement, object][] => [
        [each, { id: 'other' }],
        [each, { name: 'other' }],
        // Of another kind, with the same members beside.
        [each, { kind: each.kind === 'volume' ? 'port' : 'volume' }],
      ]),
      [SUBNET, { network: 'n9' }],
      [SUBNET, { cidr: '10.0.0.0/25' }],
      [SUBNET, { gateway: '10.0.0.1' }],
      [PORT, { network: 'n9' }],
      [PORT, { addresses: ['10.0.0.5'] }],
      [FLOATING, { network: 'n9' }],
      [FLOATING, { address: '10.0.0.9' }],
      [VOLUME, { sizeGb: 11 }],
      [VOLUME, { zone: 'nova' }],
    ];
    for (const [element, change] of changes) {
      const after = [{ ...element, ...change }];
      expect(sameElements([element], after), JSON.stringify(change)).to.equal(after);
    }
  });
});
