/**
 * `clouds.yaml` as OpenStack's clients have it (openstacksdk, "Configuring OpenStack SDK Applications"), as far as it says how a cloud is
 * reached. Beside it, `secure.yaml` holds what is secret and `clouds-public.yaml` what several clouds share (`profile`).
 */
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { readCertificates } from '../../certificate-file.ts';
import { ConfigError } from '../../config.ts';
import { readYamlFile } from '../../yaml-file.ts';

/** How a cloud is reached, as add-provider takes it. */
export interface CloudAccess {
  readonly name: string;
  readonly endpoint: string;
  readonly username: string;
  readonly password: string;
  readonly region?: string;
  readonly domain?: string;
  readonly tenant?: { readonly id: string } | { readonly name: string };
  /** Certificates (PEM) of the authorities that are trusted. */
  readonly caCertificate?: string;
  readonly interface?: 'public' | 'internal' | 'admin';
}

/** YAML takes a password of digits for a number. */
const text = z.union([z.string(), z.number()]).transform(String);
const auth = z.looseObject({
  auth_url: text.optional(),
  username: text.optional(),
  user_id: text.optional(),
  password: text.optional(),
  token: text.optional(),
  project_name: text.optional(),
  project_id: text.optional(),
  tenant_name: text.optional(),
  user_domain_name: text.optional(),
  user_domain_id: text.optional(),
  project_domain_name: text.optional(),
  project_domain_id: text.optional(),
  domain_name: text.optional(),
  domain_id: text.optional(),
  application_credential_id: text.optional(),
  application_credential_name: text.optional(),
  application_credential_secret: text.optional(),
});
const faces = z
  .string()
  .transform((face) => face.replace(/URL$/, ''))
  .pipe(z.enum(['public', 'internal', 'admin']));
const cloud = z.looseObject({
  auth: auth.optional(),
  region_name: text.optional(),
  verify: z.boolean().optional(),
  cacert: text.optional(),
  interface: faces.optional(),
  endpoint_type: faces.optional(),
  regions: z.array(z.union([text, z.looseObject({ name: text })])).optional(),
});

type Node = Readonly<Record<string, unknown>>;

/**
 * @param wanted the name of a cloud; absent: the only one
 * @throws ConfigError that says what is missing, or cannot be used
 */
export function readClouds(path: string, wanted: string | undefined): CloudAccess {
  const clouds = entriesOf(path, 'clouds');
  if (clouds === undefined) throw new ConfigError(`${path} cannot be read: there is no such file`);
  const names = Object.keys(clouds);
  const name = wanted ?? (names.length === 1 ? names[0] : undefined);
  if (name === undefined)
    throw new ConfigError(`${path} has several clouds; say which one with --cloud or OS_CLOUD: ${names.join(', ')}`);
  const given = clouds[name];
  if (given === undefined)
    throw new ConfigError(`${path} has no cloud '${name}'; it has ${names.join(', ') || 'none'}`);
  const secrets = entriesOf(join(dirname(path), 'secure.yaml'), 'clouds')?.[name] ?? {};
  const parsed = cloud.safeParse(merged(profileOf(path, name, given), merged(given, secrets)));
  if (!parsed.success) throw new ConfigError(`${path}, cloud '${name}', is wrong:\n${z.prettifyError(parsed.error)}`);
  return accessTo(name, parsed.data, `${path}, cloud '${name}'`, dirname(path));
}

function accessTo(name: string, found: z.infer<typeof cloud>, where: string, directory: string): CloudAccess {
  const { auth: given = {}, verify, cacert } = found;
  if (verify === false)
    throw new ConfigError(
      `${where}: verify is false, but certificates are always verified; name the authority in cacert`,
    );
  const { auth_url: endpoint } = given;
  if (endpoint === undefined) throw new ConfigError(`${where}: auth_url is missing`);
  const region = found.region_name ?? regionIn(found.regions);
  const face = found.interface ?? found.endpoint_type;
  return {
    name,
    endpoint,
    ...credentialsIn(given, where),
    ...(region === undefined ? {} : { region }),
    ...(cacert === undefined ? {} : { caCertificate: certificatesAt(cacert, `${where}, cacert`, directory) }),
    ...(face === undefined ? {} : { interface: face }),
  };
}

