import { expect } from 'chai';
import { z } from 'zod';
import type { Subscribed } from '../../src/cli/demo/consumer.ts';
import { all, amount, leaf } from '../../src/cli/demo/content.ts';
import { dataPath } from '../../src/cli/demo/consumer.ts';
import { openstackClient, removeServers, serversOf, until } from './cloud.ts';
import { OpenStackClient } from './control-plane/client.ts';
import { refuseBinding } from './control-plane/control-plane.ts';
import { COMPUTE_HOSTS, url } from './control-plane/layout.ts';
import { PromiseUnderTest, demanded, told } from './promise.ts';

describe('Promise in front of OpenStack, for an ordinary tenant', () => {
  let promise: PromiseUnderTest;
  let provider: string;
  let pool: string;
  let events: Subscribed;
  /** What a test reserved. */
  let reservation: string | undefined;
  const create = async (name: string, more = {}): Promise<string> => {
    const answer = await promise.createInstance(provider, name, more);
    expect(leaf(answer, 'result'), leaf(answer, 'message')).to.equal('ok');
    return demanded(leaf(answer, 'instance-id'), 'an instance-id');
  };
  const destroy = async (instance: string): Promise<void> => {
    expect(leaf(await promise.destroyInstance(instance), 'result')).to.equal('ok');
    await told(events.inbox, { 'instance-id': instance, cause: 'destroyed', 'vm-state': 'DELETED' });
  };
  const available = async (): Promise<number> =>
    amount(await promise.invoke('query-capacity', { capacity: 'available' }), 'capacity/available/cores');

  const recordedInstances = async (): Promise<string[]> => {
    const records = await promise.consumer.get(dataPath('opnfv-promise:promise', 'allocations'));
    return all(records, 'allocation').flatMap((record) => leaf(record, 'id') ?? []);
  };

  before(async () => {
    await removeServers('demo');
    promise = await PromiseUnderTest.start();
    ({ provider, pool } = await promise.setUp('demo', { cores: 18, ram: '40960', instances: 9 }));
    events = await promise.subscribe('allocation-event');
  });
  afterEach(async () => {
    await removeServers('demo');
    if (reservation !== undefined) await promise.invoke('cancel-reservation', { 'reservation-id': reservation });
    reservation = undefined;
    for (const instance of await recordedInstances()) await promise.destroyInstance(instance).catch(() => undefined);
    await until(async () => (await recordedInstances()).length === 0);
  });
  after(() => promise.close());

  it('boots a server to ACTIVE under a reservation, tells so, destroys it, and gives the capacity back', async () => {
    const reserved = await promise.invoke('create-reservation', {
      name: 'vEPC',
      end: new Date(Date.now() + 3_600_000).toISOString(),
      pools: [pool],
      capacity: { cores: 2, ram: '4096', instances: 2 },
    });
    const id = demanded(leaf(reserved, 'reservation-id'), 'a reservation-id');
    reservation = id;
    const before = await available();
    const remaining = async (): Promise<number> =>
      amount(
        await promise.consumer.get(dataPath('opnfv-promise:promise', 'reservations', ['reservation', id])),
        'state/remaining/cores',
      );
    expect(await remaining()).to.equal(2);

    const answer = await promise.createInstance(provider, 'vm-1', { 'reservation-id': id });
    expect(leaf(answer, 'status')).to.equal('in-progress');
    const instance = demanded(leaf(answer, 'instance-id'), 'an instance-id');
    const server = demanded(leaf(answer, 'server'), "Nova's server id in the answer");
    const event = await told(events.inbox, { 'instance-id': instance, 'vm-state': 'ACTIVE' });
    expect(leaf(event, 'server')).to.equal(server);
    expect(await remaining()).to.equal(1);

    const servers = await serversOf('demo');
    expect(servers.map(({ id, name, status }) => [id, name, status])).to.deep.equal([[server, 'vm-1', 'ACTIVE']]);
    expect(servers[0]?.metadata).to.have.property('promise_token');
    const columns = ['ID', 'Name', 'Status'].flatMap((name) => ['-c', name]);
    expect(await openstackClient('demo', 'server', 'list', ...columns)).to.deep.equal([
      { ID: server, Name: 'vm-1', Status: 'ACTIVE' },
    ]);

    await destroy(instance);
    expect(await serversOf('demo')).to.deep.equal([]);
    expect(await remaining()).to.equal(2);
    await promise.invoke('cancel-reservation', { 'reservation-id': id });
    reservation = undefined;
    expect(await available()).to.equal(before + 2);
  });

  it('tells that a server failed, and why, when its port cannot be bound', async () => {
    for (const host of COMPUTE_HOSTS) refuseBinding(host, true);
    try {
      const instance = await create('vm-unbound');
      const event = await told(events.inbox, { 'instance-id': instance, 'vm-state': 'ERROR' });
      const [server] = await serversOf('demo');
      expect(server?.status).to.equal('ERROR');
      expect(leaf(event, 'fault/message')).to.match(/Exceeded maximum number of retries|Binding failed|No valid host/i);
      await destroy(instance);
    } finally {
      for (const host of COMPUTE_HOSTS) refuseBinding(host, false);
    }
    expect(await serversOf('demo')).to.deep.equal([]);
  });

  it('tells that no host has room', async () => {
    const instance = await create('vm-giant', { flavor: 'm1.giant' });
    const event = await told(events.inbox, { 'instance-id': instance, 'vm-state': 'ERROR' });
    expect(leaf(event, 'fault/message')).to.match(/^No valid host was found\./);
    expect(leaf(event, 'fault/code')).to.equal('500');
    await destroy(instance);
  });

  it("passes on that the tenant's quota is exhausted, and keeps no capacity for it", async () => {
    const before = await available();
    const admin = await OpenStackClient.login('admin');
    const { project } = await OpenStackClient.login('demo');
    const quota = { quota_set: { instances: 0, force: true } };
    await admin.ask('compute', 'PUT', `/os-quota-sets/${project}`, z.unknown(), quota);
    try {
      const answer = await promise.createInstance(provider, 'vm-over-quota');
      const instance = demanded(leaf(answer, 'instance-id'), 'an instance-id');
      const event = await told(events.inbox, { 'instance-id': instance, 'vm-state': 'ERROR' });
      expect(leaf(event, 'fault/message')).to.match(/Quota exceeded for instances/);
      expect(await serversOf('demo')).to.deep.equal([]);
      expect(await available()).to.equal(before);
      await promise.destroyInstance(instance);
    } finally {
      await admin.request('compute', 'DELETE', `/os-quota-sets/${project}`);
    }
  });

  it('boots nine servers at once, each once', async () => {
    const instances = await Promise.all(Array.from({ length: 9 }, (_, index) => create(`vm-nine-${index}`)));
    for (const instance of instances) await told(events.inbox, { 'instance-id': instance, 'vm-state': 'ACTIVE' });
    const servers = await serversOf('demo');
    expect(servers.map(({ name, status }) => `${name} ${status}`)).to.have.members(
      instances.map((_, index) => `vm-nine-${index} ACTIVE`),
    );
    for (const instance of instances) await promise.destroyInstance(instance);
    for (const instance of instances) await told(events.inbox, { 'instance-id': instance, cause: 'destroyed' });
    expect(await serversOf('demo')).to.deep.equal([]);
  });

  it('goes on after a restart in the middle of a boot, with one server', async () => {
    const instance = await create('vm-restart');
    await promise.stop();
    await promise.open();
    events = await promise.subscribe('allocation-event');
    const path = dataPath('opnfv-promise:promise', 'allocations', ['allocation', instance]);
    await until(async () => leaf(await promise.consumer.get(path), 'vm-state') === 'ACTIVE');
    expect((await serversOf('demo')).map(({ status }) => status)).to.deep.equal(['ACTIVE']);
    await destroy(instance);
  });

  it('notices that a server was deleted behind its back', async () => {
    const instance = await create('vm-taken');
    await told(events.inbox, { 'instance-id': instance, 'vm-state': 'ACTIVE' });
    await removeServers('demo');
    await told(events.inbox, { 'instance-id': instance, cause: 'destroyed' });
  });
});

