/**
 * Notice before the end of a reservation (policy `termination-lead`): when it is given, and what becomes of notices when the lead changes.
 */
import { counted } from './counted.ts';
import { announceReservation } from './announce.ts';
import { endingWith } from './claims.ts';
import type { Draft } from './draft.ts';
import { dueId, noticeItem, noticeOf } from './due.ts';
import type { Policy, Reservation } from './entities.ts';
import { FOREVER, describeInstant } from './window.ts';

/** Tells that the end is near, and what becomes then of what is allocated. It is not told again of this end. */
export function giveNotice(draft: Draft, before: Reservation): void {
  const told: Reservation = { ...before, noticed: before.endsAt };
  draft.put('reservation', told.id, told);
  announceReservation(draft, 'ending', { ...told, message: outlook(draft, told) }, told.status);
}

function outlook(draft: Draft, reservation: Reservation): string {
  const { series, endsAt } = reservation;
  const which = series === undefined ? 'Ends' : `Window ${series.occurrence} of ${series.count} ends`;
  const end = `${which} at ${describeInstant(endsAt)}.`;
  const { atEnd } = draft.head.policy;
  // What is being deleted already goes by itself, with this end or without it.
  const ending = endingWith(draft.head, reservation, atEnd).filter(({ vmState }) => vmState !== 'DELETING');
  if (ending.length === 0) return end;
  const machines = ending.filter(({ resource }) => resource === undefined).length;
  const others = ending.length - machines;
  const what = [
    ...(machines === 0 ? [] : [counted(machines, 'virtual machine')]),
    ...(others === 0 ? [] : [counted(others, 'other allocation')]),
  ];
  const fate = atEnd === 'terminate' ? 'destroyed' : 'released and run on without it';
  return `${end} What is allocated under it is then ${fate}: ${what.join(' and ')}.`;
}

/**
 * Brings the notices that are still to come in line with another lead; one whose time by that lead has passed is given at once. What
 * comes after a start that is still ahead is scheduled by that start.
 */
export function moveNotices(draft: Draft, before: Policy, after: Policy): void {
  if (before.terminationLead === after.terminationLead) return;
  const { head, at } = draft;
  for (const reservation of head.held.overlapping({ start: at.now, end: FOREVER })) {
    const old = noticeOf(reservation, before);
    const due = noticeOf(reservation, after);
    const comesWithStart = (notice: number): boolean => notice > reservation.startsAt && reservation.startsAt > at.now;
    if (due !== undefined && !comesWithStart(due)) draft.schedule(noticeItem(reservation.id, due));
    else if (old !== undefined && !comesWithStart(old)) draft.unschedule(dueId('ending', reservation.id));
  }
}
