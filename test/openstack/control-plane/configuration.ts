/** The services' configuration files, written anew for each run. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { OwnAuthority } from '../../unit/vim/openstack/authority.ts';
import { COMPUTE_HOSTS, DIRECTORIES, HOST, PORTS, REGION, USERS, url } from './layout.ts';

type Section = Readonly<Record<string, string | number | boolean>>;

const { etc, data, log, services, refusedHosts } = DIRECTORIES;

export const file = (name: string): string => join(etc, name);
export const BROKER = `rabbit://promise:promise@${HOST}:${PORTS.broker}/`;
/** The same broker over TLS, and the file with the authority of its certificate. */
export const BROKER_OVER_TLS = `amqps://promise:promise@${HOST}:${PORTS.brokerOverTls}/`;
export const BROKER_AUTHORITY = file('rabbitmq.pem');
export const DATABASE_PASSWORD = 'promise';

const shared = (name: string): string => join(services, 'usr/share', name);
const database = (name: string): string =>
  `mysql+pymysql://root:${DATABASE_PASSWORD}@${HOST}:${PORTS.database}/${name}?charset=utf8`;

/** How a service shows who it is to others. */
const SERVICE_USER: Section = {
  auth_type: 'password',
  auth_url: `${url('keystone')}/v3`,
  username: USERS.service,
  password: USERS.service,
  project_name: 'service',
  user_domain_id: 'default',
  project_domain_id: 'default',
  region_name: REGION,
};
/** How a service checks who asks it. */
const CHECKED_TOKENS: Section = {
  ...SERVICE_USER,
  www_authenticate_uri: `${url('keystone')}/v3`,
  service_token_roles: 'service',
  service_token_roles_required: false,
  token_cache_time: 300,
};

/** What all services with a database have; `notifies`: whether they tell Ceilometer what they do. */
function common(name: string, notifies: boolean): Record<string, Section> {
  return {
    database: { connection: database(name), max_pool_size: 10 },
    oslo_concurrency: { lock_path: join(data, 'lock') },
    oslo_messaging_notifications: { driver: notifies ? 'messagingv2' : 'noop' },
    oslo_messaging_rabbit: { rabbit_qos_prefetch_count: 1, heartbeat_timeout_threshold: 0 },
  };
}

function ini(name: string, sections: Readonly<Record<string, Section>>): void {
  const text = Object.entries(sections)
    .map(([section, values]) => [
      `[${section}]`,
      ...Object.entries(values).map(([key, value]) => `${key} = ${value}`),
      '',
    ])
    .flat()
    .join('\n');
  write(name, text);
}

