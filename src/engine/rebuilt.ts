/** The head made anew from its own records: what is computed from entities must not depend on the way that led to them. */
import { POLICY_ID, emptyHead, loadRecord, writesOf } from './state.ts';
import type { Change, Head } from './state.ts';
import { ALWAYS } from './window.ts';

/** What is not the same in the head and in one that its records make; timelines are for `sums.ts`. */
export function differencesFromRecords(head: Head): string[] {
  return differences(head, rebuilt(head));
}

/** The head that the records of this one make. */
function rebuilt(head: Head): Head {
  const copy = emptyHead();
  const load = (change: Change): void => {
    for (const { kind, id, body } of writesOf(change)) {
      const text = JSON.stringify(body);
      // Cast: what was an object is one after a journey through JSON.
      loadRecord(copy, { kind, id, body: JSON.parse(text) as object, text });
    }
  };
  load({ kind: 'policy', id: POLICY_ID, body: head.policy });
  for (const [id, body] of head.providers) load({ kind: 'provider', id, body });
  for (const [id, body] of head.pools) load({ kind: 'pool', id, body });
  for (const [id, body] of head.reservations) load({ kind: 'reservation', id, body });
  for (const [id, body] of head.offers) load({ kind: 'offer', id, body });
  for (const [id, body] of head.allocations) load({ kind: 'allocation', id, body });
  return copy;
}

/** The members of an object by name. */
function inOneOrder(entity: object | undefined): unknown {
  return Object.entries(entity ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
}

function differences(head: Head, copy: Head): string[] {
  const found: string[] = [];
  const compare = (what: string, a: unknown, b: unknown): void => {
    const [x, y] = [JSON.stringify(a), JSON.stringify(b)];
    if (x !== y) found.push(`${what} differs from what the records make: ${x} instead of ${y}`);
  };
  for (const [id, reservation] of head.reservations) {
    compare(`reservation ${id}`, inOneOrder(reservation), inOneOrder(copy.reservations.get(id)));
  }
  compare('nodes', [...head.nodes.keys()].sort(), [...copy.nodes.keys()].sort());
  for (const [id, { resources }] of head.nodes) compare(`${id} resources`, resources, copy.nodes.get(id)?.resources);
  compare('hosts', hostsOf(head), hostsOf(copy));
  compare('elements', elementsOf(head), elementsOf(copy));
  compare('pool order', head.poolOrder, copy.poolOrder);
  compare(
    'held',
    head.held.inOrder(ALWAYS).map(({ id }) => id),
    copy.held.inOrder(ALWAYS).map(({ id }) => id),
  );
  compare(
    'over',
    head.over.inOrder(ALWAYS).map(({ id }) => id),
    copy.over.inOrder(ALWAYS).map(({ id }) => id),
  );
  compare(
    'held offers',
    head.heldOffers.inOrder(ALWAYS).map(({ id }) => id),
    copy.heldOffers.inOrder(ALWAYS).map(({ id }) => id),
  );
  compare('upcoming', indexed(head.upcoming), indexed(copy.upcoming));
  compare('standing', members(head.standing), members(copy.standing));
  compare('awaiting', members(head.awaiting), members(copy.awaiting));
  compare('waiting', members(head.waiting), members(copy.waiting));
  compare('degraded', [...head.degraded].sort(), [...copy.degraded].sort());
  compare('intents', [...head.intents].sort(), [...copy.intents].sort());
  compare('quotas', [...head.quotas].sort(), [...copy.quotas].sort());
  compare('departing', [...head.departing].sort(), [...copy.departing].sort());
  compare('servers', [...head.servers].sort(), [...copy.servers].sort());
  compare('users', members(head.users), members(copy.users));
  compare('tokens', [...head.tokens].sort(), [...copy.tokens].sort());
  compare('reservations by tenant', members(head.owned.reservation), members(copy.owned.reservation));
  compare('offers by tenant', members(head.owned.offer), members(copy.owned.offer));
  compare('allocations by tenant', members(head.owned.allocation), members(copy.owned.allocation));
  compare('allocations by reservation', members(head.allocationsOf), members(copy.allocationsOf));
  compare('allocations by pool', members(head.allocationsIn), members(copy.allocationsIn));
  return found;
}

function hostsOf({ hosts }: Head): unknown {
  const ids = [...hosts.nodes.keys()].sort();
  return ids.map((id) => {
    const node = hosts.nodes.get(id);
    return node && [id, node.zone, node.traits, node.usable, node.size, node.out, [...node.holders].sort()];
  });
}

function elementsOf({ elements }: Head): unknown {
  return [...elements.nodes.values()].map(({ id, there, holders }) => [id, there, [...holders].sort()]).sort();
}

function indexed(map: Head['upcoming']): unknown {
  return [...map].map(([node, index]) => [node, index.inOrder(ALWAYS).map(({ id }) => id)]).sort();
}

function members(map: ReadonlyMap<string, ReadonlySet<string>>): unknown {
  return [...map].map(([key, ids]) => [key, [...ids].sort()]).sort();
}
