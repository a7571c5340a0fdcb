/**
 * Who owns what, and who sees it.
 *
 * A reservation, an offer and an allocation belong to the tenant for which they were made; one made against a reservation, to that
 * reservation's. What was made for no tenant is seen by operators only. Providers, pools, capacity and policy belong to nobody and are
 * seen by all. What somebody does not see is to him as if it did not exist: reads, queries, commands and events ask here.
 */
import type { Allocation, Id, Offer, Reservation } from './entities.ts';
import type { Head } from './state.ts';

/** What may belong to a tenant; absent: to none. */
export interface Owned {
  readonly tenant?: string;
}

/** Who looks: a consumer of a tenant, who sees what belongs to that tenant, or, absent, an operator, who sees everything. */
export interface Viewer {
  readonly confinedTo?: string;
}

/** The kinds of entities that belong to somebody. */
export type OwnedKind = 'reservation' | 'offer' | 'allocation';

interface OwnedEntity {
  readonly reservation: Reservation;
  readonly offer: Offer;
  readonly allocation: Allocation;
}

/** Ids by tenant, of each kind that belongs to somebody; what belongs to no tenant is not in it. */
export type OwnedIndex = Readonly<Record<OwnedKind, Map<string, Set<Id>>>>;

export function emptyOwnedIndex(): OwnedIndex {
  return { reservation: new Map(), offer: new Map(), allocation: new Map() };
}

export function sees({ confinedTo }: Viewer, { tenant }: Owned): boolean {
  return confinedTo === undefined || tenant === confinedTo;
}

/** Who may be told all that the owner of something may. */
export function ownerOf({ tenant }: Owned): Viewer {
  return tenant === undefined ? {} : { confinedTo: tenant };
}

/** The entity of an id, if it exists for who looks. */
export function find<Kind extends OwnedKind>(
  head: Head,
  kind: Kind,
  id: Id,
  viewer: Viewer,
): OwnedEntity[Kind] | undefined {
  // Cast: the compiler does not see that kind and map go together when both depend on a type parameter.
  const found = entitiesOf(head, kind).get(id) as OwnedEntity[Kind] | undefined;
  return found !== undefined && sees(viewer, found) ? found : undefined;
}

/** The ids of what exists for a consumer of a tenant; found by the index, whatever others have. */
export function idsOwnedBy(head: Head, kind: OwnedKind, tenant: string): ReadonlySet<Id> {
  return head.owned[kind].get(tenant) ?? NONE;
}

const NONE: ReadonlySet<Id> = new Set();

/** Of ids of one kind, those that exist for who looks. */
export function visibleIds(head: Head, kind: OwnedKind, ids: readonly Id[], viewer: Viewer): readonly Id[] {
  return viewer.confinedTo === undefined ? ids : ids.filter((id) => find(head, kind, id, viewer) !== undefined);
}

/** Ids for a text that who looks will read: those that he sees by id, of the others how many. */
export function describeIds(head: Head, kind: OwnedKind, ids: readonly Id[], viewer: Viewer): string {
  const visible = visibleIds(head, kind, ids, viewer);
  const others = ids.length - visible.length;
  return [...visible, ...(others === 0 ? [] : [`${others} of others`])].join(', ');
}

function entitiesOf(head: Head, kind: OwnedKind): ReadonlyMap<Id, Owned> {
  switch (kind) {
    case 'reservation':
      return head.reservations;
    case 'offer':
      return head.offers;
    case 'allocation':
      return head.allocations;
  }
}