describe('add-provider with OpenStack', () => {
  let promise: PromiseUnderTest;

  before(async () => {
    promise = await PromiseUnderTest.start();
  });
  after(() => promise.close());

  it('rejects wrong credentials, and does not keep the provider', async () => {
    const answer = await promise.addProvider('demo', { password: 'wrong-password' });
    expect(leaf(answer, 'result')).to.equal('conflict');
    expect(leaf(answer, 'reason')).to.match(/provider-rejected$/);
    expect(leaf(answer, 'message'))
      .to.match(/does not accept user 'demo'/)
      .and.not.include('wrong-password');
    expect(promise.logged.join('')).to.not.include('wrong-password');
    const providers = await promise.consumer.get(dataPath('opnfv-promise:promise', 'providers'));
    expect(providers?.children ?? []).to.deep.equal([]);
  });

  it('says which regions there are, and where nobody listens', async () => {
    const elsewhere = await promise.addProvider('demo', { region: 'Mars' });
    expect(leaf(elsewhere, 'reason')).to.match(/provider-rejected$/);
    expect(leaf(elsewhere, 'message')).to.include("no region 'Mars'; it has RegionOne");
    const nobody = await promise.addProvider('demo', { endpoint: 'http://127.0.0.1:1/v3' });
    expect(leaf(nobody, 'reason')).to.match(/provider-unavailable$/);
    expect(leaf(nobody, 'message')).to.include('cannot be reached');
  });

  it('takes two tenants of one cloud side by side', async () => {
    for (const user of ['demo', 'other']) {
      const answer = await promise.addProvider(user);
      expect([leaf(answer, 'result'), leaf(answer, 'status')], leaf(answer, 'message')).to.deep.equal(['ok', 'up']);
      expect(leaf(answer, 'message')).to.match(/and no hosts: its quotas are its capacity\.$/);
    }
  });

  it('takes an application credential', async () => {
    const owner = await OpenStackClient.login('other');
    const user = z.object({ token: z.object({ user: z.object({ id: z.string() }) }) });
    const { token } = await owner.ask('identity', 'GET', '/auth/tokens', user, undefined);
    const form = z.object({ application_credential: z.object({ id: z.string(), secret: z.string() }) });
    const wanted = { application_credential: { name: `promise ${Date.now()}` } };
    const made = await owner.ask('identity', 'POST', `/users/${token.user.id}/application_credentials`, form, wanted);
    const { id, secret } = made.application_credential;
    const answer = await promise.invoke('add-provider', {
      name: 'by application credential',
      'provider-type': 'openstack',
      endpoint: `${url('keystone')}/v3`,
      username: `application-credential:${id}`,
      password: secret,
    });
    expect([leaf(answer, 'result'), leaf(answer, 'status')], leaf(answer, 'message')).to.deep.equal(['ok', 'up']);
  });
});
