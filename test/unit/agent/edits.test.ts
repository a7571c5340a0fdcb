import { expect } from 'chai';
import type { ConfigOwner, ConfigProposal } from '../../../src/agent/config-owners.ts';
import type { Change } from '../../../src/yang/edit.ts';
import { RpcError } from '../../../src/yang/rpc-error.ts';
import { formatPath } from '../../../src/yang/instance-path.ts';
import { AgentFixture, errorOfPromise, errorsOf } from './agent-fixture.ts';
import type { Counting } from './agent-fixture.ts';
import { contextOf } from './stream-fixture.ts';

const SHOP = '/agent-test:shop';

describe('edits of running', () => {
  let fixture: AgentFixture;
  let proposals: ConfigProposal[];
  const owner: ConfigOwner<Counting> = {
    modules: ['agent-test'],
    decide(proposal) {
      proposals.push(proposal);
      if (proposal.changes.some(mentionsForbidden)) {
        throw RpcError.resourceDenied('there is no room', { appTag: 'no-room' });
      }
      return { result: undefined, changes: [{ add: 1 }], events: ['stocked'], due: [] };
    },
  };
  const running = () => fixture.client.get('', { datastore: 'running' });
  const items = async (): Promise<unknown> =>
    (await fixture.client.get(SHOP, { datastore: 'running' }))['agent-test:shop'];

  beforeEach(() => {
    proposals = [];
    fixture = new AgentFixture([owner]);
  });
  afterEach(() => fixture.close());

  it('show in running and operational, and after a restart', async () => {
    await fixture.client.edit('merge', SHOP, {
      'agent-test:shop': {
        name: 'Corner',
        item: [
          { id: 'b', price: 2 },
          { id: 'a', price: 1 },
        ],
        queue: [{ id: 'z' }, { id: 'y' }],
      },
    });
    const expected = {
      'agent-test:shop': {
        name: 'Corner',
        item: [
          { id: 'a', price: 1 },
          { id: 'b', price: 2 },
        ],
        queue: [{ id: 'z' }, { id: 'y' }],
      },
    };
    expect(await running()).to.deep.equal(expected);
    expect(await fixture.client.get(SHOP)).to.deep.equal(expected);
    await fixture.restart();
    expect(await running()).to.deep.equal(expected);
  });

  it('keep what was deleted away after a restart, and user order as it was', async () => {
    await fixture.client.edit('merge', SHOP, {
      'agent-test:shop': { name: 'Corner', item: [{ id: 'a' }, { id: 'b' }], queue: [{ id: 'z' }, { id: 'y' }] },
    });
    await fixture.client.edit('delete', `${SHOP}/item=a`);
    await fixture.client.edit('delete', `${SHOP}/queue=z`);
    await fixture.client.edit('create', SHOP, { 'agent-test:queue': [{ id: 'a' }] });
    await fixture.restart();
    expect(await items()).to.deep.equal({ name: 'Corner', item: [{ id: 'b' }], queue: [{ id: 'y' }, { id: 'a' }] });
  });

  it('say whether they created the target', async () => {
    const body = { 'agent-test:item': [{ id: 'a', price: 1 }] };
    expect(await fixture.client.edit('replace', `${SHOP}/item=a`, body)).to.include({ created: true, changed: true });
    expect(await fixture.client.edit('replace', `${SHOP}/item=a`, body)).to.include({ created: false, changed: false });
  });

  it('refuse what the schema or the data refuse, and change nothing', async () => {
    await fixture.client.edit('merge', SHOP, { 'agent-test:shop': { item: [{ id: 'a', price: 1 }] } });
    const before = await running();
    const create = fixture.client.edit('create', SHOP, { 'agent-test:item': [{ id: 'a' }] });
    expect((await errorOfPromise(create)).tag).to.equal('data-exists');
    expect((await errorOfPromise(fixture.client.edit('delete', `${SHOP}/item=b`))).tag).to.equal('data-missing');
    const must = await errorOfPromise(
      fixture.client.edit('merge', SHOP, { 'agent-test:shop': { item: [{ id: 'c', price: 2000 }] } }),
    );
    expect(must.message).to.contain('nothing costs that much');
    expect(await running()).to.deep.equal(before);
  });

  describe('and the owner of their module', () => {
    it('are one decision with what it decides', async () => {
      await fixture.client.edit('merge', SHOP, { 'agent-test:shop': { name: 'Corner' } });
      expect(fixture.ledger.head.domain.count).to.equal(1);
      expect(proposals[0]?.changes.map(({ kind, path }) => `${kind} ${formatPath(path)}`)).to.deep.equal([
        'created /agent-test:shop',
      ]);
      expect([...fixture.store.readEvents({})].map(({ name }) => name)).to.deep.equal([
        'sale',
        'netconf-config-change',
      ]);
    });

    it('are refused with its error, leaving both as they were', async () => {
      const error = await errorOfPromise(
        fixture.client.edit('merge', SHOP, { 'agent-test:shop': { name: 'forbidden' } }),
      );
      expect([error.tag, error.appTag]).to.deep.equal(['resource-denied', 'no-room']);
      expect(await running()).to.deep.equal({});
      expect(fixture.ledger.head.domain.count).to.equal(0);
      expect(fixture.store.eventLog().lastSeq).to.equal(0);
    });

    it('ask it nothing when they change nothing', async () => {
      await fixture.client.edit('merge', SHOP, { 'agent-test:shop': { name: 'Corner' } });
      await fixture.client.edit('merge', SHOP, { 'agent-test:shop': { name: 'Corner' } });
      expect(proposals).to.have.length(1);
    });

    it('with test-only, are asked and leave no trace', async () => {
      const body = (name: string) => ({ 'agent-test:shop': { name } });
      await fixture.client.edit('merge', SHOP, body('Corner'), { testOption: 'test-only' });
      expect(proposals).to.have.length(1);
      expect(await running()).to.deep.equal({});
      const refused = fixture.client.edit('merge', SHOP, body('forbidden'), { testOption: 'test-only' });
      expect((await errorOfPromise(refused)).appTag).to.equal('no-room');
    });
  });

  it('with continue-on-error, take what can be taken and report the rest', async () => {
    const edit = fixture.yang.parseEdit({
      format: 'json',
      text: JSON.stringify({
        'agent-test:shop': { item: [{ id: 'a' }, { id: 'forbidden' }, { id: 'c', price: 5000 }, { id: 'd' }] },
      }),
    });
    const errors = await errorsOf(
      fixture.agent.edit(contextOf('ann', 1), { datastore: 'running', edit, errorOption: 'continue-on-error' }),
    );
    expect(errors).to.have.length(2);
    expect(await items()).to.deep.equal({ item: [{ id: 'a' }, { id: 'd' }] });
  });

  describe('revisions', () => {
    const etag = (path = ''): string => {
      const target = path === '' ? [] : parse(path);
      return fixture.agent.revision(contextOf('ann'), 'running', target)?.etag ?? '';
    };
    const parse = (path: string) =>
      path
        .split('/')
        .filter((step) => step !== '')
        .map((step) => {
          const [name = '', id] = step.replace('agent-test:', '').split('=');
          return { module: 'agent-test', name, ...(id === undefined ? {} : { keys: [{ name: 'id', value: id }] }) };
        });

    beforeEach(() =>
      fixture.client.edit('merge', SHOP, {
        'agent-test:shop': {
          item: [
            { id: 'a', price: 1 },
            { id: 'b', price: 1 },
          ],
          settings: { motto: 'x' },
        },
      }),
    );

    it('change along the path of what changed, and nowhere else', async () => {
      const places = ['', SHOP, `${SHOP}/item=a`, `${SHOP}/item=b`, `${SHOP}/settings`];
      const before = places.map(etag);
      fixture.clock.advance(5000);
      await fixture.client.edit('merge', SHOP, { 'agent-test:shop': { item: [{ id: 'a', price: 3 }] } });
      const changed = places.filter((place, index) => etag(place) !== before[index]);
      expect(changed).to.deep.equal(['', SHOP, `${SHOP}/item=a`]);
      expect(fixture.agent.revision(contextOf('ann'), 'running', parse(`${SHOP}/item=a`))?.lastModified).to.equal(
        fixture.clock.now(),
      );
    });

    it('are what the edit answered', async () => {
      const outcome = await fixture.client.edit('merge', `${SHOP}/item=a`, {
        'agent-test:item': [{ id: 'a', price: 9 }],
      });
      expect(outcome.etag).to.equal(etag(`${SHOP}/item=a`));
    });

    it('of list entries and the datastore survive a restart', async () => {
      await fixture.client.edit('merge', `${SHOP}/item=a`, { 'agent-test:item': [{ id: 'a', price: 9 }] });
      const before = ['', `${SHOP}/item=a`, `${SHOP}/item=b`].map(etag);
      await fixture.restart();
      expect(['', `${SHOP}/item=a`, `${SHOP}/item=b`].map(etag)).to.deep.equal(before);
    });

    it('are checked inside the transaction: of two edits on one revision, one wins', async () => {
      const seen = etag();
      const ifMatch = (current: { revision: { etag: string } }) => {
        if (current.revision.etag !== seen) throw RpcError.operationFailed('changed meanwhile');
      };
      const attempts = ['p', 'q'].map((name) =>
        fixture.agent.edit(contextOf('ann'), {
          datastore: 'running',
          edit: fixture.yang.parseEdit({ format: 'json', text: JSON.stringify({ 'agent-test:shop': { name } }) }),
          precondition: ifMatch,
        }),
      );
      const results = await Promise.allSettled(attempts);
      expect(results.map(({ status }) => status)).to.deep.equal(['fulfilled', 'rejected']);
      expect(await items()).to.include({ name: 'p' });
    });

    it('know whether the target exists', async () => {
      const seen: boolean[] = [];
      const precondition = ({ exists }: { exists: boolean }) => void seen.push(exists);
      for (let n = 0; n < 2; n++) {
        await fixture.client.edit('replace', `${SHOP}/item=z`, { 'agent-test:item': [{ id: 'z' }] }, { precondition });
      }
      expect(seen).to.deep.equal([false, true]);
    });
  });

  it('are shut out by another session’s lock, in whatever way they come', async () => {
    const session = fixture.agent.sessions.open({ user: 'bob', transport: 'netconf-ssh', kill: () => undefined });
    fixture.agent.lock(contextOf('bob', session.id), 'running');
    const edit = () => fixture.client.edit('merge', SHOP, { 'agent-test:shop': { name: 'Corner' } });
    expect((await errorOfPromise(edit())).tag).to.equal('in-use');
    session.close('dropped');
    await edit();
  });

  it('are told as netconf-config-change with who, where and what', async () => {
    const inbox = fixture.client.subscribe();
    await fixture.client.edit('merge', SHOP, { 'agent-test:shop': { name: 'Corner' } });
    await fixture.client.edit('merge', SHOP, { 'agent-test:shop': { item: [{ id: 'a' }] } });
    const changed = await inbox.until(({ seq }) => seq === 4);
    expect(changed.content).to.deep.equal({
      'changed-by': { username: 'ann', 'session-id': 0 },
      datastore: 'running',
      edit: [{ target: "/agent-test:shop/item[id='a']", operation: 'create' }],
    });
  });

  it('write what they touched and no more', async () => {
    const many = Array.from({ length: 500 }, (_, n) => ({ id: `i${n}` }));
    await fixture.client.edit('merge', SHOP, { 'agent-test:shop': { item: many } });
    const written: string[] = [];
    const append = fixture.store.append.bind(fixture.store);
    fixture.store.append = (commit) => {
      written.push(...commit.writes.filter(({ kind }) => kind === 'running').map(({ id }) => id));
      return append(commit);
    };
    await fixture.client.edit('merge', SHOP, { 'agent-test:shop': { item: [{ id: 'i7', price: 5 }] } });
    expect(written).to.have.members(['/', '/agent-test:shop', "/agent-test:shop/item[id='i7']"]);
  });
});

function mentionsForbidden(change: Change): boolean {
  return `${formatPath(change.path)} ${'after' in change ? JSON.stringify(change.after) : ''}`.includes('forbidden');
}
