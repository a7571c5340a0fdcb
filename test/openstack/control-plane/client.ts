/** OpenStack's API from outside: plain HTTP, apart from the adapter under test. */
import { z } from 'zod';
import { PORTS, url } from './layout.ts';

const token = z.object({ token: z.object({ project: z.object({ id: z.string() }) }) });

/** Sent with every request; services take what is theirs. */
const VERSIONS = { 'openstack-api-version': 'compute 2.74, placement 1.39, volume 3.50' };

/** Milliseconds for a request. */
const PATIENCE = 60_000;

/** The services by name, below which paths are given. */
const BASES: Readonly<Record<string, string>> = {
  identity: `${url('keystone')}/v3`,
  compute: `${url('nova')}/v2.1`,
  image: `${url('glance')}/v2`,
  network: `${url('neutron')}/v2.0`,
  placement: url('placement'),
  alarm: `${url('aodh')}/v2`,
};
export type ServiceName = 'identity' | 'compute' | 'image' | 'network' | 'placement' | 'alarm' | 'volume';

export class OpenStackClient {
  readonly project: string;
  readonly #token: string;

  private constructor(project: string, id: string) {
    this.project = project;
    this.#token = id;
  }

  /** Logs in; passwords are the names. @throws Error when Keystone says no. */
  static async login(user: string, project = user): Promise<OpenStackClient> {
    const domain = { id: 'default' };
    const identity = { methods: ['password'], password: { user: { name: user, domain, password: user } } };
    const response = await fetch(`${BASES['identity']}/auth/tokens`, {
      method: 'POST',
      signal: AbortSignal.timeout(PATIENCE),
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ auth: { identity, scope: { project: { name: project, domain } } } }),
    });
    const body: unknown = await response.json();
    const id = response.headers.get('x-subject-token');
    if (id === null) throw new Error(`Keystone does not let ${user} in: ${JSON.stringify(body)}`);
    return new OpenStackClient(token.parse(body).token.project.id, id);
  }

  /** @returns the status and the body, whatever they are. */
  async request(
    service: ServiceName,
    method: string,
    path: string,
    body?: unknown,
  ): Promise<{ readonly status: number; readonly body: unknown }> {
    const base = service === 'volume' ? `http://127.0.0.1:${PORTS.cinder}/v3/${this.project}` : BASES[service];
    const type = body instanceof Uint8Array ? 'application/octet-stream' : 'application/json';
    const response = await fetch(`${base}${path}`, {
      method,
      signal: AbortSignal.timeout(PATIENCE),
      headers: { ...VERSIONS, 'x-auth-token': this.#token, 'x-subject-token': this.#token, 'content-type': type },
      ...(body === undefined ? {} : { body: body instanceof Uint8Array ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? undefined : parsed(text) };
  }

  /** What a request that succeeds answers, in a form. @throws Error otherwise. */
  async ask<T>(service: ServiceName, method: string, path: string, form: z.ZodType<T>, body?: unknown): Promise<T> {
    const answer = await this.request(service, method, path, body);
    if (answer.status >= 300) {
      throw new Error(`${method} ${service}${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    }
    return form.parse(answer.body);
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
