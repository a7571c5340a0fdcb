import type { SubscriptionRequest } from '../../agent/streams.ts';
import { RpcError } from '../../yang/rpc-error.ts';
import type { XmlElement } from '../../yang/xml.ts';
import { BASE, NOTIFICATION } from '../namespaces.ts';
import { readFilter } from './filter.ts';
import { DONE, type Operation } from './operation.ts';
import { readParameters } from './parameters.ts';

/** RFC 5277 §2.1.1. Delivery begins once the reply has been sent. */
export const createSubscription: Operation = ({ agent, context, element }) => {
  const given = readParameters(element, {
    stream: [NOTIFICATION],
    // ncclient sends the filter in the base namespace.
    filter: [NOTIFICATION, BASE],
    startTime: [NOTIFICATION],
    stopTime: [NOTIFICATION],
  });
  const request: SubscriptionRequest = {
    ...(given.stream && { stream: given.stream.text.trim() }),
    ...(given.filter && { filter: readFilter(given.filter) }),
    ...(given.startTime && { startTime: readTime(given.startTime) }),
    ...(given.stopTime && { stopTime: readTime(given.stopTime) }),
  };
  const subscription = agent.streams.subscribe(context, request, context.receiver);
  context.afterReply(() => subscription.start());
  return DONE;
};

/** A date and time with time zone (RFC 3339), as epoch milliseconds. */
const DATE_AND_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;

function readTime(element: XmlElement): number {
  const text = element.text.trim();
  const time = DATE_AND_TIME.test(text) ? Date.parse(text) : NaN;
  if (Number.isNaN(time)) {
    const message = `<${element.name}> must be a date and time with time zone such as 2026-01-31T12:00:00Z, not '${text}'.`;
    throw RpcError.badElement(element.name, message, { type: 'protocol' });
  }
  return time;
}
