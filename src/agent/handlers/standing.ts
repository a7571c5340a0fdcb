/** What a user is to Promise, beyond a name. */
export interface Standing {
  /** Tenant on whose account the user reserves and allocates; absent: none. */
  readonly tenant?: string;
}

/** Asked with each request; users may change meanwhile. */
export type StandingOf = (user: string) => Standing;

/** For where users are not told apart. */
export const noStanding: StandingOf = () => ({});
