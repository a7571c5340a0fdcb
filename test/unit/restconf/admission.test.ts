import { expect } from 'chai';
import { once } from 'node:events';
import { request as requestHttp, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { silentLogger } from '../../../src/observe/log.ts';
import { BasicAuthentication, type PasswordVerdict } from '../../../src/restconf/auth.ts';
import { HttpError } from '../../../src/restconf/errors.ts';
import { startRestconfServer, type RestconfServer } from '../../../src/restconf/server.ts';
import { AgentUnderTest } from '../../contract/agent-under-test.ts';

const BODY_BYTES = 1024;
const OPERATION = '/restconf/operations/opnfv-promise:create-reservation';

/** Passwords that are checked when the test says so. */
class Gate {
  readonly authenticator = { password: (_user: string, password: string) => this.#check(password) };
  #waiting: (() => void)[] = [];
  #asked: () => void = () => undefined;
  readonly asked = new Promise<void>((resolve) => {
    this.#asked = resolve;
  });

  open(): void {
    for (const go of this.#waiting.splice(0)) go();
  }

  async #check(password: string): Promise<PasswordVerdict> {
    await new Promise<void>((resolve) => {
      this.#waiting.push(resolve);
      this.#asked();
    });
    return password === 'right' ? 'right' : 'wrong';
  }
}

const basic = (password: string): string => `Basic ${Buffer.from(`anna:${password}`).toString('base64')}`;

async function turns(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
}

describe('RESTCONF admission', () => {
  let system: AgentUnderTest;
  let server: RestconfServer;
  let gate: Gate;

  async function start(authenticator: Gate['authenticator']): Promise<void> {
    server = await startRestconfServer({
      agent: system.system.agent,
      authenticator,
      logger: silentLogger,
      connections: 100,
      plain: { host: '127.0.0.1', port: 0 },
      bodyBytes: BODY_BYTES,
      now: () => system.clock.now(),
    });
  }

  async function post(password: string, body: Buffer, headers: Readonly<Record<string, string>> = {}) {
    const request = requestHttp(new URL(OPERATION, server.urls[0]), {
      method: 'POST',
      headers: { Authorization: basic(password), 'Content-Type': 'application/yang-data+json', ...headers },
    });
    request.end(body);
    // The event has one argument, the answer.
    const [answer] = (await once(request, 'response')) as [IncomingMessage];
    const chunks: Buffer[] = [];
    for await (const chunk of answer) chunks.push(chunk as Buffer);
    return { status: answer.statusCode, body: Buffer.concat(chunks).toString('utf8') };
  }

  before(async () => {
    system = await AgentUnderTest.start();
  });
  beforeEach(() => {
    gate = new Gate();
  });
  afterEach(() => server.close());
  after(() => system.close());

  it('asks for the password before it reads the body', async () => {
    await start({ password: (_user, password) => Promise.resolve(password === 'right' ? 'right' : 'wrong') });
    const tooMuch = Buffer.alloc(BODY_BYTES * 2, ' ');
    expect((await post('wrong', tooMuch)).status).to.equal(401);
    expect((await post('right', tooMuch)).status).to.equal(413);
  });

  it('calls a body that cannot be decompressed malformed', async () => {
    await start({ password: () => Promise.resolve('right') });
    for (const body of [Buffer.from('no gzip at all'), gzipSync('{"opnfv-promise:input":{}}').subarray(0, 20)]) {
      const answer = await post('right', body, { 'Content-Encoding': 'gzip' });
      expect(answer.status, answer.body).to.equal(400);
      expect(answer.body).to.include('malformed-message').and.include('Content-Encoding');
    }
  });

  it('opens no stream for a client that left while its password was checked', async () => {
    await start(gate.authenticator);
    const { port } = new URL(server.urls[0] ?? '');
    const socket = connect(Number(port), '127.0.0.1');
    socket.write(
      'GET /restconf/streams/NETCONF/json HTTP/1.1\r\nHost: test\r\nAccept: text/event-stream\r\n' +
        `Authorization: ${basic('right')}\r\n\r\n`,
    );
    await gate.asked;
    socket.destroy();
    await turns();
    gate.open();
    await turns();
    expect(system.system.agent.streams.subscriptions()).to.deep.equal([]);
  });

  it('puts off guesses that come all at once, right ones too', async () => {
    await start(gate.authenticator);
    const authentication = new BasicAuthentication(gate.authenticator, () => 0, silentLogger);
    const passwords = [...Array.from({ length: 30 }, () => 'wrong'), 'right'];
    const answers = passwords.map((password) =>
      authentication.user(basic(password), '192.0.2.1').then(
        () => 200,
        (error: unknown) => (error instanceof HttpError ? error.status : 0),
      ),
    );
    await gate.asked;
    gate.open();
    expect(await Promise.all(answers)).to.deep.equal([
      ...Array.from({ length: 20 }, () => 401),
      ...Array.from({ length: 11 }, () => 429),
    ]);
  });
});
