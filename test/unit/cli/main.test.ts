import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';

describe('the command line', function () {
  // The first to call a command loads all that it consists of.
  this.timeout(60_000);
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'promise-cli-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
    const text = { out: '', err: '' };
    const sink = (kind: 'out' | 'err'): Writable =>
      new Writable({
        write: (chunk: Buffer, _encoding, done) => {
          text[kind] += chunk.toString();
          done();
        },
      });
    const terminal = { stdin: Readable.from([]), stdout: sink('out'), stderr: sink('err') };
    // Loaded as it loads the commands itself, so that their errors are of its own classes.
    const { main } = await import('../../../src/cli/main.ts');
    return { code: await main(args, terminal), ...text };
  }

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
    [['check'], /has no promise\.db/],
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
