/** State data that every server of these protocols has: the YANG library, RESTCONF's state, the event streams. */
import type { Data, Value } from '../yang/data.ts';
import { entryKey } from '../yang/data.ts';
import { entriesOf } from '../yang/entries.ts';
import type { YangContext } from '../yang/yang-context.ts';
import type { RequestContext } from './context.ts';
import type { DataProvider } from './data-providers.ts';
import { dateAndTime } from './date-and-time.ts';
import { BuiltEntries } from './lazy-entries.ts';
import type { ServerFacts } from './server-facts.ts';
import type { StreamDescription, Streams, Subscription } from './streams.ts';
import { SUBSCRIBED_NOTIFICATIONS } from './subscription-errors.ts';
import { subscriptionPolicy } from './subscription-notifications.ts';

const YANG_LIBRARY = 'ietf-yang-library:yang-library';

/** RFC 8525; it does not change while the server runs, so it is made once, when first asked for. */
export function yangLibraryProviders(yang: YangContext): readonly DataProvider[] {
  let library: Data | undefined;
  const provide = (node: string): DataProvider => ({ node, read: () => (library ??= yangLibrary(yang))[node] });
  return [provide(YANG_LIBRARY), provide('ietf-yang-library:modules-state')];
}

/** libyang knows the modules, which all datastores have in common, and not the datastores. */
function yangLibrary(yang: YangContext): Data {
  const modules = yang.yangLibrary();
  // The schema says that it is a container with the list schema.
  const library = modules[YANG_LIBRARY] as Data;
  const [schema] = entriesOf(library['schema']);
  if (schema === undefined) return modules;
  const datastore = ['running', 'operational'].map((name) => ({
    name: `ietf-datastores:${name}`,
    schema: schema['name'],
  }));
  return { ...modules, [YANG_LIBRARY]: { ...library, datastore } };
}

/** RFC 8040 §9. */
export function restconfStateProvider(streams: Streams, facts: ServerFacts): DataProvider {
  const read = (context: RequestContext): Data => ({
    capabilities: { capability: [...(facts.restconfCapabilities?.() ?? [])] },
    streams: { stream: streams.list().map((stream) => restconfStream(stream, facts, context)) },
  });
  return { node: 'ietf-restconf-monitoring:restconf-state', read: ({ context }) => read(context) };
}

function restconfStream(stream: StreamDescription, facts: ServerFacts, context: RequestContext): Data {
  const access = facts.streamAccess?.(context, stream.name) ?? [];
  return {
    name: stream.name,
    description: stream.description,
    'replay-support': true,
    'replay-log-creation-time': dateAndTime(stream.replayLogCreationTime),
    access: access.map(({ encoding, location }) => ({ encoding, location })),
  };
}

/** RFC 5277 §3.2.5.1. */
export function notificationStreamsProvider(streams: Streams): DataProvider {
  const stream = (described: StreamDescription): Data => ({
    name: described.name,
    description: described.description,
    replaySupport: true,
    replayLogCreationTime: dateAndTime(described.replayLogCreationTime),
  });
  return { node: 'nc-notifications:netconf', read: () => ({ streams: { stream: streams.list().map(stream) } }) };
}

/** RFC 8639 §3: the streams, and the subscriptions of this server. */
export function subscribedNotificationsProviders(streams: Streams): readonly DataProvider[] {
  const stream = (described: StreamDescription): Data => ({
    name: described.name,
    description: described.description,
    'replay-support': [null],
    'replay-log-creation-time': dateAndTime(described.replayLogCreationTime),
    ...(described.replayLogAgedTime === undefined
      ? {}
      : { 'replay-log-aged-time': dateAndTime(described.replayLogAgedTime) }),
  });
  const subscriptions = `${SUBSCRIBED_NOTIFICATIONS}:subscriptions`;
  return [
    { node: `${SUBSCRIBED_NOTIFICATIONS}:streams`, read: () => ({ stream: streams.list().map(stream) }) },
    { node: subscriptions, read: ({ running }) => subscriptionsData(streams, running[subscriptions]) },
  ];
}

/** Dynamic subscriptions beside what is configured, whose ids clients choose. */
function subscriptionsData(streams: Streams, configured: Value | undefined): Data {
  const sources = new Map<string, Data | Subscription>();
  // The schema says that `subscriptions` is a container.
  for (const entry of entriesOf((configured as Data | undefined)?.['subscription'])) {
    const { id } = entry;
    if (typeof id === 'number') sources.set(entryKey([id]), entry);
  }
  for (const subscription of streams.subscriptions()) {
    if (subscription.protocol === 'rfc8639') sources.set(entryKey([subscription.id]), subscription);
  }
  return { subscription: new BuiltEntries(sources, (one) => (isDynamic(one) ? subscriptionEntry(one) : one)) };
}

function isDynamic(one: Data | Subscription): one is Subscription {
  return 'protocol' in one;
}

function subscriptionEntry(subscription: Subscription): Data {
  const { owner, state } = subscription;
  const name = owner.sessionId === undefined ? owner.user : `${owner.user} session ${owner.sessionId}`;
  const receiver = {
    name,
    'sent-event-records': String(subscription.sent),
    'excluded-event-records': String(subscription.excluded),
    state: state === 'suspended' ? 'suspended' : 'active',
  };
  return { id: subscription.id, ...subscriptionPolicy(subscription), receivers: { receiver: [receiver] } };
}
