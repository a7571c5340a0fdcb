import type { Role } from '../standing.ts';
import { NACM_MODULE } from './rules.ts';
import type { Rule, RuleList } from './rules.ts';

/** Operations that change configuration, or keep others from doing so; RESTCONF's methods count as edit-config. */
const FOR_OPERATORS: Readonly<Record<string, readonly string[]>> = {
  'ietf-netconf': [
    'edit-config',
    'copy-config',
    'lock',
    'unlock',
    'commit',
    'discard-changes',
    'cancel-commit',
    'validate',
  ],
  'ietf-netconf-nmda': ['edit-data'],
};

/**
 * What holds for the groups that roles are where no configured rule says otherwise; beyond it the defaults of RFC 8341 apply.
 * - `operator`: every operation and every write; access control may be read
 * - `consumer`: none of the operations that are for operators
 */
export const BUILT_IN: readonly RuleList[] = [
  list('operator', [
    { name: 'acting', operations: new Set(['create', 'update', 'delete', 'exec']), action: 'permit' },
    {
      name: 'access-control',
      module: NACM_MODULE,
      scope: { of: 'nodes', path: `/${NACM_MODULE}:nacm` },
      operations: new Set(['read']),
      action: 'permit',
    },
  ]),
  list(
    'consumer',
    Object.entries(FOR_OPERATORS).flatMap(([module, names]) =>
      names.map((name) => ({ name, module, scope: { of: 'operation', name }, action: 'deny' }) as const),
    ),
  ),
];

function list(group: Role, rules: readonly (Partial<Rule> & Pick<Rule, 'name' | 'action'>)[]): RuleList {
  return {
    groups: [group],
    rules: rules.map((rule) => ({ list: group, builtIn: true, scope: { of: 'everything' }, ...rule })),
  };
}
