/**
 * Due work, carried out: starts, ends, expiries, notices, pending decisions. Items come in the order in which they fell due, perhaps
 * a week late, and may be about what has moved or gone; each is removed by the decision that carries it out.
 */
import { announceReservation } from '../announce.ts';
import { decide } from '../draft.ts';
import type { Draft } from '../draft.ts';
import { forget, conclude, expire } from '../reservations.ts';
import type { Task } from '../due.ts';
import type { Reservation } from '../entities.ts';
import { next } from '../lifecycle.ts';
import type { Command, DueResult, DueWork } from '../requests.ts';
import { settle } from '../settlement.ts';
import { isOver } from '../state.ts';
import { decideDeferred } from './reservation.ts';

type Run = (draft: Draft, reservation: Reservation) => void;

interface DueTask {
  /** Whether the item is (still) about the reservation as it is: what was moved has another item. */
  readonly applies: (reservation: Reservation, now: number) => boolean;
  readonly run: Run;
}

const TASKS: Readonly<Record<Task, DueTask>> = {
  end: { applies: ({ endsAt }, now) => endsAt !== undefined && endsAt <= now, run: end },
  expire: { applies: ({ expiresAt }, now) => expiresAt !== undefined && expiresAt <= now, run: expire },
  ending: { applies: (reservation) => !isOver(reservation) && reservation.status !== 'pending', run: giveNotice },
  decide: { applies: ({ status }) => status === 'pending', run: decideDeferred },
  start: { applies: ({ startsAt }, now) => startsAt <= now, run: start },
  forget: { applies: isOver, run: forget },
};

/** Carries out one due item; an unknown one, or one that does not apply any more, is removed. */
export const runDue: Command<DueWork, DueResult> = (head, input, at) =>
  decide(head, at, (draft): DueResult => {
    draft.unschedule(input.id);
    const reservation = head.reservations.get(input.subject);
    const task = isTask(input.task) ? TASKS[input.task] : undefined;
    if (reservation === undefined || task?.applies(reservation, at.now) !== true) return { outcome: 'nothing-to-do' };
    task.run(draft, reservation);
    settle(draft, 'capacity-withdrawn');
    return { outcome: 'done' };
  });

function isTask(task: string): task is Task {
  return Object.hasOwn(TASKS, task);
}

function start(draft: Draft, before: Reservation): void {
  // One that cannot be kept in full begins as well; it stays degraded.
  const status = next(before.status, 'start') ?? before.status;
  if (status === before.status && status !== 'degraded') return;
  const after: Reservation = { ...before, status, modifiedOn: draft.at.now };
  draft.put('reservation', after.id, after);
  announceReservation(draft, 'started', after, before.status);
}

function end(draft: Draft, before: Reservation): void {
  const status = next(before.status, 'end');
  if (status === undefined) return;
  conclude(draft, before, { status, reason: 'window-over' }, 'ended', draft.head.policy.atEnd);
}

function giveNotice(draft: Draft, reservation: Reservation): void {
  announceReservation(draft, 'ending', reservation, reservation.status);
}
