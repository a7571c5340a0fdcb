/**
 * What can become of an offer, as steps of a decision: made, accepted, over. While it is held its claims count like those of a
 * reservation; nothing is allocated against them.
 */
import { announceHeld, announceReservation, announceTaken } from './announce.ts';

import { claimsBefore } from './claims.ts';
import type { Draft } from './draft.ts';
import { reschedule, rescheduleOffer } from './due.ts';
import type { Id, Offer, Reason, Reservation } from './entities.ts';
import type { OfferCause } from './events.ts';
import { next } from './lifecycle.ts';
import { quotaRefusal } from './quota.ts';
import { admit } from './every-window.ts';
import type { Refused } from './requests.ts';
import { move, NOTHING_TO_VACATE, recorded, requestOf } from './reservations.ts';
import type { ReservationRequest } from './reservations.ts';
import { roomMade, withRoom } from './room-made.ts';
import { withExpiry } from './terms.ts';
import type { Terms } from './terms.ts';
import { currentWindow, windowsAhead } from './window-index.ts';
import { vacate, waiting } from './vacancy.ts';
import { FOREVER } from './window.ts';
import { omit } from './omit.ts';

/** Holds what is asked for until the deadline, or refuses. The deadline lies within the window, and before the expiry time asked for. */
export function makeOffer(
  draft: Draft,
  id: Id,
  request: ReservationRequest,
  { window, series }: Terms,
  holdFor: number,
): { readonly outcome: 'offered'; readonly offer: Offer; readonly moved: readonly Id[] } | Refused {
  const { now, user, tenant } = draft.at;
  const spans = {
    startsAt: window.start,
    endsAt: window.end,
    ...(series === undefined ? {} : { series }),
  };
  const admission = admit(draft.head, request.demand, windowsAhead({ id, ...spans }), now, { viewer: draft.at });
  if (admission.outcome === 'refused') return admission;
  const offer: Offer = {
    id,
    owner: user,
    ...(tenant === undefined ? {} : { tenant }),
    ...request,
    status: 'held',
    createdOn: now,
    modifiedOn: now,
    expiresAt: Math.min(now + holdFor, window.end, request.expiryTime ?? FOREVER),
    ...spans,
    claims: admission.claims,
  };
  const exceeded = quotaRefusal(draft.head, offer, { claims: offer.claims, reservation: true });
  if (exceeded !== undefined) return { outcome: 'refused', refusal: exceeded };
  const moved = move(draft, admission.moved);
  const made = withRoom(offer, roomMade(draft.head, undefined, [], admission.moved));
  announceTaken(draft, made.claims);
  announceOffer(draft, 'made', made);
  rescheduleOffer(draft, made);
  draft.put('offer', id, made);
  return { outcome: 'offered', offer: made, moved };
}

/**
 * Turns a held offer into a reservation with the same claims, owner and tenant: nothing is admitted anew, so that it cannot fail.
 * What was to be allocated within a time from the start has that time from now, where the start is past.
 */
export function accept(draft: Draft, offer: Offer, id: Id): Reservation {
  const { now } = draft.at;
  const { owner, tenant, startsAt, series, claims, room } = offer;
  const expiry = withExpiry(draft.head.policy, offer, currentWindow(offer), Math.max(startsAt, now));
  const terms = series === undefined ? expiry : { ...expiry, series };
  const pending = recorded(draft, id, 'rpc', requestOf(offer), terms);
  const holding: Reservation = {
    ...omit(pending, 'tenant'),
    owner,
    ...(tenant === undefined ? {} : { tenant }),
    hold: 'firm',
    ...(room === undefined ? {} : { room }),
    claims,
  };
  const accepted: Offer = { ...offer, status: 'accepted', reservation: id, modifiedOn: now, claims: [] };
  draft.put('offer', offer.id, accepted);
  draft.put('reservation', id, holding);
  const reservation = granted(draft, holding, startsAt <= now);
  draft.put('reservation', id, reservation);
  rescheduleOffer(draft, accepted);
  reschedule(draft, undefined, reservation);
  announceOffer(draft, 'accepted', accepted);
  announceReservation(draft, 'created', reservation);
  return reservation;
}

/** Granted: it starts now, unless machines have to be gone first, or later. */
function granted(draft: Draft, holding: Reservation, starts: boolean): Reservation {
  const { awaits, withdrawn } = starts ? vacate(draft, holding, true) : NOTHING_TO_VACATE;
  const status = next(holding.status, starts && awaits.length === 0 ? 'grant-now' : 'grant') ?? holding.status;
  const granted = withRoom({ ...holding, status }, { machines: withdrawn });
  return awaits.length === 0 ? granted : waiting(draft.head, granted, awaits);
}

/** Ends a held offer: what it held from now on is free. Settle afterwards. */
export function lapse(draft: Draft, offer: Offer, cause: OfferCause, reason: Reason): Offer {
  const { now } = draft.at;
  const claims = claimsBefore(offer.claims, now);
  const lapsed: Offer = { ...offer, status: 'lapsed', reason, modifiedOn: now, claims };
  draft.put('offer', offer.id, lapsed);
  draft.disturb(offer.claims);
  rescheduleOffer(draft, lapsed);
  announceOffer(draft, cause, lapsed);
  announceHeld(draft, 'released', offer.claims);
  return lapsed;
}

function announceOffer(draft: Draft, cause: OfferCause, offer: Offer): void {
  draft.emit({ kind: 'offer-event', time: draft.at.now, cause, offer });
}
