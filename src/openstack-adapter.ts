import { readCertificates } from './certificate-file.ts';
import type { Config } from './config.ts';
import type { Clock } from './engine/clock.ts';
import type { Logger } from './observe/log.ts';
import type { Started } from './started.ts';
import { Notifications } from './vim/openstack/notifications.ts';
import { openStack } from './vim/openstack/openstack-vim.ts';
import { Webhooks } from './vim/openstack/webhook.ts';
import type { VimFactory } from './vim/vim.ts';

interface OpenStackAdapterOptions {
  readonly config: Config;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly random: () => number;
}

/**
 * The adapter of providers of the type openstack, with what its settings name: where alarms arrive, and brokers of notifications.
 * @throws Error when the file of certificates cannot be read or holds none, or the webhook's address cannot be listened on
 */
export async function openStackAdapter(
  { config, logger, clock, random }: OpenStackAdapterOptions,
  started: Started,
): Promise<VimFactory> {
  const { caFile, interface: face, webhook, notifications: sources } = config.openstack ?? {};
  const ca = caFile === undefined ? {} : { ca: readCertificates(caFile, 'openstack.ca-file') };
  const webhooks =
    webhook === undefined
      ? undefined
      : started.add(
          await Webhooks.listen({ ...webhook.listen, ...(webhook.url === undefined ? {} : { url: webhook.url }) }),
          (listener) => listener.close(),
        );
  const notifications =
    sources === undefined
      ? undefined
      : started.add(
          new Notifications({
            sources: sources.map(({ caFile: own, ...source }) => ({
              ...source,
              ...(own === undefined ? ca : { ca: readCertificates(own, 'ca-file in openstack.notifications') }),
            })),
            onTrouble: (source, message) =>
              logger.warn({ source }, `Nova's notifications do not arrive; clouds are polled: ${message}`),
          }),
          (listener) => listener.close(),
        );
  return openStack({
    clock,
    random,
    onAlarmFailure: (provider, error) =>
      logger.warn({ err: error, provider }, 'the provider has no alarm; its servers are polled'),
    ...ca,
    ...(notifications === undefined ? {} : { notifications }),
    ...(face === undefined ? {} : { face }),
    ...(webhooks === undefined ? {} : { webhooks }),
  });
}
