/** A whole OpenStack control plane on loopback, with fake compute hosts: started, and stopped to the last process. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import { makeAuthority } from '../../unit/vim/openstack/authority.ts';
import { OpenStackClient } from './client.ts';
import { file, writeConfiguration } from './configuration.ts';
import { COMPUTE_HOSTS, DIRECTORIES, HOST, PORTS, USERS } from './layout.ts';
import { ensurePackages } from './packages.ts';
import { answers, isRunning, kill, listening, logEnd, shutDown, start, stopAll, stopping } from './processes.ts';
import { serve, startDatabases, startKeystone } from './state.ts';

/** Starts everything. @throws NotInstallable, or Error with the end of a log. */
export async function startControlPlane(say: (line: string) => void): Promise<void> {
  await ensurePackages(say, stopping);
  // What an earlier run may have left behind.
  await stopAll();
  await checkPorts();
  rmSync(DIRECTORIES.run, { recursive: true, force: true });
  for (const directory of [DIRECTORIES.data, DIRECTORIES.log]) mkdirSync(directory, { recursive: true });
  writeConfiguration(await makeAuthority());
  await startBroker();
  await startDatabases(say);
  startKeystone();
  serve('placement', PORTS.placement, '/usr/bin/placement-api', { OS_PLACEMENT_CONFIG_DIR: file('placement') });
  await listening('rabbitmq', PORTS.broker);
  await listening('keystone', PORTS.keystone);
  say('database, broker and Keystone are up');
  startServices();
  for (const name of ['placement', 'glance', 'cinder', 'neutron', 'nova', 'aodh'] as const) {
    await listening(name, PORTS[name]);
  }
  say('every service listens');
  await ready();
  await createResources();
  say('the cloud is ready: three hosts, an image, flavors and a network');
}

export const stopControlPlane = shutDown;

/** Starts the nova-compute of a host. */
export function startCompute(host: string): void {
  const configuration = ['--config-file', file('nova.conf'), '--config-file', file(`nova-${host}.conf`)];
  start(`nova-${host}`, 'nova-compute', configuration);
}

/** Ends the nova-compute of a host as a power failure would. */
export function killCompute(host: string): void {
  kill(`nova-${host}`);
}

/** Makes binding a port fail on a host, so that servers with a network go to ERROR there; or lets it succeed again. */
export function refuseBinding(host: string, refuse: boolean): void {
  const path = join(DIRECTORIES.refusedHosts, host);
  if (refuse) writeFileSync(path, '');
  else rmSync(path, { force: true });
}

async function checkPorts(): Promise<void> {
  for (const [name, port] of Object.entries(PORTS)) {
    if (await answers(port)) throw new Error(`port ${port} of ${HOST} is in use; the tests need it for ${name}`);
  }
}

async function startBroker(): Promise<void> {
  const { data, log } = DIRECTORIES;
  const epmd = { ERL_EPMD_PORT: String(PORTS.epmd), ERL_EPMD_ADDRESS: HOST };
  start('epmd', 'epmd', ['-address', HOST], epmd);
  await listening('epmd', PORTS.epmd);
  start('rabbitmq', '/usr/lib/rabbitmq/bin/rabbitmq-server', [], {
    ...epmd,
    HOME: join(data, 'broker'),
    RABBITMQ_NODENAME: 'promise@localhost',
    RABBITMQ_MNESIA_BASE: join(data, 'broker', 'mnesia'),
    RABBITMQ_LOG_BASE: log,
    RABBITMQ_CONFIG_FILE: file('rabbitmq'),
    RABBITMQ_ADVANCED_CONFIG_FILE: file('rabbitmq-advanced.config'),
    RABBITMQ_ENABLED_PLUGINS_FILE: file('rabbitmq-plugins'),
    RABBITMQ_PID_FILE: join(data, 'broker', 'pid'),
    RABBITMQ_DIST_PORT: String(PORTS.brokerDistribution),
    // One thread, which sleeps when there is nothing to do.
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '+S 1:1 +sbwt none +sbwtdcpu none +sbwtdio none',
  });
}

