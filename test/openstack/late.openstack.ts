import { expect } from 'chai';
import type { Subscribed } from '../../src/cli/demo/consumer.ts';
import { all, leaf } from '../../src/cli/demo/content.ts';
import type { Content, Json } from '../../src/cli/demo/content.ts';
import { dataPath } from '../../src/cli/demo/consumer.ts';
import { removeResources, removeServers, resourcesOf, serversOf, until } from './cloud.ts';
import { HoldingProxy } from './holding-proxy.ts';
import { PromiseUnderTest, demanded, told } from './promise.ts';

interface Case {
  readonly what: string;
  /** Where the POST goes. */
  readonly path: RegExp;
  readonly rpc: string;
  readonly input: Json;
  /** What the cloud has of the kind. */
  readonly there: () => Promise<string[]>;
}

describe('A creation that OpenStack carries out after it was taken for lost', function () {
  this.timeout(400_000);
  let proxy: HoldingProxy;
  let promise: PromiseUnderTest;
  let provider: string;
  let events: Subscribed;
  const duplicates = (): number => promise.logged.filter((line) => line.includes('twice; this one is removed')).length;
  const servers = async (): Promise<string[]> => (await serversOf('other')).map(({ id }) => id);
  const records = async (): Promise<readonly Content[]> =>
    all(await promise.consumer.get(dataPath('opnfv-promise:promise', 'allocations')), 'allocation');

  before(async () => {
    await removeServers('other');
    await removeResources('other');
    proxy = await HoldingProxy.open(['nova', 'neutron', 'cinder']);
    promise = await PromiseUnderTest.start({ openstack: {} });
    const added = await promise.addProvider('other', { endpoint: proxy.endpoint });
    provider = demanded(leaf(added, 'provider-id'), leaf(added, 'message') ?? 'a provider-id');
    const capacity = { cores: 4, ram: '8192', instances: 4, gigabytes: 10, networks: 5, ports: 5 };
    await promise.invoke('increase-capacity', { source: provider, capacity });
    events = await promise.subscribe('allocation-event');
  });
  after(async () => {
    await promise.close();
    await proxy.close();
    await removeServers('other');
    await removeResources('other');
  });

  const volume: Case = {
    what: 'volume',
    path: /\/volumes$/,
    rpc: 'create-allocation',
    input: { volume: { size: 1 } },
    there: () => resourcesOf('other'),
  };
  const cases: readonly Case[] = [
    {
      what: 'server',
      path: /\/servers$/,
      rpc: 'create-instance',
      input: { image: 'cirros', flavor: 'm1.tiny', networks: ['private'] },
      there: servers,
    },
    volume,
    { ...volume, what: 'port', path: /\/ports$/, input: { port: { network: 'private' } } },
  ];

  const begin = async ({ what, path, rpc, input }: Case): Promise<string> => {
    proxy.holdNext(path);
    const answer = await promise.invoke(rpc, { 'provider-id': provider, name: what, ...input });
    expect(proxy.holds).to.equal(true);
    const id = leaf(answer, 'instance-id') ?? leaf(answer, 'allocation-id');
    return demanded(id, leaf(answer, 'message') ?? 'an id');
  };

  for (const each of cases) {
    it(`leaves one ${each.what}, and the record has it`, async () => {
      const [before, others] = [duplicates(), await each.there()];
      const id = await begin(each);
      const event = await told(events.inbox, { 'instance-id': id, 'vm-state': 'ACTIVE' });
      const kept = demanded(leaf(event, 'server') ?? leaf(event, 'resource'), 'an id in the cloud');
      expect(await proxy.release()).to.be.within(200, 202);
      expect(await each.there()).to.have.length(others.length + 2);
      await until(async () => (await each.there()).length === others.length + 1);
      expect((await each.there()).join()).to.include(kept);
      expect(duplicates()).to.equal(before + 1);
      const record = (await records()).find((one) => leaf(one, 'id') === id);
      expect(record === undefined ? undefined : leaf(record, 'vm-state')).to.equal('ACTIVE');
    });
  }

  it('leaves nothing when all ends were asked for before, and Promise was restarted', async () => {
    const id = await begin(volume);
    await told(events.inbox, { 'instance-id': id, 'vm-state': 'ACTIVE' });
    for (const each of await records())
      await promise.invoke('destroy-allocation', { 'allocation-id': leaf(each, 'id') ?? '' });
    await until(async () => (await resourcesOf('other')).length === 0 && (await servers()).length === 0);
    await promise.stop();
    await promise.open();
    expect(new Set((await records()).map((each) => leaf(each, 'vm-state')))).to.deep.equal(new Set(['DELETING']));
    expect(await proxy.release()).to.be.within(200, 202);
    expect(await resourcesOf('other')).to.have.length(1);
    await until(async () => (await records()).length === 0);
    expect(await resourcesOf('other')).to.deep.equal([]);
  });
});
