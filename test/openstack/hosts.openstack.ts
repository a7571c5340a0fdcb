import { expect } from 'chai';
import { z } from 'zod';
import { dataPath, type Subscribed } from '../../src/cli/demo/consumer.ts';
import { all, leaf, type Content } from '../../src/cli/demo/content.ts';
import { externalNetwork, removeServers, until } from './cloud.ts';
import { OpenStackClient } from './control-plane/client.ts';
import { killCompute, startCompute } from './control-plane/control-plane.ts';
import { COMPUTE_HOSTS } from './control-plane/layout.ts';
import { PromiseUnderTest, told } from './promise.ts';

/** What is read of the answers to creations. */
const MADE = {
  aggregate: z.object({ aggregate: z.object({ id: z.number() }) }),
  router: z.object({ router: z.object({ id: z.string() }) }),
  type: z.object({ volume_type: z.object({ id: z.string() }) }),
};

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
  let external: string;
  const removals: (() => Promise<unknown>)[] = [];
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
    external = await externalNetwork();
    await makeSurroundings();
    promise = await PromiseUnderTest.start();
    ({ provider } = await promise.setUp('admin', { cores: 16, ram: '32768', instances: 8 }));
    events = await promise.subscribe('capacity-event');
  });
  after(async () => {
    await promise.close();
    for (const remove of removals.toReversed()) await remove();
  });

  async function makeSurroundings(): Promise<void> {
    const removing = (service: 'compute' | 'network' | 'volume', path: string): void => {
      removals.push(() => admin.request(service, 'DELETE', path));
    };
    const wanted = { aggregate: { name: 'ssd' } };
    const { aggregate } = await admin.ask('compute', 'POST', '/os-aggregates', MADE.aggregate, wanted);
    const at = `/os-aggregates/${aggregate.id}`;
    removing('compute', at);
    const act = (body: object): Promise<unknown> => admin.ask('compute', 'POST', `${at}/action`, z.unknown(), body);
    await act({ add_host: { host: 'compute1' } });
    removals.push(() => act({ remove_host: { host: 'compute1' } }));
    await act({ set_metadata: { metadata: { ssd: 'true' } } });
    const uplink = { router: { name: 'uplink', external_gateway_info: { network_id: external } } };
    removing('network', `/routers/${(await admin.ask('network', 'POST', '/routers', MADE.router, uplink)).router.id}`);
    const fast = {
      volume_type: {
        name: 'fast',
        'os-volume-type-access:is_public': false,
        extra_specs: { volume_backend_name: 'fake' },
      },
    };
    removing('volume', `/types/${(await admin.ask('volume', 'POST', '/types', MADE.type, fast)).volume_type.id}`);
  }

  async function record(id: string): Promise<Content> {
    const found = await promise.consumer.get(dataPath('opnfv-promise:promise', 'providers', ['provider', id]));
    if (found === undefined) throw new Error('the provider is not listed');
    return found;
  }

  it('shows the hosts with what Placement lets be allocated', async () => {
    const hosts = all(await record(provider), 'services/compute/hosts').map((host) => leaf(host, 'id'));
    expect(hosts).to.have.members([...COMPUTE_HOSTS]);
  });

  it('shows aggregates, routers, floating-IP pools, volume types and volume pools', async () => {
    const shown = await record(provider);
    const [aggregate] = all(shown, 'services/compute/aggregates');
    expect(leaf(aggregate, 'name')).to.equal('ssd');
    expect(all(aggregate, 'hosts').map(({ text }) => text)).to.deep.equal(['compute1']);
    expect(leaf(aggregate, 'metadata/value')).to.equal('true');
    const router = all(shown, 'services/network/routers').find((each) => leaf(each, 'name') === 'uplink');
    expect(leaf(router, 'gateway')).to.equal(external);
    const pool = all(shown, 'services/network/floating-ip-pools').find((each) => leaf(each, 'id') === external);
    expect(Number(leaf(pool, 'total'))).to.be.at.least(200);
    // The router's gateway has one.
    expect(Number(leaf(pool, 'used'))).to.be.at.least(1);
    const fast = all(shown, 'services/storage/volume-types').find((each) => leaf(each, 'name') === 'fast');
    expect([leaf(fast, 'visibility'), leaf(fast, 'backend')]).to.deep.equal(['project', 'fake']);
    expect(all(shown, 'services/storage/volume-pools').map((each) => leaf(each, 'backend'))).to.include('fake');
  });

  it('shows an ordinary tenant of these what it may see', async () => {
    const added = await promise.addProvider('demo');
    const shown = await record(leaf(added, 'provider-id') ?? '');
    for (const hidden of ['compute/hosts', 'compute/aggregates', 'storage/volume-pools'])
      expect(all(shown, `services/${hidden}`), hidden).to.deep.equal([]);
    const pool = all(shown, 'services/network/floating-ip-pools').find((each) => leaf(each, 'id') === external);
    expect([leaf(pool, 'name'), leaf(pool, 'total')]).to.deep.equal(['public', undefined]);
    const types = all(shown, 'services/storage/volume-types').map((each) => leaf(each, 'name'));
    expect(types).to.deep.equal(['__DEFAULT__']);
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
