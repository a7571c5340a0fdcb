import { expect } from 'chai';
import { spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { startNetconfServer } from '../../src/netconf/server.ts';
import { silentLogger } from '../../src/observe/log.ts';
import { missingProgram } from '../missing-program.ts';
import { AgentFixture } from '../unit/agent/agent-fixture.ts';
import { authenticator, hostKeys, PASSWORD } from '../unit/netconf/ssh-fixture.ts';

const PYTHON = ['/usr/bin/python3', 'python3'].find(
  (python) => spawnSync(python, ['-c', 'import ncclient']).status === 0,
);
const SCRIPT = fileURLToPath(new URL('./netconf-ncclient.py', import.meta.url));

describe('NETCONF with ncclient', () => {
  before(function () {
    if (PYTHON === undefined) missingProgram(this, 'ncclient');
  });

  it('edits, reads, locks, calls, subscribes, and understands the errors', async function () {
    this.timeout(60_000);
    const fixture = new AgentFixture();
    fixture.created.operations.register('agent-test:double', (_context, input) => ({
      result: Number(input['number']) * 2,
    }));
    const server = await startNetconfServer({
      agent: fixture.agent,
      listen: { host: '127.0.0.1', port: 0 },
      hostKeys,
      authenticator,
      log: silentLogger,
    });
    try {
      const seen = await run(PYTHON ?? '', [SCRIPT, String(server.address.port), PASSWORD]);
      expect(JSON.parse(seen)).to.deep.equal({
        base11: true,
        sessions: true,
        edit: true,
        entries: 2000,
        filtered: 1,
        exists: 'data-exists',
        locked: 'lock-denied',
        inUse: 'in-use',
        unlocked: 'ok',
        double: true,
        unknown: 'unknown-namespace',
        schema: true,
        subscribe: true,
        notification: true,
      });
    } finally {
      await server.close();
      await fixture.close();
    }
  });
});

function run(command: string, parameters: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, parameters);
    let [out, err] = ['', ''];
    child.stdout.on('data', (data: Buffer) => (out += data.toString()));
    child.stderr.on('data', (data: Buffer) => (err += data.toString()));
    child.on('close', (code) => (code === 0 ? resolve(out) : reject(new Error(err))));
  });
}
