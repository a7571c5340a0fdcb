/**
 * Planned times out of service, as steps of a decision: planned, changed or given up by an edit of the policy, begun and ended as
 * time passes; and how refusals and states name them. What they take is worked out in `outages.ts`.
 */
import { eligibleNodes } from './admission.ts';
import { announcePool } from './announce.ts';
import { isZero } from './capacity.ts';
import type { Draft } from './draft.ts';
import { itemsOfMaintenance } from './due.ts';
import type { Demand, Id, Maintenance, Policy, Reservation } from './entities.ts';
import type { CapacityCause } from './events.ts';
import { hostId } from './hosts.ts';
import { isOut, windowOf } from './outages.ts';
import { InvalidRequest } from './requests.ts';
import type { Refusal } from './requests.ts';
import { poolNode, poolOfNode } from './state.ts';
import type { Head } from './state.ts';
import { describeInstant } from './window.ts';
import { windowsAhead } from './window-index.ts';
import { meets } from './windows.ts';
import type { Windows } from './windows.ts';

/** @throws InvalidRequest for an end that is not after the start */
export function checkMaintenance({ maintenance = [] }: Policy): void {
  for (const { id, start, end } of maintenance) {
    if (end > start) continue;
    const message = `The maintenance '${id}' ends at ${describeInstant(end)}, which is not after its start ${describeInstant(start)}.`;
    throw new InvalidRequest(`policy/maintenance[id='${id}']/end`, message);
  }
}

/** Tells what is planned and what no longer is, and schedules beginnings and ends. Call it when the policy is put, and settle afterwards. */
export function followPlan(draft: Draft, before: Policy, after: Policy): void {
  const { now } = draft.at;
  const text = (entry: Maintenance): string => JSON.stringify(entry);
  const old = new Map(before.maintenance?.map((entry) => [entry.id, text(entry)]));
  const current = new Map(after.maintenance?.map((entry) => [entry.id, text(entry)]));
  for (const entry of before.maintenance ?? []) {
    if (current.get(entry.id) === text(entry)) continue;
    for (const { id } of itemsOfMaintenance(entry)) draft.unschedule(id);
    if (entry.end > now) announce(draft, isOut(entry, now) ? 'maintenance-ended' : 'maintenance-cancelled', entry);
  }
  for (const entry of after.maintenance ?? []) {
    if (old.get(entry.id) === text(entry) || entry.end <= now) continue;
    announce(draft, isOut(entry, now) ? 'maintenance-started' : 'maintenance-planned', entry);
    for (const item of itemsOfMaintenance(entry)) if (item.at > now) draft.schedule(item);
  }
}

function announce(draft: Draft, cause: CapacityCause, entry: Maintenance): void {
  const { id, host } = entry;
  announcePool(draft, cause, entry.pool, windowOf(entry), {
    maintenance: id,
    ...(host === undefined ? {} : { host }),
  });
}

/** The time out of service has come. */
export function beginMaintenance(draft: Draft, entry: Maintenance): void {
  announce(draft, 'maintenance-started', entry);
}

/** The time out of service is over; who was degraded by it alone is restored when this is settled. */
export function endMaintenance(draft: Draft, entry: Maintenance): void {
  const { pool, host } = entry;
  announce(draft, 'maintenance-ended', { ...entry, end: Number.POSITIVE_INFINITY });
  const source = draft.head.pools.get(pool)?.source;
  draft.disturbed.add(poolNode(pool));
  if (source !== undefined && host !== undefined) draft.disturbed.add(hostId(source, host));
}

/** The entry of an id, as the policy has it. */
export function maintenanceOf({ policy }: Head, id: Id): Maintenance | undefined {
  return policy.maintenance?.find((entry) => entry.id === id);
}

/** How many entries a message names. */
const NAMED = 4;

/** A refusal that says what is out of service in the windows, of the pools that may serve the demand. */
export function namingMaintenance(head: Head, demand: Demand, windows: Windows, refusal: Refusal): Refusal {
  if (head.policy.maintenance === undefined || refusal.reason !== 'insufficient-capacity') return refusal;
  const pools = poolsOf(head, demand);
  const there = head.policy.maintenance.filter((entry) => pools.has(entry.pool) && meets(windows, windowOf(entry)));
  if (there.length === 0) return refusal;
  return {
    ...refusal,
    message: `${refusal.message} ${describeOutOfService(there)}`,
    maintenance: there.map(({ id }) => id),
  };
}

function poolsOf(head: Head, demand: Demand): ReadonlySet<Id> {
  const { containers = [], elements = [], capacity } = demand;
  const onHosts = containers.map(({ pools = demand.pools, zone = demand.zone }) => ({ pools, zone }));
  const aside = isZero(capacity) && elements.length === 0 && containers.length > 0 ? [] : [demand];
  const nodes = [...aside, ...onHosts].flatMap(
    ({ pools = [], zone }) => eligibleNodes(head, { pools, ...(zone === undefined ? {} : { zone }) }).nodes,
  );
  return new Set(nodes.map(({ id }) => poolOfNode(id)));
}

/** What takes something from a reservation from now on, in words; undefined: nothing that is planned. */
export function describeMaintenanceOf(head: Head, reservation: Reservation, now: number): string | undefined {
  const nodes = new Set(reservation.claims.map(({ node }) => node));
  const there = (head.policy.maintenance ?? []).filter(
    (entry) => entry.end > now && nodes.has(poolNode(entry.pool)) && meets(windowsAhead(reservation), windowOf(entry)),
  );
  return there.length === 0 ? undefined : describeOutOfService(there);
}

function describeOutOfService(entries: readonly Maintenance[]): string {
  const named = entries.slice(0, NAMED).map(({ id, pool, host, start, end }) => {
    const what = host === undefined ? `the pool '${pool}'` : `the host '${host}' of the pool '${pool}'`;
    return `${what} from ${describeInstant(start)} to ${describeInstant(end)} (maintenance '${id}')`;
  });
  const more = entries.length > NAMED ? `, and ${entries.length - NAMED} more` : '';
  return `Out of service then: ${named.join(', ')}${more}.`;
}
