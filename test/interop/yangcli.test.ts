import { expect } from 'chai';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AgentUnderTest, PASSWORD, USER } from '../contract/agent-under-test.ts';
import { requireProgram, run, SshFiles } from './programs.ts';

describe('interoperability: yangcli', function () {
  this.timeout(60_000);
  let agent: AgentUnderTest;
  let files: SshFiles | undefined;

  before(async function () {
    requireProgram(this, 'yangcli', ['which', 'yangcli']);
    agent = await AgentUnderTest.start();
    files = new SshFiles(agent);
  });
  after(async () => {
    if (files === undefined) return;
    files.remove();
    await agent.close();
  });

  /** What yangcli prints while it carries out commands, each on a line. */
  async function yangcli(...commands: readonly string[]): Promise<string> {
    const directory = files?.directory ?? '';
    const script = join(directory, 'script');
    writeFileSync(script, commands.map((command) => `${command}\n`).join(''));
    const home = join(directory, 'home');
    mkdirSync(home, { recursive: true });
    const { host, port } = agent.system.netconf;
    const login = [`--server=${host}`, `--ncport=${port}`, `--user=${USER}`, `--password=${PASSWORD}`];
    const manner = ['--batch-mode', '--autoload=false', `--run-script=${script}`];
    const { stdout, stderr } = await run('yangcli', [...login, ...manner], { env: { HOME: home }, cwd: directory });
    return stdout + stderr;
  }

  it('logs in, reads the capabilities and agrees on base:1.1', async () => {
    const seen = await yangcli('close-session');
    expect(seen).to.contain(`NETCONF session established for ${USER}`);
    expect(seen).to.contain('Protocol version set to: RFC 6241 (base:1.1)');
    expect(seen).to.contain('Default target set to: <running>');
    expect(seen).to.contain('Additional with-defaults behavior: report-all,report-all-tagged,trim');
  });

  it('reads, locks and unlocks, and shows an error with its message', async () => {
    const seen = await yangcli(
      'get-config source=running',
      'lock target=running',
      'unlock target=running',
      'unlock target=running',
    );
    expect(seen).to.match(/RPC Data Reply 1/);
    expect(seen).to.match(/RPC OK Reply 2/);
    expect(seen).to.match(/RPC OK Reply 3/);
    expect(seen).to.match(/RPC Error Reply 4[^]*error-tag operation-failed[^]*error-message '[^']*not locked/);
  });

  it('fetches a module', async () => {
    const seen = await yangcli('get-schema identifier=opnfv-promise version=2026-11-21 format=yang');
    expect(seen).to.contain('namespace "urn:opnfv:promise";');
  });

  it('subscribes to notifications', async () => {
    const seen = await yangcli('mgrload notifications', 'create-subscription', 'get-config source=running');
    expect(seen).to.match(/RPC OK Reply 1/);
    expect(seen).to.match(/RPC Data Reply 2/);
  });
});
