import { expect } from 'chai';
import { errorOfPromise } from '../agent-fixture.ts';
import { at, HOUR, PromiseFixture } from './promise-fixture.ts';

const MACHINE = { name: 'vm-1', image: 'cirros', flavor: 'small' };

describe('RPCs of allocations', () => {
  let promise: PromiseFixture;

  beforeEach(async () => {
    promise = await new PromiseFixture().start();
  });
  afterEach(() => promise.close());

  it('create-instance answers with the server, and the boot is notified', async () => {
    const { provider, pool } = await promise.pool();
    const subscription = promise.subscribe();
    const answer = await promise.rpc('create-instance', { ...MACHINE, networks: ['private'] });
    expect(answer).to.include({ result: 'ok', status: 'in-progress', 'vm-state': 'BUILD' });
    const id = answer['instance-id'];
    expect(await promise.entry('allocation', id)).to.deep.include({
      id,
      name: 'vm-1',
      pool,
      'instance-ref': { provider, server: answer['server'] },
      priority: 'low',
      'vm-state': 'BUILD',
      flavor: 'small',
      image: 'cirros',
      networks: ['private'],
      capacity: { cores: 1, ram: '1024', instances: 1 },
      owner: 'ann',
      'created-on': at(0),
    });
    await promise.advance(1000);
    const running = await subscription.until(({ content }) => content['vm-state'] === 'ACTIVE');
    expect(running.content).to.deep.include({
      cause: 'state-changed',
      'instance-id': id,
      server: answer['server'],
      'old-vm-state': 'BUILD',
      seq: String(running.seq),
    });
  });

  it('against a reservation: listed with it, of high priority, taken from what remains', async () => {
    await promise.pool();
    const { 'reservation-id': reservation } = await promise.rpc('create-reservation', {
      end: at(2),
      capacity: { cores: 2, ram: '2048', instances: 2 },
    });
    const answer = await promise.rpc('create-instance', { ...MACHINE, 'reservation-id': reservation });
    expect(await promise.entry('allocation', answer['instance-id'])).to.include({ reservation, priority: 'high' });
    const { reservations } = await promise.rpc('query-reservation', { 'reservation-id': [reservation] });
    expect((reservations as unknown[])[0])
      .to.have.property('state')
      .that.deep.includes({ allocations: [answer['instance-id']], remaining: { cores: 1, ram: '1024', instances: 1 } });
    const large = await promise.rpc('create-instance', { ...MACHINE, flavor: 'large', 'reservation-id': reservation });
    expect(large).to.include({
      result: 'conflict',
      status: 'rejected',
      reason: 'opnfv-promise:exceeds-reservation',
    });
    expect(large).not.to.have.property('instance-id');
  });

  it('rejects with the reason: no such reservation, not started, too much, unknown flavor', async () => {
    await promise.pool();
    const reason = async (input: object): Promise<unknown> => {
      const answer = await promise.rpc('create-instance', { ...MACHINE, ...input });
      expect(answer).to.include({ result: 'conflict', status: 'rejected' });
      return answer['reason'];
    };
    expect(await reason({ 'reservation-id': 'none' })).to.equal('opnfv-promise:unknown-reservation');
    const { 'reservation-id': later } = await promise.rpc('create-reservation', {
      start: at(1),
      end: at(2),
      capacity: { cores: 15 },
    });
    expect(await reason({ 'reservation-id': later })).to.equal('opnfv-promise:reservation-not-started');
    expect(await reason({ flavor: 'large' })).to.equal('opnfv-promise:insufficient-capacity');
    expect(await reason({ flavor: 'huge' })).to.equal('opnfv-promise:unknown-flavor');
    expect(await reason({ 'provider-id': 'nobody' })).to.equal('opnfv-promise:unknown-provider');
  });

  it('names what the provider has, where it has nothing of the name that was given', async () => {
    await promise.pool();
    const message = async (input: object): Promise<unknown> =>
      (await promise.rpc('create-instance', { ...MACHINE, ...input }))['message'];
    expect(await message({ flavor: 'huge' })).to.match(/ has no flavor 'huge'; it has .*'small'/);
    expect(await message({ image: 'nope' })).to.match(/ has no image 'nope'; it has .*'cirros'/);
  });

  it('a request that the VIM refuses is a conflict with what it said, and holds nothing', async () => {
    const { provider } = await promise.pool();
    await promise.rpc('promise-simulator:refuse-next-request', { 'provider-id': provider, reason: 'Quota exceeded.' });
    const answer = await promise.rpc('create-instance', MACHINE);
    expect(answer).to.include({
      result: 'conflict',
      status: 'failed',
      'vm-state': 'ERROR',
      reason: 'opnfv-promise:provider-rejected',
    });
    expect(answer['message']).to.include('Quota exceeded.');
    expect(await promise.rpc('query-capacity')).to.have.nested.property('capacity.usage.cores', 0);
    await promise.rpc('destroy-instance', { 'instance-id': answer['instance-id'] });
    await promise.settle();
    expect(await promise.get('/opnfv-promise:promise')).not.to.have.nested.property(
      'opnfv-promise:promise.allocations',
    );
  });

  it('a boot that fails is notified with the fault', async () => {
    const { provider } = await promise.pool();
    const subscription = promise.subscribe();
    await promise.rpc('promise-simulator:fail-next-boot', { 'provider-id': provider, reason: 'No valid host.' });
    await promise.rpc('create-instance', MACHINE);
    await promise.advance(1000);
    const failed = await subscription.until(({ content }) => content['vm-state'] === 'ERROR');
    expect(failed.content).to.deep.include({ reason: 'opnfv-promise:boot-failed', message: 'No valid host.' });
    expect(failed.content).to.have.nested.property('fault.occurred-on', at(1 / 3600));
  });

  it('destroy-instance frees the capacity when the VIM has confirmed', async () => {
    await promise.pool();
    const subscription = promise.subscribe();
    const { 'instance-id': id } = await promise.rpc('create-instance', MACHINE);
    await promise.advance(1000);
    expect(await promise.rpc('destroy-instance', { 'instance-id': id })).to.include({
      result: 'ok',
      status: 'DELETING',
    });
    expect(await promise.rpc('query-capacity')).to.have.nested.property('capacity.usage.cores', 1);
    await promise.advance(500);
    const gone = await subscription.until(({ content }) => content['cause'] === 'destroyed');
    expect(gone.content).to.include({ 'instance-id': id, 'vm-state': 'DELETED' });
    expect(await promise.rpc('query-capacity')).to.have.nested.property('capacity.usage.cores', 0);
    const again = await errorOfPromise(promise.rpc('destroy-instance', { 'instance-id': id }));
    expect(again).to.include({ tag: 'invalid-value', path: '/opnfv-promise:input/instance-id' });
  });

  it('a machine outlives its reservation, and its priority falls', async () => {
    await promise.pool();
    const { 'reservation-id': reservation } = await promise.rpc('create-reservation', {
      end: at(1),
      capacity: { cores: 2, ram: '2048' },
    });
    const { 'instance-id': id } = await promise.rpc('create-instance', { ...MACHINE, 'reservation-id': reservation });
    await promise.advance(HOUR);
    expect(await promise.entry('allocation', id)).to.include({ priority: 'normal', reservation });
    const ended = await promise.rpc('create-instance', { ...MACHINE, 'reservation-id': reservation });
    expect(ended).to.include({ status: 'rejected', reason: 'opnfv-promise:reservation-over' });
  });

  it('goes on after a restart: the record, the machine in its cloud, and the events as they were sent', async () => {
    await promise.pool();
    const { 'instance-id': id, server } = await promise.rpc('create-instance', MACHINE);
    const before = promise.subscribe({ startTime: promise.clock.now() - 1 });
    await before.until(({ content }) => content['cause'] === 'accepted');
    const sent = before.received.filter(({ seq }) => seq !== undefined);
    promise = await promise.restarted();
    const replayed = promise.subscribe({ startTime: promise.clock.now() - 1 });
    await replayed.until(({ content }) => content['cause'] === 'accepted');
    expect(replayed.received.filter(({ seq }) => seq !== undefined).slice(0, sent.length)).to.deep.equal(sent);
    expect(await promise.entry('allocation', id)).to.deep.include({ 'vm-state': 'BUILD' });
    await promise.settle();
    await promise.advance(1000);
    await replayed.until(({ content }) => content['vm-state'] === 'ACTIVE' && content['server'] === server);
  });
});
