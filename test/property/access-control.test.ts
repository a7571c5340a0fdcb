import { expect } from 'chai';
import fc from 'fast-check';
import type { UserAccess } from '../../src/agent/access.ts';
import { Nacm } from '../../src/agent/nacm/nacm.ts';
import { readable } from '../../src/agent/readable.ts';
import type { Standing } from '../../src/agent/standing.ts';
import type { Data } from '../../src/yang/data.ts';
import { schemaNodeAt, type InstancePath, type PathStep } from '../../src/yang/instance-path.ts';
import { RpcError } from '../../src/yang/rpc-error.ts';
import { testContext } from '../unit/agent/agent-fixture.ts';

type Access = 'create' | 'read' | 'update' | 'delete';
type Action = 'permit' | 'deny';

/** A step of a rule's path: the name of a node, and the key it asks for, if any. */
interface Step {
  readonly name: string;
  readonly key?: string;
}

interface Rule {
  readonly module: '*' | 'agent-test' | 'ietf-netconf';
  readonly about: { readonly path: readonly Step[] } | 'anything' | 'operation' | 'notification';
  readonly operations: readonly Access[] | '*';
  readonly action: Action;
}

interface RuleList {
  readonly groups: readonly string[];
  readonly rules: readonly Rule[];
}

interface Given {
  readonly lists: readonly RuleList[];
  readonly memberOf: readonly string[];
  readonly read: Action;
  readonly write: Action;
  readonly external: boolean;
}

const USER = 'ann';
const DATA: Data = {
  'agent-test:shop': {
    name: 'Corner',
    settings: { motto: 'hm', seal: 'x', tag: ['ann', 'new'] },
    item: ['a', 'b', USER].map((id) => ({ id, price: 1, secret: 's' })),
  },
};

/** Every leaf, and value of a leaf-list, of the data. */
const LEAFS: readonly (readonly Step[])[] = [
  ['name'],
  ['settings', 'motto'],
  ['settings', 'seal'],
  ['settings', 'tag'],
  ['item', 'id'],
  ['item', 'price'],
  ['item', 'secret'],
].flatMap((names) => {
  const steps = (key?: string): readonly Step[] =>
    ['shop', ...names].map((name) => (key !== undefined && ['item', 'tag'].includes(name) ? { name, key } : { name }));
  if (names.includes('item')) return ['a', 'b', USER].map(steps);
  return names.includes('tag') ? ['ann', 'new'].map(steps) : [steps()];
});

const action = fc.constantFrom<Action>('permit', 'deny');
const path = fc
  .constantFrom<readonly string[]>(
    [],
    ['shop'],
    ['shop', 'name'],
    ['shop', 'settings'],
    ['shop', 'settings', 'motto'],
    ['shop', 'settings', 'seal'],
    ['shop', 'settings', 'tag'],
    ['shop', 'item'],
    ['shop', 'item', 'id'],
    ['shop', 'item', 'price'],
    ['shop', 'item', 'secret'],
  )
  .chain((names) =>
    fc
      .option(fc.constantFrom('a', 'b', 'new', '$USER'), { nil: undefined })
      .map((key) =>
        names.map((name) => (key !== undefined && ['item', 'tag'].includes(name) ? { name, key } : { name })),
      ),
  );
const rule: fc.Arbitrary<Rule> = fc.record({
  module: fc.constantFrom('*', '*', 'agent-test', 'ietf-netconf'),
  about: fc.oneof(
    { weight: 8, arbitrary: path.map((steps) => ({ path: steps })) },
    { weight: 1, arbitrary: fc.constantFrom('anything', 'operation', 'notification') },
  ),
  operations: fc.oneof(
    fc.constant('*' as const),
    fc.subarray<Access>(['create', 'read', 'update', 'delete'], { minLength: 1 }),
  ),
  action,
});
const groups = fc.subarray(['staff', 'guests'], { minLength: 0 });
const given: fc.Arbitrary<Given> = fc.record({
  lists: fc.array(
    fc.record({ groups: fc.oneof(groups, fc.constant(['*'])), rules: fc.array(rule, { maxLength: 5 }) }),
    { maxLength: 3 },
  ),
  memberOf: groups,
  read: action,
  write: action,
  external: fc.boolean(),
});

function configuration({ lists, memberOf, read, write, external }: Given): Data {
  const written = (steps: readonly Step[]): string =>
    steps
      .map(({ name, key }, at) => {
        const value = key === undefined ? '' : key === '$USER' ? key : `'${key}'`;
        const predicate = value === '' ? '' : name === 'tag' ? `[.=${value}]` : `[id=${value}]`;
        return `/${at === 0 ? 'agent-test:' : ''}${name}${predicate}`;
      })
      .join('') || '/';
  return {
    'read-default': read,
    'write-default': write,
    'enable-external-groups': external,
    groups: { group: memberOf.map((name) => ({ name, 'user-name': [USER] })) },
    'rule-list': lists.map((list, at) => ({
      name: `list-${at}`,
      group: list.groups,
      rule: list.rules.map((each, index) => ({
        name: `rule-${index}`,
        'module-name': each.module,
        ...(each.about === 'operation' ? { 'rpc-name': '*' } : {}),
        ...(each.about === 'notification' ? { 'notification-name': '*' } : {}),
        ...(typeof each.about === 'object' ? { path: written(each.about.path) } : {}),
        'access-operations': each.operations === '*' ? '*' : each.operations.join(' '),
        action: each.action,
      })),
    })),
  };
}

