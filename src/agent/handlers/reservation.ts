/** create-, update-, cancel- and query-reservation (reservation steps 1 to 4; second message flow, steps 1 to 6). */
import { cancelReservation, createReservation, updateReservation } from '../../engine/commands/reservation.ts';
import type { Reservation } from '../../engine/entities.ts';
import { queryReservations } from '../../engine/queries.ts';
import type {
  CancelReservationResult,
  CreateReservation,
  CreateReservationResult,
  Displaced,
  Refusal,
  UpdateReservation,
  UpdateReservationResult,
} from '../../engine/requests.ts';
import { printInstant } from '../../engine/window.ts';
import { spanOf } from '../../engine/window-index.ts';
import type {
  CancelReservationOutput,
  CreateReservationInput,
  CreateReservationOutput,
  Handlers,
  UpdateReservationInput,
  UpdateReservationOutput,
} from '../../generated/opnfv-promise.ts';
import type { RequestContext } from '../context.ts';
import { filterIn, utilizationOut } from './capacity.ts';
import type { PromiseEngine } from './promise-domain.ts';
import { capacityIn, instantOut, listIn, partsIn, present, reasonOut, refusalOut } from './promise-values.ts';
import { requestIn, reservationOut, termsIn } from './reservation-nodes.ts';

type ReservationHandlers = Pick<
  Handlers<RequestContext>,
  'create-reservation' | 'update-reservation' | 'cancel-reservation' | 'query-reservation'
>;

export function reservationHandlers(engine: PromiseEngine): ReservationHandlers {
  return {
    'create-reservation': async (context, input) => {
      const { result, record } = await engine.decideOnRecord(context, createReservation, creationIn(input));
      return { ...creationAnswer(result), ...record };
    },

    'update-reservation': async (context, input) => {
      const { result, record } = await engine.decideOnRecord(context, updateReservation, updateIn(input));
      return { ...updateAnswer(result), ...record };
    },

    'cancel-reservation': async (context, input) => {
      const id = { id: input['reservation-id'] };
      const { result, record } = await engine.decideOnRecord(context, cancelReservation, id);
      return { ...cancellationAnswer(result), ...record };
    },

    'query-reservation': async (context, input) => {
      const query = present({
        ...filterIn(input),
        ids: listIn(input['reservation-id']),
        name: input.name,
        statuses: listIn(input.status),
      });
      return await engine.read((head, now) => {
        const { reservations, utilization } = queryReservations(head, query, now, engine.viewer(context));
        return present({
          reservations:
            reservations.length === 0 ? undefined : reservations.map((each) => reservationOut(head, each, now)),
          utilization: utilizationOut(utilization),
        });
      });
    },
  };
}

function creationIn(input: CreateReservationInput): CreateReservation {
  return present({ ...requestIn(input), deferred: input.asynchronous });
}

function updateIn(input: UpdateReservationInput): UpdateReservation {
  return present({
    id: input['reservation-id'],
    ...termsIn(input),
    demand: { ...partsIn(input), capacity: capacityIn(input.capacity) },
    clear: input.clear,
  });
}

function creationAnswer(result: CreateReservationResult): CreateReservationOutput {
  if (result.outcome === 'refused') return { ...refused(result.refusal), status: 'rejected' };
  const { reservation } = result;
  return present({
    result: 'ok' as const,
    status: reservation.status,
    'reservation-id': reservation.id,
    ...(result.outcome === 'pending' ? {} : effectOut(reservation)),
    moved: result.moved,
    message:
      result.outcome === 'pending'
        ? 'The request is recorded; a reservation-event tells the decision.'
        : reserved(reservation, result.displaced),
    ...displacedOut(result.displaced),
  });
}

function updateAnswer(result: UpdateReservationResult): UpdateReservationOutput {
  const { reservation } = result;
  const state = present({
    status: reservation.status,
    'reservation-id': reservation.id,
    ...effectOut(reservation),
  });
  if (result.outcome === 'refused') return { ...refused(result.refusal), ...state };
  return present({
    result: 'ok' as const,
    ...state,
    moved: result.moved,
    message: reserved(reservation, result.displaced),
    ...displacedOut(result.displaced),
  });
}

function cancellationAnswer(result: CancelReservationResult): CancelReservationOutput {
  const { status } = result.reservation;
  if (result.outcome === 'refused') {
    const { reason, message } = result.refusal;
    return { result: 'conflict', reason: reasonOut(reason), message, status };
  }
  const { released } = result;
  const machines = released.length === 0 ? '' : ` These run on without it: ${released.join(', ')}.`;
  return { result: 'ok', status, message: `The reservation is withdrawn.${machines}` };
}

/** What takes effect of the times of a reservation. */
export function effectOut({ startsAt, endsAt, expiresAt }: Reservation) {
  return present({
    'starts-at': printInstant(startsAt),
    'ends-at': instantOut(endsAt),
    'expires-at': instantOut(expiresAt),
  });
}

/** Who had to give way, and whether more could have been looked at (grouping search-report). */
function displacedOut(displaced: Displaced | undefined): SearchReport {
  if (displaced === undefined) return {};
  return present({
    'search-complete': displaced.complete,
    'displaced-reservations': listIn(displaced.reservations),
    'displaced-instances': listIn(displaced.machines),
  });
}

type SearchReport = Pick<UpdateReservationOutput, 'search-complete' | 'displaced-reservations' | 'displaced-instances'>;

/** The part of an answer that says why not. */
export function refused(
  refusal: Refusal,
): Pick<UpdateReservationOutput, 'result' | 'reason' | 'message' | 'refusal' | 'search-complete'> {
  const { reason, message, searchComplete } = refusal;
  return present({
    result: 'conflict' as const,
    reason: reasonOut(reason),
    message,
    'search-complete': searchComplete,
    refusal: refusalOut(refusal),
  });
}

function reserved(reservation: Reservation, displaced: Displaced | undefined): string {
  const waits = reservation.awaits === undefined ? '' : ` ${reservation.message ?? ''}`;
  const { others } = displaced ?? {};
  const gaveWay = others === undefined ? '' : ` Reservations and virtual machines of others that gave way: ${others}.`;
  return `Reserved ${span(reservation)}.${waits}${gaveWay}`;
}

/** The window in effect, in words; of many, the current one, and the end of the last. */
export function span(of: Pick<Reservation, 'id' | 'startsAt' | 'endsAt' | 'series'>): string {
  const { startsAt, endsAt, series } = of;
  const window = `from ${printInstant(startsAt)} to ${printInstant(endsAt)}`;
  if (series === undefined) return window;
  return `${window}, which is window ${series.occurrence} of ${series.count}; the last one ends on ${printInstant(spanOf(of).end)}`;
}
