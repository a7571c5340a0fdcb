/**
 * An edit of the running configuration as one admission (docs/architecture.md, "Edits are admissions"): all of its entries fit, or
 * nothing is taken and every entry that does not fit is named.
 *
 * What is judged is the state after the edit: what it takes away and what it changes first gives up what it held, then pools get their
 * new capacity, then reservations are placed in the order of the changes.
 */
import { counted } from '../counted.ts';
import { announcePool, announceReservation } from '../announce.ts';
import { decide } from '../draft.ts';
import type { Draft } from '../draft.ts';
import { reschedule } from '../due.ts';
import { demandNamed } from '../elements.ts';
import { NORMAL } from '../entities.ts';
import type {
  Adjustment,
  Id,
  Maintenance,
  Policy,
  Pool,
  PreEmption,
  Provider,
  RequestedTimes,
  Reservation,
} from '../entities.ts';
import { emptyNode } from '../empty-node.ts';
import { lastTimes, termsOf } from '../flexible-window.ts';
import { announceFollowing, beingDrained, followInventory, poolsFrom } from '../provider-supply.ts';
import { InvalidConfiguration, InvalidRequest } from '../requests.ts';
import type { Command, Refusal } from '../requests.ts';
import type {
  ApplyConfiguration,
  ApplyConfigurationResult,
  ConfigChange,
  ConfigRefusal,
  PoolConfig,
  ProviderConfig,
  ReservationConfig,
} from '../configuration-change.ts';
import { grant, recorded, requestOf } from '../reservations.ts';
import type { ReservationRequest } from '../reservations.ts';
import { firstDebt } from '../debt.ts';
import { settle } from '../settlement.ts';
import { loanedFrom } from '../machine-claims.ts';
import { isOver, poolNode, providerNode } from '../state.ts';
import { RESOURCES, amountOf, equals, fitsWithin, fromVector, resourcesOf } from '../capacity.ts';
import type { Capacity, Resource } from '../capacity.ts';
import { claimsAllocated } from '../claims.ts';
import type { Head } from '../state.ts';
import { checkAdjustments, checkCapacity, checkDemand, checkOwner, checkPools } from '../validation.ts';
import { putPolicy } from '../policy-change.ts';
import { setTerms } from '../terms.ts';
import { lend, standingOn } from '../vacancy.ts';
import { FOREVER, describeInstant } from '../window.ts';
import { recurring } from '../recurrence.ts';
import { countOf, spanOfAll, windowAt } from '../windows.ts';
import type { Windows } from '../windows.ts';
import { dropProvider, checkName, newProvider } from './provider.ts';
import { dropPool, heldOn, isFree } from './provider-removal.ts';
import { omit } from '../omit.ts';
import { amend } from '../amendment.ts';
import { withdraw } from '../reservation-end.ts';

/**
 * Applies the differences between two configurations.
 * @throws OwnedByOther for an id that an RPC made; InvalidConfiguration for values that cannot be
 */
export const applyConfiguration: Command<ApplyConfiguration, ApplyConfigurationResult> = (head, input, at) =>
  decide(head, at, (draft): ApplyConfigurationResult => {
    const refusals: ConfigRefusal[] = [];
    const lifted = new Map<Id, Reservation>();
    const spared = putReservations(input.changes);
    const before = supplyOf(head, input.changes, at.now);
    const { maintenance } = head.policy;
    for (const step of STEPS) {
      for (const change of input.changes) {
        const refusal = namingEntry(change, () => step(draft, change, lifted, spared));
        if (refusal !== undefined) refusals.push(refusal);
      }
    }
    refusals.push(...judge(draft, input.changes, before, maintenance));
    if (refusals.length === 0) return { outcome: 'applied' };
    draft.abandon();
    return { outcome: 'refused', refusals };
  });

/** @throws InvalidConfiguration in place of InvalidRequest, so that the message can say where. */
function namingEntry<T>(change: ConfigChange, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof InvalidRequest) || !('put' in change) || change.put === 'policy') throw error;
    throw new InvalidConfiguration(change.put, change.entry.id, error);
  }
}

