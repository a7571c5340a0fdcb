import { LedgerError } from '../engine/ledger.ts';
import type { Decision, DecisionInputs } from '../engine/ledger.ts';
import type { DueChange } from '../store/store.ts';
import type { Data } from '../yang/data.ts';
import { applyEdit, difference } from '../yang/edit.ts';
import type { Change, EditTree } from '../yang/edit.ts';
import { parsePath, schemaNodes, type InstancePath } from '../yang/instance-path.ts';
import { RpcError, RpcErrors } from '../yang/rpc-error.ts';
import { getNode } from '../yang/select.ts';
import type { YangContext } from '../yang/yang-context.ts';
import type { AccessControl } from './access.ts';
import type { ConfigOwner } from './config-owners.ts';
import { configChangeEvent } from './base-notifications.ts';
import type { RequestContext } from './context.ts';
import { eachEntryForItself } from './edit-split.ts';
import { ofDomain } from './head.ts';
import type { AgentChange, AgentEvent, AgentHead, AgentLedger, DomainTypes } from './head.ts';
import type { Locks } from './locks.ts';
import type { CurrentResource, EditOutcome, EditRequest, Revision, WritableDatastore } from './requests.ts';
import type { RunningChange } from './running.ts';
import { requireWritable } from './writable.ts';

/** Who holds a datastore's lock (RFC 6241 §7.5). */
export interface DatastoreLock {
  readonly sessionId: number;
  readonly user: string;
  /** Epoch milliseconds. */
  readonly since: number;
}

/** The configuration datastores as the agent uses them. */
export interface Datastores {
  /** The running configuration, once it is durable. */
  running(): Promise<Data>;
  /** Resolves when everything decided so far is durable. */
  whenDurable(): Promise<void>;
  edit(context: RequestContext, request: EditRequest): Promise<EditOutcome>;
  lock(context: RequestContext, datastore: WritableDatastore): void;
  unlock(context: RequestContext, datastore: WritableDatastore): void;
  lockOf(datastore: WritableDatastore): DatastoreLock | undefined;
  revision(datastore: WritableDatastore, path?: InstancePath): Revision;
}

export interface LedgerDatastoresOptions<Domain extends DomainTypes> {
  readonly yang: YangContext;
  readonly ledger: AgentLedger<Domain>;
  readonly owners: readonly ConfigOwner<Domain>[];
  readonly locks: Locks;
  readonly access: AccessControl;
}

/** Datastores whose edits are decisions of the ledger. */
export class LedgerDatastores<Domain extends DomainTypes> implements Datastores {
  readonly #yang: YangContext;
  readonly #ledger: AgentLedger<Domain>;
  readonly #owners: readonly ConfigOwner<Domain>[];
  readonly #locks: Locks;
  readonly #access: AccessControl;

  constructor(options: LedgerDatastoresOptions<Domain>) {
    this.#yang = options.yang;
    this.#ledger = options.ledger;
    this.#owners = options.owners;
    this.#locks = options.locks;
    this.#access = options.access;
  }

  /**
   * What is not valid in the configuration that was loaded: modules may demand today what they did not when it was stored.
   * @throws RunningConfigurationError when it does not even fit the modules
   */
  invalid(): readonly RpcError[] {
    const { data } = this.#ledger.head.running;
    try {
      this.#yang.validate(data);
      return [];
    } catch (error) {
      return RpcError.from(error);
    }
  }

  running(): Promise<Data> {
    return this.#ledger.read((head) => head.running.data);
  }

  whenDurable(): Promise<void> {
    return this.#ledger.whenDurable();
  }

  async edit(context: RequestContext, request: EditRequest): Promise<EditOutcome> {
    if (request.errorOption !== 'continue-on-error') return await this.#transact(context, request, request.edit);
    return await this.#editEachEntry(context, request);
  }

  lock(context: RequestContext, datastore: WritableDatastore): void {
    this.#locks.lock(context, datastore);
  }

  unlock(context: RequestContext, datastore: WritableDatastore): void {
    this.#locks.unlock(context, datastore);
  }

  lockOf(datastore: WritableDatastore): DatastoreLock | undefined {
    return this.#locks.get(datastore);
  }

  revision(datastore: WritableDatastore, path: InstancePath = []): Revision {
    return { running: this.#ledger.head.running }[datastore].revision(path);
  }

  async #editEachEntry(context: RequestContext, request: EditRequest): Promise<EditOutcome> {
    const errors: RpcError[] = [];
    let outcome: EditOutcome | undefined;
    let changed = false;
    for (const part of eachEntryForItself(request.edit)) {
      try {
        outcome = await this.#transact(context, request, part);
        changed ||= outcome.changed;
      } catch (error) {
        errors.push(...RpcError.from(error));
      }
    }
    const [first, ...others] = errors;
    if (first !== undefined) throw others.length === 0 ? first : new RpcErrors([first, ...others]);
    return { ...(outcome ?? { created: false, ...this.revision(request.datastore, request.target) }), changed };
  }

