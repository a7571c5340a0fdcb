import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { expect } from 'chai';
import { dataPath, type Consumer, type Notification } from '../../src/cli/demo/consumer.ts';
import { all, amount, leaf, type Content } from '../../src/cli/demo/content.ts';
import { at, POOL_CORES, PROMISE, reservationPath, setUpInfrastructure } from '../../src/cli/demo/infrastructure.ts';
import { NetconfClient } from '../../src/cli/demo/netconf-client.ts';
import { NetconfConsumer } from '../../src/cli/demo/netconf-consumer.ts';
import { RestconfClient } from '../../src/cli/demo/restconf-client.ts';
import { RestconfConsumer } from '../../src/cli/demo/restconf-consumer.ts';
import { randomFrom } from '../bench/statistics.ts';
import { ServedProcess, spawnServe } from '../served-process.ts';
import { temporaryDirectory } from '../unit/store/temporary-directory.ts';
import { until } from '../until.ts';
import { Books, Worker } from './books.ts';
import { STEPS } from './kill-at.ts';

const ROUNDS = 4;
const SEED = 7;
/** Milliseconds under load before the kill. */
const SHORTEST_MS = 150;
const LONGEST_MS = 1_500;

function restconf(served: ServedProcess): RestconfConsumer {
  const { username, password, ports } = served;
  return new RestconfConsumer(
    new RestconfClient({ url: `http://127.0.0.1:${ports.http}`, username, password }),
    'json',
  );
}

async function netconf(served: ServedProcess): Promise<NetconfConsumer> {
  const { username, password, ports } = served;
  return await NetconfConsumer.open(() =>
    NetconfClient.connect({ host: '127.0.0.1', port: ports.netconf, username, password }),
  );
}

