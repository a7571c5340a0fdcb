import { expect } from 'chai';
import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import ssh2, { type ConnectConfig } from 'ssh2';
import type { PasswordVerdict } from '../../../src/netconf/auth.ts';
import type { SessionChannel } from '../../../src/netconf/channel.ts';
import { SshTransport, type Peer, type SshLimits } from '../../../src/netconf/transport.ts';
import { createLogger } from '../../../src/observe/log.ts';
import { authenticator, connect, hostKeys, openSubsystem, PASSWORD, readAll, userKeys } from './ssh-fixture.ts';

const LIMITS: SshLimits = {
  maxUnauthenticated: 20,
  loginTimeoutMs: 5_000,
  maxLoginAttempts: 6,
  maxChannels: 16,
  unusedConnectionMs: 5_000,
  keepaliveMs: 15_000,
};

interface Opened {
  readonly channel: SessionChannel;
  readonly peer: Peer;
}

/** A transport whose channels the test handles itself. */
class Harness {
  readonly opened: Opened[] = [];
  readonly logged: Record<string, unknown>[] = [];
  readonly transport: SshTransport;
  refusal: string | undefined;
  /** Stands in for the check of a password. */
  check: (() => Promise<PasswordVerdict>) | undefined;
  port = 0;

  constructor(limits: Partial<SshLimits> = {}) {
    const log = createLogger('debug', {
      write: (line) => this.logged.push(JSON.parse(line) as Record<string, unknown>),
    });
    this.transport = new SshTransport({
      hostKeys,
      authenticator: {
        ...authenticator,
        password: (user, password) => this.check?.() ?? authenticator.password(user, password),
      },
      limits: { ...LIMITS, ...limits },
      log,
      opened: (channel, peer) => {
        if (this.refusal === undefined) this.opened.push({ channel, peer });
        return this.refusal;
      },
    });
  }

  async listen(): Promise<this> {
    this.port = (await this.transport.listen('127.0.0.1', 0)).port;
    return this;
  }

  last(): Opened {
    const last = this.opened.at(-1);
    if (last === undefined) throw new Error('no channel was opened');
    return last;
  }
}

async function rejection(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  throw new Error('expected a rejection');
}

async function echo(channel: SessionChannel): Promise<void> {
  for (;;) {
    const bytes = await channel.read();
    if (bytes === undefined) break;
    await channel.write(bytes);
  }
  channel.end();
}

