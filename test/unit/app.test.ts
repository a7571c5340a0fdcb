import { expect } from 'chai';
import { AgentUnderTest } from '../contract/agent-under-test.ts';

describe('the log of an agent', function () {
  // The whole program is loaded.
  this.timeout(60_000);
  let agent: AgentUnderTest;
  before(async () => {
    agent = await AgentUnderTest.start();
  });
  after(() => agent.close());

  it('tells once why a provider is not reached, and no secret', async () => {
    const account = { 'provider-type': 'opnfv-promise:openstack', username: 'u', password: 'very-secret' };
    const simulated = { 'provider-type': 'promise-simulator:simulated', username: 'mallory', password: 'very-secret' };
    const provider = [
      { id: 'gone', name: 'gone', ...account, endpoint: 'http://127.0.0.1:1/v3' },
      { id: 'closed', name: 'closed', ...simulated },
    ];
    const reply = await agent.restconf().request({
      method: 'PATCH',
      path: '/restconf/data/opnfv-promise:promise',
      headers: { 'Content-Type': 'application/yang-data+json' },
      body: JSON.stringify({ 'opnfv-promise:promise': { providers: { provider } } }),
    });
    expect(reply.status).to.equal(204);
    const lines = await agent.until(() => {
      const found = agent.logged.map((line) => JSON.parse(line) as Record<string, unknown>);
      return Promise.resolve(found.length >= 2 ? found : undefined);
    }, 'a line for each provider');
    await agent.reach(agent.clock.now() + 300_000);
    expect(agent.logged).to.have.length(2);
    expect(agent.logged.join()).not.to.include('very-secret');
    const told = lines.map(({ level, provider: id, reason, msg }) => [level, id, msg, reason]);
    expect(told.find(([, id]) => id === 'gone')?.join()).to.match(
      /^40,gone,the provider does not answer,.* cannot be reached/,
    );
    expect(told.find(([, id]) => id === 'closed')?.join()).to.match(
      /^40,closed,the provider rejects what was given,.* does not accept user 'mallory'/,
    );
  });
});
