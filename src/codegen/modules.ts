/** What code is generated for. */

export interface GeneratedModule {
  readonly name: string;
  /** Features that the agent implements in full and announces; others only lay out the schema. */
  readonly announced: readonly string[];
}

export const generatedModules: readonly GeneratedModule[] = [
  { name: 'nfv-infrastructure', announced: [] },
  {
    name: 'opnfv-promise',
    announced: [
      'reservation-service',
      'multi-provider',
      'pre-emption',
      'offers',
      'flexible-window',
      'end-policy',
      'quotas',
      'explain',
      'over-commit',
      'placement',
      'recurrence',
      'maintenance',
    ],
  },
  { name: 'promise-simulator', announced: [] },
  { name: 'promise-thresholds', announced: [] },
];

const promise = '/opnfv-promise:promise';

/**
 * Names of types, where the one made from the path would be long or would hide a name of the language, and where one structure
 * occurs at several places: a compiled schema has no groupings, so all places of equal content take the name of the one here.
 */
export const typeNames: Readonly<Record<string, string>> = {
  [promise]: 'PromiseTree',
  [`${promise}/capacity`]: 'CapacityBreakdown',
  [`${promise}/capacity/total`]: 'CapacityVector',
  [`${promise}/policy`]: 'Policy',
  [`${promise}/policy/reservation`]: 'ReservationPolicy',
  [`${promise}/providers/provider`]: 'Provider',
  [`${promise}/providers/provider/tenant`]: 'Tenant',
  [`${promise}/pools/pool`]: 'Pool',
  [`${promise}/reservations/reservation`]: 'Reservation',
  [`${promise}/reservations/reservation/state/claim`]: 'Claim',
  [`${promise}/reservations/reservation/container`]: 'DemandContainer',
  [`${promise}/reservations/reservation/affinity-group`]: 'AffinityGroup',
  [`${promise}/reservations/reservation/state/remaining-container`]: 'RemainingContainer',
  [`${promise}/reservations/reservation/recurrence`]: 'Recurrence',
  [`${promise}/reservations/reservation/state/recurring`]: 'Recurring',
  [`${promise}/reservations/reservation/state/recurring/current`]: 'Occurrence',
  [`${promise}/reservations/reservation/state/recurring/short-window`]: 'RecurringShortWindow',
  [`${promise}/reservations/reservation/flexible-window`]: 'FlexibleWindow',
  [`${promise}/reservations/reservation/state/controller-reservation`]: 'ControllerReservation',
  [`${promise}/offers/offer`]: 'Offer',
  [`${promise}/allocations/allocation`]: 'Allocation',
  [`${promise}/allocations/allocation/fault`]: 'Fault',
  [`${promise}/allocations/allocation/volume`]: 'VolumeResource',
  [`${promise}/allocations/allocation/network`]: 'NetworkResource',
  [`${promise}/allocations/allocation/network/subnet`]: 'SubnetResource',
  [`${promise}/allocations/allocation/port`]: 'PortResource',
  [`${promise}/allocations/allocation/floating-ip`]: 'FloatingIpResource',
  '/opnfv-promise:create-reservation/output/refusal': 'Refusal',
  '/opnfv-promise:create-reservation/output/refusal/next-window': 'NextWindow',
  '/opnfv-promise:create-reservation/output/refusal/short-window': 'ShortWindow',
  '/opnfv-promise:create-reservation/output/refusal/shortage': 'Shortage',
  '/opnfv-promise:create-reservation/output/refusal/candidate': 'RefusedCandidate',
  '/opnfv-promise:query-capacity/input/window': 'QueryWindow',
  '/opnfv-promise:query-capacity/input/elements': 'ElementsFilter',
  '/opnfv-promise:query-capacity/output/utilization': 'Utilization',
  '/ietf-subscribed-notifications:establish-subscription/input/promise-thresholds:threshold': 'Threshold',
};

/** Descriptions of structures that occur at several places, where the description of one place would not fit the others. */
export const typeDescriptions: Readonly<Record<string, string>> = {
  CapacityVector: 'Amount of each resource. What an absent one means is said where the type is used.',
  CapacityBreakdown: 'The four views of a capacity.',
};
