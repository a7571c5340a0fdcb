import { expect } from 'chai';
import fc from 'fast-check';
import { RunningConfigurationError } from '../../../src/agent/running.ts';
import { AgentFixture, errorOfPromise } from './agent-fixture.ts';
import { contextOf } from './stream-fixture.ts';

const SHOP = '/agent-test:shop';

describe('the stored running configuration', () => {
  let fixture: AgentFixture;
  beforeEach(() => {
    fixture = new AgentFixture();
  });
  afterEach(() => fixture.close());
  const running = () => fixture.client.get('', { datastore: 'running' });
  const record = (id: string, value: object) => ({ kind: 'running' as const, id, body: { value, revision: 1, at: 0 } });

  it('is what it was before, after any edits and a restart', async function () {
    this.timeout(60_000);
    const id = fc.constantFrom('a', 'b', "c'd", 'e/f', 'ü');
    const edit = fc.oneof(
      fc.record({ to: fc.constant('item'), id, price: fc.nat(999) }),
      fc.record({ to: fc.constant('queue'), id }),
      fc.record({ to: fc.constant('remove item'), id }),
      fc.record({ to: fc.constant('remove queue'), id }),
      fc.record({ to: fc.constant('motto'), id }),
      fc.constant({ to: 'remove all' }),
    );
    const carryOut = async (one: { to: string; id?: string; price?: number }): Promise<void> => {
      const key = encodeURIComponent(one.id ?? '');
      if (one.to === 'remove all') await fixture.client.edit('remove', SHOP);
      else if (one.to === 'remove item') await fixture.client.edit('remove', `${SHOP}/item=${key}`);
      else if (one.to === 'remove queue') await fixture.client.edit('remove', `${SHOP}/queue=${key}`);
      else if (one.to === 'motto') await merge({ settings: { motto: one.id } });
      else await merge({ [one.to]: [one.to === 'item' ? { id: one.id, price: one.price } : { id: one.id }] });
    };
    const merge = (shop: object) => fixture.client.edit('merge', SHOP, { 'agent-test:shop': shop });
    await fc.assert(
      fc.asyncProperty(fc.array(edit, { maxLength: 8 }), async (edits) => {
        for (const one of edits) await carryOut(one);
        const before = await running();
        const revision = fixture.agent.revision(contextOf('ann'), 'running');
        await fixture.restart();
        expect(await running()).to.deep.equal(before);
        expect(fixture.agent.revision(contextOf('ann'), 'running')).to.deep.equal(revision);
      }),
      { numRuns: 40, seed: 2 },
    );
  });

  it('that is not valid any more is reported, kept, and can be mended', async () => {
    await fixture.restart([record(SHOP, { name: 'Corner' }), record(`${SHOP}/item[id='a']`, { id: 'a', price: 5000 })]);
    const [error] = fixture.created.configurationErrors;
    expect(error?.path).to.equal("/agent-test:shop/item[id='a']/price");
    expect(await running()).to.deep.equal({ 'agent-test:shop': { name: 'Corner', item: [{ id: 'a', price: 5000 }] } });
    await errorOfPromise(fixture.client.edit('merge', SHOP, { 'agent-test:shop': { name: 'Other' } }));
    await fixture.client.edit('merge', SHOP, { 'agent-test:shop': { item: [{ id: 'a', price: 5 }] } });
  });

  it('that does not fit the modules stops the start, saying why', async () => {
    let thrown: unknown;
    await fixture.restart([record('/long-gone:top', { name: 'x' })]).catch((error: unknown) => (thrown = error));
    expect(thrown).to.be.instanceOf(RunningConfigurationError);
    expect(String(thrown)).to.contain('long-gone');
  });

  it('that could not be written is answered as such and does not show', async () => {
    const append = fixture.store.append.bind(fixture.store);
    fixture.store.append = () => Promise.reject(new Error('disk full'));
    const error = await errorOfPromise(fixture.client.edit('merge', SHOP, { 'agent-test:shop': { name: 'lost' } }));
    expect(error.tag).to.equal('operation-failed');
    expect(error.message).to.contain('no effect');
    fixture.store.append = append;
    expect(await running()).to.deep.equal({});
  });
});