describe('a server that is killed', function () {
  this.timeout(120_000);
  const directory = temporaryDirectory();
  let served: ServedProcess | undefined;

  const start = async (at = directory.path): Promise<ServedProcess> => {
    served = await ServedProcess.start('source', at);
    return served;
  };

  afterEach(async () => {
    await served?.kill();
  });
  after(() => directory.remove());

  it(`has what it answered and nothing else, ${ROUNDS} times under load over both protocols`, async () => {
    const random = randomFrom(SEED);
    const books = new Books();
    let begun = await start();
    const { provider, pool } = await setUpInfrastructure(restconf(begun), 'crash');
    for (let round = 1; round <= ROUNDS; round++) {
      const consumers: Consumer[] = [restconf(begun), await netconf(begun), await netconf(begun)];
      const workers = [0, 0, 0, 0, 1, 1, 2, 2].flatMap((which, number) => {
        const consumer = consumers[which];
        const name = `r${round}-w${number}`;
        return consumer === undefined ? [] : [new Worker({ consumer, books, name, random, provider, pool })];
      });
      const before = books.answers;
      const work = Promise.all(workers.map((worker) => worker.run()));
      // Whatever goes wrong is told below, once the server is dead.
      work.catch(() => undefined);
      await wait(SHORTEST_MS + random() * (LONGEST_MS - SHORTEST_MS));
      await begun.kill();
      await work;
      expect(books.answers, 'answers under load').to.be.greaterThan(before);
      begun = await start();
      await books.compare(restconf(begun), pool);
    }
    expect(books.kinds(), 'every kind of request was answered').to.deep.equal([
      'cancel-reservation',
      'create-instance',
      'create-reservation',
      'update-reservation',
    ]);
  });

  it('carries out in order what fell due while it was down', async () => {
    const own = temporaryDirectory();
    try {
      const first = await start(own.path);
      const consumer = restconf(first);
      const { pool } = await setUpInfrastructure(consumer, 'late');
      const begin = Date.now() + 1_000;
      const all = { pools: [pool], capacity: { cores: POOL_CORES } };
      // One after the other, each with all that there is: the next can start only once the one before has ended.
      const ids: string[] = [];
      for (const turn of [0, 1, 2]) {
        const window = { start: at(begin + turn * 200), end: at(begin + (turn + 1) * 200) };
        const answer = await consumer.invoke('opnfv-promise:create-reservation', { ...all, ...window });
        expect(leaf(answer, 'result'), leaf(answer, 'message')).to.equal('ok');
        ids.push(leaf(answer, 'reservation-id') ?? '');
      }
      const since = new Date();
      await first.kill();
      await until(() => Date.now() >= begin + 700, 'the end of the last');
      const again = restconf(await start(own.path));
      for (const id of ids) {
        expect(leaf(await again.get(reservationPath(id)), 'state/status')).to.equal('ended');
      }
      const { inbox } = await again.subscribe({
        filter: { event: 'opnfv-promise:reservation-event' },
        replayFrom: new Date(since.getTime() - 1),
      });
      const told: Notification[] = [];
      await inbox.until((notification) => {
        told.push(notification);
        return leaf(notification.event, 'cause') === 'ended' && leaf(notification.event, 'reservation-id') === ids[2];
      }, 10_000);
      const story = told
        .map(({ event }) => [leaf(event, 'cause'), ids.indexOf(leaf(event, 'reservation-id') ?? '')])
        .filter(([cause]) => cause === 'started' || cause === 'ended');
      expect(story).to.deep.equal(
        [0, 1, 2].flatMap((turn) => [
          ['started', turn],
          ['ended', turn],
        ]),
      );
      await again.close();
    } finally {
      await served?.kill();
      own.remove();
    }
  });

  for (const step of STEPS) {
    it(`makes a machine that takes the place of another, once, killed ${step}`, async () => {
      const own = temporaryDirectory();
      try {
        const killer = new URL('kill-at.ts', import.meta.url);
        killer.search = new URLSearchParams({ at: step, name: 'high' }).toString();
        served = await ServedProcess.start('source', own.path, ['--import', 'tsx', '--import', killer.href]);
        const first = restconf(served);
        const added = await first.invoke('opnfv-promise:add-provider', {
          name: 'small',
          'provider-type': 'promise-simulator:simulated',
          'pre-emption': 'priority',
          'promise-simulator:simulation': { 'boot-time': 300, 'delete-time': 300, jitter: 0 },
        });
        const provider = leaf(added, 'provider-id') ?? '';
        const capacity = { cores: 1, ram: '512' };
        await first.invoke('opnfv-promise:increase-capacity', { source: provider, capacity });
        const machine = { 'provider-id': provider, image: 'cirros', flavor: 'm1.tiny' };
        await first.invoke('opnfv-promise:create-instance', { ...machine, name: 'low' });
        // It may be killed before it has answered.
        const high = { ...machine, name: 'high', priority: 'high' };
        first.invoke('opnfv-promise:create-instance', high).catch(() => undefined);
        await served.ended();
        const again = restconf(await start(own.path));
        let found: readonly Content[] = [];
        const isDone = async (): Promise<boolean> => {
          const tree = await again.get(dataPath(PROMISE));
          found = all(tree, 'allocations/allocation');
          const used = all(tree, 'providers/provider/services/compute/hosts').map((host) => amount(host, 'vcpus-used'));
          return found.every((each) => leaf(each, 'vm-state') === 'ACTIVE') && used.every((each) => each <= 1);
        };
        await until(isDone, 'a cloud in which what is recorded runs');
        expect(found.map((each) => [leaf(each, 'name'), leaf(each, 'vm-state')])).to.deep.equal([['high', 'ACTIVE']]);
        await again.close();
      } finally {
        await served?.kill();
        own.remove();
      }
    });
  }

  it('is the only one on its data directory: a second is refused and told who has it', async () => {
    const own = temporaryDirectory();
    try {
      const first = await start(own.path);
      const second = spawnServe('source', own.path);
      let said = '';
      second.stderr?.on('data', (piece: Buffer) => {
        said += piece.toString();
      });
      const [code] = (await once(second, 'close')) as [number | null];
      expect(code).to.equal(1);
      expect(said).to.include(`pid ${first.pid}`).and.include(own.path);
      // The first is none the worse for it.
      expect(await restconf(first).get(dataPath(PROMISE))).to.not.equal(undefined);
    } finally {
      await served?.kill();
      own.remove();
    }
  });
});
