import { expect } from 'chai';
import { errorOfPromise } from '../agent-fixture.ts';
import { PromiseFixture, at } from './promise-fixture.ts';

describe('RPCs of volumes, networks, ports and floating IPs', () => {
  let promise: PromiseFixture;
  let provider: string;

  beforeEach(async () => {
    promise = await new PromiseFixture().start();
    ({ provider } = await promise.pool());
  });
  afterEach(() => promise.close());

  it('create-allocation of a volume answers at once, and tells when it is there and when it is gone', async () => {
    const subscription = promise.subscribe();
    const answer = await promise.rpc('create-allocation', { name: 'data', volume: { size: 10, type: 'ssd' } });
    expect(answer).to.include({ result: 'ok', status: 'in-progress', 'vm-state': 'BUILD' });
    const { 'allocation-id': id, resource } = answer;
    expect(await promise.entry('allocation', id)).to.deep.include({
      kind: 'volume',
      volume: { size: 10, type: 'ssd' },
      capacity: { gigabytes: 10, volumes: 1 },
      priority: 'low',
      'vm-state': 'BUILD',
    });
    expect((await promise.entry('allocation', id))['instance-ref']).to.include({ resource });
    await promise.advance(1000);
    const there = await subscription.until(({ content }) => content['vm-state'] === 'ACTIVE');
    expect(there.content).to.include({ kind: 'volume', 'instance-id': id, resource });
    const end = await promise.rpc('destroy-allocation', { 'allocation-id': id });
    expect(end).to.include({ result: 'ok', status: 'DELETING' });
    await promise.advance(1000);
    await subscription.until(({ content }) => content['vm-state'] === 'DELETED');
  });

  it('a volume is extended, and shows how far it is, or why it is not', async () => {
    const subscription = promise.subscribe();
    const made = await promise.rpc('create-allocation', { name: 'data', volume: { size: 10 } });
    const id = made['allocation-id'] as string;
    await promise.advance(1000);
    await subscription.until(({ content }) => content['vm-state'] === 'ACTIVE');
    const extend = (size: number) => promise.rpc('extend-volume', { 'allocation-id': id, size });
    expect(await extend(15)).to.deep.equal({
      result: 'ok',
      status: 'extending',
      message: 'The volume is being extended to 15 GB.',
      size: 10,
    });
    expect(await promise.entry('allocation', id)).to.deep.include({
      volume: { size: 10 },
      extension: { size: 15, status: 'extending' },
      capacity: { gigabytes: 15, volumes: 1 },
    });
    await promise.advance(1000);
    const asked = await subscription.until((event) => event.content['cause'] === 'extension-requested');
    expect(asked.content).to.include({ size: 15, kind: 'volume' });
    const { content } = await subscription.until((event) => event.content['cause'] === 'extended');
    expect(content).to.deep.include({ 'instance-id': id, size: 15 });
    expect(await promise.entry('allocation', id)).to.deep.include({ volume: { size: 15 } });
    expect(await extend(15)).to.include({ status: 'extended', size: 15 });

    await promise.rpc('promise-simulator:refuse-next-request', { 'provider-id': provider, reason: 'Quota exceeded.' });
    expect(await extend(20)).to.include({
      result: 'conflict',
      status: 'failed',
      reason: 'opnfv-promise:provider-rejected',
      message: 'It could not be done: Quota exceeded.',
      size: 15,
    });
    const failed = await subscription.until((event) => event.content['cause'] === 'extension-failed');
    expect(failed.content).to.include({ message: 'Quota exceeded.', size: 15 });
    expect((await promise.entry('allocation', id))['extension']).to.deep.include({ size: 20, status: 'failed' });
    expect(await extend(14)).to.include({ result: 'conflict', reason: 'opnfv-promise:cannot-shrink' });
  });

  it('networks, ports and floating IPs are there with the answer, and build on each other', async () => {
    const subnets = [{ cidr: '192.0.2.0/24' }, { cidr: '2001:db8::/64', gateway: '2001:db8::1' }];
    const network = await promise.rpc('create-allocation', { name: 'net', network: { subnet: subnets } });
    expect(network).to.include({ status: 'completed', 'vm-state': 'ACTIVE' });
    const port = await promise.rpc('create-allocation', {
      name: 'port',
      port: { network: network['allocation-id'] as string, address: '192.0.2.7' },
    });
    expect(port).to.include({ status: 'completed', address: '192.0.2.7' });
    const floating = await promise.rpc('create-allocation', {
      name: 'public',
      'floating-ip': { port: port['allocation-id'] as string },
    });
    expect(floating).to.include({ status: 'completed' });
    expect(await promise.entry('allocation', network['allocation-id'])).to.deep.include({
      kind: 'network',
      network: { subnet: subnets.toReversed() },
      capacity: { networks: 1, subnets: 2 },
    });
    expect(await promise.entry('allocation', floating['allocation-id'])).to.deep.include({
      kind: 'floating-ip',
      'floating-ip': { network: 'public', port: port['resource'] },
      'attached-to': port['allocation-id'],
      address: floating['address'],
    });
    const vm = await promise.rpc('create-instance', {
      name: 'vm',
      image: 'cirros',
      flavor: 'small',
      ports: [port['allocation-id'] as string],
    });
    expect(await promise.entry('allocation', vm['instance-id'])).to.deep.include({
      kind: 'virtual-machine',
      ports: [port['resource']],
    });
    expect(await promise.rpc('destroy-allocation', { 'allocation-id': port['allocation-id'] as string })).to.include({
      result: 'conflict',
      status: 'ACTIVE',
      reason: 'opnfv-promise:resource-in-use',
    });
  });

  it('a machine starts from a volume that was made from an image, in place of an image', async () => {
    const subscription = promise.subscribe();
    const root = { size: 10, image: 'cirros' };
    const made = await promise.rpc('create-allocation', { name: 'root', volume: root });
    const volume = made['allocation-id'] as string;
    await promise.advance(1000);
    await subscription.until(({ content }) => content['vm-state'] === 'ACTIVE');
    expect((await promise.entry('allocation', volume))['volume'])
      .to.include({ size: 10 })
      .and.to.have.property('image');
    const vm = await promise.rpc('create-instance', { name: 'vm', flavor: 'small', 'boot-volume': volume });
    expect(vm).to.include({ result: 'ok', 'vm-state': 'BUILD' });
    const record = await promise.entry('allocation', vm['instance-id']);
    expect(record).to.include({ 'boot-volume': made['resource'] }).and.not.have.property('image');
    expect((await promise.entry('allocation', volume))['attached-to']).to.equal(vm['instance-id']);
    const both = { name: 'x', flavor: 'small', image: 'cirros', 'boot-volume': volume };
    expect((await errorOfPromise(promise.rpc('create-instance', both))).tag).to.equal('bad-element');
    const none = await errorOfPromise(promise.rpc('create-instance', { name: 'x', flavor: 'small' }));
    expect([none.tag, none.appTag]).to.deep.equal(['data-missing', 'missing-choice']);
  });

  it('a router keeps the networks that it joins, and goes before them', async () => {
    const network = await promise.rpc('create-allocation', { name: 'net', network: {} });
    const joined = network['allocation-id'] as string;
    const router = await promise.rpc('create-allocation', {
      name: 'edge',
      router: { gateway: 'public', networks: [joined] },
    });
    expect(router).to.include({ status: 'completed', 'vm-state': 'ACTIVE' });
    expect(await promise.entry('allocation', router['allocation-id'])).to.deep.include({
      kind: 'router',
      router: { gateway: 'public', networks: [network['resource']] },
      capacity: { routers: 1 },
    });
    for (const wrong of [{ gateway: 'private' }, { networks: ['nope'] }])
      expect(await promise.rpc('create-allocation', { name: 'x', router: wrong })).to.include({
        reason: 'opnfv-promise:unknown-network',
      });
    const subscription = promise.subscribe();
    await promise.rpc('destroy-allocation', { 'allocation-id': joined });
    const kept = await subscription.until(({ content }) => content['fault'] !== undefined);
    expect(kept.content).to.include({ 'instance-id': joined, 'vm-state': 'DELETING' });
    await promise.rpc('destroy-allocation', { 'allocation-id': router['allocation-id'] as string });
    await promise.advance(60_000);
    await subscription.until(({ content }) => content['instance-id'] === joined && content['vm-state'] === 'DELETED');
  });

  it('against a reservation: listed with it, taken from what remains', async () => {
    const { 'reservation-id': reservation } = await promise.rpc('create-reservation', {
      end: at(2),
      capacity: { gigabytes: 15, volumes: 2 },
    });
    const input = { name: 'data', volume: { size: 10 }, 'reservation-id': reservation as string };
    const answer = await promise.rpc('create-allocation', input);
    expect(await promise.entry('allocation', answer['allocation-id'])).to.include({ reservation, priority: 'high' });
    const { reservations } = await promise.rpc('query-reservation', { 'reservation-id': [reservation as string] });
    expect((reservations as unknown[])[0])
      .to.have.property('state')
      .that.deep.includes({ allocations: [answer['allocation-id']], remaining: { gigabytes: 5, volumes: 1 } });
    expect(await promise.rpc('create-allocation', input)).to.include({
      result: 'conflict',
      status: 'rejected',
      reason: 'opnfv-promise:exceeds-reservation',
      message:
        "The volume 'data' needs 10 gigabytes, 1 volumes; of the reservation there remain 5 gigabytes, 1 volumes.",
    });
  });

  it('what the VIM refuses is answered with its word, and a volume that fails is told', async () => {
    await promise.rpc('create-allocation', { name: 'p', port: { network: 'private', address: '10.1.1.1' } });
    const taken = await promise.rpc('create-allocation', {
      name: 'q',
      port: { network: 'private', address: '10.1.1.1' },
    });
    expect(taken).to.include({ result: 'conflict', status: 'failed', reason: 'opnfv-promise:provider-rejected' });
    expect(taken['message']).to.match(/IP address 10\.1\.1\.1 is already allocated/);
    const [provider = ''] = promise.ledger.head.domain.providers.keys();
    promise.clouds.cloud(provider).failNextBoots(1, 'no backend has room');
    const subscription = promise.subscribe();
    await promise.rpc('create-allocation', { name: 'v', volume: { size: 1 } });
    await promise.advance(1000);
    const failed = await subscription.until(({ content }) => content['vm-state'] === 'ERROR');
    expect(failed.content).to.deep.include({ reason: 'opnfv-promise:boot-failed', message: 'no backend has room' });
  });

  it('wants exactly one kind of resource, of a right form', async () => {
    for (const input of [
      { name: 'x' },
      { name: 'x', volume: { size: 1 }, port: { network: 'private' } },
      { name: 'x', volume: {} },
      { name: 'x', volume: { size: 0 } },
      { name: 'x', network: { subnet: [{ cidr: 'nope' }] } },
      { volume: { size: 1 } },
    ]) {
      await errorOfPromise(promise.rpc('create-allocation', input));
    }
    await errorOfPromise(promise.rpc('destroy-allocation', { 'allocation-id': 'none' }));
  });
});
