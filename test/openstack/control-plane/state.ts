/**
 * The databases, with schemas and catalogue: made once, kept in the cache, restored for each run. So every run begins with the
 * same cloud, in which nothing has happened.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { z } from 'zod';
import { OpenStackClient } from './client.ts';
import { DATABASE_PASSWORD, file } from './configuration.ts';
import { DIRECTORIES, ENVIRONMENT, HOST, PORTS, REGION, SOURCES, USERS, url } from './layout.ts';
import { listening, start, stop, stopping } from './processes.ts';

const run = promisify(execFile);
const { data, states } = DIRECTORIES;
const TABLES = join(data, 'mysql');
const SOCKET = join(data, 'mysql.sock');
/** What a state consists of. */
const KEPT = ['mysql', 'fernet', 'credential'] as const;
/** Milliseconds for a program that makes schemas; the longest takes half a minute where nothing else is going on. */
const PROGRAM_PATIENCE = 6 * 60_000;
const DATABASES = ['keystone', 'placement', 'glance', 'nova', 'nova_api', 'nova_cell0', 'neutron', 'cinder', 'aodh'];

/** Brings the databases up, with a state in them. */
export async function startDatabases(say: (line: string) => void): Promise<void> {
  const kept = join(states, stateKey());
  if (existsSync(kept)) {
    for (const part of KEPT) cpSync(join(kept, part), join(data, part), { recursive: true });
    await startDatabase();
    say('databases restored');
    return;
  }
  say('making databases, schemas and catalogue (a minute; kept for the next run)');
  await createDatabase();
  await createSchemas();
  startKeystone();
  await listening('keystone', PORTS.keystone);
  await createCatalogue();
  await stop(['keystone', 'mariadb']);
  keep(kept);
  await startDatabase();
}

/** A state is for these programs and for this code. */
function stateKey(): string {
  const hash = createHash('sha256').update(readdirSync(DIRECTORIES.archives).sort().join());
  for (const name of ['state.ts', 'configuration.ts', 'layout.ts']) hash.update(readFileSync(join(SOURCES, name)));
  return hash.digest('hex').slice(0, 16);
}

function keep(kept: string): void {
  rmSync(states, { recursive: true, force: true });
  const draft = `${kept}.new`;
  mkdirSync(draft, { recursive: true });
  for (const part of KEPT) cpSync(join(data, part), join(draft, part), { recursive: true });
  renameSync(draft, kept);
}

/** Nothing here has to outlast a crash: it is made for speed. */
async function startDatabase(): Promise<void> {
  const speed = ['--innodb-flush-log-at-trx-commit=0', '--innodb-doublewrite=0', '--performance-schema=0'];
  const sizes = ['--innodb-buffer-pool-size=128M', '--innodb-log-file-size=48M', '--max-connections=500'];
  const place = [`--datadir=${TABLES}`, `--socket=${SOCKET}`, `--bind-address=${HOST}`, `--port=${PORTS.database}`];
  start('mariadb', 'mariadbd', ['--no-defaults', '--user=root', '--skip-name-resolve', ...place, ...speed, ...sizes]);
  await listening('mariadb', PORTS.database);
}

async function createDatabase(): Promise<void> {
  mkdirSync(TABLES, { recursive: true });
  const how = ['--auth-root-authentication-method=normal', '--skip-test-db'];
  await program('mariadb-install-db', '--no-defaults', '--user=root', `--datadir=${TABLES}`, ...how);
  await startDatabase();
  const user = `create or replace user root@'${HOST}' identified by '${DATABASE_PASSWORD}'; grant all on *.* to root@'${HOST}';`;
  const tables = DATABASES.map((name) => `create database ${name} character set utf8;`).join('');
  await program('mariadb', '--no-defaults', '-uroot', `-S${SOCKET}`, '-e', `${user}${tables}`);
}

async function program(command: string, ...args: string[]): Promise<void> {
  try {
    const bounds = { timeout: PROGRAM_PATIENCE, signal: stopping, maxBuffer: 64 * 1024 * 1024 };
    await run(command, args, { env: ENVIRONMENT, cwd: data, ...bounds });
  } catch (error) {
    stopping.throwIfAborted();
    if (error instanceof Error && 'killed' in error && error.killed === true)
      throw new Error(`${command} ${args[0] ?? ''} did not end within ${PROGRAM_PATIENCE / 60_000} minutes`, {
        cause: error,
      });
    const said =
      error instanceof Error && 'stderr' in error ? String(error.stderr).split('\n').slice(-25).join('\n') : '';
    throw new Error(`${command} ${args[0] ?? ''} failed: ${said}`, { cause: error });
  }
}

