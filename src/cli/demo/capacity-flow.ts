import type { Subscribed } from './consumer.ts';
import { all, amount, leaf, type Content } from './content.ts';
import { at, checkFailures, DAY, HOUR, poolPath, type Infrastructure, type SetUp } from './infrastructure.ts';
import { check, checkLeaf, made, outline, type Flow, type Stage } from './stage.ts';

/** Two of the four hosts that the simulated cloud has, three quarters of which are in the pool. */
const FAILING_HOSTS = ['compute-1', 'compute-2'];

/** Resource capacity management, steps 1a to 5. */
export function capacityFlow(stage: Stage, setUp: SetUp): Flow {
  let vim: Infrastructure | undefined;
  let begin = 0;
  let looked: Content | undefined;
  let answers: { increased: Content; decreased: Content; refused: Content } | undefined;
  let subscribed: Subscribed | undefined;

  const infrastructure = (): Infrastructure => made(vim, 'an infrastructure');
  const cores = (): number => infrastructure().size.cores;
  const reserved = (): number => cores() / 12;
  /** How much the announced changes are about. */
  const change = (): number => cores() / 6;
  /** What the pool has left when two hosts are gone. */
  const left = (): number => (cores() * 2) / 3;
  const query = (start: number, end: number): Promise<Content> =>
    stage.consumer().invoke('opnfv-promise:query-capacity', {
      capacity: 'available',
      'provider-id': infrastructure().provider,
      window: { start: at(start), end: at(end) },
    });

  return {
    title: 'Resource capacity management',
    async prepare() {
      const consumer = stage.consumer();
      begin = stage.now();
      vim = await setUp(consumer, 'vim-capacity');
      const granted = await consumer.invoke('opnfv-promise:create-reservation', {
        start: at(begin + HOUR),
        end: at(begin + 2 * HOUR),
        pools: [vim.pool],
        capacity: { cores: reserved() },
      });
      checkLeaf(granted, 'result', 'ok');
      const allocated = await consumer.invoke('opnfv-promise:create-instance', {
        'provider-id': vim.provider,
        name: 'vm-unreserved',
        image: vim.image,
        flavor: vim.flavor.name,
      });
      checkLeaf(allocated, 'result', 'ok');
    },
    steps: [
      {
        number: '1a',
        title: 'The consumer asks for capacity, filtered by window and provider',
        async run() {
          looked = await query(begin + HOUR, begin + 2 * HOUR);
        },
      },
      {
        number: '1b',
        title: 'The answer has the total, available, reserved and used capacity that match',
        run() {
          const usage = infrastructure().flavor.cores;
          const available = cores() - reserved() - usage;
          const views = { total: cores(), reserved: reserved(), usage, available };
          for (const [view, expected] of Object.entries(views)) {
            check(
              amount(looked, `capacity/${view}/cores`) === expected,
              `${expected} cores ${view}`,
              looked && outline(looked),
            );
          }
          const pools = all(looked, 'collections').map((entry) => leaf(entry, 'id'));
          check(pools.includes(infrastructure().pool), 'the pool among the collections', pools);
          check(all(looked, 'utilization').length > 0, 'utilization over the window', 'none');
          stage.tell(`cores: ${JSON.stringify(views)}`);
          return Promise.resolve();
        },
      },
      {
        number: '2a',
        title: 'The consumer announces more capacity for a future window, and less for another one',
        async run() {
          const { pool } = infrastructure();
          const announce = (rpc: string, from: number, to: number): Promise<Content> =>
            stage.consumer().invoke(`opnfv-promise:${rpc}`, {
              'pool-id': pool,
              start: at(from),
              end: at(to),
              capacity: { cores: change() },
            });
          answers = {
            increased: await announce('increase-capacity', begin + DAY, begin + 2 * DAY),
            decreased: await announce('decrease-capacity', begin + 3 * DAY, begin + 4 * DAY),
            refused: await stage.consumer().invoke('opnfv-promise:decrease-capacity', {
              'pool-id': pool,
              capacity: { cores: 10 * cores() },
            }),
          };
        },
      },
      {
        number: '2b',
        title: 'The answer is an ACK or a NACK, and the map follows the ACKs',
        async run() {
          const { increased, decreased, refused } = made(answers, 'answers');
          checkLeaf(increased, 'result', 'ok');
          checkLeaf(decreased, 'result', 'ok');
          checkLeaf(refused, 'result', 'conflict');
          const total = async (day: number): Promise<number> =>
            amount(await query(begin + day * DAY + HOUR, begin + day * DAY + 2 * HOUR), 'capacity/total/cores');
          const totals = [await total(1), await total(3), await total(5)];
          const expected = [cores() + change(), cores() - change(), cores()];
          check(totals.join() === expected.join(), `${expected.join()} cores in the windows`, totals);
          stage.tell(`ACK, ACK, NACK: ${leaf(refused, 'message') ?? ''}`);
        },
      },
      {
        number: '3a',
        title: 'The consumer subscribes to capacity changes of one pool',
        async run() {
          const filter = { event: 'opnfv-promise:capacity-event', leaf: ['pool', infrastructure().pool] } as const;
          subscribed = await stage.consumer().subscribe({ filter });
        },
      },
      {
        number: '3b',
        title: 'The answer has the identifier of the subscription',
        run() {
          const { id } = made(subscribed, 'a subscription');
          check(/^[0-9]+$/.test(id), 'a subscription id', id);
          stage.tell(`subscription ${id}`);
          return Promise.resolve();
        },
      },
      {
        number: '4',
        title: 'The VIM loses two hosts, and the capacity map follows it',
        async run() {
          checkFailures(infrastructure());
          const { provider, pool } = infrastructure();
          for (const host of FAILING_HOSTS)
            await stage.consumer().invoke('promise-simulator:fail-host', { 'provider-id': provider, host });
          // What is in no pool makes up for the first of them.
          const read = () => stage.consumer().get(poolPath(pool));
          const total = (found: Content | undefined): number => amount(found, 'state/total/cores');
          await stage.eventually(`${left()} cores in the pool`, read, (found) => total(found) === left());
          stage.tell(`the pool has ${left()} cores`);
        },
      },
      {
        number: '5',
        title: 'The consumer is notified of the change',
        async run() {
          checkFailures(infrastructure());
          const { provider, pool } = infrastructure();
          const subscription = made(subscribed, 'a subscription');
          const told = (cause: string, cores: number) =>
            stage.notified(
              subscription,
              (event) => leaf(event, 'cause') === cause && leaf(event, 'total/cores') === String(cores),
            );
          const failed = await told('host-failed', left());
          checkLeaf(failed.event, 'pool', pool);
          const host = leaf(failed.event, 'host');
          check(FAILING_HOSTS.includes(host ?? ''), 'a host that failed', host);
          for (const each of FAILING_HOSTS)
            await stage.consumer().invoke('promise-simulator:restore-host', { 'provider-id': provider, host: each });
          const restored = await told('host-restored', cores());
          checkLeaf(restored.event, 'pool', pool);
          stage.tell('host-failed, then host-restored');
        },
      },
    ],
  };
}
