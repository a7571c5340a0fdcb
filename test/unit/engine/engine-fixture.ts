/** A head with commands applied as the ledger does it, for tests of the engine: time and ids are given, invariants are checked. */
import { expect } from 'chai';
import { eventRecord } from '../../../src/agent/handlers/promise-events.ts';
import { Replay } from '../../../src/agent/handlers/promise-replay.ts';
import type { LoggedEvent } from '../../../src/agent/handlers/promise-replay.ts';
import { isZero } from '../../../src/engine/capacity.ts';
import { missingOf } from '../../../src/engine/claims.ts';
import { commands } from '../../../src/engine/commands/index.ts';
import { missingElements } from '../../../src/engine/elements.ts';
import { upcomingItems } from '../../../src/engine/due.ts';
import type { Id, PreEmption, Reservation } from '../../../src/engine/entities.ts';
import type { DomainEvent } from '../../../src/engine/events.ts';
import { violations } from '../../../src/engine/invariants.ts';
import type { Command, Commands, Refusal } from '../../../src/engine/requests.ts';
import { apply, emptyHead } from '../../../src/engine/state.ts';
import type { Head } from '../../../src/engine/state.ts';
import type { DueItem } from '../../../src/store/store.ts';
import type { VimElement, VimInventory } from '../../../src/vim/vim.ts';

export const NOW = Date.parse('2030-01-01T00:00:00Z');
export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

export interface HostSpec {
  readonly name: string;
  readonly zone?: string;
  readonly cores: number;
  readonly ram?: number;
  readonly disk?: number;
  readonly state?: 'up' | 'down';
  readonly traits?: readonly string[];
}

export function inventoryOf(
  hosts: readonly HostSpec[],
  quotas: VimInventory['quotas'] = {},
  elements?: readonly VimElement[],
): VimInventory {
  return {
    zones: [...new Set(hosts.map(({ zone }) => zone ?? 'nova'))],
    hosts: hosts.map(({ name, zone, cores, ram, disk, state, traits }) => ({
      name,
      zone: zone ?? 'nova',
      state: state ?? 'up',
      enabled: true,
      vcpus: cores,
      memoryMb: ram ?? cores * 1024,
      diskGb: disk ?? 100,
      used: { vcpus: 0, memoryMb: 0, diskGb: 0 },
      traits: traits ?? [],
    })),
    flavors: [
      { id: 'f1', name: 'small', vcpus: 1, memoryMb: 512, diskGb: 1 },
      { id: 'f2', name: 'large', vcpus: 4, memoryMb: 4096, diskGb: 10 },
    ],
    images: [{ id: 'i1', name: 'cirros', minMemoryMb: 64, minDiskGb: 1 }],
    networks: [{ id: 'n1', name: 'private', external: false }],
    ...(elements === undefined ? {} : { elements }),
    quotas: { instances: 100, addresses: 10, ...quotas },
  };
}

export class Engine {
  readonly head: Head = emptyHead();
  readonly events: DomainEvent[] = [];
  readonly due = new Map<string, DueItem>();
  now = NOW;
  /** On whose behalf commands are given. */
  as: { readonly user: string; readonly tenant?: string; readonly confinedTo?: string } = { user: 'alice' };
  /** Whether to check the invariants after each command; on by default. */
  checked = true;
  readonly #log: LoggedEvent[] = [];
  #ids = 0;

