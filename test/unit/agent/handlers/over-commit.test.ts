import { expect } from 'chai';
import type { Json } from '../../../../src/agent/local-client.ts';
import { errorOfPromise } from '../agent-fixture.ts';
import { at, PromiseFixture, SIMULATION } from './promise-fixture.ts';

const PROMISE = '/opnfv-promise:promise';

describe('over-commitment of pools', () => {
  let promise: PromiseFixture;

  beforeEach(async () => {
    promise = await new PromiseFixture().start();
    await promise.provider('lab', SIMULATION);
    const [provider] = promise.ledger.head.domain.providers.keys();
    source = String(provider);
  });
  afterEach(() => promise.close());

  let source = '';
  const put = (pool: Json): Promise<unknown> =>
    promise.client.edit('merge', PROMISE, {
      'opnfv-promise:promise': { pools: { pool: [{ id: 'all', source, ...pool }] } },
    });

  const reserve = (cores: number): Promise<Json> =>
    promise.rpc('create-reservation', { start: at(1), end: at(2), capacity: { cores } });

  it('is shown with the pool, whose state is what it promises', async () => {
    await put({
      capacity: { cores: 10, ram: '1024' },
      'over-commit': [
        { resource: 'cores', ratio: '1.55' },
        { resource: 'ram', ratio: '2' },
      ],
    });
    const { pools } = (await promise.get(`${PROMISE}/pools/pool=all`))['opnfv-promise:promise'] as Json;
    expect(pools)
      .to.have.nested.property('pool[0]')
      .that.deep.includes({ capacity: { cores: 10, ram: '1024' } });
    expect(pools)
      .to.have.nested.property('pool[0].over-commit')
      .that.deep.equals([
        { resource: 'cores', ratio: '1.55' },
        { resource: 'ram', ratio: '2.0' },
      ]);
    expect(pools).to.have.nested.property('pool[0].state.total').that.deep.equals({ cores: 15, ram: '2048' });
    expect(await reserve(16)).to.include({ result: 'conflict' });
    expect(await reserve(15)).to.include({ result: 'ok' });
    const { capacity } = await promise.rpc('query-capacity', { window: { start: at(1), end: at(2) } });
    expect(capacity).to.have.nested.property('available.cores', 0);
  });

  it('cannot be lessened below what is held', async () => {
    await put({ capacity: { cores: 10 }, 'over-commit': [{ resource: 'cores', ratio: '2' }] });
    expect(await reserve(15)).to.include({ result: 'ok' });
    const error = await errorOfPromise(promise.client.edit('delete', `${PROMISE}/pools/pool=all/over-commit=cores`));
    expect(error).to.include({ tag: 'resource-denied', appTag: 'capacity-in-use' });
    expect(await reserve(5)).to.include({ result: 'ok' });
  });
});