function certificatesAt(path: string, where: string, directory: string): string {
  return readCertificates(resolve(directory, path.replace(/^~(?=\/)/, homedir())), where);
}

type Auth = z.infer<typeof auth>;
type Credentials = Pick<CloudAccess, 'username' | 'password' | 'domain' | 'tenant'>;

function credentialsIn(given: Auth, where: string): Credentials {
  const { application_credential_id: id, application_credential_secret: secret, token } = given;
  if (secret !== undefined) {
    if (id === undefined)
      throw new ConfigError(`${where}: an application credential is named by application_credential_id`);
    return { username: `application-credential:${id}`, password: secret };
  }
  const scope = scopeIn(given, where);
  if (given.username === undefined && token !== undefined) return { username: 'token:', password: token, ...scope };
  const { username, password } = given;
  if (username === undefined || password === undefined) {
    const missing = username === undefined ? 'username (a user_id is not enough)' : 'password';
    throw new ConfigError(
      `${where}: ${missing} is missing; there may be an application credential or a token in its place`,
    );
  }
  return { username, password, ...scope };
}

function scopeIn(given: Auth, where: string): Pick<CloudAccess, 'domain' | 'tenant'> {
  const { project_id: id, project_name: name = given.tenant_name } = given;
  const user = domainIn(given.user_domain_name ?? given.domain_name, given.user_domain_id ?? given.domain_id, where);
  const project = domainIn(
    given.project_domain_name ?? given.domain_name,
    given.project_domain_id ?? given.domain_id,
    where,
  );
  if (id === undefined && user !== undefined && project !== undefined && user.toLowerCase() !== project.toLowerCase())
    throw new ConfigError(`${where}: the domains of user and project differ; give the project_id in place of its name`);
  const domain = user ?? project;
  return {
    ...(domain === undefined ? {} : { domain }),
    ...(id === undefined ? (name === undefined ? {} : { tenant: { name } }) : { tenant: { id } }),
  };
}

function domainIn(name: string | undefined, id: string | undefined, where: string): string | undefined {
  if (name !== undefined || id === undefined) return name;
  if (id === 'default') return 'Default';
  throw new ConfigError(`${where}: domains are taken by name; give user_domain_name and project_domain_name`);
}

function regionIn(regions: z.infer<typeof cloud>['regions']): string | undefined {
  const [first] = regions ?? [];
  return typeof first === 'object' ? first.name : first;
}

/** What the cloud's profile says, from clouds-public.yaml. */
function profileOf(path: string, name: string, given: Node): Node {
  const { profile = given['cloud'] } = given;
  if (typeof profile !== 'string') return {};
  const shared = entriesOf(join(dirname(path), 'clouds-public.yaml'), 'public-clouds')?.[profile];
  if (shared === undefined && given['auth'] instanceof Object && 'auth_url' in given['auth']) return {};
  if (shared === undefined)
    throw new ConfigError(
      `${path}, cloud '${name}': there is no profile '${profile}' in a clouds-public.yaml beside it`,
    );
  return shared;
}

function entriesOf(path: string, member: string): Readonly<Record<string, Node>> | undefined {
  if (!existsSync(path)) return undefined;
  const file = z.looseObject({ [member]: z.record(z.string(), z.record(z.string(), z.unknown())) });
  let content: unknown;
  try {
    content = readYamlFile(path);
  } catch (error) {
    throw new ConfigError(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  const parsed = file.safeParse(content);
  if (!parsed.success) throw new ConfigError(`${path} is wrong:\n${z.prettifyError(parsed.error)}`);
  return parsed.data[member];
}

/** The second wins, member by member. */
function merged(one: Node, other: Node): Node {
  const result: Record<string, unknown> = { ...one };
  for (const [name, value] of Object.entries(other)) {
    const before = result[name];
    result[name] = isNode(before) && isNode(value) ? merged(before, value) : value;
  }
  return result;
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
