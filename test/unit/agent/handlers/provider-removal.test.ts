import { expect } from 'chai';
import { Draining } from '../../../../src/engine/draining.ts';
import { commands } from '../../../../src/engine/commands/index.ts';
import { domainLedger } from '../../../../src/agent/domain-ledger.ts';
import type { Json } from '../../../../src/agent/local-client.ts';
import { at, HOUR, PromiseFixture } from './promise-fixture.ts';

const PROMISE = '/opnfv-promise:promise';

describe('the end of a provider', () => {
  let promise: PromiseFixture;
  let draining: Draining;
  let provider: string;
  let pool: string;
  const remove = (mode?: string): Promise<Json> =>
    promise.rpc('remove-provider', { 'provider-id': provider, ...(mode === undefined ? {} : { mode }) });
  const reserve = (more: Json = {}): Promise<Json> =>
    promise.rpc('create-reservation', { end: at(2), capacity: { cores: 4, ram: '4096' }, ...more });
  const boot = (more: Json = {}): Promise<Json> =>
    promise.rpc('create-instance', { 'provider-id': provider, name: 'vm', image: 'cirros', flavor: 'small', ...more });
  const known = async (): Promise<string> => JSON.stringify(await promise.get(PROMISE));

  beforeEach(async () => {
    promise = await new PromiseFixture().start();
    ({ provider, pool } = await promise.pool());
    draining = new Draining({
      ledger: domainLedger(promise.ledger),
      clock: promise.clock,
      finishDraining: commands.finishDraining,
      onFailure: (error) => {
        throw error;
      },
    });
  });
  afterEach(async () => {
    await draining.close();
    await promise.close();
  });

  it('comes at once when nothing is held there, and takes its pools with it', async () => {
    expect(await remove()).to.deep.equal({
      result: 'ok',
      status: 'removed',
      message: `The provider '${provider}' and its pools are gone.`,
    });
    expect(await known()).to.not.include(provider);
    expect(await known()).to.not.include(pool);
  });

  it('is refused while something is held, saying how many and which', async () => {
    const { 'reservation-id': reservation } = await reserve();
    const { 'instance-id': instance } = await boot();
    const answer = await remove();
    expect(answer).to.deep.include({ result: 'conflict', reason: 'opnfv-promise:capacity-in-use', status: 'kept' });
    expect(answer['message']).to.equal(
      `The provider '${provider}' is in use: 1 reservations (${String(reservation)}), 1 allocations (${String(instance)}). End them first, or drain it.`,
    );
    expect(answer['in-use']).to.deep.equal({
      'reservation-count': 1,
      'offer-count': 0,
      'allocation-count': 1,
      reservations: [reservation],
      offers: [],
      allocations: [instance],
    });
    expect(await known()).to.include(provider);
  });

  it('drained, takes nothing new, keeps what was promised, and goes with the last of it', async () => {
    const { 'reservation-id': reservation } = await reserve();
    expect(await remove('drain')).to.deep.include({ result: 'ok', status: 'draining' });
    expect(await known()).to.include('"draining":true');
    expect(await reserve()).to.include({ result: 'conflict' });
    expect(await boot()).to.include({ result: 'conflict' });
    const more = await promise.rpc('increase-capacity', { source: provider, capacity: { cores: 1 } });
    expect(more).to.include({ result: 'conflict', reason: 'opnfv-promise:provider-unavailable' });
    // A reservation that was granted can be used.
    const { 'instance-id': instance } = await boot({ 'reservation-id': reservation });
    await promise.advance(1_000);
    await promise.advance(2 * HOUR);
    expect(await known()).to.include(provider);
    await promise.rpc('destroy-instance', { 'instance-id': instance });
    for (let second = 0; second < 60; second++) await promise.advance(1_000);
    // Reservations that are over tell which pool they were from.
    expect(promise.ledger.head.domain.providers.has(provider)).to.equal(false);
  });

  it('that fails keeps no other from its end, and is tried again', async () => {
    const another = await promise.provider('another');
    const { 'pool-id': elsewhere } = await promise.rpc('increase-capacity', { source: another });
    const failures: unknown[] = [];
    let fails = true;
    await draining.close();
    for (const id of [provider, another]) {
      const where = {
        start: at(1),
        end: at(2),
        capacity: { cores: 1 },
        pools: [id === provider ? pool : elsewhere],
      };
      await promise.rpc('create-reservation', where);
      await promise.rpc('remove-provider', { 'provider-id': id, mode: 'drain' });
    }
    draining = new Draining({
      ledger: domainLedger(promise.ledger),
      clock: promise.clock,
      finishDraining: (head, input, inputs) => {
        if (fails && input.id === provider) throw new Error('no');
        return commands.finishDraining(head, input, inputs);
      },
      onFailure: (error) => failures.push(error),
    });
    const there = (): boolean[] => [provider, another].map((id) => promise.ledger.head.domain.providers.has(id));
    await promise.advance(HOUR);
    await promise.advance(HOUR);
    expect(there()).to.deep.equal([true, false]);
    expect(failures).to.not.have.length(0);
    fails = false;
    await promise.advance(30_000);
    expect(there()).to.deep.equal([false, false]);
  });

  it('is not for what the configuration made, nor for what is not there', async () => {
    const own = { id: 'own', name: 'own', 'provider-type': 'promise-simulator:simulated' };
    await promise.client.edit('merge', PROMISE, { 'opnfv-promise:promise': { providers: { provider: [own] } } });
    for (const id of ['own', 'nobody']) {
      const failure: unknown = await promise
        .rpc('remove-provider', { 'provider-id': id })
        .catch((error: unknown) => error);
      expect(failure).to.be.instanceOf(Error);
    }
    expect(await known()).to.include('"id":"own"');
  });
});
