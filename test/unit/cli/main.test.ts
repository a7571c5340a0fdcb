import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './run.ts';

describe('the command line', function () {
  // The first to call a command loads all that it consists of.
  this.timeout(60_000);
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'promise-cli-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  const gone = '/nowhere/at/all';
  const wrong: readonly (readonly [args: readonly string[], message: RegExp])[] = [
    [[], /Usage: promise/],
    [['sell'], /unknown command 'sell'/],
    [['serve', 'now'], /too many arguments for 'serve'/],
    [['serve', '--config', gone], /configuration file \/nowhere\/at\/all cannot be read/],
    [
      ['serve', '--log-level', 'loud'],
      /^promise: 'loud' is not a log level: use one of debug, info, warn, error, silent\n$/,
    ],
    [['serve', '--restconf', 'here'], /'here' is not an address to listen on/],
    [['user', 'add'], /missing required argument 'name'/],
    [['user', 'add', 'anna', '--role', 'king'], /'king' is not a role: use consumer or operator/],
    [['user', 'add', 'anna', '--key', gone], /^promise: \/nowhere\/at\/all \(--key\) cannot be read: /],
    [
      ['user', 'add', 'anna', '--password-file', gone],
      /^promise: \/nowhere\/at\/all \(--password-file\) cannot be read: /,
    ],
    [['user', 'remove'], /missing required argument 'name'/],
    [['check', '--at', 'tomorrow'], /'tomorrow' is not a date-and-time/],
    [['demo', '--cloud', 'east'], /^promise: --cloud names a cloud in a file: give that with --openstack\n$/],
    [['demo', '--openstack', gone], /^promise: \/nowhere\/at\/all cannot be read: there is no such file\n$/],
  ];
  for (const [args, message] of wrong) {
    it(`is told what is wrong with "${args.join(' ')}", and ends with 2`, async () => {
      const place = ['serve', 'user', 'check'].includes(args[0] ?? '') ? ['--data-dir', directory] : [];
      const { code, out, err } = await run(...args, ...place);
      expect(err).to.match(message);
      expect({ code, out }).to.deep.equal({ code: 2, out: '' });
    });
  }

  for (const command of ['user list', 'user remove anna', 'status', 'check']) {
    it(`is told by "${command}" that a directory is none, which stays so, and ends with 2`, async () => {
      const missing = join(directory, 'missing');
      const wrong = [
        [directory, `is not a data directory, it has neither promise.db nor users.json`],
        [missing, 'is not a data directory, it does not exist'],
      ] as const;
      for (const [path, message] of wrong) {
        const { code, out, err } = await run(...command.split(' '), '--data-dir', path);
        expect(err).to.equal(
          `promise: ${path} ${message}: give that of the agent with --data-dir, or its settings with --config\n`,
        );
        expect({ code, out }).to.deep.equal({ code: 2, out: '' });
      }
      expect(readdirSync(directory)).to.deep.equal([]);
      expect(existsSync(missing)).to.equal(false);
    });
  }

  it('adds users before the first start to an empty directory, and makes no other a data directory', async () => {
    const key = join(directory, 'key.pub');
    writeFileSync(key, 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE5kZ2V0IGEgcHVibGljIGtleSBmb3IgdGVzdHMh anna\n');
    const add = async (place: string) => await run('user', 'add', 'anna', '--key', key, '--data-dir', place);
    const missing = join(directory, 'missing');
    const wrong = [
      [directory, 'is not a data directory, it has neither promise.db nor users.json'],
      [missing, 'is not a data directory, it does not exist'],
    ] as const;
    const hint = 'give that of the agent with --data-dir, or its settings with --config';
    for (const [path, message] of wrong)
      expect(await add(path)).to.deep.equal({
        code: 2,
        out: '',
        err: `promise: ${path} ${message}: ${hint}; before the first start, give an empty directory (mkdir -m 700)\n`,
      });
    expect(readdirSync(directory)).to.deep.equal(['key.pub']);

    const empty = join(directory, 'empty');
    mkdirSync(empty);
    expect((await run('user', 'add', 'a b', '--key', key, '--data-dir', empty)).code, 'a name that cannot be').to.equal(
      1,
    );
    expect(await add(empty)).to.include({ code: 0, out: 'user anna can log in with the key, as an operator\n' });
    expect((await run('user', 'list', '--data-dir', empty)).out).to.match(/^anna .*1 key$/m);
  });

  it('finds nothing to check where there are users alone, and ends with 2', async () => {
    writeFileSync(join(directory, 'users.json'), '{"users": {}}');
    const { code, err } = await run('check', '--data-dir', directory);
    expect(err).to.include('has no promise.db: no agent was started there yet');
    expect(code).to.equal(2);
  });

  it('says what to do when an address is taken, and ends with 1', async () => {
    const occupant = createServer();
    await once(occupant.listen(0, '127.0.0.1'), 'listening');
    // It listens on TCP.
    const taken = `127.0.0.1:${(occupant.address() as AddressInfo).port}`;
    const program = fileURLToPath(new URL('../../../bin/promise.ts', import.meta.url));
    const serve = ['serve', '--data-dir', directory, '--restconf', taken, '--netconf', '127.0.0.1:0'];
    const child = spawn(process.execPath, ['--import', 'tsx', program, ...serve]);
    let said = '';
    child.stderr.on('data', (piece: Buffer) => (said += piece.toString()));
    const [code] = (await once(child, 'close')) as [number];
    occupant.close();
    expect(said).to.contain(`address already in use ${taken}; end what listens there, or choose another address`);
    expect(code).to.equal(1);
  });

  it('helps, and ends with 0', async () => {
    const { code, out } = await run('serve', '--help');
    expect(code).to.equal(0);
    expect(out).to.include('--log-level');
  });

  it('names a cloud by OS_CLOUD where --cloud does not', async () => {
    const file = join(directory, 'clouds.yaml');
    writeFileSync(file, 'clouds: { a: {}, b: {} }\n');
    const before = process.env['OS_CLOUD'];
    process.env['OS_CLOUD'] = 'c';
    try {
      expect((await run('demo', '--openstack', file)).err).to.include("has no cloud 'c'; it has a, b");
      expect((await run('demo', '--openstack', file, '--cloud', 'd')).err).to.include("has no cloud 'd'");
    } finally {
      if (before === undefined) delete process.env['OS_CLOUD'];
      else process.env['OS_CLOUD'] = before;
    }
  });
});
