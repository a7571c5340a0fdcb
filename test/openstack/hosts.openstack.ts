import { expect } from 'chai';
import { z } from 'zod';
import { dataPath, type Subscribed } from '../../src/cli/demo/consumer.ts';
import { all, leaf } from '../../src/cli/demo/content.ts';
import { removeServers, until } from './cloud.ts';
import { OpenStackClient } from './control-plane/client.ts';
import { killCompute, startCompute } from './control-plane/control-plane.ts';
import { COMPUTE_HOSTS } from './control-plane/layout.ts';
import { PromiseUnderTest, told } from './promise.ts';

const services = z.object({ services: z.array(z.object({ id: z.string(), host: z.string(), state: z.string() })) });

/** After this time without a report Nova takes a host for down. */
const SERVICE_DOWN_MS = 20_000;
/** How often Promise looks. */
const LOOK_MS = 10_000;
/** For a machine that has other things to do. */
const SLACK_MS = 15_000;

describe('Promise in front of OpenStack, for its administrator', () => {
  let promise: PromiseUnderTest;
  let provider: string;
  let events: Subscribed;
  let admin: OpenStackClient;
  const service = async (host: string): Promise<{ readonly id: string; readonly state: string }> => {
    const found = await admin.ask('compute', 'GET', '/os-services?binary=nova-compute', services);
    const one = found.services.find((each) => each.host === host);
    if (one === undefined) throw new Error(`there is no nova-compute on ${host}`);
    return one;
  };
  const change = async (host: string, body: object): Promise<number> =>
    (await admin.request('compute', 'PUT', `/os-services/${(await service(host)).id}`, body)).status;

  before(async () => {
    await removeServers('admin');
    admin = await OpenStackClient.login('admin');
    promise = await PromiseUnderTest.start();
    ({ provider } = await promise.setUp('admin', { cores: 16, ram: '32768', instances: 8 }));
    events = await promise.subscribe('capacity-event');
  });
  after(() => promise.close());

  it('shows the hosts with what Placement lets be allocated', async () => {
    const record = await promise.consumer.get(dataPath('opnfv-promise:promise', 'providers', ['provider', provider]));
    if (record === undefined) throw new Error('the provider is not listed');
    const hosts = all(record, 'services/compute/hosts').map((host) => leaf(host, 'id'));
    expect(hosts).to.have.members([...COMPUTE_HOSTS]);
  });

  it('hears that a host was forced down, and that it is back', async () => {
    const began = Date.now();
    expect(await change('compute2', { forced_down: true })).to.equal(200);
    await told(events.inbox, { cause: 'host-failed', host: 'compute2' });
    expect(Date.now() - began).to.be.below(LOOK_MS + SLACK_MS);
    expect(await change('compute2', { forced_down: false })).to.equal(200);
    await told(events.inbox, { cause: 'host-restored', host: 'compute2' });
  });

  it('hears that a nova-compute was killed, within the service-down time and a look', async () => {
    const began = Date.now();
    killCompute('compute3');
    try {
      await told(events.inbox, { cause: 'host-failed', host: 'compute3' });
      expect(Date.now() - began).to.be.below(SERVICE_DOWN_MS + LOOK_MS + SLACK_MS);
    } finally {
      startCompute('compute3');
    }
    await until(async () => (await service('compute3')).state === 'up');
    await told(events.inbox, { cause: 'host-restored', host: 'compute3' });
  });
});
