/** Values of the engine as values of YANG, and back (RFC 7951 forms). */
import type { Capacity, Resource } from '../../engine/capacity.ts';
import type {
  Claim as DomainClaim,
  Container,
  Demand,
  Fault as DomainFault,
  Priority as DomainPriority,
  Reason as DomainReason,
} from '../../engine/entities.ts';
import { PRIORITY_NAMES } from '../../engine/entities.ts';
import { elementName } from '../../engine/element-names.ts';
import { hostName } from '../../engine/hosts.ts';
import type { CapacityBreakdown as DomainBreakdown } from '../../engine/events.ts';
import { InvalidRequest } from '../../engine/requests.ts';
import type { Candidate, Refusal as DomainRefusal } from '../../engine/requests.ts';
import { poolOfNode } from '../../engine/state.ts';
import { MOST_OF_A_RESOURCE } from '../../engine/validation.ts';
import { FOREVER, InvalidTimeError, parseInstant, printInstant } from '../../engine/window.ts';
import type { Instant, Window } from '../../engine/window.ts';
import type {
  AffinityGroup,
  CapacityBreakdown,
  CapacityVector,
  Claim,
  DemandContainer,
  Fault,
  Occurrence,
  Priority,
  Reason,
  Refusal,
  RefusedCandidate,
} from '../../generated/opnfv-promise.ts';

type AbsentKeys<T> = { [Key in keyof T]: undefined extends T[Key] ? Key : never }[keyof T];

/** The object's members that are there; those that may be undefined are optional. */
export type Present<T> = { readonly [Key in Exclude<keyof T, AbsentKeys<T>>]: T[Key] } & {
  readonly [Key in AbsentKeys<T>]?: Exclude<T[Key], undefined>;
};

/** Leaves out the members that are undefined: in YANG data, what is not there has no member. @returns `members` where none is */
export function present<T extends object>(members: T): Present<T> {
  for (const name in members) if (members[name] === undefined) return thoseThere(members);
  return members;
}

function thoseThere<T extends object>(members: T): Present<T> {
  const there: Partial<T> = {};
  for (const name in members) if (members[name] !== undefined) there[name] = members[name];
  // Cast: only undefined members were left out, which is what the type says.
  return there as Present<T>;
}

/**
 * Reads a date-and-time.
 * @param field the leaf's name, with `/` between levels, for the error
 * @throws InvalidRequest for an instant that the type admits and the calendar or the engine does not
 */
export function instantIn(text: string, field: string): Instant;
export function instantIn(text: string | undefined, field: string): Instant | undefined;
export function instantIn(text: string | undefined, field: string): Instant | undefined {
  if (text === undefined) return undefined;
  try {
    return parseInstant(text);
  } catch (error) {
    if (error instanceof InvalidTimeError) throw new InvalidRequest(field, `${error.message}.`);
    throw error;
  }
}

export function instantOut(instant: Instant): string;
export function instantOut(instant: Instant | undefined): string | undefined;
export function instantOut(instant: Instant | undefined): string | undefined {
  return instant === undefined ? undefined : printInstant(instant);
}

/** The end of a window: none for one without an end. */
export function endOut(end: Instant | undefined): string | undefined {
  return end === undefined || end === FOREVER ? undefined : printInstant(end);
}

/** A window of what recurs, by its number. */
export function occurrenceOut(occurrence: number, window: Window): Occurrence {
  return { occurrence, start: printInstant(window.start), end: printInstant(window.end) };
}

/** How a window repeats (grouping repetition); nothing where there is one. */
export function repetitionOut({ period, count }: { readonly period?: number; readonly count?: number }) {
  return present({ period: period && period / 1000, windows: count });
}

/** The largest amount that the leafs of 32 bits hold. What is more, in sums over a great many pools, is shown as this. */
export const MOST_IN_32_BITS = 2 ** 32 - 1;

