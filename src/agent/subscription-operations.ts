/** The operations on subscriptions (RFC 5277, RFC 8639) as handlers over the streams. */
import type { AnyValue, Data } from '../yang/data.ts';
import { entryKey } from '../yang/data.ts';
import { RpcError } from '../yang/rpc-error.ts';
import type { SchemaTree } from '../yang/schema-tree.ts';
import { attributeOf } from '../yang/xml.ts';
import type { XmlElement } from '../yang/xml.ts';
import type { RequestContext } from './context.ts';
import { dateAndTime, instantOf } from './date-and-time.ts';
import { filterElementOf } from './notification-filter.ts';
import type { OperationHandler } from './operations.ts';
import type { Filter } from './requests.ts';
import type { Streams, Subscription, SubscriptionChange, SubscriptionRequest } from './streams.ts';
import { SUBSCRIBED_NOTIFICATIONS, subscriptionError } from './subscription-errors.ts';

export interface SubscriptionOperationsOptions {
  readonly schema: SchemaTree;
  readonly streams: Streams;
  /** The running configuration, for filters that are referred to by name. */
  readonly running: () => Promise<Data>;
}

/** Handlers by qualified rpc name. */
export function subscriptionOperations(
  options: SubscriptionOperationsOptions,
): Readonly<Record<string, OperationHandler>> {
  const { streams, schema } = options;
  return {
    'notifications:create-subscription': (context, input) => {
      const { receiver } = context;
      if (receiver === undefined) {
        throw RpcError.notSupported(
          'Notifications of create-subscription come over the NETCONF session that asked, and this request has none.',
        );
      }
      startAfterReply(context, streams.subscribe(context, rfc5277Request(schema, context, input), receiver));
      return {};
    },
    [`${SUBSCRIBED_NOTIFICATIONS}:establish-subscription`]: async (context, input) => {
      const filter = await streamFilter(options, context, input, 'establish');
      checkEncoding(context, input['encoding']);
      const request: SubscriptionRequest = {
        ...textMember(input, 'stream', (stream) => ({ stream })),
        ...(filter === undefined ? {} : { filter }),
        ...textMember(input, 'replay-start-time', (time) => ({ startTime: instantOf(time) })),
        ...textMember(input, 'stop-time', (time) => ({ stopTime: instantOf(time) })),
      };
      const subscription = streams.establish(context, request, context.receiver);
      startAfterReply(context, subscription);
      return { id: subscription.id, ...replayRevision(streams, subscription) };
    },
    [`${SUBSCRIBED_NOTIFICATIONS}:modify-subscription`]: async (context, input) => {
      const filter = await streamFilter(options, context, input, 'modify');
      const change: SubscriptionChange = {
        ...(filter === undefined ? {} : { filter }),
        ...textMember(input, 'stop-time', (time) => ({ stopTime: instantOf(time) })),
      };
      streams.modify(context, subscriptionId(input), change);
      return {};
    },
    [`${SUBSCRIBED_NOTIFICATIONS}:delete-subscription`]: (context, input) => {
      streams.delete(context, subscriptionId(input));
      return {};
    },
    [`${SUBSCRIBED_NOTIFICATIONS}:kill-subscription`]: (_context, input) => {
      streams.kill(subscriptionId(input));
      return {};
    },
  };
}

function startAfterReply(context: RequestContext, subscription: Subscription): void {
  if (context.receiver === undefined) return;
  if (context.afterReply === undefined) subscription.start();
  else context.afterReply(() => subscription.start());
}

/** replay-start-time-revision, when the log does not go back as far as was asked (RFC 8639 §2.4.2.1). */
function replayRevision(streams: Streams, { stream, startTime }: Subscription): Data {
  if (startTime === undefined) return {};
  const described = streams.list().find(({ name }) => name === stream);
  if (described === undefined) return {};
  const first = Math.max(described.replayLogCreationTime, described.replayLogAgedTime ?? 0);
  return startTime < first ? { 'replay-start-time-revision': dateAndTime(first) } : {};
}

function subscriptionId(input: Data): number {
  const { id } = input;
  if (typeof id !== 'number') throw RpcError.missingElement('id', 'The id of the subscription is missing.');
  return id;
}

