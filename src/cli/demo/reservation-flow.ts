import type { Subscribed } from './consumer.ts';
import { all, amount, leaf, type Content, type Json } from './content.ts';
import { at, checkFailures, HOUR, MINUTE, poolPath, type Infrastructure, type SetUp } from './infrastructure.ts';
import { check, checkLeaf, made, outline, type Flow, type Stage } from './stage.ts';

const FAILING_HOSTS = ['compute-1', 'compute-2', 'compute-3'];
/** Cores of the pool while three of four hosts are down. */
const LEFT = 16;

/** Resource reservation for future use, steps 1a to 7. */
export function reservationFlow(stage: Stage, setUp: SetUp): Flow {
  let vim: Infrastructure | undefined;
  let begin = 0;
  let created: { granted: Content; refused: Content } | undefined;
  let updated: { granted: Content; refused: Content } | undefined;
  let cancelled: { id: string; before: number; answer: Content } | undefined;
  let found: { matching: Content; outside: Content } | undefined;
  let subscribed: Subscribed | undefined;

  const infrastructure = (): Infrastructure => made(vim, 'an infrastructure');
  /** Amounts of cores, in twelfths of the pool. */
  const twelfths = (count: number): number => (infrastructure().size.cores / 12) * count;
  const asked = (): number => twelfths(5);
  const changed = (): number => twelfths(6);
  const ram = (): string => String(Math.floor((infrastructure().size.ram * 5) / 12));
  const reservation = (): string => made(leaf(created?.granted, 'reservation-id'), 'a reservation-id');
  const create = (more: Json): Promise<Content> =>
    stage.consumer().invoke('opnfv-promise:create-reservation', {
      start: at(begin + HOUR),
      end: at(begin + 2 * HOUR),
      pools: [infrastructure().pool],
      ...more,
    });
  const query = (filter: Json): Promise<Content> => stage.consumer().invoke('opnfv-promise:query-reservation', filter);
  const within = (from: number, to: number): Promise<Content> =>
    query({ window: { start: at(begin + from), end: at(begin + to), scope: 'inclusive' } });
  const available = async (): Promise<number> => {
    const answer = await stage.consumer().invoke('opnfv-promise:query-capacity', {
      pools: [infrastructure().pool],
      window: { start: at(begin + HOUR), end: at(begin + 2 * HOUR) },
    });
    return amount(answer, 'capacity/available/cores');
  };
  const ids = (answer: Content): readonly (string | undefined)[] =>
    all(answer, 'reservations').map((entry) => leaf(entry, 'id'));

  return {
    title: 'Resource reservation for future use',
    async prepare() {
      begin = stage.now();
      vim = await setUp(stage.consumer(), 'vim-reservation');
    },
    steps: [
      {
        number: '1a',
        title: 'The consumer asks for a reservation with a start and an end',
        async run() {
          const instances = Math.floor(infrastructure().size.instances / 4);
          created = {
            granted: await create({ name: 'vEPC', capacity: { cores: asked(), ram: ram(), instances } }),
            refused: await create({ name: 'too-much', capacity: { cores: twelfths(10) } }),
          };
        },
      },
      {
        number: '1b',
        title: 'The answer has id and status; a refusal says what could be had, and when',
        run() {
          const { granted, refused } = made(created, 'answers');
          checkLeaf(granted, 'result', 'ok');
          checkLeaf(granted, 'status', 'scheduled');
          checkLeaf(refused, 'result', 'conflict');
          checkLeaf(refused, 'reason', 'insufficient-capacity');
          checkLeaf(refused, 'refusal/most/cores', String(twelfths(12) - asked()));
          const next = Date.parse(leaf(refused, 'refusal/next-window/start') ?? '');
          check(next === begin + 2 * HOUR, `the next window at ${at(begin + 2 * HOUR)}`, outline(refused));
          stage.tell(
            `scheduled ${reservation()}; refused: at most ${twelfths(12) - asked()} cores, or from ${at(next)}`,
          );
          return Promise.resolve();
        },
      },
      {
        number: '2a',
        title: 'The consumer updates the reservation',
        async run() {
          const update = (more: Json): Promise<Content> =>
            stage.consumer().invoke('opnfv-promise:update-reservation', { 'reservation-id': reservation(), ...more });
          updated = {
            granted: await update({ end: at(begin + 3 * HOUR), capacity: { cores: changed() } }),
            refused: await update({ capacity: { cores: twelfths(12) + 1 } }),
          };
        },
      },
      {
        number: '2b',
        title: 'The answer has id and status, or says why it cannot be done',
        async run() {
          const { granted, refused } = made(updated, 'answers');
          checkLeaf(granted, 'result', 'ok');
          checkLeaf(granted, 'reservation-id', reservation());
          checkLeaf(granted, 'status', 'scheduled');
          checkLeaf(refused, 'result', 'conflict');
          checkLeaf(refused, 'status', 'scheduled');
          const [kept] = all(await query({ 'reservation-id': [reservation()] }), 'reservations');
          checkLeaf(kept, 'capacity/cores', String(changed()));
          checkLeaf(kept, 'capacity/ram', ram());
          stage.tell(`${changed()} cores until ${leaf(kept, 'end') ?? ''}; refused: ${leaf(refused, 'message') ?? ''}`);
        },
      },
      {
        number: '3a',
        title: 'The consumer withdraws a reservation',
        async run() {
          const before = await available();
          const answer = await create({ name: 'withdrawn', capacity: { cores: twelfths(2) } });
          const id = made(leaf(answer, 'reservation-id'), 'a reservation-id');
          const during = await available();
          check(during === before - twelfths(2), `${before - twelfths(2)} cores available while it holds`, during);
          cancelled = {
            id,
            before,
            answer: await stage.consumer().invoke('opnfv-promise:cancel-reservation', { 'reservation-id': id }),
          };
        },
      },
      {
        number: '3b',
        title: 'The answer confirms it; both maps are as before',
        async run() {
          const { id, before, answer } = made(cancelled, 'a cancellation');
          checkLeaf(answer, 'result', 'ok');
          checkLeaf(answer, 'status', 'cancelled');
          const after = await available();
          check(after === before, `${before} cores available again`, after);
          const left = ids(await query({}));
          check(!left.includes(id), 'the reservation to be gone', left);
          stage.tell(`${after} cores available again`);
        },
      },
      {
        number: '4a',
        title: 'The consumer asks for the reservations in a window',
        async run() {
          found = {
            matching: await within(90 * MINUTE, 150 * MINUTE),
            outside: await within(4 * HOUR, 5 * HOUR),
          };
        },
      },
      {
        number: '4b',
        title: 'The answer has those that match, and the utilization in the window',
        run() {
          const { matching, outside } = made(found, 'answers');
          check(ids(matching).includes(reservation()), 'the reservation among the answer', ids(matching));
          check(!ids(outside).includes(reservation()), 'no reservation after its end', ids(outside));
          const most = Math.max(...all(matching, 'utilization').map((entry) => amount(entry, 'capacity/cores')));
          check(most >= changed(), `utilization of at least ${changed()} cores`, most);
          stage.tell(`${ids(matching).length} in the window, at most ${most} cores at once`);
          return Promise.resolve();
        },
      },
      {
        number: '5a',
        title: 'The consumer subscribes to changes of the reservation',
        async run() {
          const filter = { event: 'opnfv-promise:reservation-event', leaf: ['reservation-id', reservation()] } as const;
          subscribed = await stage.consumer().subscribe({ filter });
        },
      },
      {
        number: '5b',
        title: 'The answer has the identifier of the subscription',
        run() {
          const { id } = made(subscribed, 'a subscription');
          check(/^[0-9]+$/.test(id), 'a subscription id', id);
          stage.tell(`subscription ${id}`);
          return Promise.resolve();
        },
      },
      {
        number: '6a',
        title: 'Hosts fail in the VIM, and Promise synchronizes its capacity with it',
        async run() {
          checkFailures(infrastructure());
          const { provider, pool } = infrastructure();
          for (const host of FAILING_HOSTS) {
            await stage.consumer().invoke('promise-simulator:fail-host', { 'provider-id': provider, host });
          }
          const read = () => stage.consumer().get(poolPath(pool));
          await stage.eventually(
            `${LEFT} cores in the pool`,
            read,
            (state) => amount(state, 'state/total/cores') === LEFT,
          );
          stage.tell(`the pool has ${LEFT} cores`);
        },
      },
      {
        number: '6b',
        title: 'Promise finds the reservation that cannot be kept any more',
        async run() {
          checkFailures(infrastructure());
          const [affected] = all(await query({ 'reservation-id': [reservation()] }), 'reservations');
          checkLeaf(affected, 'state/status', 'degraded');
          checkLeaf(affected, 'state/missing/cores', String(changed() - LEFT));
          stage.tell(`degraded, ${changed() - LEFT} cores are missing`);
        },
      },
      {
        number: '7',
        title: 'The subscriber is told, with the data and the new status of the reservation',
        async run() {
          checkFailures(infrastructure());
          const subscription = made(subscribed, 'a subscription');
          const degraded = await stage.notified(subscription, (event) => leaf(event, 'cause') === 'degraded');
          checkLeaf(degraded.event, 'reservation-id', reservation());
          checkLeaf(degraded.event, 'old-status', 'scheduled');
          checkLeaf(degraded.event, 'status', 'degraded');
          checkLeaf(degraded.event, 'capacity/cores', String(changed()));
          for (const host of FAILING_HOSTS) {
            const { provider } = infrastructure();
            await stage.consumer().invoke('promise-simulator:restore-host', { 'provider-id': provider, host });
          }
          const restored = await stage.notified(subscription, (event) => leaf(event, 'cause') === 'restored');
          checkLeaf(restored.event, 'status', 'scheduled');
          stage.tell('degraded, then restored');
        },
      },
    ],
  };
}