describe('netconf SSH transport', () => {
  let harness: Harness;
  const started: Harness[] = [];
  async function start(limits: Partial<SshLimits> = {}): Promise<Harness> {
    const made = await new Harness(limits).listen();
    started.push(made);
    return made;
  }

  beforeEach(async () => {
    harness = await start();
  });
  afterEach(async () => {
    await Promise.all(started.splice(0).map((each) => each.transport.close()));
  });

  describe('logins', () => {
    const good: readonly (readonly [string, ConnectConfig])[] = [
      ['a password', {}],
      ['an Ed25519 key', { privateKey: userKeys.ed25519.private }],
      ['an ECDSA key', { privateKey: userKeys.ecdsa.private }],
      ['an RSA key with SHA-2', { privateKey: userKeys.rsa.private }],
      ['any one of key and password', { privateKey: userKeys.stranger.private, password: PASSWORD }],
    ];
    for (const [what, config] of good) {
      it(`accepts ${what}`, async () => {
        const client = await connect(harness.port, config);
        await openSubsystem(client);
        expect(harness.last().peer).to.include({ user: 'anna', host: '127.0.0.1' });
        client.end();
      });
    }

    const bad: readonly (readonly [string, ConnectConfig])[] = [
      ['a wrong password', { password: 'wrong' }],
      ['an unknown user', { username: 'nobody' }],
      ['a key of nobody', { privateKey: userKeys.stranger.private }],
      ["another user's key", { username: 'bert', privateKey: userKeys.rsa.private }],
    ];
    for (const [what, config] of bad) {
      it(`refuses ${what} and logs why, without the secret`, async () => {
        expect(await rejection(connect(harness.port, config))).to.match(/authentication methods failed/);
        expect(harness.logged.map((line) => line['msg'])).to.include('login refused');
        expect(JSON.stringify(harness.logged)).not.to.contain('wrong"');
      });
    }

    it('refuses a signature that the key did not make', async () => {
      let signed = 0;
      class Forger extends ssh2.BaseAgent<string> {
        override getIdentities(callback: (error: undefined, keys: string[]) => void): void {
          callback(undefined, [userKeys.ed25519.public]);
        }
        override sign(_key: unknown, _data: unknown, options: unknown, callback?: unknown): void {
          signed += 1;
          const done = (callback ?? options) as (error: undefined, signature: Buffer) => void;
          done(undefined, Buffer.alloc(64, 1));
        }
      }
      expect(await rejection(connect(harness.port, { agent: new Forger(), password: 'wrong' }))).to.match(
        /methods failed/,
      );
      expect(signed).to.equal(1);
    });

    it('answers nobody when the client leaves while its password is checked', async () => {
      let answer: (verdict: PasswordVerdict) => void = () => undefined;
      const asked = new Promise<void>((resolve) => {
        harness.check = () => {
          resolve();
          return new Promise((settle) => (answer = settle));
        };
      });
      const client = new ssh2.Client();
      client.on('error', () => undefined);
      client.connect({ host: '127.0.0.1', port: harness.port, username: 'anna', password: PASSWORD });
      await asked;
      const closed = once(client, 'close');
      client.destroy();
      await closed;
      for (let turn = 0; turn < 20; turn++) await nextTurn();
      answer('right');
      await nextTurn();
      harness.check = undefined;
      (await connect(harness.port)).end();
      expect(harness.logged.filter((line) => line['msg'] === 'logged in')).to.have.length(1);
    });

    it('refuses a login when the user store fails', async () => {
      harness.check = () => Promise.reject(new Error('disk'));
      expect(await rejection(connect(harness.port))).to.match(/methods failed/);
      expect(harness.logged.map((line) => line['msg'])).to.include('the user store failed; login refused');
    });

    it('puts a login off while too many passwords are being checked: no failure of the client, nor of the server', async () => {
      const small = await start({ maxLoginAttempts: 2 });
      let left = 5;
      small.check = () => Promise.resolve(left-- > 0 ? 'busy' : 'right');
      const config: ConnectConfig = {
        authHandler: (_left, _partial, next) => next({ type: 'password', username: 'anna', password: PASSWORD }),
      };
      (await connect(small.port, config)).end();
      const told = small.logged.filter((line) => line['msg'] === 'login put off');
      expect(told).to.have.length(5);
      expect(told[0]).to.include({ level: 30, user: 'anna' });
      expect(small.logged.filter(({ level }) => Number(level) > 30)).to.deep.equal([]);
    });

    it('closes the connection after too many failed attempts', async () => {
      const small = await start({ maxLoginAttempts: 2 });
      let asked = 0;
      const config: ConnectConfig = {
        authHandler: (_left, _partial, next) => {
          asked += 1;
          next({ type: 'password', username: 'anna', password: `wrong ${asked}` });
        },
      };
      await rejection(connect(small.port, config));
      expect(asked).to.be.at.most(3);
      expect(small.logged.map((line) => line['reason'])).to.include('too many failed logins');
    });

    it('closes connections that do not log in, whether they speak SSH or not', async () => {
      const quick = await start({ loginTimeoutMs: 60 });
      const silent = connectTcp(quick.port, '127.0.0.1');
      const halfway = connectTcp(quick.port, '127.0.0.1');
      halfway.write('SSH-2.0-halfway\r\n');
      await Promise.all(
        [silent, halfway].map((socket) =>
          once(
            socket.resume().on('error', () => undefined),
            'close',
          ),
        ),
      );
      expect(quick.logged.filter((line) => line['reason'] === 'no login in time')).to.have.length(2);
    });

    it('refuses connections beyond the limit of those that have not logged in, and takes more afterwards', async () => {
      const small = await start({ maxUnauthenticated: 1 });
      const first = connectTcp(small.port, '127.0.0.1');
      await once(first, 'data');
      expect(await rejection(connect(small.port))).to.be.a('string');
      first.destroy();
      await once(first, 'close');
      await nextTurn();
      const client = await connectWithin(small.port);
      client.end();
    });

    it('logs what a client offered when no algorithm fits', async () => {
      const config = { algorithms: { kex: ['diffie-hellman-group1-sha1'] } } as ConnectConfig;
      await rejection(connect(harness.port, config));
      const line = await eventually(() => harness.logged.find((each) => each['msg'] === 'SSH connection failed'));
      expect(line['reason']).to.match(/no matching key exchange/);
      expect(line['offered']).to.have.nested.property('kex[0]', 'diffie-hellman-group1-sha1');
      expect(line['offered']).to.have.property('macToServer').that.includes('hmac-sha2-256');
    });

    for (const algorithm of ['ssh-ed25519', 'ecdsa-sha2-nistp256', 'rsa-sha2-512', 'rsa-sha2-256'] as const) {
      it(`shows a host key for ${algorithm}`, async () => {
        const client = await connect(harness.port, { algorithms: { serverHostKey: [algorithm] } });
        client.end();
      });
    }

    it('survives clients that send garbage', async () => {
      for (const bytes of ['\0'.repeat(300), 'GET / HTTP/1.1\r\n\r\n', 'SSH-2.0-x\r\n' + '\xff'.repeat(2000)]) {
        const socket = connectTcp(harness.port, '127.0.0.1');
        socket.on('error', () => undefined).resume();
        socket.end(Buffer.from(bytes, 'latin1'));
        await once(socket, 'close');
      }
      (await connect(harness.port)).end();
    });
  });

  describe('channels', () => {
    it('refuses shell, exec and other subsystems, and serves netconf on the same connection', async () => {
      const client = await connect(harness.port);
      expect(
        await rejection(
          new Promise((_resolve, reject) => client.exec('id', (error) => reject(error ?? new Error('no error')))),
        ),
      ).to.match(/Unable to exec/);
      expect(
        await rejection(
          new Promise((_resolve, reject) => client.shell((error) => reject(error ?? new Error('no error')))),
        ),
      ).to.be.a('string');
      expect(await rejection(openSubsystem(client, 'sftp'))).to.match(/sftp/);
      const channel = await openSubsystem(client);
      void echo(harness.last().channel);
      channel.end('hello');
      expect(await readAll(channel)).to.equal('hello');
      client.end();
    });

    it('tells a client why it gets no session', async () => {
      harness.refusal = 'there are 5 already';
      const client = await connect(harness.port);
      const channel = await openSubsystem(client);
      let said = '';
      channel.stderr.on('data', (data: Buffer) => {
        said += data.toString();
      });
      const [code] = (await once(channel.resume(), 'close')) as [number];
      expect(said).to.equal('NETCONF session refused: there are 5 already\n');
      expect(code).to.equal(1);
      client.end();
    });

    it('ends with exit status 0 after everything was sent', async () => {
      const client = await connect(harness.port);
      const channel = await openSubsystem(client);
      const served = harness.last().channel;
      const block = Buffer.alloc(48 * 1024, 'x');
      void (async () => {
        for (let i = 0; i < 100; i++) await served.write(block);
        served.end();
      })();
      let exit: unknown;
      channel.on('exit', (code) => {
        exit = code;
      });
      expect(await readAll(channel)).to.have.length(100 * block.length);
      expect(exit).to.equal(0);
      client.end();
    });

    it('waits for a slow reader, and goes on when it reads', async () => {
      const client = await connect(harness.port);
      const channel = await openSubsystem(client);
      const served = harness.last().channel;
      const block = Buffer.alloc(256 * 1024, 'x');
      let written = 0;
      const writing = (async () => {
        for (; written < 100; written++) await served.write(block);
        served.end();
      })();
      for (let i = 0; i < 50; i++) await nextTurn();
      const taken = await settled(() => written);
      expect(taken).to.be.below(50);
      expect(await readAll(channel)).to.have.length(100 * block.length);
      await writing;
      client.end();
    });

    it('fails the write of a slow reader that leaves', async () => {
      const client = await connect(harness.port);
      await openSubsystem(client);
      const served = harness.last().channel;
      const writing = (async () => {
        for (let i = 0; i < 100; i++) await served.write(Buffer.alloc(256 * 1024));
      })();
      await nextTurn();
      client.destroy();
      expect(await rejection(writing)).to.match(/closed/);
      expect(await served.read()).to.equal(undefined);
    });

    it('tells a session at once that its client left, though bytes are unread', async () => {
      const client = await connect(harness.port);
      const channel = await openSubsystem(client);
      const served = harness.last().channel;
      channel.write('unread');
      await nextTurn();
      const gone = new Promise<void>((resolve) => served.onClosed(resolve));
      client.destroy();
      await gone;
    });

    it('ends channels of one connection independently', async () => {
      const client = await connect(harness.port);
      const first = await openSubsystem(client);
      const firstServed = harness.last().channel;
      const second = await openSubsystem(client);
      void echo(harness.last().channel);
      const firstClosed = once(first.resume(), 'close');
      firstServed.abort();
      await firstClosed;
      second.end('still here');
      expect(await readAll(second)).to.equal('still here');
      client.end();
    });

    it('limits the channels of one connection', async () => {
      const small = await start({ maxChannels: 2 });
      const client = await connect(small.port);
      await openSubsystem(client);
      await openSubsystem(client);
      expect(await rejection(openSubsystem(client))).to.match(/open failure/);
      client.end();
    });

    it('closes a connection that has no channel for too long', async () => {
      const quick = await start({ unusedConnectionMs: 60 });
      const client = await connect(quick.port);
      const closed = once(client, 'close');
      const channel = await openSubsystem(client);
      void echo(quick.last().channel);
      channel.end('x');
      expect(await readAll(channel)).to.equal('x');
      await closed;
      expect(quick.logged.map((line) => line['reason'])).to.include('no NETCONF session is open');
    });

    it('closes a connection whose sessions are refused, however often it asks for one', async () => {
      const quick = await start({ unusedConnectionMs: 200 });
      quick.refusal = 'there are enough';
      const client = await connect(quick.port);
      const closed = new AbortController();
      client.once('close', () => closed.abort());
      client.on('error', () => undefined);
      const overdue = Date.now() + 3_000;
      while (!closed.signal.aborted && Date.now() < overdue) {
        const channel = await openSubsystem(client).catch(() => undefined);
        if (channel !== undefined) await readAll(channel).catch(() => undefined);
        await new Promise((resolve) => setImmediate(resolve));
      }
      expect(closed.signal.aborted).to.equal(true);
      expect(quick.logged.map((line) => line['reason'])).to.include('no NETCONF session is open');
    });

    it('closes a connection whose channel never gets the subsystem', async () => {
      const quick = await start({ unusedConnectionMs: 60 });
      const client = await connect(quick.port);
      const closed = once(client, 'close');
      expect(await rejection(openSubsystem(client, 'other'))).to.be.a('string');
      await closed;
    });

    it('opens and closes 1,000 channels on one connection without leaving anything behind', async function () {
      this.timeout(30_000);
      const client = await connect(harness.port);
      const warnings: Error[] = [];
      const onWarning = (warning: Error): unknown => warnings.push(warning);
      process.on('warning', onWarning);
      let closed = 0;
      for (let i = 0; i < 1_000; i++) {
        const channel = await openSubsystem(client);
        const served = harness.opened.pop();
        if (served === undefined) throw new Error('no channel was opened');
        served.channel.onClosed(() => (closed += 1));
        void echo(served.channel);
        channel.end('x');
        await readAll(channel);
      }
      process.off('warning', onWarning);
      await eventually(() => (closed === 1_000 ? closed : undefined));
      expect(warnings).to.deep.equal([]);
      client.end();
    });
  });

  it('ends every connection when it closes', async () => {
    const client = await connect(harness.port);
    await openSubsystem(client);
    const gone = new Promise<void>((resolve) => harness.last().channel.onClosed(resolve));
    const closed = once(client, 'close');
    await harness.transport.close();
    await Promise.all([gone, closed]);
  });
});

async function connectWithin(port: number): ReturnType<typeof connect> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await connect(port);
    } catch (error) {
      if (attempt === 20) throw error;
    }
  }
}

/** The value of `read` once it is defined. */
async function eventually<T>(read: () => T | undefined): Promise<T> {
  for (let turn = 0; turn < 10_000; turn++) {
    const value = read();
    if (value !== undefined) return value;
    await nextTurn();
  }
  throw new Error('it did not happen');
}

/** The value of `read` when it has not changed for many turns of the event loop. */
async function settled(read: () => number): Promise<number> {
  let value = read();
  for (let still = 0; still < 200; still++) {
    await nextTurn();
    if (read() !== value) {
      value = read();
      still = 0;
    }
  }
  return value;
}
