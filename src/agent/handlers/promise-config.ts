/**
 * Edits of /opnfv-promise:promise as admissions: the engine takes part in the transaction of the edit and may refuse it (architecture,
 * "Edits are admissions").
 */
import { commands } from '../../engine/commands/index.ts';
import { DEFAULT_POLICY } from '../../engine/entities.ts';
import type { Maintenance, Policy as DomainPolicy, Quota } from '../../engine/entities.ts';
import type { OverCommit } from '../../engine/over-commit.ts';
import type { DecisionInputs } from '../../engine/ledger.ts';
import { InvalidConfiguration, InvalidRequest, OwnedByOther } from '../../engine/requests.ts';
import type {
  ConfigChange,
  ConfigRefusal,
  PoolConfig,
  ProviderConfig,
  ReservationConfig,
} from '../../engine/configuration-change.ts';
import type { Head } from '../../engine/state.ts';
import { moduleName, paths } from '../../generated/opnfv-promise.ts';
import type {
  Policy,
  PolicyMaintenance,
  PolicyQuota,
  Pool,
  PoolOverCommit,
  PromiseTree,
  Provider,
  Reservation,
} from '../../generated/opnfv-promise.ts';
import type { Data, Entries } from '../../yang/data.ts';
import type { Change } from '../../yang/edit.ts';
import { formatPath } from '../../yang/instance-path.ts';
import type { InstancePath } from '../../yang/instance-path.ts';
import { RpcError, RpcErrors } from '../../yang/rpc-error.ts';
import type { ConfigOwner, ConfigProposal } from '../config-owners.ts';
import { everybodyOperates } from '../standing.ts';
import type { StandingOf } from '../standing.ts';
import { configured } from './promise-data.ts';
import type { PromiseDomain } from './promise-domain.ts';
import { asRpcError, entryPath, ownedError } from './promise-errors.ts';
import { capacityIn, instantIn, listIn, present, reasonOut, refusalOut } from './promise-values.ts';
import { accessIn } from './provider.ts';
import { requestIn } from './reservation-nodes.ts';

const PROMISE_PATH = formatPath(paths['/opnfv-promise:promise']());

/** The owner of the configuration of opnfv-promise. */
export function promiseConfigOwner(standingOf: StandingOf = everybodyOperates): ConfigOwner<PromiseDomain> {
  return {
    modules: [moduleName],
    madeOtherwise,
    decide: (proposal, head, inputs) => decide(proposal, head, inputs, standingOf(proposal.context.user)?.tenant),
  };
}

function decide(
  proposal: ConfigProposal,
  head: Head,
  inputs: DecisionInputs,
  tenant: string | undefined,
): ReturnType<ConfigOwner<PromiseDomain>['decide']> {
  const touched = touchedBy(proposal.changes);
  try {
    const changes = configChanges(configured(proposal.before), configured(proposal.after), touched);
    const at = { ...inputs, user: proposal.context.user, ...(tenant === undefined ? {} : { tenant }) };
    const decision = commands.applyConfiguration(head, { changes }, at);
    if (decision.result.outcome === 'refused') throw refusals(decision.result.refusals);
    return decision;
  } catch (error) {
    throw asRpcError(error, PROMISE_PATH);
  }
}

const KINDS = { providers: 'provider', pools: 'pool', reservations: 'reservation' } as const;

/** What an RPC made is not configuration, and RPCs change it. */
function madeOtherwise(path: InstancePath, head: Head): RpcError | undefined {
  const list = LISTS.find((name) => name === path[1]?.name);
  const id = path[2]?.keys?.[0]?.value;
  if (list === undefined || typeof id !== 'string' || head[list].get(id)?.origin !== 'rpc') return undefined;
  return ownedError(new OwnedByOther(KINDS[list], id, 'rpc'));
}

interface Touched {
  readonly policy: boolean;
  /** Ids of entries, or all of them. */
  readonly providers: ReadonlySet<string> | 'all';
  readonly pools: ReadonlySet<string> | 'all';
  readonly reservations: ReadonlySet<string> | 'all';
}

const LISTS = ['providers', 'pools', 'reservations'] as const;

function touchedBy(changes: readonly Change[]): Touched {
  const ids = { providers: new Set<string>(), pools: new Set<string>(), reservations: new Set<string>() };
  const all = new Set<string>();
  for (const { path } of changes) {
    const container = path[1]?.name;
    const id = path[2]?.keys?.[0]?.value;
    const list = LISTS.find((name) => name === container);
    if (list !== undefined && typeof id === 'string') ids[list].add(id);
    else all.add(container ?? '');
  }
  const whole = (name: string): boolean => all.has(name) || all.has('');
  return {
    policy: whole('policy'),
    providers: whole('providers') ? 'all' : ids.providers,
    pools: whole('pools') ? 'all' : ids.pools,
    reservations: whole('reservations') ? 'all' : ids.reservations,
  };
}

function configChanges(before: PromiseTree, after: PromiseTree, touched: Touched): readonly ConfigChange[] {
  const providers = entryChanges(before.providers?.provider, after.providers?.provider, touched.providers);
  const pools = entryChanges(before.pools?.pool, after.pools?.pool, touched.pools);
  const reservations = entryChanges(
    before.reservations?.reservation,
    after.reservations?.reservation,
    touched.reservations,
  );
  return [
    ...(touched.policy ? [{ put: 'policy', entry: policyIn(after.policy) } as const] : []),
    ...providers.map(({ id, entry }) => changed('provider', id, entry, providerIn)),
    ...pools.map(({ id, entry }) => changed('pool', id, entry, poolIn)),
    ...reservations.map(({ id, entry }) => changed('reservation', id, entry, reservationIn)),
  ];
}

type EntryList<Entry extends Data> = readonly Entry[] | Entries<Entry>;

