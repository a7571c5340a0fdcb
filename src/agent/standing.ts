import type { Viewer } from '../engine/ownership.ts';

/**
 * What a user is, beyond a name.
 * - `consumer`: sees and changes what belongs to the tenant, and reads what is for all
 * - `operator`: sees and does everything; the tenant, if any, is the account on which the user reserves and allocates
 */
export type Standing =
  { readonly role: 'consumer'; readonly tenant: string } | { readonly role: 'operator'; readonly tenant?: string };

export type Role = Standing['role'];

/** Asked with each request, since users may change meanwhile; undefined for a user who is not known, or not any more. */
export type StandingOf = (user: string) => Standing | undefined;

/** For where users are not told apart. */
export const everybodyOperates: StandingOf = () => ({ role: 'operator' });

/** What exists for a user. */
export function viewerOf(standing: Standing): Viewer {
  return standing.role === 'consumer' ? { confinedTo: standing.tenant } : {};
}
