import type { Data } from '../../yang/data.ts';
import { formatPath } from '../../yang/instance-path.ts';
import type { InstancePath } from '../../yang/instance-path.ts';
import { parsePathPattern } from '../../yang/path-pattern.ts';
import { RpcError } from '../../yang/rpc-error.ts';
import type { ActionNode, DataSchemaNode, ListNode, NotificationNode, SchemaTree } from '../../yang/schema-tree.ts';
import type { AccessControl, Operation, ReadReach, UserAccess, WriteOperation } from '../access.ts';
import type { Consumer, Ownership } from '../ownership.ts';
import type { Standing, StandingOf } from '../standing.ts';
import type { NotificationRecord } from '../streams.ts';
import { Tenancy } from '../tenancy.ts';
import { BUILT_IN } from './built-in.ts';
import { Policy } from './policy.ts';
import type { BoundRule, Denier, Verdict } from './policy.ts';
import { NACM_NODE, readConfiguration } from './rules.ts';
import type { NacmConfiguration, Rule } from './rules.ts';

export interface NacmOptions {
  readonly schema: SchemaTree;
  /** The running configuration as it is now. */
  readonly running: () => Data;
  readonly standingOf: StandingOf;
  readonly ownerships: readonly Ownership[];
  /** Whether a user's sessions are recovery sessions (RFC 8341 §3.3.3), which rules do not bind. Default: nobody's. */
  readonly recovers?: (user: string) => boolean;
  /** Told of a rule whose path is in no module that is served: it has no effect. */
  readonly onLostRule: (rule: Rule, reason: string) => void;
}

/** How often something was denied since the start (RFC 8341 §3.5.2), modulo 2^32. */
export interface DenialCounters {
  operations: number;
  dataWrites: number;
  notifications: number;
}

/** How many users' access is kept at hand. */
const MOST_USERS = 10_000;

interface KnownUser {
  readonly standing: Standing;
  readonly access: UserAccess;
}

/**
 * Access control by rules (RFC 8341). A user's role is a group that the server reports, with built-in rules that come after all
 * configured ones. What exists for a consumer is settled beneath, by {@link Tenancy}. Someone who is not known any more may do nothing.
 */
export class Nacm implements AccessControl {
  readonly counters: DenialCounters = { operations: 0, dataWrites: 0, notifications: 0 };
  readonly #options: NacmOptions;
  readonly #tenancy: Tenancy;
  /** What the rest was worked out from. */
  #source: unknown;
  #configuration: NacmConfiguration = readConfiguration();
  #policies = new Map<string, Policy>();
  #users = new Map<string, KnownUser>();

  constructor(options: NacmOptions) {
    this.#options = options;
    this.#tenancy = new Tenancy(options.schema, options.ownerships);
  }

