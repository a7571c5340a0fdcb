/**
 * The hosts of providers as nodes of the capacity map: what each has, what of it is free over time, and an index to find
 * those that may bear an instance without asking every one.
 *
 * A host counts cores, memory, and, under `gigabytes`, its local disk. One that is down, disabled or gone has nothing; what
 * was held on it stays held there until it is placed anew. What is used on a host outside Promise is not counted.
 *
 * The index: hosts of one provider, zone and set of traits form a class, in the order of the cores that are free on them at
 * their busiest over all time, beside what is on loan. It is brought up to date when it is next looked at, and only for the hosts that changed.
 */
import { createRequire } from 'node:module';
import type SortedBtree from 'sorted-btree';
import type { VimHost, VimInventory } from '../vim/vim.ts';
import { RESOURCES, zeroVector } from './capacity.ts';
import type { Capacity, CapacityVector } from './capacity.ts';
import { countClaim } from './claim-counts.ts';
import type { ClaimCounts } from './claim-counts.ts';
import type { HostId, Id } from './entities.ts';
import { hostAmount, hostVector, stepsOf } from './host-steps.ts';
import type { HostAmount, HostSteps } from './host-steps.ts';
import { Timeline } from './timeline.ts';
import { ALWAYS } from './window.ts';
import type { Window } from './window.ts';
import { addOver } from './windows.ts';
import type { Windows } from './windows.ts';

// The package is CommonJS with a `default` property. Cast: the package's own declarations.
const { default: BTree } = createRequire(import.meta.url)('sorted-btree') as typeof SortedBtree;

const CORES = RESOURCES.indexOf('cores');

const NOTHING_THERE: HostAmount = { cores: 0, ram: 0, disk: 0 };

export interface HostNode {
  readonly id: HostId;
  readonly provider: Id;
  readonly name: string;
  zone: string;
  traits: readonly string[];
  /** Whether it is known, up and takes machines. */
  usable: boolean;
  /** What it offers as a whole; nothing where it is not usable. */
  size: HostAmount;
  /** What it offers less all that is held on it, save on loan; below zero where more is held than there is. */
  readonly free: Timeline;
  /** What machines have of it until a reservation needs it. */
  readonly lent: Timeline;
  readonly holders: ClaimCounts;
  /** When it is out of service by plan. */
  out: readonly Window[];
  /** What was free when it was last asked for, and whether that has changed since: see `stepsOn`. */
  steps: HostSteps | undefined;
  changed: boolean;
}

/** Hosts that no request tells apart, save by what they have. */
export interface HostClass {
  readonly zone: string;
  readonly traits: readonly string[];
  /** With room for so many cores at all times, beside what is on loan, the tightest first. */
  alwaysFree(cores: number): Iterable<HostNode>;
  /** The others, those first that are the least short at their busiest. */
  sometimesShort(cores: number): Iterable<HostNode>;
}

export function hostId(provider: Id, name: string): HostId {
  return `host/${provider}/${name}`;
}

/** The name of a host in its VIM. Ids of providers have no slash. */
export function hostName(id: HostId): string {
  return id.slice(id.indexOf('/', 'host/'.length) + 1);
}

/** What an instance takes of its host. */
export function onHost(capacity: Capacity, disk: number | undefined): HostAmount {
  return { cores: capacity.cores ?? 0, ram: capacity.ram ?? 0, disk: disk ?? 0 };
}

/** The least of each that is free throughout a window; below zero where more is held than there is. */
export function leastOnHost(host: HostNode, window: Window): HostAmount {
  return hostAmount(host.free.min(window, scratch));
}

/** Whether machines have anything of a host on loan at any instant of a window. */
export function isLent({ lent }: HostNode, window: Window): boolean {
  return lent.breakpoints > 0 && lent.max(window, scratch).some((amount) => amount > 0);
}

/** What is free on a host over time, for who asks many hosts. */
export function stepsOn(host: HostNode): HostSteps {
  if (host.steps === undefined || host.changed) {
    host.steps = stepsOf(host.free, host.steps);
    host.changed = false;
  }
  return host.steps;
}

/** All hosts of all providers. */
export class HostMap {
  readonly nodes = new Map<HostId, HostNode>();
  readonly #indexes = new Map<Id, ProviderIndex>();

