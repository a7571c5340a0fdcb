import { expect } from 'chai';
import { all, leaf } from '../../src/cli/demo/content.ts';
import { dataPath } from '../../src/cli/demo/consumer.ts';
import { removeServers, serversOf, until } from './cloud.ts';
import { url } from './control-plane/layout.ts';
import { KeystoneProxy } from './keystone-proxy.ts';
import { PromiseUnderTest, demanded } from './promise.ts';

describe("A token of OpenStack's that ends in the middle of the work", () => {
  let keystone: KeystoneProxy;
  let promise: PromiseUnderTest;

  before(async () => {
    await removeServers('other');
    keystone = await KeystoneProxy.open();
    promise = await PromiseUnderTest.start({ openstack: {} });
  });
  after(async () => {
    await promise.close();
    await keystone.close();
    await removeServers('other');
  });

  const states = async (): Promise<string[]> => {
    const records = await promise.consumer.get(dataPath('opnfv-promise:promise', 'allocations'));
    return all(records, 'allocation').map((record) => `${leaf(record, 'name')} ${leaf(record, 'vm-state')}`);
  };

  it('is replaced once, and what was under way goes on: one server for each allocation', async () => {
    const added = await promise.addProvider('other', { endpoint: keystone.endpoint });
    const provider = demanded(leaf(added, 'provider-id'), 'a provider-id');
    const capacity = { cores: 8, ram: '16384', instances: 8 };
    await promise.invoke('increase-capacity', { source: provider, capacity });
    await promise.createInstance(provider, 'vm-under-way');
    await promise.stop();
    keystone.given.length = 0;
    // The next token is none any more when Nova, Neutron, Glance, Cinder and Placement are asked with it.
    keystone.toRevoke = 1;
    await promise.open();
    await Promise.all(['vm-1', 'vm-2'].map((name) => promise.createInstance(provider, name)));

    const names = ['vm-under-way', 'vm-1', 'vm-2'].map((name) => `${name} ACTIVE`);
    await until(async () => (await states()).every((state) => state.endsWith('ACTIVE')));
    expect(await states()).to.have.members(names);
    const servers = await serversOf('other');
    expect(servers.map(({ name, status }) => `${name} ${status}`)).to.have.members(names);
    expect(keystone.given).to.have.length(2);
    expect(await statusWith(keystone.given[0])).to.equal(401);
    expect(await statusWith(keystone.given[1])).to.equal(200);
    for (const token of keystone.given) expect(promise.logged.join('')).to.not.include(token);
  });
});

/** What Nova says to somebody with this token. */
async function statusWith(token = ''): Promise<number> {
  return (await fetch(`${url('nova')}/v2.1/servers`, { headers: { 'x-auth-token': token } })).status;
}