  do<Name extends keyof Commands>(
    name: Name,
    input: Parameters<Commands[Name]>[1],
  ): ReturnType<Commands[Name]>['result'] {
    // Cast: the compiler does not relate a command's input to its name.
    const command = commands[name] as Command<unknown, unknown>;
    const decision = command(this.head, input, { now: this.now, newId: () => `id-${++this.#ids}`, ...this.as });
    for (const change of decision.changes) apply(this.head, change);
    for (const change of decision.due) {
      if ('put' in change) this.due.set(change.put.id, change.put);
      else this.due.delete(change.remove);
    }
    this.events.push(...decision.events);
    if (this.checked) {
      const told = decision.events.map((event) => this.#logged(event));
      expect(violations(this.head, this.now), name).to.deep.equal([]);
      expect(disagreements(this.head, told), name).to.deep.equal([]);
      expect(this.#unscheduled(), name).to.deep.equal([]);
      expect([...undefinedIn(decision)], name).to.deep.equal([]);
    }
    // Cast: the result of this command.
    return decision.result as ReturnType<Commands[Name]>['result'];
  }

  /** Holds all that was told so far against what there is, as on a data directory. */
  replay(): void {
    expect(disagreements(this.head, this.#log)).to.deep.equal([]);
    const replay = new Replay(this.head);
    for (const event of [...this.#log].reverse()) replay.take(event);
    expect([...replay.untold(Number.NEGATIVE_INFINITY)]).to.deep.equal([]);
  }

  /** Lets time pass; what falls due on the way is carried out at its time. */
  advance(ms: number): void {
    const until = this.now + ms;
    for (let item = this.#nextDue(until); item !== undefined; item = this.#nextDue(until)) {
      this.now = Math.max(this.now, item.at);
      this.do('runDue', item);
    }
    this.now = until;
    if (this.checked) this.#expectEased();
  }

  /** What has to fall due and does not, or not then. */
  #unscheduled(): DueItem[] {
    const items = upcomingItems(this.head, this.now, (id) => this.due.has(id));
    return [...items].filter(({ id, at }) => this.due.get(id)?.at !== at);
  }

  /** Nobody is degraded who lacks nothing any more: what passes with time is noticed then. */
  #expectEased(): void {
    for (const id of this.head.degraded) {
      const reservation = this.head.reservations.get(id);
      if (reservation === undefined) continue;
      const missing = missingOf(this.head, reservation, this.now);
      const lacks = !isZero(missing) || missingElements(this.head, reservation, this.now).length > 0;
      expect(lacks, `whether ${id}, which is degraded, lacks anything`).to.equal(true);
    }
  }

  /** Lets time pass while nothing runs; then what fell due is carried out late, in order. */
  sleep(ms: number): void {
    this.now += ms;
    for (let item = this.#nextDue(this.now); item !== undefined; item = this.#nextDue(this.now))
      this.do('runDue', item);
  }

  /** A provider that is up, with one host unless others are given; returns its id. */
  provider(hosts: readonly HostSpec[] = [{ name: 'h1', cores: 100 }], name?: string, preEmption?: PreEmption): Id {
    const added = this.do('addProvider', {
      ...(name === undefined ? {} : { name }),
      access: { type: 'promise-simulator:simulated' },
      ...(preEmption === undefined ? {} : { preEmption }),
    });
    this.do('updateProvider', { id: added.provider.id, status: 'up', inventory: inventoryOf(hosts) });
    return added.provider.id;
  }

  /** A pool of the provider with the capacity; returns its id. */
  pool(source: Id, capacity: Parameters<Commands['increaseCapacity']>[1]['capacity'], zone?: string): Id {
    const result = this.do('increaseCapacity', { source, capacity, ...(zone === undefined ? {} : { zone }) });
    if (result.outcome !== 'increased') throw new Error(result.refusal.message);
    return result.pool.id;
  }

  /** A reservation that has to be granted; returns its id. */
  reserve(input: Parameters<Commands['createReservation']>[1]): Id {
    const result = this.do('createReservation', input);
    if (result.outcome === 'refused') throw new Error(result.refusal.message);
    return result.reservation.id;
  }

  /** A reservation that has to be refused; returns why it is. */
  refuse(input: Parameters<Commands['createReservation']>[1]): Refusal {
    const result = this.do('createReservation', input);
    if (result.outcome !== 'refused') throw new Error(`it is ${result.outcome}`);
    return result.refusal;
  }

  /** An offer that has to be made; returns its id. */
  requestOffer(input: Parameters<Commands['requestOffer']>[1]): Id {
    const result = this.do('requestOffer', input);
    if (result.outcome === 'refused') throw new Error(result.refusal.message);
    return result.offer.id;
  }

  /** A reservation that has to be there. */
  reservation(id: Id): Reservation {
    const reservation = this.head.reservations.get(id);
    if (reservation === undefined) throw new Error(`there is no reservation ${id}`);
    return reservation;
  }

  /** The events since the last call, each as `kind cause status-or-state`. */
  told(): string[] {
    return this.events.splice(0).map(inWords);
  }

  #logged(event: DomainEvent): LoggedEvent {
    const { module, name, content } = eventRecord(event);
    // Cast: an object stays one on its way through JSON.
    const body = JSON.parse(JSON.stringify(content)) as object;
    const logged = { seq: this.#log.length + 1, module, name, content: body };
    this.#log.push(logged);
    return logged;
  }

  #nextDue(until: number): DueItem | undefined {
    return [...this.due.values()]
      .filter(({ at }) => at <= until)
      .sort((a, b) => a.at - b.at || a.rank - b.rank || (a.id < b.id ? -1 : 1))[0];
  }
}

/** An event as `kind cause status-or-state`. */
export function inWords(event: DomainEvent): string {
  switch (event.kind) {
    case 'reservation-event':
      return `reservation ${event.cause} ${event.reservation.status}`;
    case 'offer-event':
      return `offer ${event.cause} ${event.offer.status}`;
    case 'allocation-event':
      return `allocation ${event.cause} ${event.allocation.vmState}`;
    case 'capacity-event':
      return `capacity ${event.cause}`;
  }
}

/** Where a property is undefined that is to be absent: what is kept has to be the same when it is read back. */
function* undefinedIn(value: unknown, path = ''): Generator<string> {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, each] of Object.entries(value)) {
    if (each === undefined) yield `${path}/${key}`;
    else yield* undefinedIn(each, `${path}/${key}`);
  }
}

/** What of a log does not agree with the head, the latest events first. */
function disagreements(head: Head, log: readonly LoggedEvent[]): unknown[] {
  const replay = new Replay(head);
  return [...log].reverse().flatMap((event) => replay.take(event));
}
