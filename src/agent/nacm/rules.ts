/** The configuration of access control (RFC 8341 §3.3 and §3.5.2), as it is read from /nacm. */
import type { Data, Value } from '../../yang/data.ts';
import { entriesOf, isData } from '../../yang/entries.ts';
import type { Extension } from '../../yang/schema-tree.ts';

export const NACM_MODULE = 'ietf-netconf-acm';
/** The member of a datastore that holds the configuration. */
export const NACM_NODE = `${NACM_MODULE}:nacm`;

export type AccessOperation = 'create' | 'read' | 'update' | 'delete' | 'exec';

export type Action = 'permit' | 'deny';

/** What a rule is about (choice rule-type); an absent name stands for every one. */
export type RuleScope =
  | { readonly of: 'everything' }
  | { readonly of: 'operation'; readonly name?: string }
  | { readonly of: 'notification'; readonly name?: string }
  /** `path` is a node-instance-identifier in its RFC 7951 form. */
  | { readonly of: 'nodes'; readonly path: string };

/** What a module says of a node or operation of its own (RFC 8341 §3.5.2). */
export type Mark = 'default-deny-all' | 'default-deny-write';

export function isMarked(extensions: readonly Extension[], mark: Mark): boolean {
  return extensions.some(({ module, name }) => module === NACM_MODULE && name === mark);
}

export interface Rule {
  readonly name: string;
  /** The rule-list that it is in. */
  readonly list: string;
  /** Whether the server brings it along. */
  readonly builtIn: boolean;
  /** Absent: of every module. */
  readonly module?: string;
  readonly scope: RuleScope;
  /** Absent: all. */
  readonly operations?: ReadonlySet<AccessOperation>;
  readonly action: Action;
}

export interface RuleList {
  /** Names of groups; `*` stands for all. */
  readonly groups: readonly string[];
  readonly rules: readonly Rule[];
}

export interface NacmConfiguration {
  readonly isEnabled: boolean;
  readonly defaults: { readonly read: Action; readonly write: Action; readonly exec: Action };
  /** Whether the groups count that the server's own list of users gives a user. */
  readonly takesExternalGroups: boolean;
  /** The configured groups of each user. */
  readonly groupsOf: ReadonlyMap<string, readonly string[]>;
  readonly ruleLists: readonly RuleList[];
}

/** @param nacm the content of /nacm in running; absent for none, which is all defaults */
export function readConfiguration(nacm: Data = {}): NacmConfiguration {
  return {
    isEnabled: nacm['enable-nacm'] !== false,
    defaults: {
      read: actionOf(nacm['read-default'], 'permit'),
      write: actionOf(nacm['write-default'], 'deny'),
      exec: actionOf(nacm['exec-default'], 'permit'),
    },
    takesExternalGroups: nacm['enable-external-groups'] !== false,
    groupsOf: groupsByUser(nacm['groups']),
    ruleLists: [...entriesOf(nacm['rule-list'])].map((list) => ({
      groups: texts(list['group']),
      rules: [...entriesOf(list['rule'])].map((rule) => ruleIn(textOf(list['name']), rule)),
    })),
  };
}

function groupsByUser(groups: Value | undefined): ReadonlyMap<string, readonly string[]> {
  const groupsOf = new Map<string, readonly string[]>();
  for (const group of isData(groups) ? entriesOf(groups['group']) : []) {
    for (const user of texts(group['user-name'])) {
      groupsOf.set(user, [...(groupsOf.get(user) ?? []), textOf(group['name'])]);
    }
  }
  return groupsOf;
}

function ruleIn(list: string, rule: Data): Rule {
  const module = unlessAll(rule['module-name']);
  const operations = unlessAll(rule['access-operations']);
  return {
    name: textOf(rule['name']),
    list,
    builtIn: false,
    ...(module === undefined ? {} : { module }),
    scope: scopeOf(rule),
    // Cast: the schema has no other bits.
    ...(operations === undefined ? {} : { operations: new Set(operations.split(' ') as AccessOperation[]) }),
    action: actionOf(rule['action'], 'deny'),
  };
}

function scopeOf(rule: Data): RuleScope {
  if (rule['rpc-name'] !== undefined) return { of: 'operation', ...nameOf(rule['rpc-name']) };
  if (rule['notification-name'] !== undefined) return { of: 'notification', ...nameOf(rule['notification-name']) };
  const path = rule['path'];
  return path === undefined ? { of: 'everything' } : { of: 'nodes', path: textOf(path) };
}

function nameOf(value: Value): { readonly name?: string } {
  const name = unlessAll(value);
  return name === undefined ? {} : { name };
}

/** A leaf's text; by the schema there is one. */
export function textOf(value: Value | undefined): string {
  return typeof value === 'string' ? value : '';
}

/** The text, unless it is absent or `*`. */
function unlessAll(value: Value | undefined): string | undefined {
  return typeof value !== 'string' || value === '*' ? undefined : value;
}

function actionOf(value: Value | undefined, fallback: Action): Action {
  return value === 'permit' || value === 'deny' ? value : fallback;
}

function texts(value: Value | undefined): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}
