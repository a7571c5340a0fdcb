/** request-, accept- and decline-offer. */
import { decide } from '../draft.ts';
import { demandNamed } from '../elements.ts';
import { NORMAL } from '../entities.ts';
import type { Id, Offer } from '../entities.ts';
import { termsOf } from '../flexible-window.ts';
import { accept, lapse, makeOffer } from '../offers.ts';
import { find } from '../ownership.ts';
import { UnknownEntry } from '../requests.ts';
import type {
  At,
  AcceptOffer,
  AcceptOfferResult,
  Command,
  DeclineOffer,
  DeclineOfferResult,
  Refused,
  RequestOffer,
  RequestOfferResult,
} from '../requests.ts';
import type { ReservationRequest } from '../reservations.ts';
import { settle } from '../settlement.ts';
import type { Head } from '../state.ts';
import { checkDemand, checkPools } from '../validation.ts';
import { describeInstant } from '../window.ts';
import type { Instant } from '../window.ts';

/** Holds what a reservation would hold, until a deadline, or refuses as create-reservation would. */
export const requestOffer: Command<RequestOffer, RequestOfferResult> = (head, input, at) =>
  decide(head, at, (draft): RequestOfferResult => {
    const { holdFor, priority, ...rest } = input;
    checkDemand(input.demand);
    checkPools(head, input.demand);
    const demand = demandNamed(head, input.demand, at);
    if ('outcome' in demand) return demand;
    const request: ReservationRequest = { ...rest, demand, priority: priority ?? NORMAL };
    const result = termsOf(head, request, at.now);
    if (result.outcome === 'refused') return result;
    return makeOffer(draft, at.newId(), request, result.terms, holdFor);
  });

/** Makes a held offer a reservation. */
export const acceptOffer: Command<AcceptOffer, AcceptOfferResult> = (head, input, at) =>
  decide(head, at, (draft): AcceptOfferResult => {
    const offer = found(head, input.id, at);
    const over = whyOver(offer, at.now);
    if (over !== undefined) return over;
    return { outcome: 'accepted', reservation: accept(draft, offer, at.newId()) };
  });

/** Gives a held offer back. */
export const declineOffer: Command<DeclineOffer, DeclineOfferResult> = (head, input, at) =>
  decide(head, at, (draft): DeclineOfferResult => {
    const offer = found(head, input.id, at);
    const over = whyOver(offer, at.now);
    if (over !== undefined) return over;
    const declined = lapse(draft, offer, 'declined', 'requested-by-consumer');
    settle(draft, 'capacity-withdrawn');
    return { outcome: 'declined', offer: declined };
  });

function found(head: Head, id: Id, at: At): Offer {
  const offer = find(head, 'offer', id, at);
  if (offer === undefined) throw new UnknownEntry('offer', 'offer-id', id);
  return offer;
}

/** The refusal for an offer that is over. Its deadline counts, not whether the lapse was carried out by now. */
function whyOver(offer: Offer, now: Instant): Refused | undefined {
  if (offer.status === 'held' && now < offer.expiresAt) return undefined;
  return { outcome: 'refused', refusal: { reason: 'offer-over', message: describeEnd(offer), shortages: [] } };
}

function describeEnd({ status, reason, reservation, expiresAt, modifiedOn }: Offer): string {
  const on = describeInstant(modifiedOn);
  if (status === 'accepted') return `The offer was accepted on ${on} and is the reservation '${reservation ?? ''}'.`;
  if (reason === 'requested-by-consumer') return `The offer was declined on ${on}; ask for another one.`;
  if (status === 'lapsed' && reason !== 'offer-over')
    return `The offer could not be held any longer when capacity was lost on ${on}; ask for another one.`;
  return `The offer lapsed on ${describeInstant(expiresAt)}; ask for another one.`;
}
