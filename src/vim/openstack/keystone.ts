/**
 * Keystone: the identity service, API v3. Field sources: Identity API v3 reference (docs.openstack.org/api-ref/identity/v3), sections
 * "Authentication and token management" and "Application credentials".
 */
import { z } from 'zod';
import { VimError } from '../vim.ts';
import type { VimAccount } from '../vim.ts';

// URLs.

/** The base of API v3 below an endpoint as people write it: with or without `/v3`. @throws VimError refused. */
export function identityUrl(endpoint: string): string {
  let url: URL;
  try {
    url = new URL(endpoint);
  } catch {
    throw new VimError(
      'refused',
      `'${endpoint}' is not a URL; Keystone's is expected, such as http://controller:5000/v3.`,
    );
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new VimError('refused', `The endpoint '${endpoint}' is neither http nor https.`);
  }
  if (url.username !== '' || url.password !== '') {
    throw new VimError('refused', 'The endpoint holds a user name or password; those have places of their own.');
  }
  const path = url.pathname.replace(/\/+$/, '');
  if (path.endsWith('/v2.0')) {
    throw new VimError('refused', `'${endpoint}' is Keystone's API v2.0, which is gone; v3 is needed.`);
  }
  return `${url.origin}${path.endsWith('/v3') ? path : `${path}/v3`}`;
}

export const tokensUrl = (identity: string): string => `${identity}/auth/tokens`;

// Requests.

/** How an account proves who it is. */
export type Credentials =
  | { readonly method: 'password'; readonly username: string; readonly password: string }
  | { readonly method: 'application_credential'; readonly id: string; readonly secret: string }
  | { readonly method: 'token'; readonly token: string };

/** User names by which an account says that its password is something else. */
const APPLICATION_CREDENTIAL = 'application-credential:';
const TOKEN = 'token:';

/** @throws VimError refused when something is missing. */
export function credentialsOf({ username, password }: VimAccount): Credentials {
  if (username === undefined || password === undefined) {
    throw new VimError('refused', 'A provider of type openstack needs a username and a password.');
  }
  if (username.startsWith(APPLICATION_CREDENTIAL)) {
    return { method: 'application_credential', id: username.slice(APPLICATION_CREDENTIAL.length), secret: password };
  }
  if (username === TOKEN) return { method: 'token', token: password };
  return { method: 'password', username, password };
}

const DEFAULT_DOMAIN = 'default';

/** The body of `POST /v3/auth/tokens`. Domains are taken as names, except `default`, which is the id of Keystone's own. */
export function authentication(account: VimAccount): object {
  const credentials = credentialsOf(account);
  const domain = domainOf(account.domain);
  switch (credentials.method) {
    case 'password': {
      const { username: name, password } = credentials;
      const identity = { methods: ['password'], password: { user: { name, domain, password } } };
      return { auth: { identity, ...scopeOf(account) } };
    }
    case 'application_credential': {
      // It carries its own scope: naming one is an error.
      const { id, secret } = credentials;
      return { auth: { identity: { methods: ['application_credential'], application_credential: { id, secret } } } };
    }
    case 'token': {
      const identity = { methods: ['token'], token: { id: credentials.token } };
      return { auth: { identity, ...scopeOf(account) } };
    }
  }
}

function domainOf(domain: string = DEFAULT_DOMAIN): object {
  return domain.toLowerCase() === DEFAULT_DOMAIN ? { id: DEFAULT_DOMAIN } : { name: domain };
}

function scopeOf({ tenant, domain }: VimAccount): object {
  if (tenant?.id !== undefined) return { scope: { project: { id: tenant.id } } };
  if (tenant?.name !== undefined) return { scope: { project: { name: tenant.name, domain: domainOf(domain) } } };
  // Keystone takes the user's default project then, if there is one.
  return {};
}

// Decoding.

/** "Password authentication with scoped authorization", response: `token`. */
const tokenAnswer = z.object({
  token: z.object({
    expires_at: z.string(),
    project: z.object({ id: z.string(), name: z.string() }).optional(),
    catalog: z
      .array(
        z.object({
          type: z.string(),
          endpoints: z.array(
            z.object({
              interface: z.string(),
              region_id: z.string().nullish(),
              region: z.string().nullish(),
              url: z.string(),
            }),
          ),
        }),
      )
      .optional(),
  }),
});

export interface Endpoint {
  readonly type: string;
  readonly interface: string;
  readonly region: string;
  readonly url: string;
}

export interface Token {
  /** Secret: the value of X-Auth-Token. */
  readonly id: string;
  readonly project: { readonly id: string; readonly name: string };
  readonly catalogue: readonly Endpoint[];
}

/** @throws VimError forbidden when the token has no project, ZodError when the answer is no token. */
export function decodeToken(id: string, body: unknown): Token {
  const { token } = tokenAnswer.parse(body);
  if (token.project === undefined) {
    throw new VimError(
      'forbidden',
      'Keystone accepted the credentials, but for no project: name the tenant of the provider, or give the user a default project.',
    );
  }
  const catalogue = (token.catalog ?? []).flatMap(({ type, endpoints }) =>
    endpoints.map((endpoint) => ({
      type,
      interface: endpoint.interface,
      region: endpoint.region_id ?? endpoint.region ?? '',
      url: endpoint.url,
    })),
  );
  return { id, project: token.project, catalogue };
}

/** The service types under which catalogues list a service (service-types-authority): the official one and its aliases. */
const TYPES = {
  compute: ['compute'],
  network: ['network'],
  image: ['image'],
  placement: ['placement'],
  volume: ['block-storage', 'volumev3', 'block-store', 'volume'],
  alarm: ['alarm', 'alarming'],
} as const;

export type ServiceName = keyof typeof TYPES;

/**
 * Where a service is, in a region; when none is asked for, in the first by name that has servers: some may have Keystone alone, and an
 * endpoint need not be in any.
 * @returns undefined when the catalogue has no such service there. @throws VimError refused for a region that is not there.
 */
export function endpointOf(
  catalogue: readonly Endpoint[],
  service: ServiceName,
  { region, face }: { readonly region: string | undefined; readonly face: string },
): string | undefined {
  const regions = regionsOf(catalogue).filter((name) => name !== '');
  if (region !== undefined && !regions.includes(region)) {
    throw new VimError(
      'refused',
      `Keystone's catalogue has no region '${region}'; it has ${regions.join(', ') || 'none'}.`,
    );
  }
  const shown = catalogue.filter((endpoint) => endpoint.interface === face);
  const [first] = regionsOf(shown.filter(({ type }) => isOf('compute', type)));
  const here = shown.filter((endpoint) => endpoint.region === (region ?? first));
  for (const type of TYPES[service]) {
    const endpoint = here.find((each) => each.type === type);
    if (endpoint !== undefined) return endpoint.url.replace(/\/+$/, '');
  }
  return undefined;
}

/** The interfaces that a service has, in a region or any. */
export function interfacesOf(
  catalogue: readonly Endpoint[],
  service: ServiceName,
  region: string | undefined,
): readonly string[] {
  const here = catalogue.filter(
    (endpoint) => isOf(service, endpoint.type) && (region === undefined || endpoint.region === region),
  );
  return [...new Set(here.map((endpoint) => endpoint.interface))].sort();
}

function regionsOf(endpoints: readonly Endpoint[]): readonly string[] {
  return [...new Set(endpoints.map(({ region }) => region))].sort();
}

function isOf(service: ServiceName, type: string): boolean {
  return TYPES[service].some((each) => each === type);
}
