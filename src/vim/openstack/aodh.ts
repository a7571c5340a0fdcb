/**
 * Aodh: the alarming service. Field sources: Aodh v2 Web API (docs.openstack.org/aodh, "Alarms", "Event"); what a webhook is sent: its
 * "Notifier" section, and recorded calls.
 *
 * One alarm for an account covers all servers of its project: Aodh compares each event with the alarms of the event's own project. So
 * nothing that happens between the acceptance of a server and the making of an alarm is missed, and Aodh has one alarm to compare with.
 */
import { z } from 'zod';
import { decoded } from './session.ts';
import type { Service } from './session.ts';

// URLs.

const ALARMS = '/alarms';
const alarmPath = (id: string): string => `${ALARMS}/${encodeURIComponent(id)}`;
const namedPath = (name: string): string => `${ALARMS}?q.field=name&q.op=eq&q.value=${encodeURIComponent(name)}`;

// Requests.

/** An event alarm on everything that Ceilometer hears of servers. `repeat_actions`: it tells every time, not only the first. */
function alarmOf(name: string, webhook: string): object {
  return {
    name,
    description: 'Tells Promise of every change of a server.',
    type: 'event',
    enabled: true,
    severity: 'low',
    repeat_actions: true,
    alarm_actions: [webhook],
    event_rule: { event_type: 'compute.instance.*' },
  };
}

/** Sees to it that there is exactly one alarm of the name, and that it calls the webhook. @throws VimError. */
export async function ensureAlarm(aodh: Service, name: string, webhook: string, signal: AbortSignal): Promise<void> {
  const [alarm, ...more] = await alarmsNamed(aodh, name, signal);
  for (const { alarm_id: id } of more) await aodh.call({ method: 'DELETE', path: alarmPath(id) }, signal);
  const body = alarmOf(name, webhook);
  if (alarm === undefined) await aodh.call({ method: 'POST', path: ALARMS, body }, signal);
  else if (!alarm.enabled || alarm.alarm_actions[0] !== webhook)
    await aodh.call({ method: 'PUT', path: alarmPath(alarm.alarm_id), body }, signal);
}

/** Removes the alarms of a name. @throws VimError. */
export async function removeAlarm(aodh: Service, name: string, signal: AbortSignal): Promise<void> {
  for (const { alarm_id: id } of await alarmsNamed(aodh, name, signal))
    await aodh.call({ method: 'DELETE', path: alarmPath(id) }, signal);
}

async function alarmsNamed(aodh: Service, name: string, signal: AbortSignal): Promise<z.infer<typeof alarms>> {
  const body = await aodh.call({ method: 'GET', path: namedPath(name) }, signal);
  return decoded("Aodh's alarms", () => alarms.parse(body)).filter((each) => each.name === name);
}

// Decoding.

/** "List alarms", response. */
const alarms = z.array(
  z.object({ alarm_id: z.string(), name: z.string(), enabled: z.boolean(), alarm_actions: z.array(z.string()) }),
);

/** What an event alarm sends: the event's traits are triples of name, type and value. */
const notification = z.object({
  current: z.string(),
  reason_data: z.object({
    event: z.object({
      event_type: z.string(),
      traits: z.array(z.tuple([z.string(), z.number(), z.unknown()])),
    }),
  }),
});

export interface ServerAlarm {
  readonly event: string;
  readonly server: string;
  /** Nova's vm_state, such as `building`, `active`, `error`, `deleted`. */
  readonly state: string | undefined;
}

/** @returns undefined when it is about no server. @throws ZodError. */
export function decodeAlarm(body: unknown): ServerAlarm | undefined {
  const { event } = notification.parse(body).reason_data;
  const trait = (name: string): string | undefined => {
    const value = event.traits.find(([each]) => each === name)?.[2];
    return typeof value === 'string' ? value : undefined;
  };
  const server = trait('instance_id') ?? trait('resource_id');
  return server === undefined ? undefined : { event: event.event_type, server, state: trait('state') };
}