interface EntryChange<Entry> {
  readonly id: string;
  /** As it is after the edit; undefined when it is gone. */
  readonly entry: Entry | undefined;
}

/** The entries that differ. Data share what they have in common, so an entry that is the same object is the same. */
function entryChanges<Entry extends Data & { readonly id: string }>(
  before: EntryList<Entry> | undefined = [],
  after: EntryList<Entry> | undefined = [],
  ids: ReadonlySet<string> | 'all',
): readonly EntryChange<Entry>[] {
  const touched = ids === 'all' ? new Set([...idsOf(before), ...idsOf(after)]) : ids;
  return [...touched]
    .map((id) => ({ id, old: lookUp(before, id), entry: lookUp(after, id) }))
    .filter(({ old, entry }) => old !== entry);
}

function* idsOf<Entry extends Data & { readonly id: string }>(entries: EntryList<Entry>): Iterable<string> {
  for (const { id } of entries) yield id;
}

function lookUp<Entry extends Data & { readonly id: string }>(
  entries: EntryList<Entry>,
  id: string,
): Entry | undefined {
  return 'get' in entries ? entries.get(id) : entries.find((entry) => entry.id === id);
}

function changed<Kind extends 'provider' | 'pool' | 'reservation', Nodes, Entry>(
  kind: Kind,
  id: string,
  entry: Nodes | undefined,
  read: (nodes: Nodes) => Entry,
): { readonly put: Kind; readonly entry: Entry } | { readonly remove: Kind; readonly id: string } {
  if (entry === undefined) return { remove: kind, id };
  try {
    return { put: kind, entry: read(entry) };
  } catch (error) {
    throw error instanceof InvalidRequest ? new InvalidConfiguration(kind, id, error) : error;
  }
}

function providerIn(nodes: Provider): ProviderConfig {
  return present({ id: nodes.id, name: nodes.name, access: accessIn(nodes), preEmption: nodes['pre-emption'] });
}

function poolIn(nodes: Pool): PoolConfig {
  return present({
    id: nodes.id,
    name: nodes.name,
    source: nodes.source,
    zone: nodes.zone,
    capacity: capacityIn(nodes.capacity),
    elements: listIn(nodes.elements),
    adjustments: [...(nodes.adjustment ?? [])].map(({ id, start, end, direction, capacity }) =>
      present({
        id,
        start: instantIn(start, 'adjustment/start'),
        end: instantIn(end, 'adjustment/end'),
        direction,
        capacity: capacityIn(capacity),
      }),
    ),
    overCommit: ratiosIn([...(nodes['over-commit'] ?? [])]),
  });
}

/** Thousandths: a ratio has three digits after the point. */
function ratiosIn(entries: readonly PoolOverCommit[]): OverCommit | undefined {
  if (entries.length === 0) return undefined;
  return Object.fromEntries(entries.map(({ resource, ratio }) => [resource, Math.round(Number(ratio) * 1000)]));
}

function reservationIn(nodes: Reservation): ReservationConfig {
  return { id: nodes.id, ...requestIn(nodes) };
}

/** What is not configured has its default in the schema; nodes of features that are not announced, the engine's. */
export function policyIn(nodes: Policy | undefined): DomainPolicy {
  const reservation = nodes?.reservation ?? {};
  return present({
    ...DEFAULT_POLICY,
    maxFutureStartRange: reservation['max-future-start-range'],
    maxFutureEndRange: reservation['max-future-end-range'],
    maxDuration: reservation['max-duration'] ?? DEFAULT_POLICY.maxDuration,
    openEnded: reservation['open-ended'] ?? DEFAULT_POLICY.openEnded,
    expiry: reservation.expiry,
    immediateValidity: reservation['immediate-validity'] ?? DEFAULT_POLICY.immediateValidity,
    atEnd: nodes?.['at-end'] ?? DEFAULT_POLICY.atEnd,
    terminationLead: nodes?.['termination-lead'],
    orphans: nodes?.orphans === 'report' ? undefined : nodes?.orphans,
    quotas: listIn([...(nodes?.quota ?? [])].map(quotaIn)),
    maintenance: listIn([...(nodes?.maintenance ?? [])].map(maintenanceIn)),
    onCapacityLoss: nodes?.['on-capacity-loss'] ?? DEFAULT_POLICY.onCapacityLoss,
  });
}

function maintenanceIn(nodes: PolicyMaintenance): Maintenance {
  const { id, pool, host, start, end } = nodes;
  const field = `policy/maintenance[id='${id}']`;
  return present({
    id,
    pool,
    host,
    start: instantIn(start, `${field}/start`),
    end: instantIn(end, `${field}/end`),
    whenHeld: nodes['when-held'] === 'refuse' ? ('refuse' as const) : undefined,
  });
}

function quotaIn({ name, tenant, user, reservations, capacity }: PolicyQuota): Quota {
  return present({ name, tenant, user, reservations, capacity: capacityIn(capacity) });
}

/** One error for each entry that does not fit, each with the counter-offer as `refusal-info` in its error-info. */
function refusals(refused: readonly ConfigRefusal[]): RpcError | RpcErrors {
  const [first, ...others] = refused.map(refusalError);
  if (first === undefined) throw new Error('a refusal names no entry');
  return others.length === 0 ? first : new RpcErrors([first, ...others]);
}

function refusalError({ entry, id, refusal }: ConfigRefusal): RpcError {
  const info = { reason: reasonOut(refusal.reason), [`${entry}-id`]: id, ...refusalOut(refusal) };
  return RpcError.resourceDenied(refusal.message, {
    appTag: refusal.reason,
    path: entryPath(entry, id),
    info: { structure: { [`${moduleName}:refusal-info`]: info } },
  });
}
