/** Checks of input that every command shares. */
import { RESOURCES, isZero } from './capacity.ts';
import type { Capacity } from './capacity.ts';
import type { Demand, Origin } from './entities.ts';
import { InvalidRequest, OwnedByOther } from './requests.ts';
import { describeInstant } from './window.ts';
import type { Instant } from './window.ts';

/** The largest amount that a request may name: so many that sums over thousands of entries stay exact. */
export const MOST_OF_A_RESOURCE: number = 2 ** 40;

/** @throws InvalidRequest when an amount is no whole number from 0 to `MOST_OF_A_RESOURCE`. */
export function checkCapacity(capacity: Capacity): void {
  for (const resource of RESOURCES) {
    const amount = capacity[resource];
    if (amount === undefined || (Number.isInteger(amount) && amount >= 0 && amount <= MOST_OF_A_RESOURCE)) continue;
    throw new InvalidRequest(
      `capacity/${resource}`,
      `${resource} is ${amount}; it must be a whole number from 0 to ${MOST_OF_A_RESOURCE}.`,
    );
  }
}

/** @throws InvalidRequest when nothing is asked for, or an amount cannot be. */
export function checkDemand(demand: Demand): void {
  checkCapacity(demand.capacity);
  if (isZero(demand.capacity) && (demand.elements ?? []).length === 0) {
    throw new InvalidRequest('capacity', 'A reservation has to ask for something: at least one resource above zero.');
  }
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