async function createSchemas(): Promise<void> {
  const keystone = (...args: string[]): Promise<void> =>
    program('keystone-manage', '--config-file', file('keystone/keystone.conf'), ...args);
  const nova = (...args: string[]): Promise<void> =>
    program('nova-manage', '--config-file', file('nova.conf'), ...args);
  const cell0 = `mysql+pymysql://root:${DATABASE_PASSWORD}@${HOST}:${PORTS.database}/nova_cell0?charset=utf8`;
  const address = `${url('keystone')}/v3`;
  const first = async (): Promise<void> => {
    const owner = ['--keystone-user', 'root', '--keystone-group', 'root'];
    await keystone('fernet_setup', ...owner);
    await keystone('credential_setup', ...owner);
    await keystone('db_sync');
    const endpoints = ['admin', 'internal', 'public'].flatMap((face) => [`--bootstrap-${face}-url`, address]);
    await keystone('bootstrap', '--bootstrap-password', USERS.admin, '--bootstrap-region-id', REGION, ...endpoints);
    await program('placement-manage', '--config-dir', file('placement'), 'db', 'sync');
    await program('aodh-dbsync', '--config-file', file('aodh/aodh.conf'));
    await program('glance-manage', '--config-file', file('glance.conf'), 'db_sync');
    await program('cinder-manage', '--config-file', file('cinder.conf'), 'db', 'sync');
  };
  const second = async (): Promise<void> => {
    await nova('api_db', 'sync');
    await nova('cell_v2', 'map_cell0', '--database_connection', cell0);
    await nova('db', 'sync');
    await nova('cell_v2', 'create_cell', '--name', 'cell1');
    await program('neutron-db-manage', '--config-file', file('neutron.conf'), 'upgrade', 'heads');
  };
  await Promise.all([first(), second()]);
}

/** A WSGI script behind uwsgi. */
export function serve(
  name: string,
  port: number,
  script: string,
  env: NodeJS.ProcessEnv = {},
  ...args: string[]
): void {
  const how = [
    '--threads',
    '8',
    '--enable-threads',
    '--need-app',
    '--die-on-term',
    '--buffer-size',
    '65535',
    '--disable-logging',
  ];
  const where = ['--plugin', 'python3', '--http-socket', `${HOST}:${port}`, '--wsgi-file', script];
  // uwsgi does not keep connections, and clients have to know.
  const closing = ['--add-header', 'Connection: close'];
  start(name, 'uwsgi', [...where, ...how, ...closing, '--pyargv', args.join(' ')], env);
}

export function startKeystone(): void {
  serve('keystone', PORTS.keystone, '/usr/bin/keystone-wsgi-public', { OS_KEYSTONE_CONFIG_DIR: file('keystone') });
}

const withId = z.object({ id: z.string() });

async function createCatalogue(): Promise<void> {
  const admin = await firstLogin();
  const make = async (kind: string, more: object): Promise<string> => {
    const form = z.object({ [kind]: withId });
    const made = await admin.ask('identity', 'POST', `/${kind}s`, form, { [kind]: { domain_id: 'default', ...more } });
    return made[kind]?.id ?? '';
  };
  const roles = await admin.ask(
    'identity',
    'GET',
    '/roles',
    z.object({ roles: z.array(withId.extend({ name: z.string() })) }),
  );
  const role = async (name: string): Promise<string> =>
    roles.roles.find((each) => each.name === name)?.id ?? (await make('role', { name, domain_id: null }));
  const grant = async (project: string, user: string, name: string): Promise<void> => {
    const path = `/projects/${project}/users/${user}/roles/${await role(name)}`;
    await admin.ask('identity', 'PUT', path, z.unknown());
  };
  const project = await make('project', { name: 'service' });
  const service = await make('user', { name: USERS.service, password: USERS.service });
  await grant(project, service, 'admin');
  await grant(project, service, 'service');
  for (const name of USERS.tenants) {
    const tenant = await make('project', { name });
    await grant(tenant, await make('user', { name, password: name }), 'member');
  }
  for (const [type, address] of [
    ['compute', `${url('nova')}/v2.1`],
    ['placement', url('placement')],
    ['network', url('neutron')],
    ['image', url('glance')],
    ['block-storage', `${url('cinder')}/v3/%(project_id)s`],
    ['volumev3', `${url('cinder')}/v3/%(project_id)s`],
    ['alarming', url('aodh')],
  ] as const) {
    const id = await make('service', { name: type, type });
    for (const face of ['public', 'internal', 'admin'])
      await make('endpoint', { interface: face, region_id: REGION, service_id: id, url: address });
  }
}

/** Keystone listens a moment before it answers. */
async function firstLogin(): Promise<OpenStackClient> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await OpenStackClient.login(USERS.admin);
    } catch (error) {
      if (tries === 50 || stopping.aborted) throw error;
      await wait(200);
    }
  }
}
