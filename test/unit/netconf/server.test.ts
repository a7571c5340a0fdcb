import { expect } from 'chai';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ClientChannel } from 'ssh2';
import { FrameDecoder } from '../../../src/netconf/framing.ts';
import { startNetconfServer, type NetconfLimits, type NetconfServer } from '../../../src/netconf/server.ts';
import { silentLogger } from '../../../src/observe/log.ts';
import { missingProgram } from '../../missing-program.ts';
import { until } from '../../until.ts';
import { BASE, clientHello, FakeAgent, lazyTracks, MUSIC } from './session-fixture.ts';
import { authenticator, connect, hostKeys, openSubsystem, readAll, userKeys } from './ssh-fixture.ts';

const PLAY = `<rpc xmlns="${BASE}" message-id="1"><play xmlns="${MUSIC}"/></rpc>`;
const CLOSE = `<rpc xmlns="${BASE}" message-id="2"><close-session/></rpc>`;

function chunked(message: string): string {
  return `\n#${Buffer.byteLength(message)}\n${message}\n##\n`;
}

describe('netconf server', () => {
  let agent: FakeAgent;
  let server: NetconfServer;

  async function start(limits: Partial<NetconfLimits> = {}): Promise<void> {
    agent = new FakeAgent();
    const listen = { host: '127.0.0.1', port: 0 };
    server = await startNetconfServer({ agent, listen, hostKeys, authenticator, log: silentLogger, limits });
  }
  afterEach(async () => {
    await server.close();
    expect(agent.sessions.list()).to.deep.equal([]);
  });

  it('serves a session over SSH', async () => {
    await start();
    const client = await connect(server.address.port);
    const channel = await openSubsystem(client);
    channel.write(clientHello('chunked') + chunked(PLAY) + chunked(CLOSE));
    const said = await readAll(channel);
    expect(said).to.match(/^<hello xmlns="[^"]*">.*<\/hello>]]>]]>\n#\d+\n<rpc-reply/);
    expect(said.match(/<ok\/>/g)).to.have.length(2);
    expect(agent.ends.map((end) => end.reason)).to.deep.equal(['closed']);
    client.end();
  });

  it('serves many sessions on one connection, which end one by one', async () => {
    await start();
    const client = await connect(server.address.port);
    const channels: ClientChannel[] = [];
    for (let i = 0; i < 5; i++) channels.push(await openSubsystem(client));
    expect(agent.sessions.list()).to.have.length(5);
    const [first, ...others] = channels;
    if (first === undefined) throw new Error('no channel');
    first.write(clientHello('chunked') + chunked(CLOSE));
    await readAll(first);
    expect(agent.sessions.list().map((session) => session.id)).to.deep.equal([2, 3, 4, 5]);
    for (const channel of others) {
      channel.write(clientHello('chunked') + chunked(PLAY) + chunked(CLOSE));
      expect((await readAll(channel)).match(/<ok\/>/g)).to.have.length(2);
    }
    client.end();
  });

  it('ends all sessions of a connection that is lost', async () => {
    await start();
    const client = await connect(server.address.port);
    for (let i = 0; i < 3; i++) await openSubsystem(client);
    client.destroy();
    await until(() => agent.ends.length === 3, 'the end of three sessions');
    expect(agent.ends.map((end) => end.reason)).to.deep.equal(['dropped', 'dropped', 'dropped']);
  });

  it('limits sessions of one user and of all, and counts those that have ended no more', async () => {
    await start({ maxSessions: 3, maxSessionsPerUser: 2 });
    const anna = await connect(server.address.port);
    const bert = await connect(server.address.port, { username: 'bert' });
    const first = await openSubsystem(anna);
    await openSubsystem(anna);
    expect(await refusal(await openSubsystem(anna))).to.match(/2 sessions of the user anna/);
    await openSubsystem(bert);
    expect(await refusal(await openSubsystem(bert))).to.match(/3 sessions is reached/);
    expect(agent.sessions.list()).to.have.length(3);
    first.write(clientHello('chunked') + chunked(CLOSE));
    await readAll(first);
    await openSubsystem(bert);
    expect(agent.sessions.list().map((session) => session.user)).to.deep.equal(['anna', 'bert', 'bert']);
    anna.end();
    bert.end();
  });

  it('leaves nothing behind after 1,000 sessions on one connection', async function () {
    this.timeout(60_000);
    await start();
    const client = await connect(server.address.port);
    const warnings: Error[] = [];
    const onWarning = (warning: Error): unknown => warnings.push(warning);
    process.on('warning', onWarning);
    const bytes = clientHello('chunked') + chunked(CLOSE);
    for (let i = 0; i < 1_000; i++) {
      const channel = await openSubsystem(client);
      channel.write(bytes);
      await readAll(channel);
    }
    process.off('warning', onWarning);
    expect(agent.sessions.list()).to.deep.equal([]);
    expect(agent.ends).to.have.length(1_000);
    expect(warnings).to.deep.equal([]);
    client.end();
  });

  it('sends a reply of many megabytes through to a client that reads slowly', async () => {
    await start();
    agent.data = lazyTracks(20_000, (index) => `${index} ${'é'.repeat(500)}`);
    const client = await connect(server.address.port);
    const channel = await openSubsystem(client);
    channel.write(
      clientHello('chunked') + chunked(`<rpc xmlns="${BASE}" message-id="1"><get/></rpc>`) + chunked(CLOSE),
    );
    const full = (): boolean => channel.readableLength >= channel.readableHighWaterMark;
    await until(full, 'a client that has as much as it takes without reading');
    const said = await readAll(channel);
    const decoder = new FrameDecoder({ maxMessageSize: 100_000_000 });
    const messages: string[] = [];
    for (const frame of decoder.decode(Buffer.from(said))) {
      if (frame.kind === 'message') messages.push(frame.text);
      decoder.useChunks();
    }
    const [, data = '', ok] = messages;
    expect(data.match(/<title>\d+ (?:&#233;){500}<\/title>/g)).to.have.length(20_000);
    expect(ok).to.match(/<ok\/><\/rpc-reply>$/);
    client.end();
  });

  describe('with OpenSSH', () => {
    const directory = mkdtempSync(join(tmpdir(), 'promise-netconf-'));
    before(function () {
      if (spawnSync('ssh', ['-V']).status !== 0) missingProgram(this, 'OpenSSH');
      for (const [name, key] of Object.entries(userKeys)) {
        const path = join(directory, name);
        writeFileSync(path, key.private);
        chmodSync(path, 0o600);
      }
    });
    after(() => rmSync(directory, { recursive: true }));

    function ssh(key: keyof typeof userKeys, ...more: string[]) {
      const options = [
        'StrictHostKeyChecking=no',
        'UserKnownHostsFile=/dev/null',
        'IdentitiesOnly=yes',
        'BatchMode=yes',
        'LogLevel=ERROR',
      ];
      return spawn('ssh', [
        ...options.flatMap((option) => ['-o', option]),
        ...['-F', 'none', '-i', join(directory, key), '-p', String(server.address.port), ...more],
      ]);
    }

    async function outcome(child: ReturnType<typeof ssh>): Promise<{ out: string; err: string; code: unknown }> {
      let [out, err] = ['', ''];
      child.stdout.on('data', (data: Buffer) => (out += data.toString()));
      child.stderr.on('data', (data: Buffer) => (err += data.toString()));
      const [code] = (await once(child, 'close')) as [unknown];
      return { out, err, code };
    }

    for (const key of ['ed25519', 'ecdsa', 'rsa'] as const) {
      it(`serves \`ssh -s\` with a key of type ${key}, and ends with its exit status`, async () => {
        await start();
        const child = ssh(key, '-s', 'anna@127.0.0.1', 'netconf');
        child.stdin.end(clientHello('chunked') + chunked(PLAY) + chunked(CLOSE));
        const { out, err, code } = await outcome(child);
        expect(err).to.equal('');
        expect(code).to.equal(0);
        expect(out.match(/<ok\/>/g)).to.have.length(2);
      });
    }

    it('answers what was piped in, close-session or not', async () => {
      await start();
      const child = ssh('ed25519', '-s', 'anna@127.0.0.1', 'netconf');
      child.stdin.end(`${clientHello('end-of-message')}\n${PLAY}]]>]]>\n`);
      const { out, code } = await outcome(child);
      expect(code).to.equal(0);
      expect(out).to.match(/<ok\/><\/rpc-reply>]]>]]>$/);
      expect(agent.ends.map((end) => end.reason)).to.deep.equal(['dropped']);
    });

    it('answers keepalives', async function () {
      this.timeout(20_000);
      await start();
      const child = ssh(
        'ed25519',
        '-o',
        'ServerAliveInterval=1',
        '-o',
        'ServerAliveCountMax=1',
        '-vvv',
        '-s',
        'anna@127.0.0.1',
        'netconf',
      );
      const ended = outcome(child);
      let log = '';
      child.stderr.on('data', (data: Buffer) => (log += data.toString()));
      child.stdin.write(clientHello('chunked'));
      // SSH_MSG_REQUEST_SUCCESS or _FAILURE (RFC 4254 §4). The client gives up at the second keepalive if nobody answers.
      const answered = (): number => log.match(/receive packet: type 8[12]\b/g)?.length ?? 0;
      await until(() => answered() >= 3, 'the answers to three keepalives');
      child.stdin.end(chunked(PLAY) + chunked(CLOSE));
      const { out, code } = await ended;
      expect(code).to.equal(0);
      expect(out.match(/<ok\/>/g)).to.have.length(2);
    });

    it('refuses a command, a shell and a key of nobody', async () => {
      await start();
      const command = await outcome(ssh('ed25519', 'anna@127.0.0.1', 'id'));
      expect(command.code).not.to.equal(0);
      expect(command.err).to.match(/exec request failed/);
      const shell = await outcome(ssh('ed25519', 'anna@127.0.0.1'));
      expect(shell.code).not.to.equal(0);
      const stranger = await outcome(ssh('stranger', '-s', 'anna@127.0.0.1', 'netconf'));
      expect(stranger.err).to.match(/Permission denied \(publickey,password\)/);
    });

    it('shows every kind of host key', async () => {
      await start();
      for (const algorithm of ['ssh-ed25519', 'ecdsa-sha2-nistp256', 'rsa-sha2-512']) {
        const child = ssh('ed25519', '-o', `HostKeyAlgorithms=${algorithm}`, '-s', 'anna@127.0.0.1', 'netconf');
        child.stdin.end(clientHello('chunked') + chunked(CLOSE));
        expect((await outcome(child)).code, algorithm).to.equal(0);
      }
    });
  });
});

/** What a session that is refused says on its standard error. */
async function refusal(channel: ClientChannel): Promise<string> {
  let said = '';
  channel.stderr.on('data', (data: Buffer) => (said += data.toString()));
  await once(channel.resume(), 'close');
  return said;
}
