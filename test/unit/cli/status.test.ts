import { expect } from 'chai';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SqliteStore } from '../../../src/store/sqlite/sqlite-store.ts';
import { AgentUnderTest } from '../../contract/agent-under-test.ts';
import { run } from './run.ts';

interface Report {
  readonly agent: Readonly<Record<string, unknown>>;
  readonly [member: string]: unknown;
}

describe('promise status', function () {
  // The first to call a command loads all that it consists of.
  this.timeout(60_000);
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'promise-status-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  async function report(of: string): Promise<{ code: number; report: Report }> {
    const { code, out } = await run('status', '--data-dir', of, '--json');
    // Members are looked at one by one.
    return { code, report: JSON.parse(out) as Report };
  }

  describe('of an agent', () => {
    let agent: AgentUnderTest;
    const post = async (operation: string, input: object): Promise<void> => {
      const reply = await agent.restconf().request({
        method: 'POST',
        path: `/restconf/operations/opnfv-promise:${operation}`,
        headers: { 'Content-Type': 'application/yang-data+json' },
        body: JSON.stringify({ 'opnfv-promise:input': input }),
      });
      expect(reply.body, operation).to.include('"result": "ok"');
    };
    before(async () => {
      agent = await AgentUnderTest.start({ plain: true, metrics: true });
      const openstack = { 'provider-type': 'opnfv-promise:openstack', username: 'u', password: 'very-secret' };
      const provider = [
        { id: 'near', name: 'near', 'provider-type': 'promise-simulator:simulated' },
        { id: 'far', name: 'far', ...openstack, endpoint: 'http://127.0.0.1:1/v3' },
      ];
      await agent.restconf().request({
        method: 'PATCH',
        path: '/restconf/data/opnfv-promise:promise',
        headers: { 'Content-Type': 'application/yang-data+json' },
        body: JSON.stringify({ 'opnfv-promise:promise': { providers: { provider } } }),
      });
      await agent.until(() => Promise.resolve(agent.logged.length > 0 || undefined), 'the far provider to be tried');
      await post('increase-capacity', { source: 'near', capacity: { cores: 8 } });
      await post('create-reservation', { name: 'now', capacity: { cores: 1 } });
      const start = new Date(agent.clock.now() + 3_600_000).toISOString();
      for (const name of ['a', 'b']) await post('create-reservation', { name, start, capacity: { cores: 1 } });
      await post('request-offer', { 'hold-for': 600, capacity: { cores: 1 } });
    });
    after(() => agent.close());

    it('that runs: pid, addresses, what there is, and what is wrong with a provider; 0', async () => {
      const { code, out, err } = await run('status', '--data-dir', agent.directory);
      const [https = '', http = ''] = agent.system.restconf;
      expect(out).to.match(
        /^Promise \d+\.\d+\.\d+ is running \(pid \d+\), since 2027-03-01T08:00:0\d\.\d{3}Z: .*\.\n\n/,
      );
      expect(out).to.include(`(pid ${process.pid})`);
      expect(out).to.include(`  RESTCONF     ${https}/restconf\n  RESTCONF     ${http}/restconf\n`);
      const listeners = `  NETCONF      127.0.0.1:${agent.system.netconf.port} (SSH)\n  metrics      ${agent.system.metrics}/metrics\n`;
      expect(out).to.include(listeners);
      expect(out).to.include(`  data         ${agent.directory}\n`);
      expect(out).to.match(/ {2}database {5}[\d.]+ \w+, write-ahead log [\d.]+ \w+; schema \d+\n/);
      expect(out).to.match(/ {2}reservations 3 \(active 1, scheduled 2\)\n {2}offers {7}1 \(held 1\)\n/);
      expect(out).to.match(/\nPROVIDER +TYPE +STATUS +LAST ANSWER +MESSAGE\n/);
      expect(out).to.match(/\nfar +openstack +down +- +.*cannot be reached.*\n/);
      expect(out).to.match(/\nnear +simulated +up +- +-\n/);
      expect(out).not.to.include('very-secret');
      expect({ code, err }).to.deep.equal({ code: 0, err: '' });
    });

    it('that runs, as JSON', async () => {
      const { code, report: told } = await report(agent.directory);
      expect(code).to.equal(0);
      expect(told.agent).to.deep.include({ state: 'running', pid: process.pid, restconf: agent.system.restconf });
      expect(told['reservations']).to.deep.equal({ total: 3, byStatus: { active: 1, scheduled: 2 } });
      expect(told['providers']).to.have.length(2);
      expect(told).to.have.nested.property('database.schema.present', 1);
      expect(told).to.have.nested.property('due.overdue', 0);
    });

    it('that has ended: what there was last, and nothing is written; 3', async () => {
      await agent.system.close();
      const files = readdirSync(agent.directory).sort();
      expect(files).not.to.include('agent.json');
      const { code, out } = await run('status', '--data-dir', agent.directory);
      expect(out).to.match(/^Promise is not running\.\n\n {2}data /);
      expect(out).to.match(/\nPROVIDER +TYPE +LAST STATUS +LAST ANSWER/);
      expect(out, 'what the agent alone knew while it ran').to.match(/\nnear +simulated +up +2027-03-01T\S+Z +-\n/);
      expect(out).to.include('3 (active 1, scheduled 2)');
      expect(code).to.equal(3);
      expect(readdirSync(agent.directory).filter((file) => !/-(wal|shm)$/.test(file))).to.deep.equal(
        files.filter((file) => !/-(wal|shm)$/.test(file)),
      );
    });

    it('that was killed: the notes that it left do not count', async () => {
      const since = '2027-03-01T08:00:00Z';
      const note = { epoch: 1, version: '9', since, restconf: [], netconf: { host: '::1', port: 1 } };
      writeFileSync(join(agent.directory, 'writer.json'), JSON.stringify({ pid: process.pid, epoch: 1 }));
      writeFileSync(join(agent.directory, 'agent.json'), JSON.stringify(note));
      expect(await report(agent.directory)).to.have.nested.property('report.agent.state', 'stopped');
    });
  });

  it('tells of a process that has the directory and does not serve; 3', async () => {
    writeFileSync(join(directory, 'agent.json'), '{"epoch": 0}');
    const store = SqliteStore.open({ directory, now: () => 0 });
    try {
      const { code, out } = await run('status', '--data-dir', directory);
      expect(out).to.include(`Promise is starting or stopping (pid ${process.pid})`).and.to.include('No providers.');
      expect(code).to.equal(3);
    } finally {
      await store.close();
    }
  });

  it('tells of a directory that has users and no database yet; 3', async () => {
    writeFileSync(join(directory, 'users.json'), '{"users": {}}');
    const { code, out } = await run('status', '--data-dir', directory);
    expect(out).to.include('There is no database yet: no agent was started here.');
    expect(code).to.equal(3);
    expect(readdirSync(directory)).to.deep.equal(['users.json']);
  });

  it('fails where the database is none; 1', async () => {
    writeFileSync(join(directory, 'promise.db'), 'x'.repeat(5000));
    const { code, err } = await run('status', '--data-dir', directory);
    expect(err).to.match(/^promise: cannot read .*promise\.db: file is not a database\n$/);
    expect(code).to.equal(1);
  });
});
