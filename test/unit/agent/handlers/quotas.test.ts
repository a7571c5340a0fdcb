import { expect } from 'chai';
import type { Json } from '../../../../src/agent/local-client.ts';
import { errorOfPromise } from '../agent-fixture.ts';
import { at, PromiseFixture } from './promise-fixture.ts';

const PROMISE = '/opnfv-promise:promise';

describe('quotas of tenants and users', () => {
  let promise: PromiseFixture;

  beforeEach(async () => {
    promise = await new PromiseFixture().start();
    await promise.pool();
    for (const user of ['red-1', 'red-2']) promise.standing.set(user, { role: 'consumer', tenant: 'red' });
    promise.standing.set('red-operator', { role: 'operator', tenant: 'red' });
    promise.standing.set('blue-1', { role: 'consumer', tenant: 'blue' });
    await edit({ policy: { quota: [{ name: 'small', capacity: { cores: 6 }, reservations: 2 }] } });
  });
  afterEach(() => promise.close());

  const edit = (tree: Json, user = 'ann'): Promise<unknown> =>
    promise.clientOf(user).edit('merge', PROMISE, { 'opnfv-promise:promise': tree });

  const reserve = (user: string, cores: number): Promise<Json> =>
    promise
      .clientOf(user)
      .invoke('opnfv-promise:create-reservation', { start: at(1), end: at(2), capacity: { cores } });

  it('a refusal names the quota and the limit; tenants do not stand in each other’s way', async () => {
    expect(await reserve('red-1', 4)).to.include({ result: 'ok' });
    const answer = await reserve('red-2', 3);
    expect(answer).to.deep.include({
      result: 'conflict',
      status: 'rejected',
      reason: 'opnfv-promise:quota-exceeded',
      refusal: { policy: 'small', limit: '6 cores', most: { cores: 2 } },
    });
    expect(await reserve('blue-1', 6)).to.include({ result: 'ok' });
    const { reservations } = await promise.rpc('query-reservation');
    expect((reservations as { state: { tenant: string } }[]).map(({ state }) => state.tenant)).to.have.members([
      'red',
      'blue',
    ]);
  });

  it('limit the number of reservations', async () => {
    for (const user of ['red-1', 'red-2']) expect(await reserve(user, 1)).to.include({ result: 'ok' });
    expect(await reserve('red-1', 1)).to.deep.include({
      reason: 'opnfv-promise:quota-exceeded',
      refusal: { policy: 'small', limit: '2' },
    });
  });

  it('bind machines and edits', async () => {
    expect(await reserve('red-1', 1)).to.include({ result: 'ok' });
    const machine = { name: 'vm', image: 'cirros', flavor: 'large' };
    const refused = await promise.clientOf('red-2').invoke('opnfv-promise:create-instance', machine);
    expect(refused).to.include({ result: 'conflict', reason: 'opnfv-promise:quota-exceeded' });
    const entry = { id: 'mine', start: at(1), end: at(2), capacity: { cores: 6 } };
    const error = await errorOfPromise(edit({ reservations: { reservation: [entry] } }, 'red-operator'));
    expect(error).to.include({ tag: 'resource-denied', appTag: 'quota-exceeded' });
    expect(error.info?.structure?.['opnfv-promise:refusal-info']).to.deep.include({
      reason: 'opnfv-promise:quota-exceeded',
      policy: 'small',
      limit: '6 cores',
    });
  });

  it('hold after a restart', async () => {
    expect(await reserve('red-1', 4)).to.include({ result: 'ok' });
    promise = await promise.restarted();
    promise.standing.set('red-2', { role: 'consumer', tenant: 'red' });
    expect(await reserve('red-2', 3)).to.include({ reason: 'opnfv-promise:quota-exceeded' });
  });
});
