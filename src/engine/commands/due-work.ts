/**
 * Due work, carried out: starts, ends, expiries, notices, pending decisions, lapses of offers, maintenance. Items come in the order in which they fell due, perhaps
 * a week late, and may be about what has moved or gone; each is removed by the decision that carries it out.
 */
import { decide } from '../draft.ts';
import type { Draft } from '../draft.ts';
import { lapse } from '../offers.ts';
import { forget, conclude, expire, isFollowed, recede } from '../reservation-end.ts';
import { noticeOf, scheduleAfterStart } from '../due.ts';
import type { MaintenanceTask, OfferTask, ReservationTask } from '../due.ts';
import type { Maintenance, Offer, Policy, Reservation } from '../entities.ts';
import { next } from '../lifecycle.ts';
import { beginMaintenance, endMaintenance, maintenanceOf } from '../maintenance.ts';
import { giveNotice } from '../notices.ts';
import type { Command, DueResult, DueWork } from '../requests.ts';
import { settle } from '../settlement.ts';
import { isOver } from '../state.ts';
import { begin } from '../vacancy.ts';
import { FOREVER } from '../window.ts';
import { decideDeferred } from './reservation.ts';

interface DueTask<Subject> {
  /** Whether the item is (still) about the subject as it is: what was moved has another item. */
  readonly applies: (subject: Subject, now: number, policy: Policy) => boolean;
  readonly run: (draft: Draft, subject: Subject) => void;
}

const RESERVATION_TASKS: Readonly<Record<ReservationTask, DueTask<Reservation>>> = {
  end: { applies: ({ endsAt }, now) => endsAt <= now, run: end },
  expire: { applies: ({ expiresAt }, now) => expiresAt !== undefined && expiresAt <= now, run: expire },
  ending: {
    applies: (reservation, now, policy) => (noticeOf(reservation, policy) ?? FOREVER) <= now,
    run: giveNotice,
  },
  decide: { applies: ({ status }) => status === 'pending', run: decideDeferred },
  start: { applies: ({ startsAt }, now) => startsAt <= now, run: start },
  ease: {
    applies: ({ status, easesAt }, now) => status === 'degraded' && easesAt !== undefined && easesAt <= now,
    // Settling looks at who is degraded on these nodes, and tells when to look again.
    run: (draft, { claims }) => draft.disturb(claims),
  },
  forget: { applies: isOver, run: forget },
};

const OFFER_TASKS: Readonly<Record<OfferTask, DueTask<Offer>>> = {
  lapse: {
    applies: ({ status, expiresAt }, now) => status === 'held' && expiresAt <= now,
    run: (draft, offer) => void lapse(draft, offer, 'lapsed', 'offer-over'),
  },
  'forget-offer': {
    applies: ({ status }) => status !== 'held',
    run: (draft, { id }) => draft.put('offer', id, null),
  },
};

const MAINTENANCE_TASKS: Readonly<Record<MaintenanceTask, DueTask<Maintenance>>> = {
  maintain: { applies: ({ start }, now) => start <= now, run: beginMaintenance },
  resume: { applies: ({ end: until }, now) => until <= now, run: endMaintenance },
};

/** Carries out one due item; an unknown one, or one that does not apply any more, is removed. */
export const runDue: Command<DueWork, DueResult> = (head, input, at) =>
  decide(head, at, (draft): DueResult => {
    draft.unschedule(input.id);
    const { subject } = input;
    const ran =
      carriedOut(draft, RESERVATION_TASKS, input.task, head.reservations.get(subject)) ||
      carriedOut(draft, OFFER_TASKS, input.task, head.offers.get(subject)) ||
      carriedOut(draft, MAINTENANCE_TASKS, input.task, maintenanceOf(head, subject));
    if (!ran) return { outcome: 'nothing-to-do' };
    settle(draft, 'capacity-withdrawn');
    return { outcome: 'done' };
  });

/** Carries out the task if it is one of the table's and applies to the subject; whether it did. */
function carriedOut<Subject>(
  draft: Draft,
  tasks: Readonly<Record<string, DueTask<Subject>>>,
  name: string,
  subject: Subject | undefined,
): boolean {
  const task = Object.hasOwn(tasks, name) ? tasks[name] : undefined;
  if (subject === undefined || task?.applies(subject, draft.at.now, draft.head.policy) !== true) return false;
  task.run(draft, subject);
  return true;
}

function start(draft: Draft, before: Reservation): void {
  if (next(before.status, 'start') !== undefined || before.status === 'degraded') begin(draft, before);
  const after = draft.head.reservations.get(before.id);
  if (after !== undefined) scheduleAfterStart(draft, after);
}

function end(draft: Draft, before: Reservation): void {
  if (isFollowed(before)) {
    recede(draft, before, draft.head.policy.atEnd);
    return;
  }
  const status = next(before.status, 'end');
  if (status === undefined) return;
  conclude(draft, before, { status, reason: 'window-over' }, 'ended', draft.head.policy.atEnd);
}
