/** Placement through the agent: containers, affinity groups, traits and elements both ways (feature placement). */
import { expect } from 'chai';
import type { Json } from '../../../../src/agent/local-client.ts';
import { errorOfPromise } from '../agent-fixture.ts';
import { at, HOUR, PromiseFixture, SIMULATION } from './promise-fixture.ts';

const HOSTS: Json[] = [
  { name: 'a', zone: 'west', vcpus: 8, ram: '16384', disk: 100, traits: ['HW_DPDK'] },
  { name: 'b', zone: 'west', vcpus: 8, ram: '16384', disk: 100 },
  { name: 'c', zone: 'east', vcpus: 8, ram: '16384', disk: 100 },
];

describe('placement', () => {
  let promise: PromiseFixture;
  let pool: string;
  let provider: string;

  beforeEach(async () => {
    promise = await new PromiseFixture().start();
    provider = await promise.provider('lab', { ...SIMULATION, host: HOSTS });
    pool = String((await promise.rpc('increase-capacity', { source: provider }))['pool-id']);
  });
  afterEach(() => promise.close());

  const web = (count: number, more: Json = {}): Json => ({ name: 'web', count, flavor: 'large', ...more });

  const reserve = (demand: Json, from = 1): Promise<Json> =>
    promise.rpc('create-reservation', { start: at(from), end: at(from + 1), ...demand });

  async function reservationOf(answer: Json): Promise<Json> {
    const query = { 'reservation-id': [String(answer['reservation-id'])], 'show-utilization': false };
    const found = await promise.rpc('query-reservation', query);
    return (found['reservations'] as Json[])[0] ?? {};
  }

  it('of containers is shown with what was asked for, each claim with its host', async () => {
    const demand = {
      container: [
        {
          name: 'db',
          count: 1,
          explicit: { vcpus: 2, ram: '1024', disk: 20 },
          'required-traits': ['HW_DPDK'],
          'forbidden-traits': ['HW_OLD'],
          zone: 'west',
          pools: [pool],
        },
        web(2, { group: 'apart' }),
      ],
      'affinity-group': [{ name: 'apart', policy: 'anti-affinity' }],
    };
    const answer = await reserve(demand);
    expect(answer).to.include({ result: 'ok', status: 'scheduled' });
    const found = await reservationOf(answer);
    expect(found['container']).to.deep.equal(demand.container);
    expect(found['affinity-group']).to.deep.equal(demand['affinity-group']);
    const state = found['state'] as Json;
    const claims = state['claim'] as Json[];
    expect(claims.map(({ container }) => container)).to.deep.equal(['db', 'web', 'web']);
    expect(new Set(claims.slice(1).map(({ host }) => host)).size).to.equal(2);
    expect(claims[0]).to.deep.include({ pool, host: 'a', disk: 20, capacity: { cores: 2, ram: '1024', instances: 1 } });
    expect(state['remaining-container']).to.deep.equal([
      { name: 'db', instances: 1 },
      { name: 'web', instances: 2 },
    ]);
  });

  it('refused names the container, and what each candidate lacks', async () => {
    const answer = await reserve({ container: [web(1, { 'required-traits': ['HW_GPU'] })] });
    expect(answer).to.include({
      result: 'conflict',
      reason: 'opnfv-promise:insufficient-capacity',
      'search-complete': true,
    });
    expect(answer['message']).to.include("container 'web'").and.to.include("host 'a'").and.to.include(': lacks HW_GPU');
    const refusal = answer['refusal'] as Json;
    expect(refusal['container']).to.equal('web');
    expect((refusal['candidate'] as Json[])[0]).to.deep.equal({
      pool,
      host: 'a',
      'lacking-traits': ['HW_GPU'],
      lacking: ['lacks HW_GPU'],
    });
  });

  it('refused for its window says when there is one', async () => {
    expect(await reserve({ container: [web(3)] })).to.include({ result: 'ok' });
    const answer = await reserve({ container: [web(1)] });
    expect(answer)
      .to.have.nested.property('refusal.next-window')
      .that.deep.equals({ start: at(2), end: at(3) });
  });

  it('moves others to make room, and says whom', async () => {
    const first = await reserve({
      container: [{ ...web(1), explicit: { vcpus: 1, ram: '1024' }, flavor: undefined }].map(strip),
    });
    const whole = { name: 'whole', count: 3, explicit: { vcpus: 7, ram: '1024' } };
    expect(await reserve({ container: [whole] })).to.include({ result: 'ok' });
    const [claim] = ((await reservationOf(first))['state'] as Json)['claim'] as Json[];
    const others = await reserve(
      { elements: ['a', 'b', 'c'].filter((host) => host !== claim?.['host']).slice(0, 1) },
      3,
    );
    expect(others).to.include({ result: 'ok' });
    const second = await reserve({ container: [{ name: 'tiny', count: 1, explicit: { vcpus: 1, ram: '512' } }] }, 3);
    const again = await reserve({ container: [{ name: 'full', count: 2, explicit: { vcpus: 8, ram: '512' } }] }, 3);
    // One host is held whole and one has the tiny machine: two whole hosts are not left, whoever moves.
    expect(again).to.include({ result: 'conflict', 'search-complete': false });
    expect(second).to.include({ result: 'ok' });
  });

  it('of a flavor that nobody has, or a group that is not there, is answered', async () => {
    expect(await reserve({ container: [web(1, { flavor: 'huge' })] })).to.include({
      result: 'conflict',
      reason: 'opnfv-promise:unknown-flavor',
    });
    const error = await errorOfPromise(reserve({ container: [web(1, { group: 'none' })] }));
    expect(error).to.include({ tag: 'invalid-value', path: '/opnfv-promise:input/container/group' });
  });

  it('decides where machines run', async () => {
    const answer = await promise.rpc('create-reservation', {
      end: at(5),
      container: [web(1, { 'required-traits': ['HW_DPDK'] })],
    });
    const machine = await promise.rpc('create-instance', {
      name: 'vm',
      image: 'cirros',
      flavor: 'large',
      'reservation-id': String(answer['reservation-id']),
    });
    expect(machine).to.include({ result: 'ok' });
    await promise.advance(2_000);
    const id = String(machine['instance-id']);
    expect(await promise.entry('allocation', id)).to.include({ host: 'a', 'vm-state': 'ACTIVE' });
    const state = (await reservationOf(answer))['state'] as Json;
    expect(state['remaining-container']).to.deep.equal([{ name: 'web', instances: 0 }]);
  });

  it('follows the loss and the return of a host', async () => {
    const answer = await reserve({ container: [web(1, { 'required-traits': ['HW_DPDK'] })] });
    const other = await reserve({ container: [web(1, { zone: 'west' })] });
    const status = async (which: Json) => ((await reservationOf(which))['state'] as Json)['status'];
    await promise.rpc('promise-simulator:fail-host', { 'provider-id': provider, host: 'a' });
    await promise.settle();
    expect([await status(answer), await status(other)]).to.deep.equal(['degraded', 'scheduled']);
    await promise.rpc('promise-simulator:restore-host', { 'provider-id': provider, host: 'a' });
    await promise.settle();
    expect(await status(answer)).to.equal('scheduled');
  });

  it('is counted by query-capacity for a flavor, by zone', async () => {
    const answer = await promise.rpc('query-capacity', { flavor: 'small' });
    const zones = (instances: number): Json[] => [
      { zone: 'east', instances: 8 },
      { zone: 'west', instances },
    ];
    expect(answer['fits']).to.deep.equal([{ pool, instances: 24, 'by-zone': zones(16) }]);
    await reserve({ container: [web(2, { zone: 'west' })] });
    const window = { start: at(1), end: at(2) };
    const later = await promise.rpc('query-capacity', { flavor: 'small', window });
    expect(later['fits']).to.deep.equal([{ pool, instances: 12, 'by-zone': zones(4) }]);
    const error = await errorOfPromise(promise.rpc('query-capacity', { flavor: 'huge' }));
    expect(error).to.include({ tag: 'invalid-value', path: '/opnfv-promise:input/flavor' });
  });

  it('of elements holds hosts and networks whole', async () => {
    const answer = await reserve({ elements: ['b', 'public'] });
    const state = (await reservationOf(answer))['state'] as Json;
    const claims = state['claim'] as Json[];
    expect(claims.map(({ host, element }) => host ?? element)).to.deep.equal(['b', 'public']);
    expect(await reserve({ elements: ['public'] })).to.include({ result: 'conflict' });
    expect(await reserve({ container: [web(3)] })).to.include({ result: 'conflict' });
  });

  it('can be updated and cleared', async () => {
    const answer = await reserve({ container: [web(1)], capacity: { addresses: 1 } });
    const id = { 'reservation-id': String(answer['reservation-id']) };
    expect(await promise.rpc('update-reservation', { ...id, container: [web(2)] })).to.include({ result: 'ok' });
    expect((await reservationOf(answer))['container']).to.deep.equal([web(2)]);
    expect(await promise.rpc('update-reservation', { ...id, clear: ['container'] })).to.include({ result: 'ok' });
    const found = await reservationOf(answer);
    expect(found).not.to.have.property('container');
    expect((found['state'] as Json)['claim']).to.have.length(1);
  });

  it('is configured too, and changes with the configuration', async () => {
    const edit = (container: Json): Promise<unknown> =>
      promise.client.edit('merge', '/opnfv-promise:promise', {
        'opnfv-promise:promise': {
          reservations: { reservation: [{ id: 'r1', start: at(1), end: at(2), container: [container] }] },
        },
      });
    await edit(web(2));
    const tree = await promise.get('/opnfv-promise:promise/reservations/reservation=r1');
    expect(tree)
      .to.have.nested.property('opnfv-promise:promise.reservations.reservation[0].state.claim')
      .with.length(2);
    await edit(web(3));
    const after = await promise.get('/opnfv-promise:promise/reservations/reservation=r1');
    expect(after)
      .to.have.nested.property('opnfv-promise:promise.reservations.reservation[0].state.claim')
      .with.length(3);
    const error = await errorOfPromise(edit(web(4)));
    expect(error.message).to.include("container 'web'");
  });

  it('survives a restart', async () => {
    const answer = await reserve({ container: [web(2)], elements: ['a', 'b'] });
    const before = await reservationOf(answer);
    promise = await promise.restarted();
    expect(await reservationOf(answer)).to.deep.equal(before);
    expect(await reserve({ container: [web(3)] })).to.include({ result: 'conflict' });
    await promise.advance(HOUR);
  });
});

/** Without members that are undefined. */
function strip(nodes: Json): Json {
  return Object.fromEntries(Object.entries(nodes).filter(([, value]) => value !== undefined));
}
