/** What a provider tells beside what can be reserved, as the agent shows it. */
import { expect } from 'chai';
import { domainLedger } from '../../../../src/agent/domain-ledger.ts';
import type { Json } from '../../../../src/agent/local-client.ts';
import { commands } from '../../../../src/engine/commands/index.ts';
import type { VimInformation } from '../../../../src/vim/information.ts';
import { PromiseFixture } from './promise-fixture.ts';

const INFORMATION: VimInformation = {
  aggregates: [
    { id: '1', name: 'ssd', hosts: ['left', 'right'], metadata: { ssd: 'true', empty: '' } },
    { id: '2', name: '', zone: 'edge', hosts: [], metadata: {} },
  ],
  routers: [
    { id: 'r1', name: 'uplink', enabled: true, status: 'ACTIVE', gateway: 'public' },
    { id: 'r2', name: '', enabled: false },
  ],
  floatingIpPools: [
    { id: 'public', name: 'public', addresses: { total: 253, used: 1 } },
    { id: 'far', name: '' },
  ],
  volumeTypes: [
    { id: 't1', name: 'fast', public: false, backend: 'ceph' },
    { id: 't2', name: '__DEFAULT__', public: true },
  ],
  volumePools: [
    { name: 'a@ceph#ceph', backend: 'ceph', totalGb: 100.9, freeGb: 40.25, allocatedGb: 150, overCommit: 20 },
    { name: 'b@huge#huge', totalGb: 1e12, overCommit: 1.5 },
    { name: 'c@fake#fake' },
  ],
};

describe('information about a provider', () => {
  let promise: PromiseFixture;
  let provider: string;

  beforeEach(async () => {
    promise = await new PromiseFixture().start();
    ({ provider } = await promise.pool());
  });
  afterEach(() => promise.close());

  /** As a contact yields it. */
  async function learn(information: VimInformation): Promise<void> {
    const ledger = domainLedger(promise.ledger);
    const inventory = ledger.head.providers.get(provider)?.inventory;
    if (inventory === undefined) throw new Error('nothing is known of the provider');
    const input = { id: provider, inventory: { ...inventory, ...information } };
    await ledger.update((head, inputs) => commands.updateProvider(head, input, { ...inputs, user: 'promise' }));
  }

  async function services(user = 'ann'): Promise<Readonly<Record<'compute' | 'network' | 'storage', Json>>> {
    const read = await promise.clientOf(user).get('/opnfv-promise:promise/providers');
    // Cast: the list of providers, as JSON.
    const { providers } = read['opnfv-promise:promise'] as {
      providers: { provider: { services: Record<'compute' | 'network' | 'storage', Json> }[] };
    };
    const [shown] = providers.provider;
    if (shown === undefined) throw new Error('no provider is shown');
    return shown.services;
  }

  it('is listed with what the provider offers', async () => {
    await learn(INFORMATION);
    const { compute, network, storage } = await services();
    expect(compute['aggregates']).to.deep.equal([
      {
        id: '1',
        name: 'ssd',
        hosts: ['left', 'right'],
        metadata: [
          { name: 'ssd', value: 'true' },
          { name: 'empty', value: '' },
        ],
      },
      { id: '2', zone: 'edge' },
    ]);
    expect(network['routers']).to.deep.equal([
      { id: 'r1', name: 'uplink', enabled: true, status: 'ACTIVE', gateway: 'public' },
      { id: 'r2', enabled: false },
    ]);
    expect(network['floating-ip-pools']).to.deep.equal([
      { id: 'public', name: 'public', total: 253, used: 1 },
      { id: 'far' },
    ]);
    expect(storage).to.deep.equal({
      'volume-types': [
        { id: 't1', name: 'fast', visibility: 'project', backend: 'ceph' },
        { id: 't2', name: '__DEFAULT__', visibility: 'public' },
      ],
      'volume-pools': [
        { name: 'a@ceph#ceph', backend: 'ceph', total: 100, free: 40, allocated: 150, 'over-commit': '20.0' },
        { name: 'b@huge#huge', total: 4_294_967_295, 'over-commit': '1.5' },
        { name: 'c@fake#fake' },
      ],
    });
  });

  it('is left out where there is none, and changes no capacity', async () => {
    const before = await promise.get('/opnfv-promise:promise/capacity');
    await learn(INFORMATION);
    expect(await promise.get('/opnfv-promise:promise/capacity')).to.deep.equal(before);
    await learn({ aggregates: [], routers: [], floatingIpPools: [], volumeTypes: [], volumePools: [] });
    const { compute, network, storage } = await services();
    expect(compute).to.not.have.any.keys('aggregates');
    expect(network).to.not.have.any.keys('routers', 'floating-ip-pools');
    expect(storage).to.equal(undefined);
  });

  it('names a router to those for whom it was made', async () => {
    for (const tenant of ['red', 'blue']) promise.standing.set(tenant, { role: 'consumer', tenant });
    const answer = await promise.clientOf('red').invoke('opnfv-promise:create-allocation', {
      name: 'uplink',
      'provider-id': provider,
      router: { gateway: 'public' },
    });
    expect(answer, String(answer['message'])).to.include({ result: 'ok' });
    await promise.settle();
    // It is read with the next refresh.
    await promise.advance(60_000);
    const { network } = await services('red');
    expect(network['routers']).to.deep.equal([
      { id: answer['resource'], name: 'uplink', enabled: true, status: 'ACTIVE', gateway: 'public' },
    ]);
    expect(network['floating-ip-pools']).to.deep.equal([{ id: 'public', name: 'public', total: 65_534, used: 0 }]);
    expect((await services('ann')).network['routers']).to.deep.equal(network['routers']);
    expect((await services('blue')).network).to.not.have.any.keys('routers');
  });
});
