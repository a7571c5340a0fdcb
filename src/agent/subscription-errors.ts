import type { Data } from '../yang/data.ts';
import { RpcError } from '../yang/rpc-error.ts';
import type { ErrorTag } from '../yang/rpc-error.ts';

export const SUBSCRIBED_NOTIFICATIONS = 'ietf-subscribed-notifications';

/** Identities of ietf-subscribed-notifications for what can be wrong with a request, with their error-tags (RFC 8650 §3.3, table 1). */
const TAGS = {
  'encoding-unsupported': 'invalid-value',
  'filter-unsupported': 'invalid-value',
  'insufficient-resources': 'resource-denied',
  'no-such-subscription': 'invalid-value',
  'replay-unsupported': 'operation-not-supported',
} as const satisfies Readonly<Record<string, ErrorTag>>;

export type SubscriptionErrorReason = keyof typeof TAGS;

/** The structures of error-info by operation (RFC 8639 §2.4.6). */
const STRUCTURES = {
  establish: 'establish-subscription-stream-error-info',
  modify: 'modify-subscription-stream-error-info',
  delete: 'delete-subscription-error-info',
} as const;

/**
 * A refusal of RFC 8639: the identity in error-app-tag, and the operation's structure in error-info.
 * @param hint filter-failure-hint, where the operation has one
 */
export function subscriptionError(
  operation: keyof typeof STRUCTURES,
  reason: SubscriptionErrorReason,
  message: string,
  hint?: string,
): RpcError {
  const identity = `${SUBSCRIBED_NOTIFICATIONS}:${reason}`;
  const content: Data = {
    reason: identity,
    ...(hint === undefined || operation === 'delete' ? {} : { 'filter-failure-hint': hint }),
  };
  return new RpcError({
    type: 'application',
    tag: TAGS[reason],
    message,
    appTag: identity,
    info: { structure: { [`${SUBSCRIBED_NOTIFICATIONS}:${STRUCTURES[operation]}`]: content } },
  });
}
