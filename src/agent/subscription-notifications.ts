import type { Data } from '../yang/data.ts';
import type { SchemaTree } from '../yang/schema-tree.ts';
import { dateAndTime } from './date-and-time.ts';
import type { SubscriptionNews } from './delivery.ts';
import type { NotificationRecord, Subscription } from './streams.ts';
import { SUBSCRIBED_NOTIFICATIONS } from './subscription-errors.ts';

/** What RFC 5277 §4 has a subscription say of itself. */
const RFC5277_NAMES: Readonly<Partial<Record<SubscriptionNews['is'], string>>> = {
  'replay-completed': 'replayComplete',
  completed: 'notificationComplete',
};

/** RFC 8639 §2.7. */
const RFC8639_NAMES: Readonly<Record<SubscriptionNews['is'], string>> = {
  'replay-completed': 'replay-completed',
  completed: 'subscription-completed',
  modified: 'subscription-modified',
  suspended: 'subscription-suspended',
  resumed: 'subscription-resumed',
  terminated: 'subscription-terminated',
};

/**
 * The notification by which a subscription speaks of itself; undefined where its protocol, or the schema with the features that are
 * on, has none.
 */
export function subscriptionNotification(
  schema: SchemaTree,
  subscription: Subscription,
  news: SubscriptionNews,
  time: number,
): NotificationRecord | undefined {
  const { protocol } = subscription;
  const module = protocol === 'rfc5277' ? 'nc-notifications' : SUBSCRIBED_NOTIFICATIONS;
  const name = protocol === 'rfc5277' ? RFC5277_NAMES[news.is] : RFC8639_NAMES[news.is];
  if (name === undefined || schema.notification(module, name) === undefined) return undefined;
  const content = protocol === 'rfc5277' ? {} : { id: subscription.id, ...details(subscription, news) };
  return { seq: undefined, time, module, name, content };
}

function details(subscription: Subscription, news: SubscriptionNews): Data {
  switch (news.is) {
    case 'terminated':
      return { reason: news.reason };
    case 'suspended':
      return { reason: `${SUBSCRIBED_NOTIFICATIONS}:unsupportable-volume` };
    case 'modified':
      return subscriptionPolicy(subscription);
    case 'replay-completed':
    case 'completed':
    case 'resumed':
      return {};
  }
}

/** What is to be known of a subscription's terms (grouping subscription-policy); a subtree filter has no form as instance data. */
export function subscriptionPolicy({ stream, filter, startTime, stopTime }: Subscription): Data {
  return {
    stream,
    ...(filter?.type === 'xpath' ? { 'stream-xpath-filter': filter.expression } : {}),
    ...(startTime === undefined ? {} : { 'replay-start-time': dateAndTime(startTime) }),
    ...(stopTime === undefined ? {} : { 'stop-time': dateAndTime(stopTime) }),
  };
}