function startServices(): void {
  const programs: readonly (readonly [string, string, string])[] = [
    ['nova-conductor', 'nova-conductor', 'nova.conf'],
    ['nova-scheduler', 'nova-scheduler', 'nova.conf'],
    ['nova', 'nova-api', 'nova.conf'],
    ['neutron', 'neutron-server', 'neutron.conf'],
    ['glance', 'glance-api', 'glance.conf'],
    ['cinder', 'cinder-api', 'cinder.conf'],
    ['cinder-scheduler', 'cinder-scheduler', 'cinder.conf'],
    ['cinder-volume', 'cinder-volume', 'cinder.conf'],
    ['aodh-listener', 'aodh-listener', 'aodh/aodh.conf'],
    ['aodh-notifier', 'aodh-notifier', 'aodh/aodh.conf'],
    ['ceilometer', 'ceilometer-agent-notification', 'ceilometer/ceilometer.conf'],
  ];
  for (const [name, program, configuration] of programs) start(name, program, ['--config-file', file(configuration)]);
  const script = join(DIRECTORIES.services, 'usr/bin/aodh-api');
  serve('aodh', PORTS.aodh, script, {}, '--config-file', file('aodh/aodh.conf'));
  for (const host of COMPUTE_HOSTS) startCompute(host);
}

/** Milliseconds from the services' listening to hosts that can be given servers. */
const READY_PATIENCE = 180_000;

const services = z.object({ services: z.array(z.object({ binary: z.string(), state: z.string() })) });
const providers = z.object({ resource_providers: z.array(z.object({ name: z.string() })) });

/** Waits until all hosts can be given servers. */
async function ready(): Promise<void> {
  let last: unknown;
  for (const end = Date.now() + READY_PATIENCE; Date.now() < end;) {
    stopping.throwIfAborted();
    try {
      const admin = await OpenStackClient.login(USERS.admin);
      const compute = await admin.ask('compute', 'GET', '/os-services', services);
      const placement = await admin.ask('placement', 'GET', '/resource_providers', providers);
      const hypervisors = z.object({ hypervisors: z.array(z.unknown()) });
      const mapped = await admin.ask('compute', 'GET', '/os-hypervisors', hypervisors);
      const up = compute.services.filter(({ binary, state }) => binary === 'nova-compute' && state === 'up');
      const counts = [up.length, placement.resource_providers.length, mapped.hypervisors.length];
      if (counts.every((count) => count >= COMPUTE_HOSTS.length)) return;
      last = `${counts.join(', ')} compute services, resource providers and hypervisors`;
    } catch (error) {
      last = error instanceof Error ? error.message : error;
    }
    await wait(400);
  }
  const needed = ['nova', 'nova-conductor', 'nova-scheduler', 'placement', `nova-${COMPUTE_HOSTS[0]}`];
  const logs = needed.map((name) => `${name} (${isRunning(name) ? 'runs' : 'ended'}):\n${logEnd(name)}`).join('\n');
  throw new Error(`the hosts did not come up within ${READY_PATIENCE / 1_000} s: ${String(last)}\n${logs}`);
}

const withId = z.object({ id: z.string() });

async function createResources(): Promise<void> {
  const admin = await OpenStackClient.login(USERS.admin);
  const image = await admin.ask('image', 'POST', '/images', withId, {
    name: 'cirros',
    disk_format: 'qcow2',
    container_format: 'bare',
    visibility: 'public',
  });
  await uploadImage(admin, image.id);
  for (const [index, [name, vcpus, ram, disk]] of (
    [
      ['m1.tiny', 1, 512, 1],
      ['m1.small', 1, 2048, 20],
      ['m1.medium', 2, 4096, 40],
      // More virtual CPUs than any host has, and no more than the quota.
      ['m1.giant', 18, 512, 1],
    ] as const
  ).entries()) {
    const flavor = { id: String(index + 1), name, vcpus, ram, disk };
    await admin.ask('compute', 'POST', '/flavors', z.unknown(), { flavor });
  }
  const network = { name: 'private', shared: true };
  const made = await admin.ask('network', 'POST', '/networks', z.object({ network: withId }), { network });
  const subnet = { name: 'private-v4', network_id: made.network.id, ip_version: 4, cidr: '10.10.0.0/16' };
  await admin.ask('network', 'POST', '/subnets', z.unknown(), { subnet });
}

/** Nova's fake hosts do not look into it. */
async function uploadImage(admin: OpenStackClient, id: string): Promise<void> {
  await admin.ask('image', 'PUT', `/images/${id}/file`, z.unknown(), new Uint8Array(1024));
}
