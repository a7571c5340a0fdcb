import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { main } from '../../src/cli/main.ts';
import { Users } from '../../src/users.ts';
import { makeSshKeyPair } from '../../src/ssh-key-pair.ts';

describe('users', () => {
  let directory: string;
  beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'promise-users-'))));
  afterEach(() => rmSync(directory, { recursive: true }));

  const blob = (publicKey: string): Buffer => Buffer.from(publicKey.split(' ')[1] ?? '', 'base64');

  it('accepts the right password only, and no password of another user', async () => {
    const users = new Users(directory);
    await users.add('alice', { password: 'correct horse' });
    await users.add('bob', { password: 'battery staple' });
    expect(await users.checkPassword('alice', 'correct horse')).to.equal(true);
    expect(await users.checkPassword('alice', 'correct horse')).to.equal(true);
    expect(await users.checkPassword('alice', 'battery staple')).to.equal(false);
    expect(await users.checkPassword('carol', 'correct horse')).to.equal(false);
  });

  it('forgets an old password at once when it is replaced', async () => {
    const users = new Users(directory);
    await users.add('alice', { password: 'first' });
    expect(await users.checkPassword('alice', 'first')).to.equal(true);
    await users.add('alice', { password: 'second' });
    expect(await users.checkPassword('alice', 'first')).to.equal(false);
    expect(await users.checkPassword('alice', 'second')).to.equal(true);
  });

  it('keeps no password in the clear, in a file for its owner alone', async () => {
    await new Users(directory).add('alice', { password: 'correct horse' });
    const path = join(directory, 'users.json');
    expect(readFileSync(path, 'utf8')).not.to.contain('correct horse');
    expect(statSync(path).mode & 0o777).to.equal(0o600);
  });

  it('sees a user that another process added', async () => {
    const running = new Users(directory);
    await new Users(directory).add('late', { password: 'comer' });
    expect(await running.checkPassword('late', 'comer')).to.equal(true);
  });

  it('keeps the tenant of a user until another is given', async () => {
    const users = new Users(directory);
    await users.add('carol', { password: 'one', tenant: 'red' });
    await users.add('carol', { password: 'two' });
    expect(users.standing('carol')).to.deep.equal({ role: 'consumer', tenant: 'red' });
    await users.add('carol', { tenant: 'blue' });
    expect(await users.checkPassword('carol', 'two')).to.equal(true);
    expect(users.standing('carol')).to.deep.equal({ role: 'consumer', tenant: 'blue' });
    expect(users.standing('nobody')).to.equal(undefined);
  });

  it('makes a user with a tenant a consumer, and one without an operator, unless told otherwise', async () => {
    const users = new Users(directory);
    await users.add('olga', { password: 'x' });
    await users.add('oscar', { password: 'x', tenant: 'red', role: 'operator' });
    await users.add('rita', { password: 'x', tenant: 'red' });
    expect(users.standing('olga')).to.deep.equal({ role: 'operator' });
    expect(users.standing('oscar')).to.deep.equal({ role: 'operator', tenant: 'red' });
    expect(users.standing('rita')).to.deep.equal({ role: 'consumer', tenant: 'red' });
    await users.add('oscar', { tenant: 'blue' });
    expect(users.standing('oscar')).to.deep.equal({ role: 'operator', tenant: 'blue' });
    await users.add('oscar', { role: 'consumer' });
    expect(users.standing('oscar')).to.deep.equal({ role: 'consumer', tenant: 'blue' });
  });

  it('has no consumer without a tenant, and nobody with the name of the agent itself', async () => {
    const users = new Users(directory);
    for (const [name, details] of [
      ['olga', { password: 'x', role: 'consumer' }],
      ['promise', { password: 'x' }],
    ] as const) {
      const refusal = await users.add(name, details).catch((error: unknown) => error);
      expect(refusal).to.be.instanceOf(Error);
    }
    expect(users.names).to.deep.equal([]);
  });

  it('forgets a user who is removed, password included', async () => {
    const users = new Users(directory);
    await users.add('alice', { password: 'first' });
    await users.add('bob', { password: 'second' });
    expect(await users.checkPassword('alice', 'first')).to.equal(true);
    await users.remove('alice');
    expect(await users.checkPassword('alice', 'first')).to.equal(false);
    expect(users.standing('alice')).to.equal(undefined);
    expect(users.names).to.deep.equal(['bob']);
    const again = await users.remove('alice').catch((error: unknown) => error);
    expect(String(again)).to.include("there is no user 'alice'");
  });

  it('knows nobody once the file is gone, says so once, and takes it back', async () => {
    let told = 0;
    const users = new Users(directory, { lost: () => (told += 1) });
    expect(users.names).to.deep.equal([]);
    await users.add('alice', { password: 'first' });
    expect(await users.checkPassword('alice', 'first')).to.equal(true);
    expect(told).to.equal(0);
    const path = join(directory, 'users.json');
    renameSync(path, `${path}.away`);
    // The file is looked at once in a turn.
    await nextTurn();
    expect(users.standing('alice')).to.equal(undefined);
    expect(await users.checkPassword('alice', 'first')).to.equal(false);
    expect(users.names).to.deep.equal([]);
    expect(told).to.equal(1);
    renameSync(`${path}.away`, path);
    // The file is looked at once in a turn.
    await nextTurn();
    expect(users.standing('alice')).to.deep.equal({ role: 'operator' });
    expect(await users.checkPassword('alice', 'first')).to.equal(true);
  });

  it('loses no change of several at the same time, in this process and others', async function () {
    this.timeout(30_000);
    const names = Array.from({ length: 6 }, (_, index) => `user-${index}`);
    const inside = names.map((name) => new Users(directory).add(name, { tenant: 'red' }));
    const outside = ['one', 'two', 'three'].map((name) => addInProcess(directory, name));
    await Promise.all([...inside, ...outside]);
    expect(new Users(directory).names).to.have.members([...names, 'one', 'two', 'three']);
  });

  it('accepts a public key that was added, with comment and options left out', async () => {
    const users = new Users(directory);
    const mine = makeSshKeyPair('ed25519').public;
    const other = makeSshKeyPair('ed25519').public;
    await users.add('alice', { key: `no-pty ${mine.trim()} alice@laptop` });
    expect(users.hasKey('alice', { algorithm: 'ssh-ed25519', blob: blob(mine) })).to.equal(true);
    expect(users.hasKey('alice', { algorithm: 'ssh-ed25519', blob: blob(other) })).to.equal(false);
    expect(users.hasKey('bob', { algorithm: 'ssh-ed25519', blob: blob(mine) })).to.equal(false);
  });

  for (const [what, name, credentials] of [
    ['an empty name', '', { password: 'x' }],
    ['a name with a colon', 'a:b', { password: 'x' }],
    ['an empty password', 'alice', { password: '' }],
    ['a private key', 'alice', { key: makeSshKeyPair('ed25519').private }],
    ['a key whose content is of another kind', 'alice', { key: 'ssh-rsa AAAAC3NzaC1lZDI1NTE5' }],
  ] as const) {
    it(`refuses ${what}`, async () => {
      const users = new Users(directory);
      const refusal = await users.add(name, credentials).then(
        () => undefined,
        (error: unknown) => error,
      );
      expect(refusal).to.be.instanceOf(Error);
      expect(users.names).to.deep.equal([]);
    });
  }

  describe('promise user', () => {
    const run = async (args: readonly string[], stdin = '') => await command(['add', ...args], stdin);
    const command = async (
      args: readonly string[],
      stdin = '',
    ): Promise<{ code: number; out: string; err: string }> => {
      let out = '';
      let err = '';
      const sink = (take: (text: string) => void): Writable =>
        new Writable({
          write: (chunk: Buffer, _encoding, done) => {
            take(chunk.toString());
            done();
          },
        });
      const terminal = {
        stdin: Readable.from([stdin]),
        stdout: sink((text) => (out += text)),
        stderr: sink((text) => (err += text)),
      };
      const code = await main(['user', ...args, '--data-dir', directory], terminal);
      return { code, out, err };
    };

    it('reads the password from standard input', async () => {
      expect((await run(['alice', '--password-file', '-'], 'secret\n')).code).to.equal(0);
      expect(await new Users(directory).checkPassword('alice', 'secret')).to.equal(true);
    });

    it('says what to do where there is no terminal to ask at', async () => {
      const { code, err } = await run(['alice']);
      expect(code).to.equal(1);
      expect(err).to.match(/--password-file/);
    });

    it('ends with 2 when it is called wrongly', async () => {
      expect((await run(['alice', '--passwd', 'x'])).code).to.equal(2);
      expect((await run(['alice', '--tenant', 'red', '--role', 'king', '--password-file', '-'], 'x\n')).code).to.equal(
        2,
      );
    });

    it('gives roles, lists users and removes them', async () => {
      const added = await run(['rita', '--tenant', 'red', '--password-file', '-'], 'secret\n');
      expect(added.out).to.equal('user rita can log in, as a consumer of the tenant red\n');
      await run(['oscar', '--tenant', 'red', '--role', 'operator', '--password-file', '-'], 'secret\n');
      const key = join(directory, 'key.pub');
      writeFileSync(key, makeSshKeyPair('ed25519').public);
      await run(['olga', '--key', key]);
      expect((await command(['list'])).out).to.equal(
        [
          'NAME   TENANT  ROLE      LOGIN',
          'olga   -       operator  1 key',
          'oscar  red     operator  password',
          'rita   red     consumer  password',
          '',
        ].join('\n'),
      );
      // The role of one who exists is changed without asking for a password.
      expect((await run(['oscar', '--role', 'consumer'])).out).to.include('as a consumer of the tenant red');
      expect((await command(['remove', 'rita'])).code).to.equal(0);
      expect((await command(['remove', 'rita'])).code).to.equal(1);
      expect((await command(['list'])).out).not.to.include('rita');
    });
  });
});

/** Adds a user as a `promise user add` of its own does. */
async function addInProcess(directory: string, name: string): Promise<void> {
  const code = `import { Users } from './src/users.ts'; await new Users(${JSON.stringify(directory)}).add('${name}', { tenant: 'red' });`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', code], { stdio: 'ignore' });
  // The event has the exit code as its first argument.
  const [status] = (await once(child, 'exit')) as [number | null];
  expect(status).to.equal(0);
}
