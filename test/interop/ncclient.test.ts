import { expect } from 'chai';
import { fileURLToPath } from 'node:url';
import { AgentUnderTest, PASSWORD, USER } from '../contract/agent-under-test.ts';
import { requireProgram, run, SshFiles } from './programs.ts';

const PYTHON = '/usr/bin/python3';
const SCRIPT = fileURLToPath(new URL('./ncclient_flows.py', import.meta.url));

describe('interoperability: ncclient', function () {
  this.timeout(60_000);
  let agent: AgentUnderTest;
  let files: SshFiles | undefined;

  before(async function () {
    requireProgram(this, 'python3-ncclient', [PYTHON, '-c', 'import ncclient, lxml']);
    agent = await AgentUnderTest.start();
    files = new SshFiles(agent);
  });
  after(async () => {
    if (files === undefined) return;
    files.remove();
    await agent.close();
  });

  for (const kind of ['password', 'key'] as const) {
    it(`reserves, reads, edits, locks, listens and controls access, logged in with a ${kind}`, async () => {
      const secret = kind === 'password' ? PASSWORD : (files?.key ?? '');
      const args = [SCRIPT, String(agent.system.netconf.port), USER, kind, secret];
      const { code, stdout, stderr } = await run(PYTHON, args);
      expect(code, stderr).to.equal(0);
      expect(JSON.parse(stdout)).to.deep.equal({
        capabilities: true,
        schema: true,
        'add-provider': 'up',
        'create-reservation': 'ok',
        event: 'created',
        refused: ['conflict', '3'],
        subtree: 'vEPC',
        xpath: 'vEPC',
        edit: true,
        running: `edited-${kind}`,
        'edit-refused': 'resource-denied',
        locked: 'lock-denied',
        unknown: {
          tag: 'invalid-value',
          path: '/promise:cancel-reservation/promise:reservation-id',
          message: "There is no reservation 'nobody'.",
        },
        delete: true,
        'cancel-reservation': 'cancelled',
        nacm: true,
        'nacm-denied': ['access-denied', "/promise:promise/promise:policy/promise:quota[promise:name='q']"],
        'nacm-delete': true,
      });
    });
  }
});
