/** increase-capacity, decrease-capacity and query-capacity (capacity steps 1 and 2). */
import { decreaseCapacity, increaseCapacity } from '../../engine/commands/capacity.ts';
import type { Fitting } from '../../engine/fitting.ts';
import { queryCapacity } from '../../engine/queries.ts';
import type { Collection, QueryFilter } from '../../engine/queries.ts';
import type { UtilizationEntry } from '../../engine/utilization.ts';
import type {
  Affected,
  ChangeCapacity,
  DecreaseCapacityResult,
  IncreaseCapacityResult,
} from '../../engine/requests.ts';
import type {
  DecreaseCapacityOutput,
  DecreaseCapacityOutputAffected,
  ElementsFilter,
  Handlers,
  IncreaseCapacityInput,
  IncreaseCapacityOutput,
  QueryCapacityOutputCollections,
  QueryCapacityOutputFits,
  QueryWindow,
  Utilization,
} from '../../generated/opnfv-promise.ts';
import type { RequestContext } from '../context.ts';
import type { PromiseEngine } from './promise-domain.ts';
import { printInstant } from '../../engine/window.ts';
import {
  amountsOut,
  breakdownOut,
  capacityIn,
  endOut,
  instantIn,
  instantOut,
  listIn,
  present,
  priorityOut,
  reasonOut,
  repetitionOut,
} from './promise-values.ts';

type CapacityHandlers = Pick<Handlers<RequestContext>, 'increase-capacity' | 'decrease-capacity' | 'query-capacity'>;

export function capacityHandlers(engine: PromiseEngine): CapacityHandlers {
  return {
    'increase-capacity': async (context, input) => {
      const result = await engine.decide(context, increaseCapacity, changeIn(input));
      return { ...increaseAnswer(result), ...onRecord(engine, context, result) };
    },

    'decrease-capacity': async (context, input) => {
      const change = { ...changeIn(input), force: input.force };
      const result = await engine.decide(context, decreaseCapacity, change);
      return { ...decreaseAnswer(result), ...onRecord(engine, context, result) };
    },

    'query-capacity': async (context, input) => {
      const query = present({
        ...filterIn(input),
        kind: input.capacity,
        provider: input['provider-id'],
        pools: listIn(input.pools),
        flavor: input.flavor,
        interval: input.interval === undefined ? undefined : input.interval * 1000,
        showCollections: input['show-collections'],
      });
      const answer = await engine.read((head, now) => queryCapacity(head, query, now, engine.viewer(context)));
      return present({
        capacity: breakdownOut(answer.capacity),
        collections: answer.collections.length === 0 ? undefined : answer.collections.map(collectionOut),
        utilization: utilizationOut(answer.utilization),
        fits: listIn(answer.fits.map(fittingOut)),
      });
    },
  };
}

/** A change that is made explains itself; a refusal is kept. */
function onRecord(
  engine: PromiseEngine,
  context: RequestContext,
  result: IncreaseCapacityResult | DecreaseCapacityResult,
) {
  return result.outcome === 'refused' ? { decision: engine.record(context, result) } : {};
}

function fittingOut({ pool, zone, instances, zones }: Fitting): QueryCapacityOutputFits {
  return present({ pool, zone, instances, 'by-zone': listIn(zones) });
}

function changeIn(input: Omit<IncreaseCapacityInput, 'force'>): ChangeCapacity {
  return present({
    source: input.source,
    pool: input['pool-id'],
    zone: input.zone,
    start: instantIn(input.start, 'start'),
    end: instantIn(input.end, 'end'),
    elements: listIn(input.elements),
    capacity: capacityIn(input.capacity),
  });
}

function increaseAnswer(result: IncreaseCapacityResult): IncreaseCapacityOutput {
  if (result.outcome === 'increased') {
    return present({
      result: 'ok' as const,
      message: `The pool '${result.pool.id}' has more capacity${result.adjustment === undefined ? '' : ' during the window'}.`,
      'pool-id': result.pool.id,
      'adjustment-id': result.adjustment,
    });
  }
  const { reason, message } = result.refusal;
  return present({ result: 'conflict' as const, reason: reasonOut(reason), message, most: amountsOut(result.most) });
}

function decreaseAnswer(result: DecreaseCapacityResult): DecreaseCapacityOutput {
  const affected = result.affected.length === 0 ? undefined : result.affected.map(affectedOut);
  if (result.outcome === 'decreased') {
    const degraded = affected === undefined ? '' : ` Reservations that are degraded or preempted: ${affected.length}.`;
    return present({
      result: 'ok' as const,
      message: `The pool '${result.pool.id}' has less capacity${result.adjustment === undefined ? '' : ' during the window'}.${degraded}`,
      'pool-id': result.pool.id,
      'adjustment-id': result.adjustment,
      affected,
    });
  }
  const { reason, message } = result.refusal;
  return present({
    result: 'conflict' as const,
    reason: reasonOut(reason),
    message,
    'pool-id': result.pool,
    most: amountsOut(result.most),
    affected,
  });
}

function affectedOut({ reservation, missing }: Affected): DecreaseCapacityOutputAffected {
  return present({
    'reservation-id': reservation.id,
    name: reservation.name,
    priority: priorityOut(reservation.priority),
    start: instantOut(reservation.startsAt),
    end: instantOut(reservation.endsAt),
    missing: amountsOut(missing),
  });
}

/** What both queries can be narrowed by (grouping query-filter). */
export interface FilterNodes {
  readonly zone?: string;
  readonly window?: QueryWindow;
  readonly without?: readonly string[];
  readonly 'show-utilization': boolean;
  readonly elements?: ElementsFilter;
}

export function filterIn(nodes: FilterNodes): QueryFilter {
  const { zone, window, without, elements } = nodes;
  return present({
    zone,
    window:
      window === undefined
        ? undefined
        : present({
            start: instantIn(window.start, 'window/start'),
            end: instantIn(window.end, 'window/end'),
            scope: window.scope,
          }),
    without: listIn(without),
    showUtilization: nodes['show-utilization'],
    elements:
      elements === undefined ? undefined : present({ some: listIn(elements.some), every: listIn(elements.every) }),
  });
}

export function utilizationOut(entries: readonly UtilizationEntry[]): readonly Utilization[] | undefined {
  if (entries.length === 0) return undefined;
  return entries.map(({ timestamp, count, capacity }) =>
    present({ timestamp: printInstant(timestamp), count, capacity: amountsOut(capacity) }),
  );
}

function collectionOut(collection: Collection): QueryCapacityOutputCollections {
  const { kind, id, name, provider, zone, start, end, windows, capacity } = collection;
  return present({
    kind,
    id,
    name,
    provider,
    zone,
    start: instantOut(start),
    end: endOut(end),
    ...repetitionOut(windows ?? {}),
    capacity: amountsOut(capacity),
  });
}
