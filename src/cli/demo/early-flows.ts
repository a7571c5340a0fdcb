/**
 * The flows in their earlier order: subscribe first and query last; a reservation that is pending before it is decided on, and
 * of which what is unallocated at its expiry is released.
 */
import type { Subscribed } from './consumer.ts';
import { all, amount, leaf, type Content } from './content.ts';
import {
  allocationPath,
  at,
  HOUR,
  POOL_CORES,
  providerPath,
  reservationPath,
  setUpInfrastructure,
  type Infrastructure,
} from './infrastructure.ts';
import { check, checkLeaf, made, type Flow, type Stage } from './stage.ts';

const REMOVED_HOSTS = ['compute-3', 'compute-4'];
const LEFT = 32;

/** Resource capacity management, steps 1 to 4. */
export function earlyCapacityFlow(stage: Stage): Flow {
  let vim: Infrastructure | undefined;
  let subscribed: Subscribed | undefined;
  const infrastructure = (): Infrastructure => made(vim, 'an infrastructure');

  return {
    title: 'Resource capacity management, earlier order',
    async prepare() {
      vim = await setUpInfrastructure(stage.consumer(), 'vim-early-capacity');
    },
    steps: [
      {
        number: '1',
        title: 'The consumer subscribes to capacity changes',
        async run() {
          const filter = {
            event: 'opnfv-promise:capacity-event',
            leaf: ['provider', infrastructure().provider],
          } as const;
          subscribed = await stage.consumer().subscribe({ filter });
          check(/^[0-9]+$/.test(subscribed.id), 'a subscription id', subscribed.id);
          stage.tell(`subscription ${subscribed.id}`);
        },
      },
      {
        number: '2',
        title: 'The capacity manager sees what the VIM has, and updates the map',
        async run() {
          const { provider } = infrastructure();
          for (const host of REMOVED_HOSTS) {
            await stage.consumer().invoke('promise-simulator:remove-host', { 'provider-id': provider, host });
          }
          const read = () => stage.consumer().get(providerPath(provider));
          const hosts = (found: Content | undefined): number => all(found, 'services/compute/hosts').length;
          await stage.eventually('two hosts', read, (found) => hosts(found) === 2);
          stage.tell('two hosts are left');
        },
      },
      {
        number: '3',
        title: 'The consumer is notified of the change',
        async run() {
          const { event } = await stage.notified(
            made(subscribed, 'a subscription'),
            (each) => leaf(each, 'total/cores') === String(LEFT),
          );
          checkLeaf(event, 'pool', infrastructure().pool);
          checkLeaf(event, 'cause', 'vim-changed');
          stage.tell(`${LEFT} cores in the pool`);
        },
      },
      {
        number: '4',
        title: 'The consumer asks for the capacity in detail',
        async run() {
          const { provider, pool } = infrastructure();
          const answer = await stage.consumer().invoke('opnfv-promise:query-capacity', {
            capacity: 'total',
            'provider-id': provider,
          });
          checkLeaf(answer, 'capacity/total/cores', String(LEFT));
          const collection = all(answer, 'collections').find((entry) => leaf(entry, 'id') === pool);
          checkLeaf(collection, 'capacity/cores', String(LEFT));
          stage.tell(`${LEFT} of ${POOL_CORES} cores`);
        },
      },
    ],
  };
}

/** How far ahead the reservation starts, and how long after that it expires; milliseconds. */
const START_AHEAD = 2_000;
const EXPIRY_AFTER = 3_000;

