/**
 * Nova's notifications, taken from the cloud's RabbitMQ (oslo.messaging, "Notifications"; Nova, "Available versioned notifications" and its
 * unversioned ones). They say when to look, and no more: what has become of a server or host is then asked of Nova. So nothing is lost
 * with a message that is missed.
 */
import { setTimeout } from 'node:timers/promises';
import { ConsumerStatus, Connection } from 'rabbitmq-client';
import { z } from 'zod';
import { isMistrust } from './certificates.ts';

export interface NotificationSource {
  /** `amqp://user:password@host:port/vhost`, or `amqps`. Secret. */
  readonly url: string;
  /** Nova's `control_exchange`. */
  readonly exchange: string;
  /** Certificates (PEM) of the authorities that are trusted for `amqps`, instead of those that Node.js trusts. */
  readonly ca?: string;
}

/** What an account wants to hear of. */
export interface NotificationReceiver {
  /** A server of a project has changed. */
  server(project: string, server: string): void;
  /** A compute service has changed: it was disabled, forced down, added. */
  service(): void;
  /** Notifications may have been missed. */
  missed(): void;
}

export interface NotificationsOptions {
  readonly sources: readonly NotificationSource[];
  /** Is told that a broker is out of reach or refuses, once until it is reached again. @param source host and port */
  readonly onTrouble: (source: string, message: string) => void;
}

/** Topics of the two formats of notifications; each has a queue for each priority. */
const TOPICS = ['notifications', 'versioned_notifications'];
/** Milliseconds: the longest wait before a broker is tried again. */
const LONGEST_RETRY = 30_000;
/** Milliseconds that a broker has to confirm that the consumer is gone. */
const LONGEST_FAREWELL = 2_000;

export class Notifications {
  readonly #options: NotificationsOptions;
  readonly #receivers = new Set<NotificationReceiver>();
  readonly #ends: (() => Promise<void>)[];
  #closed = false;

  constructor(options: NotificationsOptions) {
    this.#options = options;
    this.#ends = options.sources.map((source) => this.#listen(source));
  }

  register(receiver: NotificationReceiver): { cancel(): void } {
    this.#receivers.add(receiver);
    return { cancel: () => void this.#receivers.delete(receiver) };
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#ends.map((end) => end()));
  }

  #listen({ url, exchange, ca }: NotificationSource): () => Promise<void> {
    const { onTrouble } = this.#options;
    const connection = new Connection({
      url,
      retryHigh: LONGEST_RETRY,
      connectionName: 'promise',
      ...(ca === undefined || new URL(url).protocol !== 'amqps:' ? {} : { tls: { ca } }),
    });
    let troubled = false;
    let begun = false;
    const trouble = (error: unknown): void => {
      if (troubled || this.#closed) return;
      troubled = true;
      const { host } = new URL(url);
      const message = withoutSecret(error, url);
      onTrouble(host, isMistrust(error) ? `The certificate of ${host} is not accepted: ${message}` : message);
    };
    // A queue of our own, which ends with the connection: nothing piles up while nobody listens.
    const consumer = connection.createConsumer(
      {
        queue: '',
        noAck: true,
        queueOptions: { exclusive: true, autoDelete: true },
        // It is Nova's; how it was declared is not known here.
        exchanges: [{ exchange, passive: true }],
        queueBindings: TOPICS.map((topic) => ({ exchange, routingKey: `${topic}.*` })),
      },
      ({ body }) => {
        this.#deliver(body);
        return ConsumerStatus.ACK;
      },
    );
    connection.on('error', trouble);
    consumer.on('error', trouble);
    consumer.on('ready', () => {
      troubled = false;
      if (begun) for (const receiver of this.#receivers) receiver.missed();
      begun = true;
    });
    return async () => {
      // The broker may have gone meanwhile, or say nothing; what it held for the consumer goes with the connection.
      const left = consumer.close().catch(() => undefined);
      if (connection.ready) await Promise.race([left, setTimeout(LONGEST_FAREWELL, undefined, { ref: false })]);
      connection.unsafeDestroy();
    };
  }

  #deliver(body: unknown): void {
    const notification = decodeNotification(body);
    if (notification === undefined) return;
    for (const receiver of this.#receivers) {
      if (notification.about === 'service') receiver.service();
      else receiver.server(notification.project, notification.server);
    }
  }
}

function withoutSecret(error: unknown, url: string): string {
  const { password } = new URL(url);
  const message = error instanceof Error ? error.message : String(error);
  if (password === '') return message;
  return message.replaceAll(password, '…').replaceAll(decodeURIComponent(password), '…');
}

// Decoding.

/** The envelope of oslo.messaging, version 2.0: the message is text in it. */
const envelope = z.object({ 'oslo.version': z.string(), 'oslo.message': z.string() });
const message = z.object({ event_type: z.string(), payload: z.unknown() });
/** `InstancePayload` of the versioned notifications. */
const versionedServer = z.object({
  'nova_object.data': z.object({ uuid: z.string(), tenant_id: z.string(), state: z.string().nullish() }),
});
const server = z.object({ instance_id: z.string(), tenant_id: z.string(), state: z.string().nullish() });

export type NovaNotification =
  { readonly about: 'server'; readonly project: string; readonly server: string } | { readonly about: 'service' };

/**
 * @returns undefined for what is about something else, has another form, or tells of a server that is still being built: nothing that a
 * consumer hears of happens then
 */
export function decodeNotification(body: unknown): NovaNotification | undefined {
  // oslo.messaging names an encoding, and then the client leaves the bytes as they are.
  const outer = envelope.safeParse(body instanceof Uint8Array ? parsed(Buffer.from(body).toString('utf8')) : body);
  if (!outer.success) return undefined;
  const inner = message.safeParse(parsed(outer.data['oslo.message']));
  if (!inner.success) return undefined;
  const { event_type: type, payload } = inner.data;
  if (/^service\.(create|update|delete)$/.test(type)) return { about: 'service' };
  if (type.startsWith('compute.instance.')) {
    const { success, data } = server.safeParse(payload);
    return success && data.state !== 'building'
      ? { about: 'server', project: data.tenant_id, server: data.instance_id }
      : undefined;
  }
  if (!type.startsWith('instance.')) return undefined;
  const { success, data } = versionedServer.safeParse(payload);
  const { uuid = '', tenant_id: project = '', state } = data?.['nova_object.data'] ?? {};
  return success && state !== 'building' ? { about: 'server', project, server: uuid } : undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
