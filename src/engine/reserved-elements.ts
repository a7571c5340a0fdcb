/** What an allocation uses that is there already: it may be reserved, and then it is for those alone who allocate against that reservation. */
import { usedElement } from './allocated-elements.ts';
import { refused } from './allotment.ts';
import type { Consumption } from './allotment.ts';
import { describeElement } from './element-names.ts';
import { taken, withWholes } from './elements.ts';
import type { ElementId, Id, Provider, Reservation } from './entities.ts';
import { isHeldAt } from './holders.ts';
import { find } from './ownership.ts';
import type { At, Refused } from './requests.ts';
import type { Head } from './state.ts';
import { describeWindow } from './window.ts';
import type { Instant } from './window.ts';

/** What is used, and on which provider. */
type Using = { readonly provider: Pick<Provider, 'id'>; readonly found: Pick<Consumption, 'uses'> };

/** What an allocation uses that is there already, with what it is a part of. */
export function elementsBehind(head: Head, { provider, found }: Using): ElementId[] {
  return withWholes(
    head,
    (found.uses ?? []).map((use) => usedElement(provider.id, use)),
  );
}

/**
 * Why an allocation cannot have what it uses, from now until it may have to give it up; undefined: nothing of it is reserved for others.
 * @param reservation what it may use of which it is made against
 */
export function reservedForOthers(
  head: Head,
  { provider, found }: Using,
  reservation: Reservation | undefined,
  until: Instant,
  at: At,
): Refused | undefined {
  const window = { start: at.now, end: Math.max(until, at.now + 1) };
  for (const use of found.uses ?? []) {
    const id = usedElement(provider.id, use);
    const wholes = withWholes(head, [id]);
    if (reservation !== undefined && holdsAny(reservation, wholes, at.now)) continue;
    const held = taken(head, wholes, window);
    if (held === undefined) continue;
    const whole = held.element === id ? '' : `, with the ${describeElement(held.element)},`;
    const by = holderSeen(head, held.element, at);
    const whom = by === undefined ? 'another' : `the reservation '${by}'`;
    const message = `The ${describeElement(id)} is reserved${whole} by ${whom} ${describeWindow(held.span)}.`;
    return refused('element-reserved', message);
  }
  return undefined;
}

function holdsAny({ claims }: Reservation, elements: readonly ElementId[], now: number): boolean {
  return claims.some(
    (claim) => claim.element !== undefined && elements.includes(claim.element) && isHeldAt(claim, now),
  );
}

/** A reservation that holds an element, if who asks may know of it. */
function holderSeen(head: Head, element: ElementId, at: At): Id | undefined {
  const holders = [...(head.elements.nodes.get(element)?.holders.keys() ?? [])];
  return holders.find((id) => find(head, 'reservation', id, at) !== undefined);
}
