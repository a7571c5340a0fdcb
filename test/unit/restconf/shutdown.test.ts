import { expect } from 'chai';
import { once } from 'node:events';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Agent as HttpAgent, request as requestHttp, type IncomingMessage } from 'node:http';
import { silentLogger } from '../../../src/observe/log.ts';
import { startRestconfServer, type RestconfServer } from '../../../src/restconf/server.ts';
import { AgentUnderTest } from '../../contract/agent-under-test.ts';

describe('a RESTCONF server that stops', () => {
  let system: AgentUnderTest;
  let server: RestconfServer;
  /** Requests whose users are being looked up, and wait for the test. */
  let waiting: (() => void)[];
  let arrived: () => void;

  before(async () => {
    system = await AgentUnderTest.start();
  });
  beforeEach(async () => {
    waiting = [];
    arrived = () => undefined;
    server = await startRestconfServer({
      agent: system.system.agent,
      authenticator: {
        password: async (user) => {
          if (user === 'patient') {
            await new Promise<void>((resolve) => {
              waiting.push(resolve);
              arrived();
            });
          }
          return 'right';
        },
      },
      logger: silentLogger,
      connections: 100,
      plain: { host: '127.0.0.1', port: 0 },
      bodyBytes: 1024,
      now: () => system.clock.now(),
    });
  });
  after(() => system.close());

  async function get(path: string, user: string, agent = new HttpAgent()): Promise<IncomingMessage> {
    const headers = { Authorization: `Basic ${btoa(`${user}:x`)}` };
    const request = requestHttp(new URL(path, server.urls[0]), { headers, agent });
    request.end();
    // The event has one argument, the answer.
    const [answer] = (await once(request, 'response')) as [IncomingMessage];
    return answer;
  }

  /** A connection, as its client and as the server has it. */
  async function connectionTo(port: number): Promise<readonly [client: Socket, server: Socket]> {
    const accepted: Socket[] = [];
    // Node.js says that the message of this channel is so.
    const note = (message: unknown): unknown => accepted.push((message as { readonly socket: Socket }).socket);
    subscribe('net.server.socket', note);
    try {
      const client = connect(port, '127.0.0.1');
      await once(client, 'connect');
      for (;;) {
        const own = accepted.find(({ remotePort }) => remotePort === client.localPort);
        if (own !== undefined) return [client, own];
        await nextTurn();
      }
    } finally {
      unsubscribe('net.server.socket', note);
    }
  }

  it('finishes what it has begun, and begins nothing more', async () => {
    const connection = new HttpAgent({ keepAlive: true, maxSockets: 1 });
    (await get('/restconf', 'anna', connection)).resume();
    const atWork = new Promise<void>((resolve) => (arrived = resolve));
    const slow = get('/restconf', 'patient');
    await atWork;
    const closed = server.close();
    const later = await get('/restconf', 'anna', connection).then(
      (answer) => answer.statusCode,
      () => 'no connection',
    );
    expect(later).to.be.oneOf([503, 'no connection']);
    for (const go of waiting) go();
    const answer = await slow;
    let body = '';
    for await (const chunk of answer.setEncoding('utf8')) body += String(chunk);
    expect([answer.statusCode, JSON.parse(body)]).to.deep.include(200);
    await closed;
    connection.destroy();
  });

  it('ends streams', async () => {
    const stream = await get('/restconf/streams/NETCONF/json', 'anna');
    const ended = once(stream.resume(), 'close');
    await server.close();
    await ended.catch(() => undefined);
    expect(stream.destroyed).to.equal(true);
  });

  it('does not wait for an answer that stands behind a stream', async () => {
    const { port } = new URL(server.urls[0] ?? '');
    const socket = connect(Number(port), '127.0.0.1');
    const head = (path: string, user: string): string =>
      `GET ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Basic ${btoa(`${user}:x`)}\r\n`;
    const atWork = new Promise<void>((resolve) => (arrived = resolve));
    socket.write(
      `${head('/restconf/streams/NETCONF/json', 'anna')}Accept: text/event-stream\r\n\r\n${head('/restconf', 'patient')}\r\n`,
    );
    // The stream is open, and the request behind it at work.
    await Promise.all([once(socket, 'data'), atWork]);
    const began = performance.now();
    const closed = server.close();
    for (const go of waiting) go();
    await closed;
    expect(performance.now() - began).to.be.below(4_000);
    socket.destroy();
  });

  it('waits for an answer that stands behind another one', async () => {
    const { port } = new URL(server.urls[0] ?? '');
    const socket = connect(Number(port), '127.0.0.1');
    let received = '';
    socket.setEncoding('utf8').on('data', (text: string) => (received += text));
    const head = (user: string): string =>
      `GET /restconf HTTP/1.1\r\nHost: x\r\nAuthorization: Basic ${btoa(`${user}:x`)}\r\n\r\n`;
    const atWork = new Promise<void>((resolve) => (arrived = resolve));
    socket.write(`${head('patient')}${head('anna')}`);
    await atWork;
    const closed = server.close();
    for (const go of waiting) go();
    await closed;
    await once(socket, 'close');
    expect(received.match(/HTTP\/1\.1 200/g)).to.have.length(2);
  });

  it('does not wait for requests whose client has left', async () => {
    const { port } = new URL(server.urls[0] ?? '');
    const [socket, accepted] = await connectionTo(Number(port));
    const head = (method: string): string =>
      `${method} /restconf/data HTTP/1.1\r\nHost: x\r\nAuthorization: Basic ${btoa('patient:x')}\r\n`;
    const bothAtWork = new Promise<void>((resolve) => (arrived = () => waiting.length === 2 && resolve()));
    socket.write(`${head('GET')}\r\n${head('POST')}Content-Length: 9\r\n\r\n{}`);
    await bothAtWork;
    const seen = new Promise((resolve) => accepted.once('close', resolve));
    socket.resetAndDestroy();
    await seen;
    for (const go of waiting) go();
    const began = performance.now();
    await server.close();
    expect(performance.now() - began).to.be.below(4_000);
  });
});

describe('a RESTCONF server that cannot start', () => {
  it('listens nowhere', async () => {
    const system = await AgentUnderTest.start();
    const occupant = createServer();
    const free = createServer();
    try {
      for (const each of [occupant, free]) await once(each.listen(0, '127.0.0.1'), 'listening');
      // They listen on TCP.
      const [taken, first] = [occupant, free].map((each) => (each.address() as AddressInfo).port) as [number, number];
      await once(free.close(), 'close');
      const { certificate, certificateKey: key } = system.system.credentials;
      const failure = await startRestconfServer({
        agent: system.system.agent,
        authenticator: { password: () => Promise.resolve('wrong') },
        logger: silentLogger,
        connections: 100,
        tls: { host: '127.0.0.1', port: first, certificate, key },
        plain: { host: '127.0.0.1', port: taken },
        bodyBytes: 1024,
        now: () => 0,
      }).then(
        () => 'started',
        (error: unknown) => Reflect.get(Object(error) as object, 'code') as unknown,
      );
      expect(failure).to.equal('EADDRINUSE');
      await once(free.listen(first, '127.0.0.1'), 'listening');
    } finally {
      free.close();
      occupant.close();
      await system.close();
    }
  });
});
