/**
 * The reservations of the head, by their ids and by their windows.
 *
 * One that was loaded is kept as the text of its record until it is looked at: a million have to be there before the first request
 * is answered, and most of them are not looked at for long. As a text, one takes a third of the objects, which the garbage collector
 * has to visit again and again. To read it takes some microseconds, once.
 */
import type { Id, Reservation } from './entities.ts';
import { reservationIn } from './reservation-record.ts';
import type { KnownNodes, ReservationRecord } from './reservation-record.ts';
import type { Instant, Window } from './window.ts';
import { WindowIndex, byStart } from './window-index.ts';
import type { Spanned } from './window-index.ts';

/** A reservation that nobody has looked at since it was loaded. */
class Unread implements Spanned {
  readonly id: Id;
  readonly startsAt: number;
  readonly endsAt: number;
  declare readonly series?: NonNullable<Reservation['series']>;
  /** Its record; empty once it was read. */
  text: string;

  constructor({ id, startsAt, endsAt, series }: Reservation, text: string) {
    this.id = id;
    this.startsAt = startsAt;
    this.endsAt = endsAt;
    this.text = text;
    if (series !== undefined) this.series = series;
  }
}

/** The reservations by their ids. */
export class ReservationMap implements ReadonlyMap<Id, Reservation> {
  readonly #entries = new Map<Id, Reservation | Unread>();
  readonly #known: KnownNodes;

  constructor(known: KnownNodes) {
    this.#known = known;
  }

  get size(): number {
    return this.#entries.size;
  }

  has(id: Id): boolean {
    return this.#entries.has(id);
  }

  get(id: Id): Reservation | undefined {
    const entry = this.#entries.get(id);
    return entry instanceof Unread ? this.#read(entry) : entry;
  }

  set(id: Id, reservation: Reservation): void {
    this.#entries.set(id, reservation);
  }

  /**
   * Takes one in, as its record where that is known.
   * @returns what stands for it in indexes
   */
  load(reservation: Reservation, record: string | undefined): Spanned {
    const entry = record === undefined ? reservation : new Unread(reservation, record);
    this.#entries.set(reservation.id, entry);
    return entry;
  }

  delete(id: Id): void {
    this.#entries.delete(id);
  }

  keys(): MapIterator<Id> {
    return this.#entries.keys();
  }

  *values(): Generator<Reservation, undefined, unknown> {
    for (const entry of this.#entries.values()) yield entry instanceof Unread ? this.#read(entry) : entry;
    return undefined;
  }

  *entries(): Generator<[Id, Reservation], undefined, unknown> {
    for (const reservation of this.values()) yield [reservation.id, reservation];
    return undefined;
  }

  [Symbol.iterator](): Generator<[Id, Reservation], undefined, unknown> {
    return this.entries();
  }

  forEach(visit: (reservation: Reservation, id: Id, map: ReadonlyMap<Id, Reservation>) => void): void {
    for (const [id, reservation] of this) visit(reservation, id, this);
  }

  #read(entry: Unread): Reservation {
    // Cast: it was read when it was loaded.
    const reservation = reservationIn(entry.id, JSON.parse(entry.text) as ReservationRecord, this.#known);
    this.#entries.set(entry.id, reservation);
    // Indexes hold the entry until the reservation changes.
    entry.text = '';
    return reservation;
  }
}

/** Some of the reservations by their windows: as `WindowIndex`. */
export class ReservationIndex {
  readonly #index = new WindowIndex<Spanned>();
  readonly #reservations: ReservationMap;

  constructor(reservations: ReservationMap) {
    this.#reservations = reservations;
  }

  get size(): number {
    return this.#index.size;
  }

  add(item: Spanned): void {
    this.#index.add(item);
  }

  addLater(item: Spanned): void {
    this.#index.addLater(item);
  }

  delete(item: Spanned): void {
    this.#index.delete(item);
  }

  *overlapping(window: Window): Generator<Reservation, void, undefined> {
    for (const { id } of this.#index.overlapping(window)) {
      const reservation = this.#reservations.get(id);
      if (reservation !== undefined) yield reservation;
    }
  }

  /** As `WindowIndex.sweep`. */
  sweep(first: Instant): (window: Window) => readonly Reservation[] {
    return this.#index.sweep(first, ({ id }) => this.#reservations.get(id));
  }

  inOrder(window: Window): Reservation[] {
    return [...this.overlapping(window)].sort(byStart);
  }
}
