import { expect } from 'chai';
import type { Json } from '../../../../src/agent/local-client.ts';
import { errorOfPromise } from '../agent-fixture.ts';
import { HOUR, PromiseFixture } from './promise-fixture.ts';

const PROMISE = '/opnfv-promise:promise';

describe('what belongs to tenants', () => {
  let promise: PromiseFixture;
  let provider: string;
  beforeEach(async () => {
    promise = await new PromiseFixture().start();
    for (const [user, tenant] of [
      ['rita', 'red'],
      ['ben', 'blue'],
    ] as const) {
      promise.standing.set(user, { role: 'consumer', tenant });
    }
    promise.standing.set('oscar', { role: 'operator', tenant: 'red' });
    ({ provider } = await promise.pool());
  });
  afterEach(() => promise.close());

  const call = async (user: string, rpc: string, input: Json = {}): Promise<Json> =>
    await promise.clientOf(user).invoke(`opnfv-promise:${rpc}`, input);
  const machine = { name: 'vm', image: 'cirros', flavor: 'small' };

  it('is what was allocated against their reservations, whoever did it', async () => {
    const { 'reservation-id': reservation } = await call('rita', 'create-reservation', {
      capacity: { cores: 2, ram: '2048', instances: 1 },
    });
    const { 'instance-id': id } = await call('ann', 'create-instance', {
      ...machine,
      'reservation-id': String(reservation),
    });
    const shown = await promise.clientOf('rita').get(`${PROMISE}/allocations/allocation=${String(id)}`);
    expect(JSON.stringify(shown)).to.include('"tenant":"red"').and.include('"owner":"ann"');
    expect(await call('rita', 'destroy-instance', { 'instance-id': String(id) })).to.include({ result: 'ok' });
  });

  it('is what operators configured on their account, also in the running datastore', async () => {
    const edit = async (user: string, id: string): Promise<unknown> =>
      await promise.clientOf(user).edit('merge', '', {
        'opnfv-promise:promise': { reservations: { reservation: [{ id, capacity: { cores: 1 } }] } },
      });
    await edit('oscar', 'reds');
    await edit('ann', 'nobodys');
    for (const datastore of ['running', 'operational'] as const) {
      const read = async (user: string): Promise<string> =>
        JSON.stringify(await promise.clientOf(user).get(`${PROMISE}/reservations`, { datastore }));
      expect(await read('rita'))
        .to.include('reds')
        .and.not.include('nobodys');
      expect(await read('ann'))
        .to.include('reds')
        .and.include('nobodys');
      expect(await read('ben')).to.equal('{"opnfv-promise:promise":{"reservations":{}}}');
    }
    // An entry that comes back after its end stays whose it was.
    await promise.advance(2 * HOUR);
    await promise.clientOf('ann').edit('merge', `${PROMISE}/reservations/reservation=reds`, {
      'opnfv-promise:reservation': [{ id: 'reds', capacity: { cores: 2 } }],
    });
    expect(JSON.stringify(await promise.clientOf('rita').get(`${PROMISE}/reservations`))).to.include('"tenant":"red"');
  });

  it('is found by no filter of others, and by no depth, field or default', async () => {
    const { 'reservation-id': id } = await call('ben', 'create-reservation', {
      name: 'secret',
      capacity: { cores: 1 },
    });
    const rita = promise.clientOf('rita');
    const xpath = (expression: string) => ({
      type: 'xpath' as const,
      expression,
      namespaces: { p: 'urn:opnfv:promise' },
    });
    for (const request of [
      {},
      { depth: 5 },
      { withDefaults: 'report-all' as const },
      { fields: 'reservations' },
      { filter: xpath('//p:reservation') },
      { filter: xpath(`/p:promise[p:reservations/p:reservation/p:id='${String(id)}']/p:pools`) },
      { filter: xpath("/p:promise[count(//p:name[.='secret']) > 0]//*") },
      { content: 'config' as const },
      { content: 'nonconfig' as const },
    ]) {
      const target = 'filter' in request ? '' : PROMISE;
      const text = JSON.stringify(await rita.get(target, request));
      expect(text, JSON.stringify(request)).not.to.include(String(id)).and.not.include('secret');
      if ('filter' in request) expect(text).to.equal('{}');
    }
  });

  it('is in no message about what stands in the way', async () => {
    const edit = {
      'opnfv-promise:provider': [
        { id: 'lend', name: 'lend', 'provider-type': 'promise-simulator:simulated', 'pre-emption': 'best-effort' },
      ],
    };
    await promise.client.edit('replace', `${PROMISE}/providers/provider=lend`, edit);
    await promise.settle();
    const { 'pool-id': pool } = await call('ann', 'increase-capacity', {
      source: 'lend',
      capacity: { cores: 2, ram: '4096', instances: 2 },
    });
    const on = { ...machine, flavor: 'm1.small', 'provider-id': 'lend' };
    const own = await call('rita', 'create-instance', on);
    const other = await call('ben', 'create-instance', on);
    expect([own, other].map(({ result }) => result)).to.deep.equal(['ok', 'ok']);
    await promise.advance(10_000);
    const inbox = promise.clientOf('ben').subscribe();
    const answer = await call('rita', 'create-reservation', { pools: [String(pool)], capacity: { cores: 2 } });
    expect(answer).to.include({ result: 'ok', status: 'scheduled' });
    expect(answer['displaced-instances']).to.deep.equal([own['instance-id']]);
    expect(answer['message'])
      .to.include(`${String(own['instance-id'])}, 1 of others.`)
      .and.include('of others that gave way: 1.');
    await promise.settle();
    expect(inbox.received.filter(({ name }) => name.endsWith('allocation-event'))[0]?.content).to.deep.include({
      'instance-id': other['instance-id'],
      cause: 'preempted',
      message: 'It gives way to a reservation.',
    });
    expect(JSON.stringify(inbox.received)).not.to.include(String(answer['reservation-id']));
    const refused = await call('rita', 'create-instance', {
      ...on,
      'reservation-id': String(answer['reservation-id']),
    });
    expect(refused).to.include({ reason: 'opnfv-promise:reservation-not-started' });
    expect(JSON.stringify(refused)).not.to.include(String(other['instance-id']));
  });

  it('is used by nobody else, and not listed with what providers have', async () => {
    const network = await call('ben', 'create-allocation', { name: 'blues', network: {} });
    expect(network, JSON.stringify(network)).to.include({ result: 'ok' });
    await promise.advance(60_000);
    await promise.reconciler.refresh(provider);
    await promise.settle();
    const listed = async (user: string): Promise<string> =>
      JSON.stringify(await promise.clientOf(user).get(`${PROMISE}/providers/provider=${provider}/services/network`));
    expect(await listed('ben')).to.include('blues');
    expect(await listed('ann')).to.include('blues');
    expect(await listed('rita'))
      .to.include('private')
      .and.not.include('blues')
      .and.not.include(String(network['resource']));
    const port = async (name: string): Promise<Json> =>
      await call('rita', 'create-allocation', { name: 'p', port: { network: name } });
    expect(await port(String(network['resource']))).to.include({ reason: 'opnfv-promise:unknown-network' });
  });

  it('is nobody’s to do with for a user who is removed', async () => {
    const inbox = promise.clientOf('rita').subscribe();
    const gone = promise.clientOf('gone');
    promise.known = (user) => user !== 'gone' && user !== 'rita';
    for (const attempt of [
      gone.get(PROMISE),
      gone.invoke('opnfv-promise:query-reservation'),
      gone.edit('merge', '', { 'opnfv-promise:promise': { policy: {} } }),
    ]) {
      expect(await errorOfPromise(attempt)).to.include({ tag: 'access-denied' });
    }
    expect(() => gone.subscribe()).to.throw(/not known any more/);
    promise.known = () => true;
    await call('ben', 'create-reservation', { capacity: { cores: 1 } });
    await promise.settle();
    const before = inbox.received.length;
    promise.known = (user) => user !== 'rita';
    await call('ann', 'create-reservation', { capacity: { cores: 1 } });
    await promise.settle();
    expect(inbox.received).to.have.length(before);
    promise.known = () => true;
  });
});
