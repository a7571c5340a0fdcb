import { describeVimContract } from '../../../contract/vim.ts';
import { OpenStackFixture } from './openstack-fixture.ts';

describe('OpenStack keeps the contract of every VIM', () => {
  describeVimContract(async () => {
    const fixture = await OpenStackFixture.start();
    return {
      vim: fixture.connect(),
      withWrongPassword: fixture.connect({ password: 'wrong-password' }),
      flavor: 'm1.tiny',
      image: 'cirros',
      network: 'private',
      external: 'c56a58f1-472e-4d41-ab21-39a287184090',
      until: (condition) => fixture.until(condition),
      close: () => fixture.close(),
    };
  });
});