type Step = (
  draft: Draft,
  change: ConfigChange,
  lifted: Map<Id, Reservation>,
  spared: ReadonlySet<Id>,
) => ConfigRefusal | undefined;

/** The reservations that an edit puts: all of them are to be there after it, so none displaces another. */
function putReservations(changes: readonly ConfigChange[]): ReadonlySet<Id> {
  return new Set(
    changes.flatMap((change) => ('put' in change && change.put === 'reservation' ? [change.entry.id] : [])),
  );
}

/** What is done to every change in turn, in this order. */
const STEPS: readonly Step[] = [
  (draft, change) => {
    if ('put' in change && change.put === 'policy') putPolicy(draft, change.entry);
    if ('put' in change && change.put === 'provider') putProvider(draft, change.entry);
    return undefined;
  },
  (draft, change) => {
    if ('remove' in change && change.remove === 'reservation') removeReservation(draft, change.id);
    if ('put' in change && change.put === 'pool') putPool(draft, change.entry);
    return undefined;
  },
  (draft, change, lifted) => {
    if ('put' in change && change.put === 'reservation') giveUp(draft, change.entry, lifted);
    return undefined;
  },
  (draft, change, lifted, spared) =>
    'put' in change && change.put === 'reservation' ? putReservation(draft, change.entry, lifted, spared) : undefined,
  (draft, change) => ('remove' in change && change.remove === 'pool' ? removePool(draft, change.id) : undefined),
  (draft, change) =>
    'remove' in change && change.remove === 'provider' ? removeProvider(draft, change.id) : undefined,
];

function putProvider(draft: Draft, entry: ProviderConfig): void {
  const before = draft.head.providers.get(entry.id);
  if (before === undefined) {
    draft.put('provider', entry.id, newProvider(draft, entry.id, 'config', entry));
    return;
  }
  checkOwner('provider', before, 'config');
  const name = entry.name ?? entry.id;
  checkName(draft.head, entry.id, name);
  const known = withPolicy(before, entry.preEmption ?? 'none');
  const rest = omit(known, 'statusMessage');
  const reached = JSON.stringify(before.access) === JSON.stringify(entry.access);
  // Another address or other credentials: what is known may not hold, so it is contacted anew.
  draft.put(
    'provider',
    entry.id,
    reached ? { ...known, name } : { ...rest, name, access: entry.access, status: 'connecting' },
  );
  if (known.preEmption !== before.preEmption) changeTerms(draft, entry.id, known.preEmption ?? 'none');
}

function withPolicy(provider: Provider, preEmption: PreEmption): Provider {
  const rest = omit(provider, 'preEmption');
  return preEmption === 'none' ? rest : { ...rest, preEmption };
}

/** Under best effort, machines without a reservation have what they consume on loan from now on; else they hold what nothing else does. */
function changeTerms(draft: Draft, provider: Id, preEmption: PreEmption): void {
  const { now } = draft.at;
  for (const { id } of poolsFrom(draft.head, provider)) {
    draft.disturbed.add(poolNode(id));
    if (preEmption !== 'best-effort') continue;
    for (const machine of standingOn(draft.head, poolNode(id))) {
      if ((loanedFrom(machine) ?? FOREVER) > now) lend(draft, machine, now);
    }
  }
}

function removeProvider(draft: Draft, id: Id): ConfigRefusal | undefined {
  const before = draft.head.providers.get(id);
  if (before === undefined) return undefined;
  checkOwner('provider', before, 'config');
  const refusal = dropProvider(draft, id);
  return refusal === undefined ? undefined : { entry: 'provider', id, refusal };
}

