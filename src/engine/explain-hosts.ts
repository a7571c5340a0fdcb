/** Of what was placed, the hosts that bear no instance of it, together by what stands in their way: a few lines for ten thousand hosts. */
import type { Demand, Id } from './entities.ts';
import { hostId } from './hosts.ts';
import { ROOM_FOR_ONE, lackedBy } from './placement-refusal.ts';
import { poolsFor, seesHosts } from './placement-sites.ts';
import { poolOfNode } from './state.ts';
import type { Head } from './state.ts';
import type { Window } from './window.ts';

export interface HostGroup {
  readonly container: string;
  readonly pool: Id;
  /** In words, without amounts. */
  readonly lacking: string;
  readonly count: number;
  /** Names of some of them. */
  readonly examples: readonly string[];
}

const EXAMPLES = 3;
/** Groups that are listed; hosts with many different sets of properties could make more. */
const GROUPS = 64;

/** @param chosen hosts that bear an instance: these are left out */
export function hostGroups(head: Head, demand: Demand, window: Window, chosen: ReadonlySet<string>): HostGroup[] {
  const groups = new Map<string, { container: string; pool: Id; lacking: string; count: number; examples: string[] }>();
  for (const container of demand.containers ?? []) {
    for (const from of poolsFor(head, demand, container)) {
      const { node, provider, share } = from;
      if (share === undefined || !seesHosts(provider)) continue;
      const pool = poolOfNode(node.id);
      for (const { name } of provider.inventory?.hosts ?? []) {
        const id = hostId(provider.id, name);
        const host = head.hosts.nodes.get(id);
        if (host === undefined || chosen.has(id)) continue;
        const lacking = inGeneral(lackedBy(from, share, host, container, window));
        const key = JSON.stringify([container.name, pool, lacking]);
        const group = groups.get(key) ?? { container: container.name, pool, lacking, count: 0, examples: [] };
        group.count += 1;
        if (group.examples.length < EXAMPLES) group.examples.push(name);
        groups.set(key, group);
      }
    }
  }
  return [...groups.values()].sort((a, b) => b.count - a.count).slice(0, GROUPS);
}

/** Hosts lack different amounts of the same thing, each from another instant on. */
function inGeneral(lacking: readonly string[]): string {
  if (lacking[0] === ROOM_FOR_ONE) return 'nothing: another host was preferred';
  return lacking.map((words) => words.replace(/^lacks \d+ /, 'lacks ').replace(/ from \S+$/, '')).join(', ');
}
