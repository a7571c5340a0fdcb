// Generated from yang/promise-thresholds.yang by "npm run generate"; do not edit.

/**
 * Types of the YANG module promise-thresholds, revision 2026-11-21.
 *
 * Thresholds on capacity in subscriptions: a capacity-event is sent when a capacity
 * crosses a bound, in place of every change (capacity change notification of IFA 005).
 *
 * It is a module of its own so that opnfv-promise can be used by clients that have no
 * ietf-subscribed-notifications.
 */

import type { Resource } from './nfv-infrastructure.ts';
import type { CapacityKind } from './opnfv-promise.ts';

export const moduleName = 'promise-thresholds';
export const namespace = 'urn:opnfv:promise:thresholds';
/** Features that the server implements and announces. */
export const announcedFeatures: readonly string[] = [];

/**
 * Bound on a capacity. With one or more thresholds, those capacity-events pass that
 * meet at least one; events of other kinds are not concerned.
 * @path /ietf-subscribed-notifications:establish-subscription/input/promise-thresholds:threshold
 * @path /ietf-subscribed-notifications:modify-subscription/input/promise-thresholds:threshold
 */
export type Threshold = {
  /**
   * Name of the threshold; the event that it lets pass mentions it.
   * @type nfv-infrastructure:name
   */
  readonly name: string;
  /**
   * Pool to watch. Absent: each pool for itself.
   * @type nfv-infrastructure:identifier
   */
  readonly pool?: string;
  /**
   * Availability zone to watch. Absent: all.
   * @type nfv-infrastructure:zone-name
   */
  readonly zone?: string;
  /** View of the capacity that is compared. */
  readonly view: CapacityKind;
  /** Resource that is compared. */
  readonly resource: Resource;
  /** What the value counts. */
  readonly unit: 'absolute' | 'percent';
  /** Change that meets the threshold. */
  readonly direction: 'below' | 'above' | 'crossing';
  /**
   * Bound.
   * @type uint64
   */
  readonly value: string;
};

/**
 * Bound on a capacity. With one or more thresholds, those capacity-events pass that
 * meet at least one; events of other kinds are not concerned.
 * @path /ietf-subscribed-notifications:subscriptions/subscription/promise-thresholds:threshold
 */
export type SubscriptionsSubscriptionThreshold = {
  /**
   * Name of the threshold; the event that it lets pass mentions it.
   * @type nfv-infrastructure:name
   */
  readonly name: string;
  /**
   * Pool to watch. Absent: each pool for itself.
   * @type nfv-infrastructure:identifier
   */
  readonly pool?: string;
  /**
   * Availability zone to watch. Absent: all.
   * @type nfv-infrastructure:zone-name
   */
  readonly zone?: string;
  /** View of the capacity that is compared. */
  readonly view?: CapacityKind;
  /** Resource that is compared. */
  readonly resource: Resource;
  /** What the value counts. */
  readonly unit?: 'absolute' | 'percent';
  /** Change that meets the threshold. */
  readonly direction: 'below' | 'above' | 'crossing';
  /**
   * Bound.
   * @type uint64
   */
  readonly value: string;
};