function putPool(draft: Draft, entry: PoolConfig): void {
  const before = draft.head.pools.get(entry.id);
  if (before !== undefined) checkOwner('pool', before, 'config');
  checkCapacity(entry.capacity);
  const provider = draft.head.providers.get(entry.source);
  if (provider === undefined) {
    throw new InvalidRequest('source', `There is no provider '${entry.source}' for the pool '${entry.id}'.`);
  }
  if (provider.draining === true && before?.source !== provider.id) {
    throw new InvalidRequest('source', beingDrained(provider).message);
  }
  const { adjustments, ...rest } = entry;
  checkAdjustments(entry.id, adjustments, 'adjustment');
  const known = new Map(before?.adjustments.map((adjustment) => [adjustment.id, adjustment]));
  const pool: Pool = {
    ...rest,
    origin: 'config',
    adjustments: adjustments.map((adjustment) => inEffect(adjustment, known.get(adjustment.id), draft.at.now)),
    ...(before?.lost === undefined ? {} : { lost: before.lost }),
    owner: before?.owner ?? draft.at.user,
  };
  draft.put('pool', pool.id, pool);
  draft.disturbed.add(poolNode(pool.id));
}

function sameSupply(a: Pool, b: Pool): boolean {
  const rest = ({ adjustments, overCommit }: Pool): string => JSON.stringify([adjustments, overCommit]);
  return equals(a.capacity, b.capacity) && rest(a) === rest(b);
}

/** Whether the base capacity or a ratio lessens, or, where the capacity stays, a decrease joins the adjustments. */
function shrinks(before: Pool | undefined, after: Pool): boolean {
  if (before === undefined) return false;
  if (!fitsWithin(before.capacity, after.capacity)) return true;
  if (!equals(before.capacity, after.capacity)) return false;
  const ratio = (pool: Pool, resource: Resource): number => pool.overCommit?.[resource] ?? 1000;
  if (RESOURCES.some((resource) => ratio(after, resource) < ratio(before, resource))) return true;
  const known = new Set(before.adjustments.map(({ id }) => id));
  return after.adjustments.some(({ id, direction }) => direction === 'decrease' && !known.has(id));
}

function inEffect(
  adjustment: PoolConfig['adjustments'][number],
  known: Adjustment | undefined,
  now: number,
): Adjustment {
  checkCapacity(adjustment.capacity);
  if (adjustment.end !== undefined && adjustment.end <= (adjustment.start ?? known?.startsAt ?? now)) {
    throw new InvalidRequest(
      'end',
      `The adjustment '${adjustment.id}' ends at ${describeInstant(adjustment.end)}, which is not after its start.`,
    );
  }
  return { ...adjustment, startsAt: adjustment.start ?? known?.startsAt ?? now };
}

function removePool(draft: Draft, id: Id): ConfigRefusal | undefined {
  const { head, at } = draft;
  const before = head.pools.get(id);
  if (before === undefined) return undefined;
  checkOwner('pool', before, 'config');
  const inUse = heldOn(head, [before], at.now);
  if (!isFree(inUse)) {
    const { reservations, offers, allocations } = inUse;
    const message = `The pool '${id}' bears ${counted(reservations.length, 'reservation')}, ${counted(offers.length, 'offer')} and ${counted(allocations.length, 'allocation')}; end them or move them first.`;
    return { entry: 'pool', id, refusal: { reason: 'capacity-in-use', message, shortages: [] } };
  }
  dropPool(draft, id);
  return undefined;
}

function removeReservation(draft: Draft, id: Id): void {
  const before = draft.head.reservations.get(id);
  if (before === undefined) return;
  checkOwner('reservation', before, 'config');
  withdraw(draft, before);
}

/** Before any entry is placed, those that change what they hold give it up, save what is allocated under them. */
function giveUp(draft: Draft, entry: ReservationConfig, lifted: Map<Id, Reservation>): void {
  const before = draft.head.reservations.get(entry.id);
  if (before === undefined || isOver(before) || before.origin !== 'config') return;
  if (sameHold(requestOf(before), requestIn(entry))) return;
  lifted.set(before.id, before);
  draft.put('reservation', before.id, { ...before, claims: claimsAllocated(draft.head, before) });
  draft.disturb(before.claims);
}

