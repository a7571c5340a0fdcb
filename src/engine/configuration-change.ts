/** Edits of the configuration, as the engine decides on them: input and result of `applyConfiguration`. */
import type { Capacity } from './capacity.ts';
import type { Demand, Id, Policy, PreEmption, Priority, ProviderAccess, RequestedWindow } from './entities.ts';
import type { OverCommit } from './over-commit.ts';
import type { Refusal } from './requests.ts';
import type { Instant } from './window.ts';

/** A provider, pool or reservation as the running datastore has it. */
export interface ProviderConfig {
  readonly id: Id;
  readonly name?: string;
  readonly access: ProviderAccess;
  /** Absent: none. */
  readonly preEmption?: PreEmption;
}

export interface PoolConfig {
  readonly id: Id;
  readonly name?: string;
  readonly source: Id;
  readonly zone?: string;
  readonly capacity: Capacity;
  readonly elements?: readonly string[];
  readonly adjustments: readonly {
    readonly id: Id;
    readonly start?: Instant;
    readonly end?: Instant;
    readonly direction: 'increase' | 'decrease';
    readonly capacity: Capacity;
  }[];
  readonly overCommit?: OverCommit;
}

export interface ReservationConfig extends RequestedWindow {
  readonly id: Id;
  readonly name?: string;
  readonly priority?: Priority;
  readonly demand: Demand;
}

/** One difference between two configurations. Puts carry the whole entry as it is after the edit. */
export type ConfigChange =
  | { readonly put: 'provider'; readonly entry: ProviderConfig }
  | { readonly put: 'pool'; readonly entry: PoolConfig }
  | { readonly put: 'reservation'; readonly entry: ReservationConfig }
  | { readonly put: 'policy'; readonly entry: Policy }
  | { readonly remove: 'provider' | 'pool' | 'reservation'; readonly id: Id };

export interface ApplyConfiguration {
  readonly changes: readonly ConfigChange[];
}

/** One entry of an edit that does not fit. */
export interface ConfigRefusal {
  readonly entry: 'provider' | 'pool' | 'reservation' | 'maintenance';
  readonly id: Id;
  readonly refusal: Refusal;
}

/** All or nothing: when one does not fit, nothing was taken. */
export type ApplyConfigurationResult =
  { readonly outcome: 'applied' } | { readonly outcome: 'refused'; readonly refusals: readonly ConfigRefusal[] };
