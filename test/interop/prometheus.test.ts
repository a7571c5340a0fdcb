import { expect } from 'chai';
import { fileURLToPath } from 'node:url';
import { AgentUnderTest, USER } from '../contract/agent-under-test.ts';
import { requireProgram, run } from './programs.ts';

const PYTHON = '/usr/bin/python3';
const SCRIPT = fileURLToPath(new URL('./prometheus_figures.py', import.meta.url));

type Labels = Readonly<Record<string, string>>;
interface Figures {
  readonly types: Readonly<Record<string, string>>;
  readonly samples: readonly (readonly [name: string, labels: Labels, value: number])[];
}

describe("interoperability: Prometheus' client for Python", function () {
  this.timeout(60_000);
  let agent: AgentUnderTest | undefined;

  before(async function () {
    requireProgram(this, 'python3-prometheus-client', [PYTHON, '-c', 'import prometheus_client']);
    agent = await AgentUnderTest.start({ metrics: true });
  });
  after(() => agent?.close());

  async function figures(): Promise<(name: string, labels?: Labels) => number | undefined> {
    const reply = await fetch(`${agent?.system.metrics ?? ''}/metrics`);
    expect(reply.headers.get('content-type')).to.match(/^text\/plain; version=0\.0\.4/);
    const { code, stdout, stderr } = await run(PYTHON, [SCRIPT], { input: await reply.text() });
    expect(code, stderr).to.equal(0);
    const { samples } = JSON.parse(stdout) as Figures;
    return (name, labels = {}) =>
      samples.find(
        ([found, its]) => found === name && Object.entries(labels).every(([label, value]) => its[label] === value),
      )?.[2];
  }

  async function call(rpc: string, input: object): Promise<Readonly<Record<string, unknown>>> {
    const reply = await agent?.restconf().request({
      method: 'POST',
      path: `/restconf/operations/opnfv-promise:${rpc}`,
      headers: { 'Content-Type': 'application/yang-data+json' },
      body: JSON.stringify({ 'opnfv-promise:input': input }),
    });
    const body = JSON.parse(reply?.body ?? '{}') as Record<string, Record<string, unknown>>;
    return body['opnfv-promise:output'] ?? {};
  }

  it('reads what was asked for, decided and called, and what there is', async () => {
    const east = { 'provider-type': 'promise-simulator:simulated', name: 'east' };
    const { 'provider-id': source } = await call('add-provider', east);
    const { 'pool-id': pool } = await call('increase-capacity', { source, capacity: { cores: 8, instances: 4 } });
    await call('create-reservation', { capacity: { cores: 3 } });
    const refused = await call('create-reservation', { capacity: { cores: 6 } });
    expect(refused['result']).to.equal('conflict');
    await call('create-reservation', { capacity: { cores: 'many' } });
    await agent?.netconf();

    const figure = await figures();
    const operation = 'opnfv-promise:create-reservation';
    const count = (outcome: string): number | undefined =>
      figure('promise_operation_seconds_count', { operation, transport: 'restconf-https', outcome });
    // What is not valid is not carried out, and not timed.
    expect([count('ok'), count('conflict'), count('invalid-value')]).to.deep.equal([1, 1, undefined]);
    expect(figure('promise_commit_seconds_count', { outcome: 'ok' })).to.be.at.least(4);
    expect(
      figure('promise_vim_call_seconds_count', { provider: String(source), call: 'discover', outcome: 'ok' }),
    ).to.be.at.least(1);
    const capacity = (view: string): number | undefined =>
      figure('promise_pool_capacity', { pool: String(pool), resource: 'cores', view });
    expect(['total', 'reserved', 'usage', 'available'].map(capacity)).to.deep.equal([8, 3, 0, 5]);
    expect(figure('promise_pool_capacity', { resource: 'ram' })).to.equal(undefined);
    expect(figure('promise_provider_up', { provider: String(source), type: 'promise-simulator:simulated' })).to.equal(
      1,
    );
    expect(figure('promise_reservations')).to.equal(1);
    expect(figure('promise_reservations_degraded')).to.equal(0);
    expect(figure('promise_netconf_sessions')).to.equal(1);
    expect(figure('promise_due_overdue')).to.equal(0);
    expect(figure('process_resident_memory_bytes')).to.be.greaterThan(1_000_000);
    expect(figure('nodejs_eventloop_lag_p99_seconds')).to.be.a('number');
  });

  it('is told that decisions can be made', async () => {
    const reply = await fetch(`${agent?.system.metrics ?? ''}/healthz`);
    expect([reply.status, await reply.text()]).to.deep.equal([200, 'ok\n']);
  });

  it('finds no user, tenant, reservation or secret in the figures', async () => {
    const { 'reservation-id': id } = await call('create-reservation', { capacity: { cores: 1 } });
    const text = await (await fetch(`${agent?.system.metrics ?? ''}/metrics`)).text();
    expect(id).to.be.a('string');
    for (const secret of [String(id), USER, 'password']) expect(text).not.to.include(secret);
  });
});
