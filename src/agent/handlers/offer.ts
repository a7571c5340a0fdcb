/** request-, accept- and decline-offer. */
import { acceptOffer, declineOffer, requestOffer } from '../../engine/commands/offer.ts';
import type { AcceptOfferResult, DeclineOfferResult, RequestOffer, RequestOfferResult } from '../../engine/requests.ts';
import { printInstant } from '../../engine/window.ts';
import type {
  AcceptOfferOutput,
  DeclineOfferOutput,
  Handlers,
  RequestOfferInput,
  RequestOfferOutput,
} from '../../generated/opnfv-promise.ts';
import type { RequestContext } from '../context.ts';
import type { PromiseEngine } from './promise-domain.ts';
import { instantOut, listIn, present, reasonOut } from './promise-values.ts';
import { effectOut, refused, span } from './reservation.ts';
import { requestIn } from './reservation-nodes.ts';

type OfferHandlers = Pick<Handlers<RequestContext>, 'request-offer' | 'accept-offer' | 'decline-offer'>;

export function offerHandlers(engine: PromiseEngine): OfferHandlers {
  return {
    'request-offer': async (context, input) => {
      const { result, record } = await engine.decideOnRecord(context, requestOffer, offerIn(input));
      return { ...offerAnswer(result), ...record };
    },

    'accept-offer': async (context, input) => {
      const { result, record } = await engine.decideOnRecord(context, acceptOffer, { id: input['offer-id'] });
      return { ...acceptanceAnswer(result), ...record };
    },

    'decline-offer': async (context, input) => {
      const { result, record } = await engine.decideOnRecord(context, declineOffer, { id: input['offer-id'] });
      return { ...declineAnswer(result), ...record };
    },
  };
}

function offerIn(input: RequestOfferInput): RequestOffer {
  return { ...requestIn(input), holdFor: input['hold-for'] * 1000 };
}

function offerAnswer(result: RequestOfferResult): RequestOfferOutput {
  if (result.outcome === 'refused') return refused(result.refusal);
  const { id, expiresAt, startsAt, endsAt } = result.offer;
  return present({
    result: 'ok' as const,
    'offer-id': id,
    'expires-at': printInstant(expiresAt),
    start: printInstant(startsAt),
    end: instantOut(endsAt),
    moved: listIn(result.moved),
    message: `Held ${span(result.offer)}; accept the offer before ${printInstant(expiresAt)}.`,
  });
}

function acceptanceAnswer(result: AcceptOfferResult): AcceptOfferOutput {
  if (result.outcome === 'refused') return { ...refused(result.refusal), status: 'rejected' };
  const { reservation } = result;
  return present({
    result: 'ok' as const,
    status: reservation.status,
    'reservation-id': reservation.id,
    ...effectOut(reservation),
    message: `Reserved ${span(reservation)}.`,
  });
}

function declineAnswer(result: DeclineOfferResult): DeclineOfferOutput {
  if (result.outcome === 'declined') return { result: 'ok', message: 'The offer is given back; what it held is free.' };
  const { reason, message } = result.refusal;
  return { result: 'conflict', reason: reasonOut(reason), message };
}
