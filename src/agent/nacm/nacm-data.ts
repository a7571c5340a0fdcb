import type { Data } from '../../yang/data.ts';
import { entriesOf } from '../../yang/entries.ts';
import { formatPath } from '../../yang/instance-path.ts';
import { parsePathPattern } from '../../yang/path-pattern.ts';
import { RpcError, RpcErrors } from '../../yang/rpc-error.ts';
import type { SchemaTree } from '../../yang/schema-tree.ts';
import type { ConfigOwner } from '../config-owners.ts';
import type { DataProvider } from '../data-providers.ts';
import type { DomainTypes } from '../head.ts';
import type { DenialCounters } from './nacm.ts';
import { NACM_MODULE, NACM_NODE, textOf } from './rules.ts';

/** What `<operational>` shows of access control: the configuration, and the counters (RFC 8341 §3.5.2). */
export function nacmProvider(counters: Readonly<DenialCounters>): DataProvider {
  return {
    node: NACM_NODE,
    read: ({ running }) => ({
      // The schema says that it is a container.
      ...(running[NACM_NODE] as Data | undefined),
      'denied-operations': counters.operations,
      'denied-data-writes': counters.dataWrites,
      'denied-notifications': counters.notifications,
    }),
  };
}

/** Refuses rules whose path leads nowhere: a rule that can never match would be taken for one that protects. */
export function nacmOwner<Domain extends DomainTypes>(schema: SchemaTree): ConfigOwner<Domain> {
  return {
    modules: [NACM_MODULE],
    decide({ after }) {
      const [first, ...others] = [...wrongPaths(schema, after[NACM_NODE] as Data | undefined)];
      if (first !== undefined) throw others.length === 0 ? first : new RpcErrors([first, ...others]);
      return { result: undefined, changes: [], events: [], due: [] };
    },
  };
}

function* wrongPaths(schema: SchemaTree, nacm: Data = {}): Iterable<RpcError> {
  for (const list of entriesOf(nacm['rule-list'])) {
    for (const rule of entriesOf(list['rule'])) {
      const path = rule['path'];
      if (path === undefined) continue;
      try {
        parsePathPattern(schema, textOf(path), { USER: '' });
      } catch (error) {
        if (!(error instanceof RpcError)) throw error;
        const names = [list, rule].map((entry) => textOf(entry['name']));
        yield RpcError.invalidValue(`The path of the rule '${names[1] ?? ''}' leads nowhere: ${error.message}`, {
          path: formatPath(pathOfRule(names)),
        });
      }
    }
  }
}

function pathOfRule(names: readonly string[]): Parameters<typeof formatPath>[0] {
  const step = (name: string): { readonly module: string; readonly name: string } => ({ module: NACM_MODULE, name });
  const entries = ['rule-list', 'rule'].map((list, at) => ({
    ...step(list),
    keys: [{ name: 'name', value: names[at] ?? '' }],
  }));
  return [step('nacm'), ...entries, step('path')];
}