/** `ram` is 64 bits wide and therefore a string; of sums, too, no more is shown than its type has. */
export function vectorOut(capacity: Capacity): CapacityVector {
  const { cores, ram, instances, networks, ports, routers, subnets, addresses, gigabytes, snapshots, volumes } =
    capacity;
  const vector: { -readonly [Key in Resource]?: Key extends 'ram' ? string : number } = {};
  // By name: see `toVector`.
  if (cores !== undefined) vector.cores = Math.min(cores, MOST_IN_32_BITS);
  if (ram !== undefined) vector.ram = String(Math.min(ram, MOST_OF_A_RESOURCE));
  if (instances !== undefined) vector.instances = Math.min(instances, MOST_IN_32_BITS);
  if (networks !== undefined) vector.networks = Math.min(networks, MOST_IN_32_BITS);
  if (ports !== undefined) vector.ports = Math.min(ports, MOST_IN_32_BITS);
  if (routers !== undefined) vector.routers = Math.min(routers, MOST_IN_32_BITS);
  if (subnets !== undefined) vector.subnets = Math.min(subnets, MOST_IN_32_BITS);
  if (addresses !== undefined) vector.addresses = Math.min(addresses, MOST_IN_32_BITS);
  if (gigabytes !== undefined) vector.gigabytes = Math.min(gigabytes, MOST_IN_32_BITS);
  if (snapshots !== undefined) vector.snapshots = Math.min(snapshots, MOST_IN_32_BITS);
  if (volumes !== undefined) vector.volumes = Math.min(volumes, MOST_IN_32_BITS);
  return vector;
}

/** As {@link vectorOut}; undefined for a capacity that names no resource. */
export function amountsOut(capacity: Capacity | undefined): CapacityVector | undefined {
  return capacity === undefined || Object.keys(capacity).length === 0 ? undefined : vectorOut(capacity);
}

/** An absent vector is one without any resource. */
export function capacityIn(vector: CapacityVector | undefined): Capacity {
  if (vector === undefined) return {};
  const { ram, ...others } = vector;
  return ram === undefined ? others : { ...others, ram: Number(ram) };
}

export function breakdownOut({ total, reserved, usage, available }: DomainBreakdown): Required<CapacityBreakdown> {
  return {
    total: vectorOut(total),
    reserved: vectorOut(reserved),
    usage: vectorOut(usage),
    available: vectorOut(available),
  };
}

const PRIORITIES: Readonly<Record<Priority, DomainPriority>> = { high: 1, normal: 2, low: 3 };

export function priorityIn(priority: Priority): DomainPriority;
export function priorityIn(priority: Priority | undefined): DomainPriority | undefined;
export function priorityIn(priority: Priority | undefined): DomainPriority | undefined {
  return priority === undefined ? undefined : PRIORITIES[priority];
}

export function priorityOut(priority: DomainPriority): Priority {
  return PRIORITY_NAMES[priority];
}

export function reasonOut(reason: DomainReason): Reason;
export function reasonOut(reason: DomainReason | undefined): Reason | undefined;
export function reasonOut(reason: DomainReason | undefined): Reason | undefined {
  return reason === undefined ? undefined : `opnfv-promise:${reason}`;
}

/** An empty leaf-list is one that is not there. */
export function listIn<T>(values: readonly T[] | undefined): readonly T[] | undefined {
  return values === undefined || values.length === 0 ? undefined : values;
}

/** The part of a request that says what is to be held. */
export interface DemandNodes {
  readonly capacity?: CapacityVector;
  readonly zone?: string;
  readonly pools?: readonly string[];
  readonly elements?: readonly string[];
  readonly container?: Iterable<DemandContainer>;
  readonly 'affinity-group'?: Iterable<AffinityGroup>;
}

export function demandIn(nodes: DemandNodes): Demand {
  return { ...partsIn(nodes), capacity: capacityIn(nodes.capacity) };
}

