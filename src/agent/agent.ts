import type { ActionNode, RpcNode } from 'libyang-wasm';
import type { Stopwatch } from '../observe/metrics.ts';
import type { Data } from '../yang/data.ts';
import { schemaNodes } from '../yang/instance-path.ts';
import type { InstancePath } from '../yang/instance-path.ts';
import { RpcError } from '../yang/rpc-error.ts';
import type { Encoded, ParsedElement, YangContext } from '../yang/yang-context.ts';
import type { AccessControl, Operation } from './access.ts';
import type { RequestContext } from './context.ts';
import type { DataProviders } from './data-providers.ts';
import { ledgerErrorAsRpcError } from './datastores.ts';
import type { Datastores } from './datastores.ts';
import { refersToInstances } from './operation-input.ts';
import type { Operations } from './operations.ts';
import { readDatastore } from './reads.ts';
import type { EditOutcome, EditRequest, GetRequest, Revision, WritableDatastore } from './requests.ts';
import type { SessionRegistry } from './sessions.ts';
import type { Streams } from './streams.ts';

/** What an agent is made of; the composition root makes it. */
export interface AgentParts {
  readonly yang: YangContext;
  readonly datastores: Datastores;
  readonly providers: DataProviders;
  readonly operations: Operations;
  readonly sessions: SessionRegistry;
  readonly streams: Streams;
  readonly access: AccessControl;
  /** Times what is asked for; absent: nobody looks. */
  readonly stopwatch?: OperationStopwatch;
}

/** By the operation's name with its module, what it came over, and its `result`, `ok` where it has none, or the tag of its error. */
export type OperationStopwatch = Stopwatch<'operation' | 'transport' | 'outcome'>;

/**
 * The server without a protocol: every operation, datastore and stream once, for whoever parses requests and prints
 * replies. Whatever is thrown or rejected is for RpcError.from.
 */
export class Agent {
  readonly yang: YangContext;
  readonly sessions: SessionRegistry;
  readonly streams: Streams;
  readonly #parts: AgentParts;
  readonly #datastores: Datastores;
  readonly #operations: Operations;
  readonly #access: AccessControl;

  constructor(parts: AgentParts) {
    this.yang = parts.yang;
    this.sessions = parts.sessions;
    this.streams = parts.streams;
    this.#parts = parts;
    this.#datastores = parts.datastores;
    this.#operations = parts.operations;
    this.#access = parts.access;
  }

  /**
   * Parses and validates the input of an RPC, as {@link YangContext.parseRpcInput} does, and carries it out, as {@link invoke} does. What
   * the input refers to is looked for in running. The decision of an RPC that {@link isDecision} is taken when this returns.
   * @throws RpcError, RpcErrors
   */
  request(context: RequestContext, rpc: RpcNode, source: Encoded | ParsedElement): Promise<Data> {
    if (refersToInstances(this.yang.schema, rpc)) return this.#requestOnRunning(context, rpc, source);
    return this.invoke(context, rpc, this.yang.parseRpcInput(rpc, source));
  }

  async #requestOnRunning(context: RequestContext, rpc: RpcNode, source: Encoded | ParsedElement): Promise<Data> {
    const running = await answered(() => this.#datastores.running());
    return await this.invoke(context, rpc, this.yang.parseRpcInput(rpc, source, running));
  }

  /** Whether an RPC has done all that it does when {@link request} returns, so that only the durability of its answer is waited for. */
  isDecision(rpc: RpcNode): boolean {
    return this.#operations.isDecision(`${rpc.module}:${rpc.name}`) && !refersToInstances(this.yang.schema, rpc);
  }

  /**
   * Carries out an RPC that is not one of the protocol's own (get, edit-config, lock, … have methods here).
   * @param input parsed and validated; `{}` for none
   * @returns the output, `{}` for none
   * @throws RpcError access-denied; operation-not-supported when nothing serves it; what the handler throws
   */
  invoke(context: RequestContext, rpc: RpcNode, input: Data): Promise<Data> {
    const name = `${rpc.module}:${rpc.name}`;
    this.#access.of(context.user).requireExec(rpc, `the operation ${name}`);
    const handler = this.#operations.rpc(name);
    if (handler === undefined) throw notServed(`The operation ${name}`);
    return this.#answered(name, context, () => handler(context, input));
  }

  /** Whether something serves the RPC: what RESTCONF lists under `operations`. */
  serves(rpc: RpcNode): boolean {
    return this.#operations.rpc(`${rpc.module}:${rpc.name}`) !== undefined;
  }

  /**
   * Carries out an action on the node at `path` (RFC 7950 §7.15).
   * @throws RpcError invalid-value when there is no such node in `<operational>`, and as {@link invoke}
   */
  async invokeAction(context: RequestContext, path: InstancePath, action: ActionNode, input: Data): Promise<Data> {
    this.#access.of(context.user).requireAction(action, path);
    await this.get(context, { datastore: 'operational', target: path, depth: 1 });
    const handler = this.#operations.action(action.path);
    if (handler === undefined) throw notServed(`The action ${action.path}`);
    return await this.#answered(action.path, context, () => handler(context, path, input));
  }

