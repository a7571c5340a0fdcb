/** Checks of input that every command shares. */
import { isZero } from './capacity.ts';
import type { Capacity, Resource } from './capacity.ts';
import type { Demand, Id, Origin } from './entities.ts';
import { InvalidRequest, OwnedByOther, UnknownEntry } from './requests.ts';
import type { Head } from './state.ts';
import { describeInstant } from './window.ts';
import type { Instant } from './window.ts';

/** The largest amount that a request may name (nfvi:memory): so many that sums over thousands of entries stay exact. */
export const MOST_OF_A_RESOURCE: number = 2 ** 40;

/** @throws InvalidRequest when an amount is no whole number from 0 to `MOST_OF_A_RESOURCE`. */
export function checkCapacity(capacity: Capacity): void {
  let resource: Resource;
  for (resource in capacity) {
    const amount = capacity[resource];
    if (amount === undefined || (Number.isInteger(amount) && amount >= 0 && amount <= MOST_OF_A_RESOURCE)) continue;
    throw new InvalidRequest(
      `capacity/${resource}`,
      `${resource} is ${amount}; it must be a whole number from 0 to ${MOST_OF_A_RESOURCE}.`,
    );
  }
}

/** The most instances that one reservation may ask for. */
export const MOST_INSTANCES = 10_000;

/** The most adjustments that one pool may have. */
export const MOST_ADJUSTMENTS = 1_000;

/**
 * @param path of the leaf that asks for one too many
 * @throws InvalidRequest when a pool would have more than `MOST_ADJUSTMENTS`
 */
export function checkAdjustments(pool: Id, adjustments: readonly unknown[], path: string): void {
  if (adjustments.length <= MOST_ADJUSTMENTS) return;
  const message = `The pool '${pool}' would have ${adjustments.length} changes for a time; one pool may have ${MOST_ADJUSTMENTS}.`;
  throw new InvalidRequest(path, message);
}

/** @throws InvalidRequest when nothing is asked for, an amount cannot be, or a container names a group that is not there. */
export function checkDemand(demand: Demand): void {
  checkCapacity(demand.capacity);
  checkContainers(demand);
  const { elements = [], containers = [] } = demand;
  if (isZero(demand.capacity) && elements.length === 0 && containers.length === 0) {
    const message =
      'A reservation has to ask for something: a resource in capacity above zero, a container or an element.';
    throw new InvalidRequest('capacity', message);
  }
}

/**
 * Checks the pools that a request names, when it is made: pools may go later, and what was granted then is not wrong for it.
 * @throws UnknownEntry for a pool that is not there
 */
export function checkPools({ pools: known }: Head, { pools = [], containers = [] }: Partial<Demand>): void {
  const isUnknown = (id: string): boolean => !known.has(id);
  const unknown = pools.find(isUnknown) ?? containers.flatMap((container) => container.pools ?? []).find(isUnknown);
  if (unknown !== undefined) throw new UnknownEntry('pool', 'pools', unknown);
}

function checkContainers({ containers = [], groups = [] }: Demand): void {
  const known = new Set(groups.map(({ name }) => name));
  for (const { name, group } of containers) {
    if (group === undefined || known.has(group)) continue;
    const message = `The container '${name}' belongs to the group '${group}', which is none of the affinity groups of the request.`;
    throw new InvalidRequest('container/group', message);
  }
  const asked = containers.reduce((sum, { count }) => sum + count, 0);
  if (asked > MOST_INSTANCES) {
    const message = `${asked} instances are asked for; one reservation may have ${MOST_INSTANCES}.`;
    throw new InvalidRequest('container/count', message);
  }
  const invalid = containers.find(({ count }) => !Number.isInteger(count) || count < 1);
  if (invalid === undefined) return;
  throw new InvalidRequest('container/count', `The container '${invalid.name}' needs a count of 1 or more.`);
}

/** @throws InvalidRequest when the end is not after the start (absent: now), or has passed. */
export function checkSpan(start: Instant | undefined, end: Instant | undefined, now: Instant): void {
  if (end === undefined) return;
  if (end <= (start ?? now)) {
    throw new InvalidRequest(
      'end',
      `The end ${describeInstant(end)} is not after the start ${describeInstant(start ?? now)}.`,
    );
  }
  if (end <= now) {
    throw new InvalidRequest('end', `The end ${describeInstant(end)} has passed; it is ${describeInstant(now)}.`);
  }
}

/** @throws OwnedByOther when the entry was made by the other side. */
export function checkOwner(
  entry: OwnedByOther['entry'],
  found: { readonly id: string; readonly origin: Origin },
  side: Origin,
): void {
  if (found.origin !== side) throw new OwnedByOther(entry, found.id, found.origin);
}
