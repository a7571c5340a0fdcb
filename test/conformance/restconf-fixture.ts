import { expect } from 'chai';
import { fileURLToPath } from 'node:url';
import type { HttpAnswer, RestconfClient } from '../../src/cli/demo/restconf-client.ts';
import { AgentUnderTest } from '../contract/agent-under-test.ts';

export const JSON_DATA = 'application/yang-data+json';
export const XML_DATA = 'application/yang-data+xml';
export const RADIO = '/restconf/data/example-radio:radio';
const MODULES = fileURLToPath(new URL('../modules', import.meta.url));

/** A server of RESTCONF with the module `example-radio`, and requests to it as they are written down. */
export class RestconfFixture {
  readonly agent: AgentUnderTest;
  readonly client: RestconfClient;

  private constructor(agent: AgentUnderTest) {
    this.agent = agent;
    this.client = agent.restconf();
  }

  static async start(): Promise<RestconfFixture> {
    return new RestconfFixture(await AgentUnderTest.start({ yangDirectories: [MODULES] }));
  }

  async send(method: string, path: string, headers: Readonly<Record<string, string>> = {}): Promise<HttpAnswer> {
    return await this.client.request({ method, path, headers });
  }

  async json(method: string, path: string, body: object, headers: Record<string, string> = {}): Promise<HttpAnswer> {
    return await this.client.request({
      method,
      path,
      headers: { 'Content-Type': JSON_DATA, ...headers },
      body: JSON.stringify(body),
    });
  }

  async xml(method: string, path: string, body: string, headers: Record<string, string> = {}): Promise<HttpAnswer> {
    return await this.client.request({ method, path, headers: { 'Content-Type': XML_DATA, ...headers }, body });
  }

  /** The body of a GET in JSON, which has to succeed. */
  async get(path: string): Promise<unknown> {
    const answer = await this.send('GET', path, { Accept: JSON_DATA });
    expect(answer.status, answer.body).to.equal(200);
    expect(answer.headers['content-type']).to.equal(JSON_DATA);
    return JSON.parse(answer.body);
  }

  /** Replaces the radio by what is given. */
  async tune(content: object): Promise<void> {
    const answer = await this.json('PUT', RADIO, { 'example-radio:radio': content });
    expect(answer.status, answer.body).to.be.oneOf([201, 204]);
  }

  async close(): Promise<void> {
    await this.agent.close();
  }
}

/** The first error of an answer in JSON. */
export function errorOf(answer: HttpAnswer): Readonly<Record<string, unknown>> {
  const body = JSON.parse(answer.body) as { 'ietf-restconf:errors': { error: Readonly<Record<string, unknown>>[] } };
  const [error] = body['ietf-restconf:errors'].error;
  if (error === undefined) throw new Error('an error was expected');
  return error;
}

/** XML without what only pleases the eye. */
export function compact(xml: string): string {
  return xml.replace(/>\s+</g, '><').trim();
}
