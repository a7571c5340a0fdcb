/** Named elements through the agent: known, reserved, used, and lost (feature placement). */
import { expect } from 'chai';
import type { Json } from '../../../../src/agent/local-client.ts';
import { at, PromiseFixture } from './promise-fixture.ts';

const PROVIDERS = '/opnfv-promise:promise/providers';

const MINUTE = 60_000;

describe('named elements', () => {
  let promise: PromiseFixture;

  beforeEach(async () => {
    promise = await new PromiseFixture().start();
    await promise.pool();
    for (const tenant of ['red', 'blue']) promise.standing.set(tenant, { role: 'consumer', tenant });
  });
  afterEach(() => promise.close());

  const by = (user: string, rpc: string, input: Json): Promise<Json> =>
    promise.clientOf(user).invoke(`opnfv-promise:${rpc}`, input);

  async function make(user: string, name: string, what: Json): Promise<Json> {
    const answer = await by(user, 'create-allocation', { name, ...what });
    expect(answer, name).to.include({ result: 'ok' });
    await promise.advance(5_000);
    return answer;
  }

  async function servicesFor(user: string): Promise<Json> {
    const read = await promise.clientOf(user).get(PROVIDERS);
    // Cast: the list of providers, as JSON.
    const { providers } = read['opnfv-promise:promise'] as { providers: { provider: Json[] } };
    return providers.provider[0]?.['services'] as Json;
  }

  const stateOf = async (id: unknown): Promise<Json> => {
    const found = await promise.rpc('query-reservation', { 'reservation-id': [id], 'show-utilization': false });
    return (found['reservations'] as Json[])[0]?.['state'] as Json;
  };

  it('are listed with what the provider offers, to those for whom they are', async () => {
    const port = await make('red', 'uplink', { port: { network: 'private' } });
    const address = await make('red', 'front', { 'floating-ip': {} });
    const volume = await make('red', 'data', { volume: { size: 2 } });
    await promise.advance(MINUTE);
    const listed = await servicesFor('ann');
    expect(listed['network']).to.deep.include({
      ports: [{ id: port['resource'], name: 'uplink', network: 'private', addresses: [port['address']] }],
      'floating-ips': [{ id: address['resource'], network: 'public', address: address['address'] }],
    });
    expect(listed['storage']).to.deep.equal({ volumes: [{ id: volume['resource'], name: 'data', size: 2 }] });
    const [subnet] = ((listed['network'] as Json)['networks'] as Json[])[0]?.['subnets'] as Json[];
    expect(subnet).to.include({ name: 'private-subnet', cidr: '10.0.0.0/16' });
    expect(await servicesFor('red')).to.deep.equal(listed);
    const others = await servicesFor('blue');
    expect(others['storage']).to.equal(undefined);
    expect(others['network']).to.have.all.keys('networks', 'floating-ip-pools');
  });

  it('are reserved by name, and used by who reserved them alone', async () => {
    const volume = await make('ann', 'data', { volume: { size: 2 } });
    await promise.advance(MINUTE);
    const held = { elements: ['data', '10.0.7.7'], capacity: { cores: 1, ram: '1024', instances: 1, ports: 1 } };
    // It was allocated for no tenant, so that consumers know nothing of it.
    const unknown = await by('red', 'create-reservation', { end: at(5), ...held });
    expect(unknown['message']).to.equal("No pool that may serve the request has the element 'data'.");
    const id = await promise.rpc('create-reservation', { end: at(5), ...held });
    expect(id, String(id['message'])).to.include({ result: 'ok' });
    const reservation = { 'reservation-id': id['reservation-id'] };
    const since = (await stateOf(id['reservation-id']))['starts-at'];
    const elements = ((await stateOf(id['reservation-id']))['claim'] as Json[]).flatMap(({ element }) => element ?? []);
    expect(elements).to.have.members([volume['resource'], 'private/10.0.7.7']);

    const port = { name: 'p', port: { network: 'private', address: '10.0.7.7' } };
    const refused = await by('blue', 'create-allocation', port);
    expect(refused).to.include({
      result: 'conflict',
      reason: 'opnfv-promise:element-reserved',
      message: `The address '10.0.7.7' is reserved by another ${String(since)} to ${at(5)}.`,
    });
    const machine = { name: 'vm', image: 'cirros', flavor: 'small', volumes: ['data'] };
    expect(await promise.rpc('create-instance', machine)).to.include({ reason: 'opnfv-promise:element-reserved' });
    expect(await promise.rpc('create-instance', { ...machine, ...reservation })).to.include({ result: 'ok' });
    expect(await promise.rpc('create-allocation', { ...port, ...reservation })).to.include({
      result: 'ok',
      address: '10.0.7.7',
    });
  });

  it('that are lost are named, by the state, the event and the explanation', async () => {
    const volume = await make('ann', 'data', { volume: { size: 2 } });
    const answer = await promise.rpc('create-reservation', {
      start: at(4),
      end: at(5),
      elements: [volume['resource']],
    });
    expect(answer).to.include({ result: 'ok' });
    const events = promise.subscribe();
    await promise.rpc('destroy-allocation', { 'allocation-id': volume['allocation-id'] });
    await promise.advance(5_000);
    const state = await stateOf(answer['reservation-id']);
    expect(state).to.deep.include({ status: 'degraded', 'missing-elements': [volume['resource']] });
    expect(state['message']).to.include(`does not have the volume '${String(volume['resource'])}' any more`);
    const explained = await promise.rpc('explain', { 'reservation-id': answer['reservation-id'] });
    expect(explained['message']).to.include('which its VIM does not have now');
    expect(JSON.stringify(events.received)).to.include('"missing-elements"');
  });
});
