import { expect } from 'chai';
import { once } from 'node:events';
import { createServer, request as requestHttp, type IncomingMessage } from 'node:http';
import { connect, Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { silentLogger, type Logger } from '../../../src/observe/log.ts';
import { Connections } from '../../../src/restconf/connections.ts';
import { BasicAuthentication, type Authenticator, type PasswordVerdict } from '../../../src/restconf/auth.ts';
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

describe('the limit of RESTCONF connections', () => {
  /** A server of connections that the test opens and closes. */
  class Door {
    readonly logged: unknown[] = [];
    readonly #server = createServer();
    readonly #connections: Connections;

    constructor(limit: number) {
      const log = (facts: unknown, message?: string): void => void this.logged.push([message, facts]);
      this.#connections = new Connections(limit, { warn: log, info: log } as Pick<Logger, 'warn' | 'info'>);
      this.#connections.watch(this.#server, 'secureConnection');
    }

    open(): Socket {
      const socket = new Socket();
      this.#server.emit('secureConnection', socket);
      return socket;
    }

    admits(socket: Socket): boolean {
      try {
        this.#connections.admit(socket);
        return true;
      } catch {
        return false;
      }
    }
  }

  const close = async (socket: Socket): Promise<void> => {
    const closed = once(socket, 'close');
    socket.destroy();
    await closed;
  };

  it('is told once for as long as it lasts, with how many were turned away', async () => {
    const door = new Door(10);
    const kept = Array.from({ length: 10 }, () => door.open());
    expect(door.logged).to.deep.equal([]);
    // Connections are replaced all the time while there are too many.
    for (let round = 0; round < 20; round++) {
      expect(door.admits(door.open())).to.equal(false);
      await close(kept.shift() ?? door.open());
      const next = door.open();
      expect(door.admits(next)).to.equal(true);
      kept.push(next);
    }
    expect(door.logged).to.deep.equal([['the limit of RESTCONF connections is reached', { limit: 10 }]]);
    for (const socket of kept.splice(0, 2)) await close(socket);
    expect(door.logged.slice(1)).to.deep.equal([
      ['RESTCONF connections are within their limit again', { limit: 10, turnedAway: 20 }],
    ]);
    for (let more = 0; more < 3; more++) door.open();
    expect(door.logged.slice(2)).to.deep.equal([['the limit of RESTCONF connections is reached', { limit: 10 }]]);
  });
});

describe('RESTCONF admission', () => {
  let system: AgentUnderTest;
  let server: RestconfServer;
  let gate: Gate;

  async function start(authenticator: Authenticator, connections = 100): Promise<void> {
    server = await startRestconfServer({
      agent: system.system.agent,
      authenticator,
      logger: silentLogger,
      connections,
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
    return { status: answer.statusCode, headers: answer.headers, body: Buffer.concat(chunks).toString('utf8') };
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

  it('takes bodies in pieces, whole or compressed, up to the limit', async () => {
    await start({ password: () => Promise.resolve('right') });
    const input = Buffer.from('{"opnfv-promise:input": {"reservation-id": "none"}}');
    const chunked = { 'Transfer-Encoding': 'chunked' };
    for (const [body, headers] of [
      [input, {}],
      [input, chunked],
      [gzipSync(input), { 'Content-Encoding': 'gzip' }],
    ] as const) {
      const answer = await post('right', body, headers);
      // What is in the body was read: it has no such node.
      expect([answer.status, answer.body]).to.satisfy(([status, text]: [number, string]) => {
        return status === 400 && text.includes('reservation-id');
      });
    }
    const tooMuch = Buffer.alloc(BODY_BYTES * 200, ' ');
    expect((await post('right', tooMuch, chunked)).status).to.equal(413);
    expect((await post('right', gzipSync(tooMuch), { 'Content-Encoding': 'gzip' })).status).to.equal(413);
    expect((await post('right', input, { 'Content-Encoding': 'none' })).status).to.equal(415);
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

  it('logs a refused login with user and address, and never the password', async () => {
    const logged: unknown[] = [];
    const log = (facts: unknown, message?: string): void => void logged.push(facts, message);
    const authentication = new BasicAuthentication({ password: () => Promise.resolve('wrong') }, () => 0, {
      info: log,
      warn: log,
    } as Pick<Logger, 'info' | 'warn'>);
    for (let attempt = 0; attempt < 25; attempt++) {
      await authentication.user(basic('s3cret'), '192.0.2.7').catch(() => undefined);
    }
    expect(logged.slice(0, 2)).to.deep.equal([
      { user: 'anna', peer: '192.0.2.7', method: 'password' },
      'login refused',
    ]);
    expect(logged.filter((each) => each === 'login refused')).to.have.length(20);
    expect(JSON.stringify(logged)).to.include('too many wrong passwords').and.not.include('s3cret');
  });

  it('takes a right password of one user for no sign that all from there is well', async () => {
    const authentication = new BasicAuthentication(
      { password: (_user, password) => Promise.resolve(password === 'right' ? 'right' : 'wrong') },
      () => 0,
      silentLogger,
    );
    const login = (user: string, password: string): Promise<number> =>
      authentication.user(`Basic ${btoa(`${user}:${password}`)}`, '192.0.2.1').then(
        () => 200,
        (error: unknown) => (error instanceof HttpError ? error.status : 0),
      );
    for (let round = 0; round < 10; round++) {
      for (let guess = 0; guess < 2; guess++) expect(await login('victim', `guess ${round} ${guess}`)).to.equal(401);
      if (round < 9) expect(await login('mallory', 'right')).to.equal(200);
    }
    expect(await login('victim', 'one more')).to.equal(429);
  });

  it('forgets the wrong passwords of a user who then has the right one', async () => {
    await start({ password: (_user, password) => Promise.resolve(password === 'right' ? 'right' : 'wrong') });
    const body = Buffer.from('{"opnfv-promise:input":{}}');
    for (let round = 0; round < 3; round++) {
      for (let guess = 0; guess < 15; guess++) expect((await post('wrong', body)).status).to.equal(401);
      expect((await post('right', body)).status).not.to.be.oneOf([401, 429]);
    }
  });

  it('answers 503 when it checks as many passwords as it can, which is no wrong password', async () => {
    let verdict: PasswordVerdict = 'busy';
    await start({ password: () => Promise.resolve(verdict) });
    for (let attempt = 0; attempt < 30; attempt++) {
      const answer = await post('right', Buffer.from('{}'));
      expect(answer.status).to.equal(503);
      expect(answer.headers['retry-after']).to.match(/^[1-9][0-9]*$/);
      expect(answer.body).to.include('too-many-logins');
    }
    verdict = 'right';
    expect((await post('right', Buffer.from('{"opnfv-promise:input":{}}'))).status).not.to.be.oneOf([401, 429, 503]);
  });

  it('answers 503 on connections beyond its limit, and serves again when one has ended', async () => {
    await start({ password: () => Promise.resolve('right') }, 2);
    const { port } = new URL(server.urls[0] ?? '');
    const kept = [connect(Number(port), '127.0.0.1'), connect(Number(port), '127.0.0.1')];
    await Promise.all(kept.map((socket) => once(socket, 'connect')));
    const refused = await post('right', Buffer.from('{}'));
    expect(refused.status).to.equal(503);
    expect(refused.headers).to.include({ connection: 'close' });
    expect(refused.headers['retry-after']).to.match(/^[1-9][0-9]*$/);
    expect(refused.body).to.include('too-many-connections');
    for (const socket of kept) {
      socket.destroy();
      await once(socket, 'close');
    }
    await turns();
    expect((await post('right', Buffer.from('{"opnfv-promise:input":{}}'))).status).not.to.equal(503);
  });
});
