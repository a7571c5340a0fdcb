import { expect } from 'chai';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { BuiltEntries } from '../../src/agent/lazy-entries.ts';
import { silentLogger } from '../../src/observe/log.ts';
import { startRestconfServer } from '../../src/restconf/server.ts';
import type { CommitResult } from '../../src/store/store.ts';
import { AgentFixture } from '../unit/agent/agent-fixture.ts';
import { Client } from '../unit/netconf/session-fixture.ts';

/** Long enough for whatever is on its way within this process. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 300; turn++) await nextTurn();
}

describe('a read of state that is decided while the answer is made', () => {
  let fixture: AgentFixture;
  let commit: () => void;
  let decided: Promise<void>;

  /** A shop whose list is built while it is printed, and that sells something at that very time. */
  beforeEach(() => {
    fixture = new AgentFixture();
    const gate = new Promise<void>((resolve) => (commit = resolve));
    let sell: () => void = () => undefined;
    decided = new Promise((resolve) => (sell = resolve));
    const { store } = fixture;
    const append = store.append.bind(store);
    store.append = async (...given): Promise<CommitResult> => {
      if (fixture.ledger.head.domain.count > 0) await gate;
      return await append(...given);
    };
    fixture.created.providers.register({
      node: 'agent-test:shop',
      read: () => ({
        item: new BuiltEntries(new Map([['a', 'a']]), (id) => {
          const sold = fixture.ledger.head.domain.count;
          if (sold === 0) {
            void fixture.ledger.update(() => {
              sell();
              return { result: undefined, changes: [{ of: 'domain', change: { add: 1 } }], events: [], due: [] };
            });
          }
          return { id, sold: fixture.ledger.head.domain.count };
        }),
      }),
    });
  });
  afterEach(async () => {
    commit();
    await fixture.close();
  });

  it('is answered over RESTCONF when the decision is durable', async () => {
    const server = await startRestconfServer({
      agent: fixture.agent,
      authenticator: { password: () => Promise.resolve('right') },
      logger: silentLogger,
      connections: 10,
      plain: { host: '127.0.0.1', port: 0 },
      bodyBytes: 1024,
      now: () => fixture.clock.now(),
    });
    let answered = false;
    const answer = fetch(`${server.urls[0] ?? ''}/restconf/data/agent-test:shop`, {
      headers: { Authorization: `Basic ${btoa('ann:right')}` },
    }).finally(() => (answered = true));
    await decided;
    await turns();
    expect(answered).to.equal(false);
    commit();
    expect(await (await answer).json()).to.deep.equal({ 'agent-test:shop': { item: [{ id: 'a', sold: 1 }] } });
    await server.close();
  });

  it('is answered over NETCONF when the decision is durable', async () => {
    const client = new Client(fixture.agent, { user: 'ann' });
    expect(await client.next()).to.match(/^<hello/);
    client.send('<rpc xmlns="urn:ietf:params:xml:ns:netconf:base:1.0" message-id="1"><get/></rpc>');
    await decided;
    await turns();
    expect(await client.pending()).to.deep.equal([]);
    commit();
    expect(await client.next()).to.contain('<sold>1</sold>');
    client.channel.drop();
  });

  it('is given to local clients when the decision is durable', async () => {
    let answered = false;
    const answer = fixture.client.get('/agent-test:shop').finally(() => (answered = true));
    await decided;
    await turns();
    expect(answered).to.equal(false);
    commit();
    expect(await answer).to.deep.equal({ 'agent-test:shop': { item: [{ id: 'a', sold: 1 }] } });
  });
});