/** NETCONF carries XML alone (RFC 8640 §3); over RESTCONF the encoding is that of the event stream. */
function checkEncoding(context: RequestContext, encoding: Data[string]): void {
  if (encoding === undefined || context.transport !== 'netconf-ssh') return;
  if (encoding === `${SUBSCRIBED_NOTIFICATIONS}:encode-xml` || encoding === 'encode-xml') return;
  throw subscriptionError(
    'establish',
    'encoding-unsupported',
    'Notifications over NETCONF are encoded as XML (encode-xml).',
  );
}

function rfc5277Request(schema: SchemaTree, context: RequestContext, input: Data): SubscriptionRequest {
  const element = childNamed(context.operationElement, 'filter');
  const given = input['filter'];
  let filter: Filter | undefined;
  if (element !== undefined) filter = filterOf(element);
  else if (given !== undefined) filter = { type: 'subtree', element: filterElementOf(schema, anyValue(given)) };
  return {
    ...textMember(input, 'stream', (stream) => ({ stream })),
    ...(filter === undefined ? {} : { filter }),
    ...textMember(input, 'startTime', (time) => ({ startTime: instantOf(time) })),
    ...textMember(input, 'stopTime', (time) => ({ stopTime: instantOf(time) })),
  };
}

/** The filter of a `<filter>` element with its `type` and `select` (RFC 6241 §6, §8.9). */
function filterOf(element: XmlElement): Filter {
  const type = attributeOf(element, '', 'type') ?? attributeOf(element, element.namespace, 'type') ?? 'subtree';
  if (type === 'subtree') return { type, element };
  if (type !== 'xpath') {
    throw RpcError.badAttribute('filter', 'type', `A filter has the type subtree or xpath, not '${type}'.`);
  }
  const expression = attributeOf(element, '', 'select') ?? attributeOf(element, element.namespace, 'select');
  if (expression === undefined) {
    throw RpcError.missingAttribute(
      'filter',
      'select',
      'A filter of type xpath has its expression in the attribute select.',
    );
  }
  return { type, expression, namespaces: Object.fromEntries(element.scope) };
}

async function streamFilter(
  options: SubscriptionOperationsOptions,
  context: RequestContext,
  input: Data,
  operation: 'establish' | 'modify',
): Promise<Filter | undefined> {
  const name = input['stream-filter-name'];
  if (typeof name !== 'string') return filterIn(options.schema, input, context.operationElement);
  const named = namedFilter(await options.running(), name);
  if (named !== undefined) return filterIn(options.schema, named, undefined);
  throw subscriptionError(
    operation,
    'filter-unsupported',
    `There is no stream-filter '${name}' in the configuration.`,
    'the filter that stream-filter-name refers to does not exist',
  );
}

/** The filter of grouping stream-filter-elements. */
function filterIn(schema: SchemaTree, holder: Data, received: XmlElement | undefined): Filter | undefined {
  const expression = holder['stream-xpath-filter'];
  if (typeof expression === 'string') {
    const element = childNamed(received, 'stream-xpath-filter');
    if (element === undefined) return { type: 'xpath', expression, namespaces: {} };
    return { type: 'xpath', expression: element.text.trim(), namespaces: Object.fromEntries(element.scope) };
  }
  const subtree = holder['stream-subtree-filter'];
  if (subtree === undefined) return undefined;
  const element = childNamed(received, 'stream-subtree-filter');
  return { type: 'subtree', element: element ?? filterElementOf(schema, anyValue(subtree)) };
}

function namedFilter(running: Data, name: string): Data | undefined {
  // The schema says that `filters` is a container and `stream-filter` a stored list.
  const filters = running[`${SUBSCRIBED_NOTIFICATIONS}:filters`] as Data | undefined;
  const list = filters?.['stream-filter'] as { get(key: string): Data | undefined } | undefined;
  return list?.get(entryKey([name]));
}

/** Reads in whatever namespace: a validated input has one child of a name. */
function childNamed(element: XmlElement | undefined, name: string): XmlElement | undefined {
  return element?.children.find((child) => child.name === name);
}

// The value of an anydata or anyxml node is any JSON, which Data's type for values cannot say.
const anyValue = (value: Data[string]): AnyValue => value as AnyValue;

function textMember<Member extends object>(
  input: Data,
  member: string,
  make: (text: string) => Member,
): Member | object {
  const value = input[member];
  return typeof value === 'string' ? make(value) : {};
}
