/**
 * Work that falls due: which items a reservation or an offer has in the store, and in which order they run when several are due.
 *
 * At equal times ends run before starts, so that what one gives back the next can take; expiry, of offers too, runs before
 * both the notice of an end and starts, and housekeeping comes last. What a degraded reservation lacks is looked at as early as that.
 */
import type { DueItem } from '../store/store.ts';
import type { Draft } from './draft.ts';
import type { Id, Maintenance, Offer, Policy, Reservation } from './entities.ts';
import { isOver } from './state.ts';
import type { Head } from './state.ts';
import type { Instant } from './window.ts';

/** What falls due for a reservation. */
export type ReservationTask = 'end' | 'expire' | 'ending' | 'decide' | 'start' | 'ease' | 'forget';

/** What falls due for an offer. */
export type OfferTask = 'lapse' | 'forget-offer';

/** What falls due for a planned time out of service. */
export type MaintenanceTask = 'maintain' | 'resume';

export type Task = ReservationTask | OfferTask | MaintenanceTask;

const RANKS: Readonly<Record<Task, number>> = {
  end: 0,
  resume: 0,
  maintain: 0,
  expire: 1,
  lapse: 1,
  ease: 1,
  ending: 2,
  decide: 3,
  start: 4,
  forget: 5,
  'forget-offer': 5,
};

const MINUTE = 60_000;

/** How long what is over is kept for queries, unless its consumer withdrew it: a day. */
export const RETENTION = 24 * 60 * MINUTE;

export function dueItem(task: Task, subject: Id, at: Instant): DueItem {
  return { id: dueId(task, subject), at, rank: RANKS[task], task, subject };
}

export function dueId(task: Task, subject: Id): string {
  return `${task}:${subject}`;
}

/**
 * Brings the items in the store in line with what the reservation is now; `before` is what they were made for.
 *
 * What comes after a start that is still ahead is scheduled by that start: the items of a reservation that is far off are one, and
 * each of them lies on a page of its own in the store's order of time.
 */
export function reschedule(draft: Draft, before: Reservation | undefined, after: Reservation): void {
  const old = before === undefined ? [] : firstItemsOf(draft, before);
  const items = firstItemsOf(draft, after);
  for (const item of items) {
    if (old.find(({ id }) => id === item.id)?.at !== item.at) draft.schedule(item);
  }
  for (const { id } of old) {
    if (!items.some((item) => item.id === id)) draft.unschedule(id);
  }
}

/** Schedules what comes after the start of a reservation, which is being carried out. */
export function scheduleAfterStart(draft: Draft, reservation: Reservation): void {
  const items = itemsOf(reservation, draft.head.policy);
  const start = startOf(items);
  if (start === undefined) return;
  for (const item of items) if (byTime(start, item) < 0) draft.schedule(item);
}

/** The items up to the start, if that is ahead; else all of them. */
function firstItemsOf(draft: Draft, reservation: Reservation): readonly DueItem[] {
  const items = itemsOf(reservation, draft.head.policy);
  const start = startOf(items);
  return start === undefined || start.at <= draft.at.now ? items : upTo(start, items);
}

function startOf(items: readonly DueItem[]): DueItem | undefined {
  return items.find(({ task }) => task === 'start');
}

function upTo(start: DueItem, items: readonly DueItem[]): readonly DueItem[] {
  return items.filter((item) => byTime(item, start) <= 0);
}

function byTime(a: DueItem, b: DueItem): number {
  return a.at - b.at || a.rank - b.rank;
}

/** Brings the item of an offer in line with what it is now. */
export function rescheduleOffer(draft: Draft, offer: Offer): void {
  if (offer.status !== 'held') draft.unschedule(dueId('lapse', offer.id));
  draft.schedule(itemOfOffer(offer));
}

function itemOfOffer({ id, status, expiresAt, modifiedOn }: Offer): DueItem {
  return status === 'held' ? dueItem('lapse', id, expiresAt) : dueItem('forget-offer', id, modifiedOn + RETENTION);
}

/**
 * Everything that has to fall due from now on, for all reservations, offers and times out of service.
 * @param scheduled whether an item is in the store
 */
export function* upcomingItems(
  { reservations, offers, policy }: Head,
  now: Instant,
  scheduled: (id: string) => boolean,
): Generator<DueItem> {
  for (const reservation of reservations.values()) {
    const items = itemsOf(reservation, policy);
    const start = startOf(items);
    for (const item of start !== undefined && isAhead(reservation, start, now, scheduled)
      ? upTo(start, items)
      : items) {
      if (item.at > now || isUndone(reservation, item)) yield item;
    }
  }
  for (const offer of offers.values()) yield itemOfOffer(offer);
  for (const entry of policy.maintenance ?? []) {
    for (const item of itemsOfMaintenance(entry)) if (item.at > now) yield item;
  }
}

/** What falls due for a planned time out of service: its beginning and its end. */
export function itemsOfMaintenance({ id, start, end }: Maintenance): DueItem[] {
  return [dueItem('maintain', id, start), dueItem('resume', id, end)];
}

/** Whether the start is to come, which then schedules the rest. What is degraded does not show it; its item in the store does. */
function isAhead(reservation: Reservation, start: DueItem, now: Instant, scheduled: (id: string) => boolean): boolean {
  return start.at > now || isUndone(reservation, start) || scheduled(start.id);
}

/** Whether it shows that work was not carried out whose time may have come. Of a notice it need not: older records do not say that it was given. */
function isUndone({ status, awaits }: Reservation, { task }: DueItem): boolean {
  if (task === 'start') return status === 'scheduled' && awaits === undefined;
  return task === 'end' || task === 'decide' || task === 'forget';
}

/** Takes out the items of a reservation that goes. */
export function unscheduleAll(draft: Draft, reservation: Reservation): void {
  for (const { id } of itemsOf(reservation, draft.head.policy)) draft.unschedule(id);
}

/** One item at most for each task. */
function itemsOf(reservation: Reservation, policy: Policy): readonly DueItem[] {
  const items: DueItem[] = [];
  const add = (task: Task, at: Instant): void => {
    items.push(dueItem(task, reservation.id, at));
  };
  if (isOver(reservation)) {
    if (reservation.origin === 'rpc') add('forget', reservation.modifiedOn + RETENTION);
    return items;
  }
  if (reservation.status === 'pending') {
    add('decide', reservation.createdOn);
    return items;
  }
  const { startsAt, endsAt, expiresAt, createdOn } = reservation;
  if (startsAt > createdOn) add('start', startsAt);
  if (expiresAt !== undefined) add('expire', expiresAt);
  add('end', endsAt);
  const notice = noticeOf(reservation, policy);
  if (notice !== undefined) add('ending', notice);
  const { status, easesAt } = reservation;
  if (status === 'degraded' && easesAt !== undefined) add('ease', easesAt);
  return items;
}

/** When notice of a reservation's end is to be given: the policy's lead before it, not before the start. Undefined: never, or it was. */
export function noticeOf(reservation: Reservation, { terminationLead }: Policy): Instant | undefined {
  const { startsAt, endsAt, status, noticed } = reservation;
  if (terminationLead === undefined || noticed === endsAt || status === 'pending' || isOver(reservation)) {
    return undefined;
  }
  return Math.max(startsAt, endsAt - terminationLead * MINUTE);
}

export function noticeItem(reservation: Id, at: Instant): DueItem {
  return dueItem('ending', reservation, at);
}