  /**
   * Reads a datastore; what the user may not read is not there. Shows only what is durable.
   * @returns data from the datastore's root, pruned: with a target, only the path to it (list entries on it with their
   *   keys) and what the request keeps below it. Lists may be lazy Entries, which show the state at the time they are
   *   evaluated: {@link whenDurable} tells when that may be shown.
   * @throws RpcError invalid-value when the target does not exist; a leaf that has a default does exist where its parent does
   */
  async get(context: RequestContext, request: GetRequest): Promise<Data> {
    const operation = request.datastore === 'running' ? OPERATIONS.getConfig : OPERATIONS.get;
    this.#access.of(context.user).requireExec(operation, 'the datastores');
    return await this.#answered(nameOf(operation), context, () => readDatastore(this.#parts, context, request));
  }

  /**
   * To be awaited between evaluating lazy entries and showing them to anybody: they may show decisions that are not durable
   * yet. @throws RpcError when those cannot become durable, so that nothing of them may be shown
   */
  async whenDurable(): Promise<void> {
    await answered(() => this.#datastores.whenDurable());
  }

  /**
   * Applies an edit in one transaction: precondition, lock, edit, validation, the decision of the modules' owners. Resolves
   * when it is durable.
   * @throws RpcError or RpcErrors: in-use when another session holds the lock, access-denied, data-exists, data-missing, what
   *   validation finds, resource-denied when an owner refuses; what the precondition throws
   */
  async edit(context: RequestContext, request: EditRequest): Promise<EditOutcome> {
    // Before it is looked at: what is wrong with an edit tells of what is there.
    this.#access.of(context.user).requireExec(OPERATIONS.edit, 'edits of the configuration');
    return await this.#answered(nameOf(OPERATIONS.edit), context, () => this.#datastores.edit(context, request));
  }

  /**
   * RFC 6241 §7.5.
   * @throws RpcError lock-denied with the holder's session-id; operation-not-supported without a session; access-denied
   */
  lock(context: RequestContext, datastore: WritableDatastore): void {
    this.#access.of(context.user).requireExec(OPERATIONS.lock, 'locks');
    this.#datastores.lock(context, datastore);
  }

  /** RFC 6241 §7.6. @throws RpcError operation-failed when the session does not hold it; access-denied */
  unlock(context: RequestContext, datastore: WritableDatastore): void {
    this.#access.of(context.user).requireExec(OPERATIONS.unlock, 'locks');
    this.#datastores.unlock(context, datastore);
  }

  /**
   * RFC 6241 §7.9. Where no rule is about it, those of the same user may be killed.
   * @throws RpcError invalid-value for an id that is not open, or one's own; access-denied
   */
  killSession(context: RequestContext, id: number): void {
    const own = this.sessions.get(id)?.user === context.user;
    const what = own ? 'kill-session' : 'sessions of others';
    this.#access.of(context.user).requireExec(OPERATIONS.killSession, what, own ? 'permit' : undefined);
    this.sessions.kill(id, context.sessionId);
  }

  /**
   * The revision of a configuration datastore, or of the data resource at `path`: a container, a list entry, or what contains it
   * when it is another kind of node (RFC 8040 §3.5.1).
   * @returns undefined when it would tell of what the user may not read
   */
  revision(context: RequestContext, datastore: WritableDatastore, path: InstancePath = []): Revision | undefined {
    const node = schemaNodes(this.yang.schema, path).at(-1);
    if (!this.#access.of(context.user).mayKnowRevision(node)) return undefined;
    return this.#datastores.revision(datastore, path);
  }

  #answered<Answer extends object>(
    operation: string,
    { transport }: RequestContext,
    answer: () => Answer | Promise<Answer>,
  ): Promise<Answer> {
    const { stopwatch } = this.#parts;
    if (stopwatch === undefined) return answered(answer);
    return stopwatch.time(
      () => answered(answer),
      (outcome) => ({ operation, transport, outcome: outcomeOf(outcome) }),
    );
  }
}

function nameOf({ module, name }: Operation): string {
  return `${module}:${name}`;
}

function outcomeOf(outcome: PromiseSettledResult<object>): string {
  if (outcome.status === 'rejected') return RpcError.from(outcome.reason)[0]?.tag ?? 'operation-failed';
  const { value } = outcome;
  return 'result' in value && typeof value.result === 'string' ? value.result : 'ok';
}

/** What the agent carries out itself, by the operations of NETCONF: those of RESTCONF come to the same. */
const OPERATIONS = {
  get: { module: 'ietf-netconf', name: 'get' },
  getConfig: { module: 'ietf-netconf', name: 'get-config' },
  edit: { module: 'ietf-netconf', name: 'edit-config' },
  lock: { module: 'ietf-netconf', name: 'lock' },
  unlock: { module: 'ietf-netconf', name: 'unlock' },
  killSession: { module: 'ietf-netconf', name: 'kill-session' },
} as const satisfies Readonly<Record<string, Operation>>;

async function answered<Answer>(answer: () => Answer | Promise<Answer>): Promise<Answer> {
  try {
    return await answer();
  } catch (error) {
    throw ledgerErrorAsRpcError(error);
  }
}

function notServed(what: string): RpcError {
  return RpcError.notSupported(
    `${what} is part of a module that is served, but nothing on this server carries it out.`,
  );
}