/** RFC 8341 §3.4.5, step by step, for one node. */
function isPermitted(
  { lists, memberOf, read, write, external }: Given,
  node: readonly Step[],
  access: Access,
): boolean {
  const own = new Set([...memberOf, ...(external ? ['operator'] : [])]);
  if (own.size > 0) {
    for (const list of lists) {
      if (!list.groups.some((group) => group === '*' || own.has(group))) continue;
      for (const each of list.rules) {
        if (each.module !== '*' && each.module !== 'agent-test') continue;
        if (each.operations !== '*' && !each.operations.includes(access)) continue;
        if (each.about === 'operation' || each.about === 'notification') continue;
        if (typeof each.about === 'object' && !leadsTo(each.about.path, node)) continue;
        return each.action === 'permit';
      }
    }
    // The built-in rules of operators.
    if (external && access !== 'read') return true;
  }
  const names = node.map(({ name }) => name);
  if (names.includes('secret')) return false;
  if (names.includes('seal') && access !== 'read') return false;
  return (access === 'read' ? read : write) === 'permit';
}

function leadsTo(rulePath: readonly Step[], node: readonly Step[]): boolean {
  return rulePath.every(({ name, key }, at) => {
    const step = node[at];
    return step?.name === name && (key === undefined || step.key === (key === '$USER' ? USER : key));
  });
}

/** The key of an entry is shown with it. */
const keyed = (node: readonly Step[]): readonly Step[] => (node.at(-1)?.name === 'id' ? node.slice(0, -1) : node);

const instance = (steps: readonly Step[]): InstancePath =>
  steps.map(({ name, key }): PathStep => {
    const step = { module: 'agent-test', name };
    if (key === undefined) return step;
    return name === 'tag' ? { ...step, value: key } : { ...step, keys: [{ name: 'id', value: key }] };
  });

describe('access control by rules', function () {
  this.timeout(60_000);
  const { schema } = testContext();
  const operator: Standing = { role: 'operator' };

  const accessBy = (nacm: Data): UserAccess =>
    new Nacm({
      schema,
      running: () => ({ 'ietf-netconf-acm:nacm': nacm }),
      standingOf: () => operator,
      ownerships: [],
      onLostRule: (lost, reason) => {
        throw new Error(`${lost.name}: ${reason}`);
      },
    }).of(USER);

  it('shows what RFC 8341 shows when its steps are taken for each node', () => {
    fc.assert(
      fc.property(given, (drawn) => {
        const shown = readable({ schema, access: accessBy(configuration(drawn)) }, DATA);
        const seen = LEAFS.filter((leaf) => isThere(shown, leaf));
        const expected = LEAFS.filter((leaf) =>
          leaf.every((_step, at) => isPermitted(drawn, keyed(leaf.slice(0, at + 1)), 'read')),
        );
        expect(seen).to.deep.equal(expected);
      }),
      { numRuns: 2_000 },
    );
  });

  it('lets write what RFC 8341 lets write, wherever all of a subtree is passed over at once too', () => {
    fc.assert(
      fc.property(given, fc.constantFrom<Exclude<Access, 'read'>>('create', 'update', 'delete'), (drawn, operation) => {
        const access = accessBy(configuration(drawn));
        const denied = LEAFS.filter((leaf) => {
          const at = instance(leaf);
          const node = schemaNodeAt(schema, at);
          if (node === undefined) throw new Error('there is no such node');
          try {
            access.requireWrite(node, at, operation);
            return false;
          } catch (error) {
            expect(error).to.be.instanceOf(RpcError).with.property('tag', 'access-denied');
            expect(access.mayWriteAll(node, operation)).to.equal(false);
            return true;
          }
        });
        expect(denied).to.deep.equal(LEAFS.filter((leaf) => !isPermitted(drawn, leaf, operation)));
        const shop = schemaNodeAt(schema, instance([{ name: 'shop' }]));
        if (shop !== undefined && access.mayWriteAll(shop, operation)) expect(denied).to.deep.equal([]);
      }),
      { numRuns: 2_000 },
    );
  });
});

function isThere(data: Data, leaf: readonly Step[]): boolean {
  let here: unknown = data;
  for (const [at, { name, key }] of leaf.entries()) {
    const member = at === 0 ? `agent-test:${name}` : name;
    here = (here as Readonly<Record<string, unknown>> | undefined)?.[member];
    if (Array.isArray(here) && name === 'tag') return here.includes(key);
    if (Array.isArray(here)) here = (here as readonly Data[]).find(({ id }) => id === key);
  }
  return here !== undefined;
}