/** What of a demand is there, save its capacity. */
export function partsIn({ zone, pools, elements, container, 'affinity-group': group }: DemandNodes) {
  return present({
    zone,
    pools: listIn(pools),
    elements: listIn(elements),
    containers: listIn(container && [...container].map(containerIn)),
    groups: listIn(group && [...group].map(({ name, policy }) => ({ name, policy }))),
  });
}

function containerIn(nodes: DemandContainer): Container {
  const { name, count, flavor, explicit, zone, pools, group } = nodes;
  return present({
    name,
    count,
    size:
      explicit === undefined
        ? { flavor: flavor ?? '' }
        : present({ vcpus: explicit.vcpus, ram: Number(explicit.ram), disk: explicit.disk }),
    zone,
    pools: listIn(pools),
    group,
    requiredTraits: listIn(nodes['required-traits']),
    forbiddenTraits: listIn(nodes['forbidden-traits']),
  });
}

/** What is asked for, as nodes of the grouping demand. */
export function demandOut({ capacity, zone, pools, elements, containers, groups }: Demand) {
  return present({
    capacity: amountsOut(capacity),
    zone,
    pools,
    elements: listIn(elements),
    container: listIn(containers?.map(containerOut)),
    'affinity-group': listIn(groups),
  });
}

function containerOut({ name, count, size, zone, pools, group, ...traits }: Container): DemandContainer {
  return present({
    name,
    count,
    ...('flavor' in size
      ? { flavor: size.flavor }
      : { explicit: present({ vcpus: size.vcpus, ram: String(size.ram), disk: size.disk }) }),
    zone,
    pools,
    group,
    'required-traits': listIn(traits.requiredTraits),
    'forbidden-traits': listIn(traits.forbiddenTraits),
  });
}

export function claimOut(claim: DomainClaim): Claim {
  const { id, node, start, end, capacity, host, container, disk, element } = claim;
  return present({
    id,
    pool: poolOfNode(node),
    host: host && hostName(host),
    container,
    disk,
    element: element && elementName(element),
    start: printInstant(start),
    end: endOut(end),
    ...repetitionOut(claim),
    capacity: amountsOut(capacity),
  });
}

export function faultOut(fault: DomainFault | undefined): Fault | undefined {
  if (fault === undefined) return undefined;
  return present({ code: fault.code, message: fault.message, 'occurred-on': printInstant(fault.occurredOn) });
}

function candidateOut({ pool, host = '', lacking, lackingTraits }: Candidate): RefusedCandidate {
  return present({ pool, host, 'lacking-traits': listIn(lackingTraits), lacking: listIn(lacking) });
}

/** The counter-offer (grouping refusal); undefined when there is nothing to say beyond the reason. */
export function refusalOut(refusal: DomainRefusal): Refusal | undefined {
  const { policy, limit, most, inUse, nextWindow, searchedUntil, shortages, shortWindows } = refusal;
  const { container, candidates } = refusal;
  const shortage = shortages.map(({ pool, resource, from, to, missing }) =>
    present({ pool, resource, from: printInstant(from), to: endOut(to), missing: String(missing) }),
  );
  const offer = present({
    policy,
    limit,
    most: amountsOut(most),
    'in-use': amountsOut(inUse),
    'next-window':
      nextWindow === undefined
        ? undefined
        : present({ start: printInstant(nextWindow.start), end: endOut(nextWindow.end) }),
    maintenance: listIn(refusal.maintenance),
    'short-window': listIn(shortWindows?.map(({ occurrence, window }) => occurrenceOut(occurrence, window))),
    container,
    candidate: listIn(candidates?.map(candidateOut)),
    'searched-until': endOut(searchedUntil),
    shortage: shortage.length === 0 ? undefined : shortage,
  });
  return Object.keys(offer).length === 0 ? undefined : offer;
}

/** The canonical form of a decimal64 has no more zeros at its end than the one after the point (RFC 7950 §9.3.2). */
export function decimalOut(thousandths: number): string {
  const ratio = String(thousandths / 1000);
  return ratio.includes('.') ? ratio : `${ratio}.0`;
}
