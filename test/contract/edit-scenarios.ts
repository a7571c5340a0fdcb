import { expect } from 'chai';
import { dataPath } from '../../src/cli/demo/consumer.ts';
import { all, leaf } from '../../src/cli/demo/content.ts';
import {
  at,
  HOUR,
  POOL_CORES,
  PROMISE,
  poolPath,
  providerPath,
  reservationPath,
} from '../../src/cli/demo/infrastructure.ts';
import { ids, refused, type World } from './world.ts';

/** Reservations as configuration, beside what RPCs made. */
export function editScenarios(open: () => World): void {
  it('refuses edits of what RPCs made, and says so', async () => {
    const world = await open().open();
    const path = reservationPath(await world.reserve());
    for (const edit of [
      () => world.consumer.edit('delete', path),
      () => world.consumer.edit('merge', path, { name: 'other', capacity: { cores: 1 } }),
      () => world.consumer.edit('delete', [...path, { name: 'name' }]),
      () => world.consumer.edit('delete', poolPath(world.vim.pool)),
      () => world.consumer.edit('delete', providerPath(world.vim.provider)),
    ]) {
      const { errors } = await refused(edit());
      expect(errors[0]).to.include({ tag: 'resource-denied', appTag: 'owned-by-rpc' });
    }
    const { errors } = await refused(world.consumer.edit('delete', reservationPath('nothing')));
    expect(errors[0]?.tag).to.be.oneOf(['data-missing', 'invalid-value']);
  });

  it('admits a reservation that an edit makes, and frees what it holds when it is deleted', async () => {
    const world = await open().open();
    const [start, end] = [at(world.now + HOUR), at(world.now + 2 * HOUR)];
    const path = reservationPath(`configured-${world.vim.pool}`);
    const body = { start, end, pools: [world.vim.pool], capacity: { cores: 8 } };
    await world.consumer.edit('create', path, body);
    expect(await world.available(world.now + HOUR, world.now + 2 * HOUR)).to.equal(POOL_CORES - 8);
    expect(leaf(await world.consumer.get(path), 'state/status')).to.equal('scheduled');
    await world.consumer.edit('merge', path, { capacity: { cores: 10 } });
    expect(await world.available(world.now + HOUR, world.now + 2 * HOUR)).to.equal(POOL_CORES - 10);
    const exists = await refused(world.consumer.edit('create', path, body));
    expect(exists.errors[0]?.tag).to.equal('data-exists');
    await world.consumer.edit('delete', path);
    expect(await world.available(world.now + HOUR, world.now + 2 * HOUR)).to.equal(POOL_CORES);
    expect(await world.consumer.get(path)).to.equal(undefined);
  });

  it('refuses an edit that does not fit, and says what would', async () => {
    const world = await open().open();
    const path = reservationPath(`too-much-${world.vim.pool}`);
    const body = {
      start: at(world.now + HOUR),
      end: at(world.now + 2 * HOUR),
      pools: [world.vim.pool],
      capacity: { cores: POOL_CORES + 1 },
    };
    const { errors } = await refused(world.consumer.edit('replace', path, body));
    const [error] = errors;
    expect(error?.tag).to.equal('resource-denied');
    expect(error?.path).to.contain('reservation');
    const refusal = all(error?.info, 'refusal-info')[0];
    expect(leaf(refusal, 'reason')).to.equal('insufficient-capacity');
    expect(leaf(refusal, 'most/cores')).to.equal(String(POOL_CORES));
    expect(await world.consumer.get(path)).to.equal(undefined);
  });

  it('serves what edits and RPCs made in one tree, and lets neither change what the other made', async () => {
    const world = await open().open();
    const byRpc = await world.reserve({ start: at(world.now + HOUR), end: at(world.now + 2 * HOUR) });
    const path = reservationPath(`edited-${world.vim.pool}`);
    await world.consumer.edit('create', path, {
      start: at(world.now + HOUR),
      end: at(world.now + 2 * HOUR),
      pools: [world.vim.pool],
      capacity: { cores: 1 },
    });
    const list = await world.consumer.get(dataPath(PROMISE, 'reservations'));
    expect(ids(list ?? expect.fail('no reservations'), 'reservation')).to.include.members([
      byRpc,
      `edited-${world.vim.pool}`,
    ]);
    const cancel = { 'reservation-id': `edited-${world.vim.pool}` };
    const denied = await refused(world.consumer.invoke('opnfv-promise:cancel-reservation', cancel));
    expect(denied.errors[0]?.tag).to.equal('resource-denied');
    await refused(world.consumer.edit('delete', reservationPath(byRpc)));
    expect(await world.consumer.get(reservationPath(byRpc))).not.to.equal(undefined);
  });
}