  of(user: string): UserAccess {
    const source = this.#options.running()[NACM_NODE];
    // Data are never changed in place, so the same object is the same configuration.
    if (source !== this.#source) this.#reconfigure(source);
    const standing = this.#options.standingOf(user);
    if (standing === undefined) return new AccessOfUser(user, NOBODY, this.counters);
    const known = this.#users.get(user);
    if (known !== undefined && isSame(known.standing, standing)) return known.access;
    if (this.#users.size >= MOST_USERS) this.#users.clear();
    const access = this.#accessOf(user, standing);
    this.#users.set(user, { standing, access });
    return access;
  }

  #reconfigure(source: Data[string]): void {
    this.#source = source;
    // Cast: the schema says that it is a container.
    this.#configuration = readConfiguration(source as Data | undefined);
    this.#policies = new Map();
    this.#users = new Map();
  }

  #accessOf(user: string, standing: Standing): UserAccess {
    const policy = this.#policyOf(user, standing);
    if (standing.role === 'operator') return new AccessOfUser(user, { policy }, this.counters);
    const within = { tenancy: this.#tenancy, consumer: { user, tenant: standing.tenant } };
    return new AccessOfUser(user, { policy, within }, this.counters);
  }

  /** Users of the same groups share what is worked out, unless a rule names them. */
  #policyOf(user: string, { role }: Standing): Policy {
    const { isEnabled, defaults, groupsOf, takesExternalGroups, ruleLists } = this.#configuration;
    if (!isEnabled || this.#options.recovers?.(user) === true) return this.#policy('', [UNBOUND], user);
    const groups = new Set([...(groupsOf.get(user) ?? []), ...(takesExternalGroups ? [role] : [])]);
    // Rules are for groups, and `*` for whoever has one.
    const applying = [...ruleLists, ...BUILT_IN].filter(
      ({ groups: given }) => groups.size > 0 && given.some((group) => group === '*' || groups.has(group)),
    );
    const rules = applying.flatMap((list) => list.rules);
    const named = rules.some(({ scope }) => scope.of === 'nodes' && scope.path.includes('$USER'));
    return this.#policy(JSON.stringify([...groups].sort().concat(named ? [user] : [])), rules, user, defaults);
  }

  #policy(
    key: string,
    rules: readonly Rule[],
    user: string,
    defaults: NacmConfiguration['defaults'] = this.#configuration.defaults,
  ): Policy {
    const known = this.#policies.get(key);
    if (known !== undefined) return known;
    const policy = new Policy(
      this.#options.schema,
      rules.flatMap((rule) => this.#bound(rule, user)),
      defaults,
    );
    this.#policies.set(key, policy);
    return policy;
  }

  #bound(rule: Rule, user: string): readonly BoundRule[] {
    if (rule.scope.of !== 'nodes') return [rule];
    try {
      return [{ ...rule, pattern: parsePathPattern(this.#options.schema, rule.scope.path, { USER: user }) }];
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      if (!rule.builtIn) this.#options.onLostRule(rule, error.message);
      return [];
    }
  }
}

const UNBOUND: Rule = { name: 'all', list: 'recovery', builtIn: true, scope: { of: 'everything' }, action: 'permit' };

/** What is known of a user: absent policy for one who is not known, `within` for one who is confined to what is his. */
interface Terms {
  readonly policy?: Policy;
  readonly within?: { readonly tenancy: Tenancy; readonly consumer: Consumer };
}

const NOBODY: Terms = {};

class AccessOfUser implements UserAccess {
  readonly #user: string;
  readonly #policy: Policy | undefined;
  readonly #within: Terms['within'];
  readonly #counters: DenialCounters;

  constructor(user: string, { policy, within }: Terms, counters: DenialCounters) {
    this.#user = user;
    this.#policy = policy;
    this.#within = within;
    this.#counters = counters;
  }

  readReach(node: DataSchemaNode): ReadReach {
    if (this.#policy === undefined) return 'none';
    const permitted = this.#policy.readReach(node);
    if (this.#within === undefined || permitted === 'none') return permitted;
    const existing = this.#within.tenancy.reach(node);
    return existing === 'all' ? permitted : existing;
  }

  canRead(node: DataSchemaNode, path: InstancePath): boolean {
    if (this.#policy === undefined || this.#policy.data(node, path, 'read') !== undefined) return false;
    return this.#within === undefined || this.#within.tenancy.existsFor(this.#within.consumer, node, path);
  }

  asksOfEntries(list: ListNode): boolean {
    return this.#policy?.asksOfEntries(list) !== false || this.#within?.tenancy.asksOfEntries(list) === true;
  }

  readableKeys(list: ListNode): ReadonlySet<string> | undefined {
    return this.#within?.tenancy.keysFor(this.#within.consumer, list) ?? this.#policy?.readableKeys(list);
  }

  mayKnowRevision(node: DataSchemaNode | undefined): boolean {
    if (this.#within !== undefined) return node !== undefined && this.readReach(node) === 'all';
    return this.#policy?.isReadableBesidesMarked(node) === true;
  }

  mayWriteAll(node: DataSchemaNode, operation: WriteOperation): boolean {
    return this.#within === undefined && this.#policy?.permitsAll(node, operation) === true;
  }

  requireWrite(node: DataSchemaNode, path: InstancePath, operation: WriteOperation): void {
    const why = this.#whyNotWrite(node, path, operation);
    if (why === undefined) return;
    count(this.#counters, 'dataWrites');
    const denied = formatPath(path);
    throw this.#denied(`${operation} ${denied}`, why, denied);
  }

  requireExec(operation: Operation, what: string, byDefault?: 'permit'): void {
    const denier =
      this.#within?.tenancy.isUsable(operation) === false ? FOR_OPERATORS : this.#policy?.operation(operation);
    if (byDefault === 'permit' && denier !== undefined && !isByRule(denier)) return;
    this.#requirePermitted(denier, `use ${what}`, INSTEAD[`${operation.module}:${operation.name}`]);
  }

  requireAction(action: ActionNode, path: InstancePath): void {
    this.#requirePermitted(this.#policy?.action(action, path), `use the action ${action.path}`);
  }

  receivable(notification: NotificationNode, record: NotificationRecord): NotificationRecord | undefined {
    if (this.#policy === undefined) return undefined;
    if (this.#policy.notification(notification) !== undefined) {
      count(this.#counters, 'notifications');
      return undefined;
    }
    if (this.#within === undefined) return record;
    const { tenancy, consumer } = this.#within;
    const content = tenancy.shownTo(consumer, notification, record.content);
    if (content === undefined) return undefined;
    if (content === record.content) return record;
    const { seq, time, module, name } = record;
    return { seq, time, module, name, content };
  }

  #requirePermitted(denier: Verdict, what: string, instead?: string): void {
    const why = this.#policy === undefined ? UNKNOWN : denier && this.#reason(denier);
    if (why === undefined) return;
    count(this.#counters, 'operations');
    throw this.#denied(what, instead === undefined ? why : `${why}; ${instead}`);
  }

  #whyNotWrite(node: DataSchemaNode, path: InstancePath, operation: WriteOperation): string | undefined {
    if (this.#policy === undefined) return UNKNOWN;
    if (this.#within?.tenancy.isEditable(path) === false) return this.#needsOperator(this.#within.consumer);
    const denier = this.#policy.data(node, path, operation);
    return denier && this.#reason(denier);
  }

  #reason(denier: Denier): string {
    if (this.#within !== undefined && !isByRule(denier)) return this.#needsOperator(this.#within.consumer);
    switch (denier.is) {
      case 'rule':
        return `the rule '${denier.rule.name}' of the rule-list '${denier.rule.list}' denies it`;
      case 'extension':
        return `its module marks it ${denier.name}, and no rule permits it`;
      case 'operation':
        return 'no rule permits it';
      case 'default':
        return `no rule permits it, and ${denier.leaf} is deny`;
    }
  }

  #needsOperator({ tenant }: Consumer): string {
    return `it needs the role operator, and the user is a consumer of the tenant ${tenant}`;
  }

  #denied(what: string, why: string, path?: string): RpcError {
    return RpcError.accessDenied(
      `The user ${this.#user} is not permitted to ${what}: ${why}.`,
      path === undefined ? {} : { path },
    );
  }
}

/** What serves users for what is their own, where an operation is for all. */
const INSTEAD: Readonly<Record<string, string>> = {
  'ietf-subscribed-notifications:kill-subscription': 'delete-subscription ends a subscription of the own',
};

const FOR_OPERATORS: Denier = { is: 'operation' };

const UNKNOWN = 'the user is not known any more';

/** Whether somebody configured that it is denied. */
function isByRule(denier: Denier): boolean {
  return denier.is === 'rule' && !denier.rule.builtIn;
}

function count(counters: DenialCounters, what: keyof DenialCounters): void {
  // A zero-based-counter32 starts over.
  counters[what] = (counters[what] + 1) >>> 0;
}

function isSame(one: Standing, other: Standing): boolean {
  return one.role === other.role && one.tenant === other.tenant;
}
