/** Requests of RESTCONF that are wrong, written down as what is sent and what has to be answered. */
import { expect } from 'chai';
import { readError, type AnswerError } from '../../src/cli/demo/consumer.ts';
import { all, fromJson, fromXml, type Content } from '../../src/cli/demo/content.ts';
import { parseObject } from '../../src/cli/demo/restconf-consumer.ts';
import type { HttpAnswer, HttpRequest, RestconfClient } from '../../src/cli/demo/restconf-client.ts';
import { AgentUnderTest, START } from '../contract/agent-under-test.ts';
import { JSON_DATA, XML_DATA } from './restconf-fixture.ts';

export const MESSAGE_BYTES = 256 * 1024;

/** A request that is wrong, and what the server has to say to it. */
export interface Case {
  readonly title: string;
  readonly request: HttpRequest;
  readonly status: number;
  readonly tag: string;
  /** What error-path is; absent: there is nothing that a path could lead to. */
  readonly path?: string;
  readonly message: RegExp;
  /** What else has to hold. */
  readonly also?: (answer: HttpAnswer, error: AnswerError) => void;
}

export const hours = (count: number): string => new Date(START + count * 3_600_000).toISOString();

export function json(method: string, path: string, body: unknown, headers: Record<string, string> = {}): HttpRequest {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return { method, path, headers: { 'Content-Type': JSON_DATA, ...headers }, body: text };
}

export function xml(method: string, path: string, body: string): HttpRequest {
  return { method, path, headers: { 'Content-Type': XML_DATA, Accept: XML_DATA }, body };
}

export const rpc = (name: string, input: unknown): HttpRequest =>
  json('POST', `/restconf/operations/${name.includes(':') ? name : `opnfv-promise:${name}`}`, {
    [`${name.includes(':') ? (name.split(':')[0] ?? '') : 'opnfv-promise'}:input`]: input,
  });
export const create = (input: unknown): HttpRequest => rpc('create-reservation', input);
export const get = (path: string, headers: Record<string, string> = {}): HttpRequest => ({
  method: 'GET',
  path,
  headers,
});

export const OPERATION = '/restconf/operations/opnfv-promise:create-reservation';
export const RESERVATIONS = '/restconf/data/opnfv-promise:promise/reservations';
export const ENTRY = "/opnfv-promise:promise/reservations/reservation[id='r1']";
export const entry = (more: object = {}): object => ({
  'opnfv-promise:reservation': [{ id: 'r1', start: hours(1), end: hours(2), capacity: { cores: 1 }, ...more }],
});

/** Has each request refused as it says, and the server go on as it was. */
export function refusesBadInput(groups: Readonly<Record<string, readonly Case[]>>): void {
  describe('RESTCONF with bad input', function () {
    this.timeout(20_000);
    let agent: AgentUnderTest;
    let client: RestconfClient;

    before(async () => {
      agent = await AgentUnderTest.start({ limits: { messageBytes: MESSAGE_BYTES } });
      client = agent.restconf();
    });
    after(async () => agent.close());

    for (const [group, cases] of Object.entries(groups)) {
      describe(group, () => {
        for (const each of cases) it(`answers ${each.title}`, () => answers(client, each));
      });
    }

    it('has changed nothing, and logged no failure of its own', async () => {
      const { body } = await client.request(get(RESERVATIONS));
      expect(body).not.to.contain('"id"');
      expect(agent.logged.filter((line) => line.includes('"level":50'))).to.deep.equal([]);
    });
  });
}

async function answers(client: RestconfClient, { request, status, tag, path, message, also }: Case): Promise<void> {
  const answer = await client.request(request);
  expect(answer.status, answer.body).to.equal(status);
  const [error] = all(await errorsOf(answer), 'error').map(readError);
  if (error === undefined) throw new Error(`there is no error in ${answer.body}`);
  expect(error.tag, answer.body).to.equal(tag);
  expect(error.message).to.match(message);
  expect(error.path).to.equal(path);
  also?.(answer, error);
  const alive = await client.request(get('/restconf/yang-library-version'));
  expect(alive.status).to.equal(200);
}

/** RFC 8040 §7.1: every error has a body of errors, in an encoding of YANG data. */
async function errorsOf({ headers, body }: HttpAnswer): Promise<Content | undefined> {
  if (headers['content-type'] === XML_DATA) return await fromXml(body);
  expect(headers['content-type']).to.equal(JSON_DATA);
  return fromJson(parseObject(body))[0];
}