  #transact(context: RequestContext, request: EditRequest, edit: EditTree): Promise<EditOutcome> {
    return this.#ledger.update((head, inputs) => this.#decide(head, inputs, context, request, edit));
  }

  /** One transaction, as architecture.md has its steps. Pure: the head changes when the ledger applies the decision. */
  #decide(
    head: AgentHead<Domain>,
    inputs: DecisionInputs,
    context: RequestContext,
    request: EditRequest,
    edit: EditTree,
  ): Decision<EditOutcome, AgentChange<Domain>, AgentEvent<Domain>> {
    const { target = [], datastore } = request;
    const before = head.running.data;
    const revision = head.running.revision(target);
    request.precondition?.(this.#current(head, before, target, revision));
    this.#locks.checkWritable(context, datastore);
    const { data: after, created } = this.#apply(head, before, edit);
    const changes = after === before ? [] : [...difference(this.#yang.schema, before, after)];
    if (changes.length === 0) return { result: { created: false, changed: false, ...revision }, ...NOTHING };
    requireWritable(this.#yang.schema, this.#access.of(context.user), changes);
    this.#yang.validate(after);
    const consequences = this.#askOwners(head, inputs, context, { before, after, changes });
    if (request.testOption === 'test-only') {
      return { result: { created: false, changed: false, ...revision }, ...NOTHING };
    }
    const change = runningChange(head, inputs, after, changes);
    const event = configChangeEvent(this.#yang.schema, context, changes, inputs.now);
    return {
      result: { created, changed: true, ...head.running.revisionAfter(change, target) },
      changes: [{ of: 'running', change }, ...consequences.changes],
      events: event === undefined ? consequences.events : [...consequences.events, { of: 'server', event }],
      due: consequences.due,
    };
  }

  #current(head: AgentHead<Domain>, before: Data, target: InstancePath, revision: Revision): CurrentResource {
    const found = presence(this.#yang, before, target);
    const madeOtherwise = found.exists ? undefined : this.#madeOtherwise(head, target);
    return { ...found, ...(madeOtherwise === undefined ? {} : { madeOtherwise }), revision };
  }

  #apply(head: AgentHead<Domain>, before: Data, edit: EditTree): ReturnType<typeof applyEdit> {
    try {
      return applyEdit(this.#yang.schema, before, edit);
    } catch (error) {
      if (!(error instanceof RpcError) || error.tag !== 'data-missing' || error.path === undefined) throw error;
      throw this.#madeOtherwise(head, parsePath(this.#yang.schema, error.path)) ?? error;
    }
  }

  #madeOtherwise(head: AgentHead<Domain>, path: InstancePath): RpcError | undefined {
    const owner = this.#owners.find(({ modules }) => path[0] !== undefined && modules.includes(path[0].module));
    return owner?.madeOtherwise?.(path, head.domain);
  }

  #askOwners(
    head: AgentHead<Domain>,
    inputs: DecisionInputs,
    context: RequestContext,
    edit: { readonly before: Data; readonly after: Data; readonly changes: readonly Change[] },
  ): Decision<undefined, AgentChange<Domain>, AgentEvent<Domain>> {
    const changes: AgentChange<Domain>[] = [];
    const events: AgentEvent<Domain>[] = [];
    const due: DueChange[] = [];
    for (const owner of this.#owners) {
      const own = edit.changes.filter(({ path }) => path[0] !== undefined && owner.modules.includes(path[0].module));
      if (own.length === 0) continue;
      const decision = ofDomain<Domain, unknown>(owner.decide({ context, ...edit, changes: own }, head.domain, inputs));
      changes.push(...decision.changes);
      events.push(...decision.events);
      due.push(...decision.due);
    }
    return { result: undefined, changes, events, due };
  }
}

const NOTHING = { changes: [], events: [], due: [] } as const;

function runningChange<Domain extends DomainTypes>(
  head: AgentHead<Domain>,
  inputs: DecisionInputs,
  after: Data,
  changes: readonly Change[],
): RunningChange {
  return { after, changes, revision: head.running.version.revision + 1, at: inputs.now };
}

function presence(yang: YangContext, data: Data, path: InstancePath): Pick<CurrentResource, 'exists' | 'implicit'> {
  const exists = (place: InstancePath): boolean =>
    place.length === 0 || getNode(yang.schema, data, place) !== undefined;
  const nodes = schemaNodes(yang.schema, path);
  const explicit = nodes.findLastIndex((node) => node.kind !== 'container' || node.presence);
  return { exists: exists(path), implicit: explicit < path.length - 1 && exists(path.slice(0, explicit + 1)) };
}

/** An error of the ledger as one that a client can act on; anything else as it is. */
export function ledgerErrorAsRpcError(error: unknown): unknown {
  if (!(error instanceof LedgerError)) return error;
  switch (error.kind) {
    case 'overloaded':
      return RpcError.resourceDenied(`The server has more decisions waiting than it takes: ${error.message}.`, {
        appTag: 'overloaded',
        cause: error,
      });
    case 'closed':
      return RpcError.operationFailed('The server is stopping and takes no more requests.', { cause: error });
    case 'not-durable':
    case 'reloading':
      return RpcError.operationFailed(
        'The request could not be stored and has no effect; the server is recovering, so it may be repeated.',
        { cause: error },
      );
  }
}