function write(name: string, text: string): void {
  const path = file(name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/** @param identity of the broker */
export function writeConfiguration(identity: OwnAuthority): void {
  const folders = ['fernet', 'credential', 'glance', 'nova', 'neutron', 'cinder', 'lock', 'broker'];
  for (const folder of [...folders.map((name) => join(data, name)), log, refusedHosts])
    mkdirSync(folder, { recursive: true });
  broker(identity);
  keystone();
  placement();
  glance();
  nova();
  neutron();
  cinder();
  aodh();
  ceilometer();
}

function broker({ key, cert }: OwnAuthority): void {
  const permissions = ['configure', 'read', 'write'].map((what) => `default_permissions.${what} = .*`);
  const user = ['default_user = promise', 'default_pass = promise', 'default_user_tags.administrator = true'];
  const memory = 'vm_memory_high_watermark.relative = 0.2';
  write('rabbitmq.pem', cert);
  write('rabbitmq.key', key);
  const listeners = [
    `listeners.tcp.default = ${HOST}:${PORTS.broker}`,
    `listeners.ssl.default = ${HOST}:${PORTS.brokerOverTls}`,
    `ssl_options.certfile = ${BROKER_AUTHORITY}`,
    `ssl_options.keyfile = ${file('rabbitmq.key')}`,
  ];
  write('rabbitmq.conf', [...listeners, ...user, ...permissions, memory, ''].join('\n'));
  write('rabbitmq-advanced.config', '[{kernel, [{inet_dist_use_interface, {127, 0, 0, 1}}]}].\n');
  write('rabbitmq-plugins', '[].\n');
}

function keystone(): void {
  ini('keystone/keystone.conf', {
    DEFAULT: { use_stderr: true },
    token: { provider: 'fernet' },
    fernet_tokens: { key_repository: join(data, 'fernet') },
    credential: { key_repository: join(data, 'credential') },
    cache: { backend: 'oslo_cache.dict' },
    // Hashing takes no time in a test.
    identity: { password_hash_algorithm: 'bcrypt', password_hash_rounds: 4 },
    ...common('keystone', false),
  });
}

function placement(): void {
  ini('placement/placement.conf', {
    DEFAULT: { use_stderr: true },
    api: { auth_strategy: 'keystone' },
    placement_database: { connection: database('placement') },
    keystone_authtoken: CHECKED_TOKENS,
  });
}

function glance(): void {
  ini('glance.conf', {
    DEFAULT: { bind_host: HOST, bind_port: PORTS.glance, workers: 0, transport_url: BROKER },
    paste_deploy: { flavor: 'keystone', config_file: shared('glance-common/glance-api-paste.ini') },
    glance_store: { stores: 'file,http', default_store: 'file', filesystem_store_datadir: join(data, 'glance') },
    ...common('glance', false),
    keystone_authtoken: CHECKED_TOKENS,
  });
}

/** Hosts are Nova's fake ones of medium size: 10 virtual CPUs, 8192 MB, 1028 GB. A dead one is noticed within 20 seconds. */
function nova(): void {
  const filters = ['AvailabilityZone', 'Compute', 'ComputeCapabilities', 'ImageProperties'].map(
    (name) => `${name}Filter`,
  );
  ini('nova.conf', {
    DEFAULT: {
      my_ip: HOST,
      transport_url: BROKER,
      state_path: join(data, 'nova'),
      enabled_apis: 'osapi_compute',
      osapi_compute_listen: HOST,
      osapi_compute_listen_port: PORTS.nova,
      osapi_compute_workers: 1,
      compute_driver: 'fake.MediumFakeDriver',
      reserved_host_memory_mb: 0,
      report_interval: 5,
      service_down_time: 20,
      update_resources_interval: 10,
      periodic_fuzzy_delay: 0,
      vif_plugging_is_fatal: true,
      vif_plugging_timeout: 30,
    },
    wsgi: { api_paste_config: shared('nova-common/api-paste.ini') },
    api: { auth_strategy: 'keystone' },
    api_database: { connection: database('nova_api') },
    ...common('nova', true),
    notifications: { notification_format: 'both', notify_on_state_change: 'vm_and_task_state' },
    conductor: { workers: 1 },
    scheduler: { workers: 1, discover_hosts_in_cells_interval: 5 },
    filter_scheduler: {
      enabled_filters: [...filters, 'ServerGroupAntiAffinityFilter', 'ServerGroupAffinityFilter'].join(','),
    },
    vnc: { enabled: false },
    glance: { endpoint_override: url('glance') },
    cinder: { os_region_name: REGION, ...SERVICE_USER },
    keystone_authtoken: CHECKED_TOKENS,
    placement: SERVICE_USER,
    neutron: SERVICE_USER,
    service_user: { ...SERVICE_USER, send_service_user_token: true },
  });
  for (const host of COMPUTE_HOSTS) {
    mkdirSync(join(data, `nova-${host}`), { recursive: true });
    ini(`nova-${host}.conf`, { DEFAULT: { host, state_path: join(data, `nova-${host}`) } });
  }
}

function neutron(): void {
  ini('neutron.conf', {
    DEFAULT: {
      bind_host: HOST,
      bind_port: PORTS.neutron,
      api_workers: 0,
      rpc_workers: 0,
      core_plugin: 'ml2',
      service_plugins: 'router',
      transport_url: BROKER,
      state_path: join(data, 'neutron'),
      api_paste_config: shared('neutron-common/api-paste.ini'),
      auth_strategy: 'keystone',
      notify_nova_on_port_status_changes: true,
      notify_nova_on_port_data_changes: true,
    },
    ...common('neutron', false),
    keystone_authtoken: CHECKED_TOKENS,
    nova: SERVICE_USER,
    placement: SERVICE_USER,
    ml2: {
      type_drivers: 'local,flat,vlan,vxlan',
      tenant_network_types: 'vxlan',
      mechanism_drivers: 'loopback',
      extension_drivers: 'port_security',
    },
    ml2_type_flat: { flat_networks: '*' },
    ml2_type_vxlan: { vni_ranges: '1:5000' },
  });
}

function cinder(): void {
  ini('cinder.conf', {
    DEFAULT: {
      my_ip: HOST,
      host: 'volumes',
      osapi_volume_listen: HOST,
      osapi_volume_listen_port: PORTS.cinder,
      osapi_volume_workers: 1,
      api_paste_config: shared('cinder-common/api-paste.ini'),
      transport_url: BROKER,
      state_path: join(data, 'cinder'),
      resource_query_filters_file: join(services, 'etc/cinder/resource_filters.json'),
      rootwrap_config: join(services, 'etc/cinder/rootwrap.conf'),
      auth_strategy: 'keystone',
      enabled_backends: 'fake',
      glance_api_servers: url('glance'),
    },
    fake: {
      volume_backend_name: 'fake',
      volume_driver: 'promise_volumes.FakeVolumes',
      target_helper: 'fake',
    },
    nova: SERVICE_USER,
    // Debian's oslo.messaging breaks Cinder when it notifies.
    ...common('cinder', false),
    keystone_authtoken: CHECKED_TOKENS,
  });
}

function aodh(): void {
  ini('aodh/aodh.conf', {
    // A new alarm counts at once, not when a cache of a minute has run out.
    DEFAULT: { transport_url: BROKER, use_stderr: true, event_alarm_cache_ttl: 0 },
    api: {
      paste_config: file('aodh/api-paste.ini'),
      auth_mode: 'keystone',
      user_alarm_quota: -1,
      project_alarm_quota: -1,
      alarm_max_actions: -1,
    },
    listener: { workers: 1 },
    notifier: { workers: 1 },
    ...common('aodh', false),
    keystone_authtoken: CHECKED_TOKENS,
    service_credentials: SERVICE_USER,
  });
  // Its filter for tokens reads /etc/aodh unless it is told otherwise.
  const paste = readFileSync(shared('aodh-common/api-paste.ini'), 'utf8');
  const project = 'oslo_config_project = aodh';
  if (!paste.includes(project)) throw new Error("Aodh's api-paste.ini has another form than expected");
  write('aodh/api-paste.ini', paste.replaceAll(project, `${project}\noslo_config_file = ${file('aodh/aodh.conf')}`));
}

/** Takes Nova's notifications and hands them to Aodh as events. */
function ceilometer(): void {
  const definitions = '/usr/lib/python3/dist-packages/ceilometer/pipeline/data/event_definitions.yaml';
  ini('ceilometer/ceilometer.conf', {
    DEFAULT: { transport_url: BROKER },
    notification: { workers: 1, pipelines: 'event', messaging_urls: BROKER },
    event: { definitions_cfg_file: definitions },
    oslo_messaging_notifications: { topics: 'notifications' },
  });
  const source = '{name: events, events: ["compute.instance.*"], sinks: [alarms]}';
  const sink = '{name: alarms, publishers: ["notifier://?topic=alarm.all"]}';
  write('ceilometer/event_pipeline.yaml', `sources: [${source}]\nsinks: [${sink}]\n`);
}