function requestIn(entry: ReservationConfig): ReservationRequest {
  const given = omit(entry, 'id');
  return { ...given, priority: entry.priority ?? NORMAL };
}

function putReservation(
  draft: Draft,
  entry: ReservationConfig,
  lifted: ReadonlyMap<Id, Reservation>,
  spared: ReadonlySet<Id>,
): ConfigRefusal | undefined {
  checkDemand(entry.demand);
  const { id } = entry;
  const request = requestIn(entry);
  const before = lifted.get(id) ?? draft.head.reservations.get(id);
  if (before !== undefined) checkOwner('reservation', before, 'config');
  const refusal =
    before === undefined || isOver(before)
      ? putNew(draft, id, before, request, spared)
      : putChanged(draft, before, request, spared);
  return refusal === undefined ? undefined : { entry: 'reservation', id, refusal };
}

/**
 * An entry that is new, or that was over and asks for something else now. What lies in the past is not refused: a configuration
 * that is restored contains it. It counts from its start, with bounds from the latest within them, or is over.
 */
function putNew(
  draft: Draft,
  id: Id,
  over: Reservation | undefined,
  request: ReservationRequest,
  spared: ReadonlySet<Id>,
): Refusal | undefined {
  const { now } = draft.at;
  if (over !== undefined && sameRequest(requestOf(over), request)) return undefined;
  const latest = lastTimes(request);
  const past = pastWindow(latest, now);
  if (past !== undefined) {
    putOver(draft, id, over, request, past);
    return undefined;
  }
  checkPools(draft.head, request.demand);
  const named = demandNamed(draft.head, request.demand, draft.at);
  if ('outcome' in named) return named.refusal;
  const { start } = latest;
  const begun = start !== undefined && start <= now;
  const result = begun ? setTerms(draft.head.policy, latest, now, start) : termsOf(draft.head, request, now);
  if (result.outcome === 'refused') return result.refusal;
  if (over !== undefined) draft.put('reservation', id, null);
  const made = recorded(draft, id, 'config', request, result.terms);
  const granted = grant(draft, ownedLike(over, made), 'created', spared);
  return granted.outcome === 'refused' ? granted.refusal : undefined;
}

/** The windows of times if they have passed. */
function pastWindow({ start, end, recurrence }: RequestedTimes, now: number): Windows | undefined {
  if (end === undefined || end > now || end <= (start ?? now)) return undefined;
  const first = { start: start ?? now, end };
  const windows = recurrence === undefined ? first : recurring(first, recurrence);
  return spanOfAll(windows).end <= now ? windows : undefined;
}

/** An entry that comes back keeps its owner and tenant, whoever edits it. */
function ownedLike(before: Reservation | undefined, made: Reservation): Reservation {
  if (before === undefined) return made;
  const { owner, tenant } = before;
  return { ...omit(made, 'tenant'), owner, ...(tenant === undefined ? {} : { tenant }) };
}

function putOver(
  draft: Draft,
  id: Id,
  before: Reservation | undefined,
  request: ReservationRequest,
  windows: Windows,
): void {
  const count = countOf(windows);
  const window = windowAt(windows, count - 1);
  const { period } = windows;
  const terms = period === undefined ? { window } : { window, series: { period, count, occurrence: count } };
  const over: Reservation = {
    ...ownedLike(before, recorded(draft, id, 'config', request, terms)),
    status: 'ended',
    reason: 'window-over',
  };
  draft.put('reservation', id, over);
  reschedule(draft, undefined, over);
  announceReservation(draft, 'created', over);
}

function putChanged(
  draft: Draft,
  before: Reservation,
  request: ReservationRequest,
  spared: ReadonlySet<Id>,
): Refusal | undefined {
  if (sameRequest(requestOf(before), request)) return undefined;
  if (!sameHold(requestOf(before), request)) {
    checkPools(draft.head, request.demand);
    const named = demandNamed(draft.head, request.demand, draft.at);
    if ('outcome' in named) return named.refusal;
  }
  const result = amend(draft, before, request, spared);
  return result.outcome === 'refused' ? result.refusal : undefined;
}

