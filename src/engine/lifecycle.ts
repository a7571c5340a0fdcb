/**
 * The life cycles as tables: which status follows from which on what. What is not in a table does not happen; where a
 * command meets that, it answers a refusal or has nothing to do.
 */
import type { ReservationStatus, VmState } from './entities.ts';

/** What moves a reservation. */
export type ReservationTrigger =
  | 'grant' // it fits; its start is in the future
  | 'grant-now' // it fits; its start has arrived
  | 'reject' // it does not fit
  | 'start' // the start has arrived
  | 'recede' // the end of a window has arrived, and another window follows
  | 'end' // the end has arrived
  | 'expire' // nothing was allocated in time
  | 'cancel' // a consumer withdrew it
  | 'degrade' // it can no longer be kept in full
  | 'restore' // it can be kept again; its start is in the future
  | 'restore-now' // it can be kept again; its start has arrived
  | 'preempt' // it gave way to a higher priority
  | 'fail'; // it could not be carried out

type Transitions = Readonly<Partial<Record<ReservationTrigger, ReservationStatus>>>;

const OVER: Transitions = {};

export const RESERVATION_TRANSITIONS: Readonly<Record<ReservationStatus, Transitions>> = {
  pending: {
    grant: 'scheduled',
    'grant-now': 'active',
    reject: 'rejected',
    cancel: 'cancelled',
    end: 'rejected',
    fail: 'failed',
  },
  scheduled: {
    start: 'active',
    recede: 'scheduled',
    end: 'ended',
    expire: 'expired',
    cancel: 'cancelled',
    degrade: 'degraded',
    preempt: 'preempted',
    fail: 'failed',
  },
  active: {
    recede: 'scheduled',
    end: 'ended',
    expire: 'expired',
    cancel: 'cancelled',
    degrade: 'degraded',
    preempt: 'preempted',
    fail: 'failed',
  },
  degraded: {
    restore: 'scheduled',
    'restore-now': 'active',
    recede: 'degraded',
    end: 'ended',
    expire: 'expired',
    cancel: 'cancelled',
    preempt: 'preempted',
    fail: 'failed',
  },
  rejected: OVER,
  ended: OVER,
  expired: OVER,
  cancelled: OVER,
  preempted: OVER,
  failed: OVER,
};

/** The statuses on which nothing follows. */
export const FINAL_STATUSES: ReadonlySet<string> = new Set(
  Object.entries(RESERVATION_TRANSITIONS).flatMap(([status, transitions]) => (transitions === OVER ? [status] : [])),
);

/** The status that follows, or undefined when the trigger means nothing to a reservation in this status. */
export function next(status: ReservationStatus, trigger: ReservationTrigger): ReservationStatus | undefined {
  return RESERVATION_TRANSITIONS[status][trigger];
}

/** Which reported states an allocation takes over, by the state that it is in. `DELETED` is reported by `serverGone` alone. */
const ANY_REPORT: ReadonlySet<VmState> = new Set<VmState>([
  'BUILD',
  'ACTIVE',
  'ERROR',
  'UNKNOWN',
  'SHUTOFF',
  'PAUSED',
  'SUSPENDED',
  'RESCUED',
  'RESIZE',
  'VERIFY_RESIZE',
  'MIGRATING',
  'REBOOT',
  'REBUILD',
  'SHELVED',
  'SHELVED_OFFLOADED',
  'SOFT_DELETED',
]);

/** A machine that is being deleted stays so until it is gone, whatever late reports say; only a failed deletion shows. */
const WHILE_DELETING: ReadonlySet<VmState> = new Set<VmState>(['ERROR']);

/** A machine is built once: in any other state, a report that it is being built was overtaken by a later one. */
const BEFORE_BUILD: ReadonlySet<VmState> = new Set<VmState>(['INITIALIZED', 'UNKNOWN']);

/** Whether a report of the VIM changes the state. */
export function takesOver(state: VmState, reported: VmState): boolean {
  if (reported === state) return false;
  if (reported === 'BUILD') return BEFORE_BUILD.has(state);
  return (state === 'DELETING' ? WHILE_DELETING : ANY_REPORT).has(reported);
}
