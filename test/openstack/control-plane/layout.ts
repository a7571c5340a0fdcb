/** Where the control plane keeps its things, and where it listens: all of it on loopback, nothing outside the cache directory. */
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'promise', 'openstack');

export const SOURCES: string = dirname(fileURLToPath(import.meta.url));

export const DIRECTORIES = {
  cache,
  /** Debian archives of the services, and what is in them. */
  archives: join(cache, 'archives'),
  services: join(cache, 'services'),
  /** Databases and keys as they are after the first start. */
  states: join(cache, 'states'),
  /** What one run uses; made anew each time. */
  run: join(cache, 'run'),
  etc: join(cache, 'run', 'etc'),
  log: join(cache, 'run', 'log'),
  data: join(cache, 'run', 'data'),
  /** Has a file of the name of each host on which binding a port fails. */
  refusedHosts: join(cache, 'run', 'refused-hosts'),
} as const;

export const HOST = '127.0.0.1';

export const PORTS = {
  database: 23306,
  epmd: 24369,
  broker: 25673,
  brokerOverTls: 25671,
  brokerDistribution: 25672,
  keystone: 25000,
  placement: 28778,
  glance: 29292,
  nova: 28774,
  neutron: 29696,
  cinder: 28776,
  aodh: 28042,
} as const;

export const url = (service: keyof typeof PORTS): string => `http://${HOST}:${PORTS[service]}`;

export const REGION = 'RegionOne';
export const COMPUTE_HOSTS = ['compute1', 'compute2', 'compute3'] as const;

/** Who there is: the cloud's administrator, the services among themselves, two ordinary tenants. Passwords are the names. */
export const USERS = { admin: 'admin', service: 'svc', tenants: ['demo', 'other'] } as const;

/** The environment of every program of the control plane: Debian's own Python, and no proxy. */
export const ENVIRONMENT: NodeJS.ProcessEnv = {
  HOME: DIRECTORIES.data,
  LANG: 'C.UTF-8',
  PATH: `${join(DIRECTORIES.services, 'usr/bin')}:/usr/sbin:/usr/bin:/sbin:/bin`,
  PYTHONPATH: join(SOURCES, 'python'),
  PYTHONDONTWRITEBYTECODE: '1',
  PYTHONWARNINGS: 'ignore',
  PROMISE_REFUSED_HOSTS: DIRECTORIES.refusedHosts,
};
