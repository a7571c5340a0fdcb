/**
 * Capacity: amounts of the eleven resources that Promise counts.
 *
 * Amounts are safe integers (|n| <= 2^53 - 1), so sums and differences in double precision are exact; an operation whose
 * result would leave that range throws `CapacityOverflowError` instead of rounding. Demands and claims are not negative;
 * sums may be (a pool that lost hosts has less than is claimed).
 */

/** The resources, in the order in which vectors, answers and tables hold them: compute, network, storage. */
export const RESOURCES = [
  'cores',
  'ram',
  'instances',
  'networks',
  'ports',
  'routers',
  'subnets',
  'addresses',
  'gigabytes',
  'snapshots',
  'volumes',
] as const;

/** One countable resource. `ram` is in MB (2^20 bytes), `gigabytes` in GB of block storage, the others are counts. */
export type Resource = (typeof RESOURCES)[number];

/** The kinds of resources, which may come from different pools. */
export const COMPUTE: readonly Resource[] = ['cores', 'ram', 'instances'];
export const NETWORK: readonly Resource[] = ['networks', 'ports', 'routers', 'subnets', 'addresses'];
export const STORAGE: readonly Resource[] = ['gigabytes', 'snapshots', 'volumes'];

/** How many resources there are: the length of a dense vector. */
export const RESOURCE_COUNT: number = RESOURCES.length;

/**
 * Amounts by resource. An absent resource does not matter: it asks for nothing in a demand and counts as 0 in a sum.
 * Operations keep a resource that either side names, even at 0, so that what is managed stays visible at `cores: 0`.
 */
export type Capacity = Readonly<Partial<Record<Resource, number>>>;

/** No capacity at all. */
export const NOTHING: Capacity = Object.freeze({});

/** Amounts in the order of `RESOURCES`, all of them present: what timelines compute with. */
export type CapacityVector = Float64Array;

/** An amount outside the safe integers, or not an integer. */
export class CapacityOverflowError extends Error {
  override readonly name = 'CapacityOverflowError';
}

/** The sum, resource by resource. */
export function add(a: Capacity, b: Capacity): Capacity {
  return combine(a, b, (x, y) => x + y);
}

/** `a` less `b`, resource by resource; may be negative. */
export function subtract(a: Capacity, b: Capacity): Capacity {
  return combine(a, b, (x, y) => x - y);
}

/** The larger amount of each resource, an absent one counting as 0. */
export function max(a: Capacity, b: Capacity): Capacity {
  return combine(a, b, Math.max);
}

/** The smaller amount of each resource, an absent one counting as 0. */
export function min(a: Capacity, b: Capacity): Capacity {
  return combine(a, b, Math.min);
}

/** The sum of any number of capacities. */
export function total(capacities: Iterable<Capacity>): Capacity {
  let sum = NOTHING;
  for (const capacity of capacities) sum = add(sum, capacity);
  return sum;
}

/**
 * Whether what is asked is there. A resource that is not asked for, or asked for with 0, is not looked at, so a request
 * without cores fits even where cores are overdrawn.
 */
export function fitsWithin(demand: Capacity, available: Capacity): boolean {
  return RESOURCES.every((resource) => missing(resource, demand, available) === 0);
}

/**
 * What is missing for the demand to fit: demand less available where that is positive, and nothing else in it. Where
 * the available amount is negative, the debt is part of what is missing.
 */
export function shortage(demand: Capacity, available: Capacity): Capacity {
  const result: Partial<Record<Resource, number>> = {};
  for (const resource of RESOURCES) {
    const amount = missing(resource, demand, available);
    if (amount > 0) result[resource] = amount;
  }
  return result;
}

/** Whether every amount is 0 or absent. */
export function isZero(capacity: Capacity): boolean {
  return RESOURCES.every((resource) => amountOf(capacity, resource) === 0);
}

/** Whether the amounts are the same, an absent one counting as 0. */
export function equals(a: Capacity, b: Capacity): boolean {
  return RESOURCES.every((resource) => amountOf(a, resource) === amountOf(b, resource));
}

/** The amount of one resource, 0 when absent. */
export function amountOf(capacity: Capacity, resource: Resource): number {
  return capacity[resource] ?? 0;
}

/** The resources that a demand asks for: those with an amount other than 0, in the order of `RESOURCES`. */
export function resourcesOf(capacity: Capacity): Resource[] {
  amountsInto(capacity, asked);
  return RESOURCES.filter((_, index) => asked[index] !== 0);
}

