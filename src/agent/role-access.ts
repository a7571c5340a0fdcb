import type { Data } from '../yang/data.ts';
import type { InstancePath } from '../yang/instance-path.ts';
import type { DataSchemaNode, ListNode, NotificationNode, SchemaTree } from '../yang/schema-tree.ts';
import { isKeptFromAll, learnReach } from './access.ts';
import type { AccessControl, Operation, ReachMap, ReadReach } from './access.ts';
import type { RequestContext } from './context.ts';
import type { Consumer, OwnedEntries, OwnedList, OwnedNotification, Ownership } from './ownership.ts';
import type { Standing, StandingOf } from './standing.ts';

/** Operations of NETCONF that change configuration, or what belongs to others; RESTCONF's methods count as edit-config. */
const FOR_OPERATORS: ReadonlySet<string> = new Set([
  'edit-config',
  'copy-config',
  'delete-config',
  'lock',
  'unlock',
  'kill-session',
]);

/**
 * Access by role. An operator may do everything, but for reading what a module keeps from all. A consumer
 * - reads what is for all, and of what belongs to somebody what is his (`Ownership`);
 * - receives the notifications that tell of that;
 * - uses every operation that its module does not mark `nacm:default-deny-all`, which acts on what is his;
 * - changes no configuration.
 *
 * What is not his is to him as if it did not exist. A user who is not known any more may do nothing.
 */
export class RoleAccess implements AccessControl {
  readonly #standingOf: StandingOf;
  readonly #lists: ReadonlyMap<string, OwnedList>;
  readonly #entries: ReadonlyMap<string, OwnedEntries>;
  readonly #notifications: ReadonlyMap<string, OwnedNotification>;
  readonly #operators: ReachMap;
  readonly #consumers: ReachMap;

  constructor(schema: SchemaTree, standingOf: StandingOf, ownerships: readonly Ownership[]) {
    this.#standingOf = standingOf;
    const lists = new Map(ownerships.flatMap((ownership) => ownership.lists.map((list) => [list.node, list])));
    this.#lists = lists;
    const entries = new Map(ownerships.flatMap((ownership) => ownership.entries.map((each) => [each.node, each])));
    this.#entries = entries;
    this.#notifications = new Map(
      ownerships.flatMap(({ notifications }) => notifications.map((notification) => [notification.name, notification])),
    );
    const operatorsOnly = new Set(ownerships.flatMap((ownership) => ownership.operatorsOnly));
    this.#operators = learnReach(schema, isKeptFromAll);
    this.#consumers = learnReach(
      schema,
      (node) => isKeptFromAll(node) || operatorsOnly.has(node.path),
      (node) => lists.has(node.path) || entries.has(node.path),
    );
  }

  readReach({ user }: RequestContext, node: DataSchemaNode): ReadReach {
    const standing = this.#standingOf(user);
    return standing === undefined ? 'none' : (this.#reachOf(standing).get(node) ?? 'all');
  }

  /** Of a list whose keys are known, access is asked by them. */
  canRead(context: RequestContext, node: DataSchemaNode, path: InstancePath): boolean {
    if (this.readReach(context, node) === 'none') return false;
    const consumer = this.#consumer(context);
    return consumer === undefined || (this.#entries.get(node.path)?.isFor(consumer, path) ?? true);
  }

  readableKeys(context: RequestContext, list: ListNode): ReadonlySet<string> | undefined {
    const owned = this.#lists.get(list.path);
    const consumer = owned === undefined ? undefined : this.#consumer(context);
    return consumer === undefined ? undefined : owned?.keysOf(consumer);
  }

  mayKnowRevision(context: RequestContext, node: DataSchemaNode | undefined): boolean {
    if (this.#standingOf(context.user)?.role === 'operator') return true;
    return node !== undefined && this.readReach(context, node) === 'all';
  }

  canWrite({ user }: RequestContext): boolean {
    return this.#standingOf(user)?.role === 'operator';
  }

  execDenial({ user }: Pick<RequestContext, 'user'>, operation: Operation): string | undefined {
    const standing = this.#standingOf(user);
    if (standing === undefined) return 'the user is not known any more';
    if (standing.role === 'operator' || !isForOperators(operation)) return undefined;
    return `it needs the role operator, and the user is a consumer of the tenant ${standing.tenant}`;
  }

  receivable(
    { user }: Pick<RequestContext, 'user'>,
    { module, name }: NotificationNode,
    content: Data,
  ): Data | undefined {
    const standing = this.#standingOf(user);
    if (standing?.role !== 'consumer') return standing && content;
    const owned = this.#notifications.get(`${module}:${name}`);
    return owned === undefined ? content : owned.shownTo({ user, tenant: standing.tenant }, content);
  }

  #consumer({ user }: RequestContext): Consumer | undefined {
    const standing = this.#standingOf(user);
    return standing?.role === 'consumer' ? { user, tenant: standing.tenant } : undefined;
  }

  #reachOf({ role }: Standing): ReachMap {
    return role === 'operator' ? this.#operators : this.#consumers;
  }
}

function isForOperators({ module, name, extensions = [] }: Operation): boolean {
  return (module === 'ietf-netconf' && FOR_OPERATORS.has(name)) || isKeptFromAll({ extensions });
}