function sameRequest(a: ReservationRequest, b: ReservationRequest): boolean {
  return JSON.stringify(inOrder(a)) === JSON.stringify(inOrder(b));
}

/** Whether two requests hold the same at the same time. */
function sameHold(a: ReservationRequest, b: ReservationRequest): boolean {
  return sameRequest({ ...a, name: '', priority: NORMAL }, { ...b, name: '', priority: NORMAL });
}

/** The request with its properties in one order, so that equal ones print alike. */
function inOrder(request: ReservationRequest): unknown {
  const { name, priority, start, end, expiryTime, flexible, recurrence, demand } = request;
  const { capacity, zone, pools, elements, containers, groups } = demand;
  const bounds = flexible && [flexible.earliestStart, flexible.latestEnd, flexible.duration];
  return [
    name,
    priority,
    start,
    end,
    expiryTime,
    bounds,
    recurrence && [recurrence.frequency, recurrence.interval, recurrence.until, recurrence.count],
    Object.entries(capacity).sort(),
    zone,
    pools,
    elements,
    containers,
    groups,
  ];
}

/** What there was to go by before the edit, for the providers and pools that it touches. */
interface SupplyBefore {
  /** The least that each provider had outside its pools. */
  readonly unpooled: ReadonlyMap<Id, Capacity>;
  /** Those that the edit puts, where they were there, and those that it removes. */
  readonly pools: ReadonlyMap<Id, Pool>;
  /** Pools on which more was held than there was. */
  readonly overdrawn: ReadonlySet<Id>;
}

function supplyOf(head: Head, changes: readonly ConfigChange[], now: number): SupplyBefore {
  const pools = putPools(changes);
  const removed = changes.flatMap((change) => ('remove' in change && change.remove === 'pool' ? [change.id] : []));
  const known = [...pools.map(({ id }) => id), ...removed].flatMap((id) => head.pools.get(id) ?? []);
  return {
    pools: new Map(known.map((pool) => [pool.id, pool])),
    unpooled: new Map(pools.map(({ source }) => [source, leastUnpooled(head, source, now)])),
    overdrawn: new Set(pools.map(({ id }) => id).filter((id) => isOverdrawn(head, id, now))),
  };
}

function putPools(changes: readonly ConfigChange[]): PoolConfig[] {
  return changes.flatMap((change) => ('put' in change && change.put === 'pool' ? [change.entry] : []));
}

/** What the edit as a whole does to the pools: they may not have more than their provider, nor less than is held. */
function judge(
  draft: Draft,
  changes: readonly ConfigChange[],
  before: SupplyBefore,
  maintenance: Policy['maintenance'],
): ConfigRefusal[] {
  const { now } = draft.at;
  const pools = putPools(changes);
  const refusals = pools.flatMap((entry) => beyondProvider(draft, entry, before.unpooled.get(entry.source) ?? {}));
  followSources(draft, pools, before.pools);
  const overdrawn = pools.filter(({ id }) => isOverdrawn(draft.head, id, now));
  const planned = newlyPlanned(maintenance, draft.head.policy.maintenance, now);
  const { preempted, withdrawn, ...settled } = settle(draft, planned.length > 0 ? 'maintenance' : 'capacity-withdrawn');
  const degraded = [...settled.degraded, ...preempted.map(({ id }) => id)];
  refusals.push(...heldInMaintenance(draft, planned, degraded, withdrawn));
  for (const { id } of overdrawn) {
    if (before.overdrawn.has(id) && degraded.length === 0 && withdrawn.length === 0) continue;
    const whom = describeHolders(degraded, withdrawn);
    const message = `The pool '${id}' would have less than is held. ${whom}`;
    refusals.push({ entry: 'pool', id, refusal: { reason: 'capacity-in-use', message, shortages: [] } });
  }
  return refusals;
}

