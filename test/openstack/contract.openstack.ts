import { expect } from 'chai';
import { systemClock } from '../../src/engine/clock.ts';
import { openStack } from '../../src/vim/openstack/openstack-vim.ts';
import { describeVimContract } from '../contract/vim.ts';
import { OpenStackClient } from './control-plane/client.ts';
import { url } from './control-plane/layout.ts';
import { externalNetwork, removeResources, removeServers, until } from './cloud.ts';

const connect = openStack({ clock: systemClock, random: Math.random });

for (const user of ['admin', 'demo']) {
  describe(`OpenStack itself keeps the contract of every VIM, for ${user}`, () => {
    describeVimContract(async () => {
      const account = {
        providerId: 'contract',
        endpoint: `${url('keystone')}/v3`,
        username: user,
        tenant: { name: user },
      };
      const vim = connect({ ...account, password: user });
      return {
        vim,
        withWrongPassword: connect({ ...account, password: 'wrong-password' }),
        flavor: 'm1.tiny',
        image: 'cirros',
        network: 'private',
        external: await externalNetwork(),
        // No image is copied here: Cinder's volumes are its fake driver's.
        async makeBootable(volume) {
          const client = await OpenStackClient.login(user);
          const bootable = { 'os-set_bootable': { bootable: true } };
          const { status } = await client.request('volume', 'POST', `/volumes/${volume}/action`, bootable);
          expect(status).to.equal(200);
        },
        until,
        async close() {
          await vim.close();
          await removeServers(user);
          await removeResources(user);
        },
      };
    });
  });
}