  /** Follows an inventory; what did not change is not touched. */
  follow(provider: Id, before: VimInventory | undefined, after: VimInventory | undefined): void {
    for (const [name, host] of changedHosts(before, after)) this.#change(provider, name, host);
  }

  /** Holds an amount on a host during windows (1), or gives it back (-1); on loan, it stays free for reservations. */
  hold(id: HostId, windows: Windows, amount: HostAmount, sign: 1 | -1, onLoan = false): void {
    const node = this.nodes.get(id) ?? this.#add(providerOf(id), hostName(id));
    const vector = hostVector(amount, scratch);
    if (onLoan) addOver(node.lent, windows, vector, sign);
    else addOver(node.free, windows, vector, sign === 1 ? -1 : 1);
    this.#touched(node);
  }

  /** Notes that a reservation has one claim more on a host, or one less. */
  holder(id: HostId, reservation: Id, sign: 1 | -1): void {
    const node = this.nodes.get(id);
    if (node === undefined) return;
    countClaim(node.holders, reservation, sign);
    this.#touched(node);
  }

  /** The usable hosts of a provider, by class, in a fixed order. */
  classesOf(provider: Id): readonly HostClass[] {
    return this.#indexes.get(provider)?.classes() ?? [];
  }

  /** Takes a host out of service in windows that do not overlap, and in no others. */
  takeOut(id: HostId, windows: readonly Window[]): void {
    if (windows.length === 0 && !this.nodes.has(id)) return;
    const node = this.nodes.get(id) ?? this.#add(providerOf(id), hostName(id));
    supply(node, -1);
    node.out = windows;
    supply(node, 1);
    this.#touched(node);
  }

  /** Every usable host of a provider, in a fixed order. */
  *hostsOf(provider: Id): Generator<HostNode, void, undefined> {
    for (const each of this.classesOf(provider)) yield* each.alwaysFree(Number.NEGATIVE_INFINITY);
  }

  #change(provider: Id, name: string, host: VimHost | undefined): void {
    const id = hostId(provider, name);
    const node = this.nodes.get(id) ?? this.#add(provider, name);
    this.#index(provider).remove(node);
    const size = host === undefined || !isUsable(host) ? NOTHING_THERE : sizeOf(host);
    supply(node, -1);
    node.size = size;
    supply(node, 1);
    node.usable = host !== undefined && isUsable(host);
    // One that is gone is kept while something is held on it, and is nowhere.
    node.zone = host?.zone ?? '';
    node.traits = [...(host?.traits ?? [])].sort();
    this.#known(node, host !== undefined);
    this.#touched(node);
  }

  #add(provider: Id, name: string): HostNode {
    const node: HostNode = {
      id: hostId(provider, name),
      provider,
      name,
      zone: '',
      traits: [],
      usable: false,
      size: NOTHING_THERE,
      free: new Timeline(),
      lent: new Timeline(),
      holders: new Map(),
      out: [],
      steps: undefined,
      changed: false,
    };
    this.nodes.set(node.id, node);
    return node;
  }

  readonly #inInventory = new Set<HostId>();

  #known(node: HostNode, known: boolean): void {
    if (known) this.#inInventory.add(node.id);
    else this.#inInventory.delete(node.id);
  }

  /** Its place in the index is to be looked at anew; a host that is gone is forgotten when nothing is held on it any more. */
  #touched(node: HostNode): void {
    node.changed = true;
    const { id, provider, free, lent, holders } = node;
    const unlent = lent.breakpoints === 0;
    const unheld = unlent && free.breakpoints === 0 && holders.size === 0 && isNothing(free.valueAt(0));
    if (!this.#inInventory.has(id) && unheld && node.out.length === 0) {
      this.#index(provider).remove(node);
      this.nodes.delete(id);
    } else {
      this.#index(provider).touch(node);
    }
  }

  #index(provider: Id): ProviderIndex {
    let index = this.#indexes.get(provider);
    if (index === undefined) {
      index = new ProviderIndex();
      this.#indexes.set(provider, index);
    }
    return index;
  }
}

/** Counts what a host offers when it is in service (1), or no longer (-1). */
function supply({ free, size, out }: HostNode, sign: 1 | -1): void {
  const vector = hostVector(size, scratch);
  if (sign === 1) free.add(ALWAYS, vector);
  else free.remove(ALWAYS, vector);
  for (const window of out) {
    if (sign === 1) free.remove(window, vector);
    else free.add(window, vector);
  }
}

