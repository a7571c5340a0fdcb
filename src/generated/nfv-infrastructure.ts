// Generated from yang/nfv-infrastructure.yang by "npm run generate"; do not edit.

/**
 * Types of the YANG module nfv-infrastructure, revision 2026-11-21.
 *
 * Vocabulary for a virtualised infrastructure: the capacity vector in which everything
 * is counted, and the elements that a virtualised infrastructure manager (VIM) offers.
 *
 * The module holds types and groupings only; it has no data nodes of its own.
 *
 * No leaf of the capacity vector has a default. A leaf that is absent says nothing about
 * its resource; what that means (nothing asked for, unchanged, not limited) is stated
 * where the grouping is used.
 */

export const moduleName = 'nfv-infrastructure';
export const namespace = 'urn:opnfv:promise:nfv:infrastructure';
/** Features that the server implements and announces. */
export const announcedFeatures: readonly string[] = [];

/** Type `nfv-infrastructure:resource`. */
export type Resource =
  /** Virtual CPUs. */
  | 'cores'
  /** Memory of virtual machines, in MB. */
  | 'ram'
  /** Virtual machines. */
  | 'instances'
  /** Virtual networks. */
  | 'networks'
  /** Ports on virtual networks. */
  | 'ports'
  /** Virtual routers. */
  | 'routers'
  /** Subnets of virtual networks. */
  | 'subnets'
  /** Public (floating) IP addresses. */
  | 'addresses'
  /** Block storage, in GB. */
  | 'gigabytes'
  /** Snapshots of volumes. */
  | 'snapshots'
  /** Volumes. */
  | 'volumes';

/** Type `nfv-infrastructure:visibility`. */
export type Visibility =
  /** Everyone sees the element. */
  | 'public'
  /** Users of the owner's domain see the element. */
  | 'domain'
  /** Users of the owner's project (tenant) see the element. */
  | 'project'
  /** Users of the owner's group see the element. */
  | 'group'
  /** Only the owner sees the element. */
  | 'user';