/** Brings pools in line with the providers from which some were put or removed, and tells what each then has. */
function followSources(draft: Draft, put: readonly PoolConfig[], before: SupplyBefore['pools']): void {
  const sources = new Set([...put, ...before.values()].map(({ source }) => source));
  const following = new Set([...sources].flatMap((source) => followInventory(draft, source)));
  const { head, at } = draft;
  for (const { id } of put) {
    const was = before.get(id);
    const pool = head.pools.get(id);
    if (pool === undefined || (was !== undefined && sameSupply(was, pool))) continue;
    following.delete(id);
    announcePool(draft, shrinks(was, pool) ? 'decreased' : 'increased', id, { start: at.now, end: FOREVER });
  }
  announceFollowing(draft, [...following]);
}

/** Times out of service that an edit brings and that are not over. */
function newlyPlanned(
  before: Policy['maintenance'] = [],
  after: Policy['maintenance'] = [],
  now: number,
): readonly Maintenance[] {
  const known = new Set(before.map((entry) => JSON.stringify(entry)));
  return after.filter((entry) => entry.end > now && !known.has(JSON.stringify(entry)));
}

/** Those that are to be refused when something held then could not be kept. */
function heldInMaintenance(
  draft: Draft,
  planned: readonly Maintenance[],
  degraded: readonly Id[],
  withdrawn: readonly Id[],
): ConfigRefusal[] {
  return planned.flatMap((entry) => {
    if (entry.whenHeld !== 'refuse') return [];
    const debt = firstDebt(
      draft.head.nodes.get(poolNode(entry.pool)) ?? NO_BEARER,
      Math.max(entry.start, draft.at.now),
    );
    const owes = debt !== undefined && debt < entry.end;
    if (!owes && degraded.length === 0 && withdrawn.length === 0) return [];
    const message = `Something is held in the time of the maintenance '${entry.id}' that could not be kept. ${describeHolders(degraded, withdrawn)}`;
    return [{ entry: 'maintenance', id: entry.id, refusal: { reason: 'capacity-in-use', message, shortages: [] } }];
  });
}

/** Where there is no such pool, nothing is held. */
const NO_BEARER = emptyNode('pool/');

function describeHolders(reservations: readonly Id[], offers: readonly Id[]): string {
  const whom = [
    ...(reservations.length === 0 ? [] : [`Reservations that would no longer fit: ${reservations.join(', ')}.`]),
    ...(offers.length === 0 ? [] : [`Offers that would lapse: ${offers.join(', ')}.`]),
  ];
  return whom.join(' ') || 'Allocations hold it.';
}

/** The pools of a provider may not come to have more than it is known to have. What it lost before is not the edit's fault. */
function beyondProvider(draft: Draft, entry: PoolConfig, before: Capacity): ConfigRefusal[] {
  const least = leastUnpooled(draft.head, entry.source, draft.at.now);
  const lacking = resourcesOf(least).filter(
    (resource) =>
      amountOf(least, resource) < Math.min(0, amountOf(before, resource)) && entry.capacity[resource] !== undefined,
  );
  if (lacking.length === 0) return [];
  const amounts = lacking.map((resource) => `${-amountOf(least, resource)} ${resource}`);
  const message = `The pools of the provider '${entry.source}' would have more than it has, by ${amounts.join(', ')}.`;
  return [{ entry: 'pool', id: entry.id, refusal: { reason: 'insufficient-capacity', message, shortages: [] } }];
}

/** The least that a provider has outside its pools from now on, below zero where they have more; nothing while it is not known. */
function leastUnpooled(head: Head, provider: Id, now: number): Capacity {
  const node = head.nodes.get(providerNode(provider));
  if (node === undefined || head.providers.get(provider)?.inventory === undefined) return {};
  return fromVector(node.free.min({ start: now, end: FOREVER }), node.resources);
}

function isOverdrawn(head: Head, pool: Id, now: number): boolean {
  const node = head.nodes.get(poolNode(pool));
  return node !== undefined && firstDebt(node, now) !== undefined;
}