/** For one call of `resourcesOf`. */
const asked: CapacityVector = new Float64Array(RESOURCE_COUNT);

/** The amounts in words. */
export function describeAmounts(capacity: Capacity): string {
  const amounts = Object.entries(capacity).map(([resource, amount]) => `${amount} ${resource}`);
  return amounts.length === 0 ? 'nothing' : amounts.join(', ');
}

/** A vector of zeros. */
export function zeroVector(): CapacityVector {
  return new Float64Array(RESOURCE_COUNT);
}

/** Adds a vector to another (1), or takes it away (-1). */
export function addVectors(target: CapacityVector, vector: CapacityVector, sign: 1 | -1): void {
  for (let index = 0; index < RESOURCE_COUNT; index++) {
    target[index] = (target[index] ?? 0) + sign * (vector[index] ?? 0);
  }
}

/**
 * The capacity as a dense vector, written into `target` when one is given.
 * @throws CapacityOverflowError when an amount is not a safe integer.
 */
export function toVector(capacity: Capacity, target: CapacityVector = zeroVector()): CapacityVector {
  amountsInto(capacity, target);
  for (let index = 0; index < RESOURCE_COUNT; index++) {
    const amount = target[index] ?? 0;
    if (!Number.isSafeInteger(amount)) throw unsafe(RESOURCES[index] ?? 'amount', amount);
  }
  return target;
}

/** By name: properties that are looked up by a name in a variable take five times as long, and every decision does this again and again. */
function amountsInto(capacity: Capacity, target: CapacityVector): void {
  target[0] = capacity.cores ?? 0;
  target[1] = capacity.ram ?? 0;
  target[2] = capacity.instances ?? 0;
  target[3] = capacity.networks ?? 0;
  target[4] = capacity.ports ?? 0;
  target[5] = capacity.routers ?? 0;
  target[6] = capacity.subnets ?? 0;
  target[7] = capacity.addresses ?? 0;
  target[8] = capacity.gigabytes ?? 0;
  target[9] = capacity.snapshots ?? 0;
  target[10] = capacity.volumes ?? 0;
}

/** The vector as a capacity that holds `resources`, zeros included; without `resources`, those that are not 0. */
export function fromVector(vector: ArrayLike<number>, resources?: readonly Resource[]): Capacity {
  if (resources?.length === RESOURCE_COUNT) return all(vector);
  const result: Partial<Record<Resource, number>> = {};
  for (let index = 0; index < RESOURCE_COUNT; index++) {
    const resource = RESOURCES[index];
    if (resource === undefined) continue;
    const amount = vector[index] ?? 0;
    if (resources === undefined ? amount !== 0 : resources.includes(resource)) result[resource] = amount + 0;
  }
  return result;
}

/** The vector as a capacity that holds every resource. As in `toVector`, names that are written out are many times faster. */
function all(vector: ArrayLike<number>): Capacity {
  return {
    cores: (vector[0] ?? 0) + 0,
    ram: (vector[1] ?? 0) + 0,
    instances: (vector[2] ?? 0) + 0,
    networks: (vector[3] ?? 0) + 0,
    ports: (vector[4] ?? 0) + 0,
    routers: (vector[5] ?? 0) + 0,
    subnets: (vector[6] ?? 0) + 0,
    addresses: (vector[7] ?? 0) + 0,
    gigabytes: (vector[8] ?? 0) + 0,
    snapshots: (vector[9] ?? 0) + 0,
    volumes: (vector[10] ?? 0) + 0,
  };
}

function combine(a: Capacity, b: Capacity, operation: (x: number, y: number) => number): Capacity {
  const result: Partial<Record<Resource, number>> = {};
  for (const resource of RESOURCES) {
    const x = a[resource];
    const y = b[resource];
    if (x !== undefined || y !== undefined) result[resource] = safe(resource, operation(x ?? 0, y ?? 0));
  }
  return result;
}

function missing(resource: Resource, demand: Capacity, available: Capacity): number {
  const asked = amountOf(demand, resource);
  return asked > 0 ? Math.max(0, safe(resource, asked - amountOf(available, resource))) : 0;
}

function safe(resource: Resource, amount: number): number {
  if (Number.isSafeInteger(amount)) return amount;
  throw unsafe(resource, amount);
}

function unsafe(resource: string, amount: number): CapacityOverflowError {
  return new CapacityOverflowError(
    `${resource} is ${amount}; it must be an integer between ${Number.MIN_SAFE_INTEGER} and ${Number.MAX_SAFE_INTEGER}`,
  );
}
