import { expect } from 'chai';
import { once } from 'node:events';
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
});
