import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { removeServers, serversOf, until } from './cloud.ts';
import { url } from './control-plane/layout.ts';

const PROGRAM = fileURLToPath(new URL('../../bin/promise.ts', import.meta.url));

describe('npm run demo -- --openstack', function () {
  this.timeout(400_000);
  const directory = mkdtempSync(join(tmpdir(), 'promise-clouds-'));
  const file = join(directory, 'clouds.yaml');

  before(async () => {
    await removeServers('demo');
    writeFileSync(
      file,
      `clouds:
  loopback:
    auth:
      auth_url: ${url('keystone')}/v3
      username: demo
      project_name: demo
      user_domain_name: Default
      project_domain_name: Default
    region_name: RegionOne
  elsewhere:
    auth: { auth_url: 'http://127.0.0.1:1/v3', username: nobody, password: nothing }
`,
    );
    writeFileSync(join(directory, 'secure.yaml'), 'clouds: { loopback: { auth: { password: demo } } }\n');
  });
  after(async () => {
    rmSync(directory, { recursive: true, force: true });
    await removeServers('demo');
  });

  const play = (cloud: string): { readonly child: ChildProcess; readonly said: () => string } => {
    const child = spawn(process.execPath, ['--import', 'tsx', PROGRAM, 'demo', '--openstack', file, '--cloud', cloud], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    for (const output of [child.stdout, child.stderr]) output.on('data', (piece: Buffer) => (said += piece.toString()));
    return { child, said: () => said };
  };

  it('plays the three flows, says what it leaves out and why, and leaves nothing behind', async () => {
    const { child, said } = play('loopback');
    const [code] = (await once(child, 'close')) as [number | null];
    const summary = said().slice(said().indexOf('═══ Summary'));
    expect(code, summary).to.equal(0);
    for (const flow of ['Resource capacity management', 'Resource reservation for future use', 'Resource allocation'])
      expect(summary).to.include(flow);
    const [, done, all, omitted] =
      /(\d+) of (\d+) steps did what the flows say; (\d+) more were left out: (.*)/.exec(summary) ?? [];
    expect(done).to.equal(all);
    expect(Number(done)).to.be.greaterThan(25);
    expect(omitted).to.equal('5');
    expect(summary).to.include('no host of a cloud that others use is taken down');
    expect(said()).to.match(/ACTIVE, 1 cores, 512 MB/);
    expect(await serversOf('demo')).to.deep.equal([]);
  });

  it('removes what it made when it is interrupted', async () => {
    const { child, said } = play('loopback');
    await until(async () => (await serversOf('demo')).length > 0);
    const ended = once(child, 'close');
    child.kill('SIGINT');
    const [code] = (await ended) as [number | null];
    expect(code, said().slice(-2_000)).to.equal(1);
    expect(said()).to.include('Ended by SIGINT');
    expect(await serversOf('demo')).to.deep.equal([]);
  });
});