/** Where a host is in the order of its class. */
interface Place {
  readonly floor: number;
  readonly name: string;
}

class IndexedClass implements HostClass {
  readonly zone: string;
  readonly traits: readonly string[];
  readonly order = new BTree<Place, HostNode>(undefined, byFloor);

  constructor(host: HostNode) {
    this.zone = host.zone;
    this.traits = host.traits;
  }

  *alwaysFree(cores: number): Generator<HostNode, void, undefined> {
    for (const [, host] of this.order.entries({ floor: cores, name: '' })) yield host;
  }

  *sometimesShort(cores: number): Generator<HostNode, void, undefined> {
    // No host has the empty name.
    for (const [, host] of this.order.entriesReversed({ floor: cores, name: '' })) yield host;
  }
}

class ProviderIndex {
  readonly #classes = new Map<string, IndexedClass>();
  readonly #places = new Map<HostId, { readonly of: IndexedClass; readonly place: Place }>();
  readonly #touched = new Set<HostNode>();
  #inOrder: readonly IndexedClass[] | undefined;

  touch(host: HostNode): void {
    this.#touched.add(host);
  }

  remove(host: HostNode): void {
    this.#touched.delete(host);
    const found = this.#places.get(host.id);
    if (found === undefined) return;
    found.of.order.delete(found.place);
    this.#places.delete(host.id);
  }

  classes(): readonly HostClass[] {
    if (this.#touched.size > 0) {
      for (const host of this.#touched) this.#settle(host);
      this.#touched.clear();
    }
    this.#inOrder ??= [...this.#classes].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, each]) => each);
    return this.#inOrder;
  }

  #settle(host: HostNode): void {
    const free = host.free.min(ALWAYS, scratch)[CORES] ?? 0;
    const lent = host.lent.breakpoints === 0 ? 0 : (host.lent.max(ALWAYS, scratch)[CORES] ?? 0);
    const floor = free - lent;
    const found = this.#places.get(host.id);
    if (found !== undefined) {
      if (found.place.floor === floor && host.usable) return;
      found.of.order.delete(found.place);
      this.#places.delete(host.id);
    }
    if (!host.usable) return;
    const of = found?.of ?? this.#classOf(host);
    const place = { floor, name: host.name };
    of.order.set(place, host);
    this.#places.set(host.id, { of, place });
  }

  #classOf(host: HostNode): IndexedClass {
    const key = `${host.zone}\n${host.traits.join('\n')}`;
    let of = this.#classes.get(key);
    if (of === undefined) {
      of = new IndexedClass(host);
      this.#classes.set(key, of);
      this.#inOrder = undefined;
    }
    return of;
  }
}

const scratch = zeroVector();

function byFloor(a: Place, b: Place): number {
  return a.floor - b.floor || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
}

/** Whether a host takes machines, as its VIM says. */
export function isUsable(host: VimHost): boolean {
  return host.state === 'up' && host.enabled;
}

function sizeOf(host: VimHost): HostAmount {
  return { cores: host.vcpus, ram: host.memoryMb, disk: host.diskGb };
}

function sameHost(a: VimHost, b: VimHost): boolean {
  return (
    a.vcpus === b.vcpus &&
    a.memoryMb === b.memoryMb &&
    a.diskGb === b.diskGb &&
    a.state === b.state &&
    a.enabled === b.enabled &&
    a.zone === b.zone &&
    a.traits.length === b.traits.length &&
    a.traits.every((trait, index) => trait === b.traits[index])
  );
}

/** The hosts that differ between two inventories, as they are in the second: undefined for those that are gone. */
export function changedHosts(
  before: VimInventory | undefined,
  after: VimInventory | undefined,
): ReadonlyMap<string, VimHost | undefined> {
  const changed = new Map<string, VimHost | undefined>();
  if (before?.hosts === after?.hosts) return changed;
  const old = new Map(before?.hosts.map((host) => [host.name, host]));
  for (const host of after?.hosts ?? []) {
    const known = old.get(host.name);
    old.delete(host.name);
    if (known === undefined || !sameHost(known, host)) changed.set(host.name, host);
  }
  for (const name of old.keys()) changed.set(name, undefined);
  return changed;
}

function providerOf(id: HostId): Id {
  return id.slice('host/'.length, id.indexOf('/', 'host/'.length));
}

function isNothing(vector: CapacityVector): boolean {
  return vector.every((amount) => amount === 0);
}