/** Resource reservation and allocation, steps 1 to 11. */
export function earlyReservationFlow(stage: Stage): Flow {
  let vim: Infrastructure | undefined;
  let begin = 0;
  let start = 0;
  let reserved: Content | undefined;
  let reservationEvents: Subscribed | undefined;
  let allocated: Content | undefined;
  let allocationEvents: Subscribed | undefined;

  const infrastructure = (): Infrastructure => made(vim, 'an infrastructure');
  const reservation = (): string => made(leaf(reserved, 'reservation-id'), 'a reservation-id');
  const instance = (): string => made(leaf(allocated, 'instance-id'), 'an instance-id');
  const available = async (): Promise<number> => {
    const answer = await stage.consumer().invoke('opnfv-promise:query-capacity', { pools: [infrastructure().pool] });
    return amount(answer, 'capacity/available/cores');
  };

  return {
    title: 'Resource reservation and allocation, earlier order',
    async prepare() {
      vim = await setUpInfrastructure(stage.consumer(), 'vim-early-reservation');
    },
    steps: [
      {
        number: '1',
        title: 'The consumer asks for a reservation for future use, with a start and an end',
        async run() {
          begin = stage.now();
          start = begin + START_AHEAD;
          reserved = await stage.consumer().invoke('opnfv-promise:create-reservation', {
            start: at(start),
            end: at(start + HOUR),
            'expiry-time': at(start + EXPIRY_AFTER),
            pools: [infrastructure().pool],
            capacity: { cores: 4, ram: '8192', instances: 4 },
            asynchronous: true,
          });
        },
      },
      {
        number: '2',
        title: 'The answer comes at once: reservationStatus and reservationID',
        run() {
          checkLeaf(reserved, 'result', 'ok');
          checkLeaf(reserved, 'status', 'pending');
          stage.tell(`pending: ${reservation()}`);
          return Promise.resolve();
        },
      },
      {
        number: '3',
        title: 'The consumer subscribes to events of the reservation',
        async run() {
          const filter = { event: 'opnfv-promise:reservation-event', leaf: ['reservation-id', reservation()] } as const;
          reservationEvents = await stage.consumer().subscribe({ filter, replayFrom: new Date(begin) });
          stage.tell(`subscription ${reservationEvents.id}`);
        },
      },
      {
        number: '4',
        title: 'The reservation manager checks whether it is feasible',
        async run() {
          const read = () => stage.consumer().get(reservationPath(reservation()));
          const status = (found: Content | undefined): string | undefined => leaf(found, 'state/status');
          const decided = await stage.eventually('a decision', read, (found) => status(found) !== 'pending');
          check(
            ['scheduled', 'active'].includes(status(decided) ?? ''),
            'it to be feasible',
            status(decided) ?? 'nothing',
          );
          stage.tell(`it is: ${status(decided) ?? ''}`);
        },
      },
      {
        number: '5',
        title: 'The reservation manager reserves the resources and keeps them in the reservation map',
        async run() {
          const found = await stage.consumer().get(reservationPath(reservation()));
          checkLeaf(found, 'state/hold', 'firm');
          const held = all(found, 'state/claim').reduce((sum, claim) => sum + amount(claim, 'capacity/cores'), 0);
          check(held === 4, 'claims on 4 cores', held);
          stage.tell('4 cores are held');
        },
      },
      {
        number: '6',
        title: 'The consumer is notified of the completion, with what is reserved',
        async run() {
          const { event } = await stage.notified(
            made(reservationEvents, 'a subscription'),
            (each) => leaf(each, 'cause') === 'decided',
          );
          checkLeaf(event, 'old-status', 'pending');
          checkLeaf(event, 'status', 'scheduled');
          checkLeaf(event, 'capacity/cores', '4');
          stage.tell('decided: scheduled');
        },
      },
      {
        number: '7',
        title: 'When the start has arrived, the consumer asks for an allocation',
        async run() {
          await stage.reach(start);
          allocated = await stage.consumer().invoke('opnfv-promise:create-instance', {
            name: 'vm-early',
            image: 'cirros',
            flavor: 'm1.small',
            'reservation-id': reservation(),
          });
        },
      },
      {
        number: '8',
        title: 'The answer comes at once: allocationStatus',
        run() {
          checkLeaf(allocated, 'result', 'ok');
          checkLeaf(allocated, 'status', 'in-progress');
          stage.tell(`in progress: ${instance()}`);
          return Promise.resolve();
        },
      },
      {
        number: '9',
        title: 'The consumer subscribes to events of the allocation',
        async run() {
          const filter = { event: 'opnfv-promise:allocation-event', leaf: ['instance-id', instance()] } as const;
          allocationEvents = await stage.consumer().subscribe({ filter, replayFrom: new Date(begin) });
          stage.tell(`subscription ${allocationEvents.id}`);
        },
      },
      {
        number: '10',
        title: 'What is not allocated at expiry is released, and the consumer is notified',
        async run() {
          const before = await available();
          check(before === POOL_CORES - 4, `${POOL_CORES - 4} cores available before the expiry`, before);
          await stage.reach(start + EXPIRY_AFTER);
          const { event } = await stage.notified(
            made(reservationEvents, 'a subscription'),
            (each) => leaf(each, 'cause') === 'expired',
          );
          checkLeaf(event, 'status', 'active');
          const after = await available();
          check(after === POOL_CORES - 1, `${POOL_CORES - 1} cores available after the expiry`, after);
          stage.tell(`3 of 4 cores are released: ${leaf(event, 'message') ?? ''}`);
        },
      },
      {
        number: '11',
        title: 'The consumer is notified of the completed allocation, with what is allocated',
        async run() {
          const { event } = await stage.notified(
            made(allocationEvents, 'a subscription'),
            (each) => leaf(each, 'vm-state') === 'ACTIVE',
          );
          checkLeaf(event, 'capacity/cores', '1');
          checkLeaf(await stage.consumer().get(allocationPath(instance())), 'vm-state', 'ACTIVE');
          stage.tell('ACTIVE');
        },
      },
    ],
  };
}
