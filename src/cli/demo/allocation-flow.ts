import type { Subscribed } from './consumer.ts';
import { all, amount, leaf, type Content, type Json } from './content.ts';
import { allocationPath, at, HOUR, reservationPath, type Infrastructure, type SetUp } from './infrastructure.ts';
import { check, checkLeaf, made, outline, type Flow, type Stage } from './stage.ts';

interface Requests {
  readonly accepted: Content;
  readonly unreserved: Content;
  /** By the reason that is expected. */
  readonly rejected: Readonly<Record<string, Content>>;
}

/** Resource allocation, steps 1a to 10b. */
export function allocationFlow(stage: Stage, setUp: SetUp): Flow {
  let vim: Infrastructure | undefined;
  let begin = 0;
  let reservations: { active: string; future: string } | undefined;
  let requests: Requests | undefined;
  let subscribed: Subscribed | undefined;
  let destroyed: Content | undefined;

  const infrastructure = (): Infrastructure => made(vim, 'an infrastructure');
  const reserved = (): number => infrastructure().reserved.cores;
  const instance = (): string => made(leaf(requests?.accepted, 'instance-id'), 'an instance-id');
  const active = (): string => made(reservations, 'reservations').active;
  const reserve = async (more: Json): Promise<string> => {
    const answer = await stage.consumer().invoke('opnfv-promise:create-reservation', {
      end: at(begin + 2 * HOUR),
      pools: [infrastructure().pool],
      capacity: { ...infrastructure().reserved, ram: String(infrastructure().reserved.ram) },
      ...more,
    });
    checkLeaf(answer, 'result', 'ok');
    return made(leaf(answer, 'reservation-id'), 'a reservation-id');
  };
  const createInstance = (name: string, more: Json): Promise<Content> =>
    stage.consumer().invoke('opnfv-promise:create-instance', {
      'provider-id': infrastructure().provider,
      name,
      image: infrastructure().image,
      flavor: infrastructure().flavor.name,
      networks: infrastructure().networks,
      ...more,
    });
  const remaining = async (): Promise<number> =>
    amount(await stage.consumer().get(reservationPath(active())), 'state/remaining/cores');

  return {
    title: 'Resource allocation',
    async prepare() {
      begin = stage.now();
      vim = await setUp(stage.consumer(), 'vim-allocation');
      reservations = { active: await reserve({}), future: await reserve({ start: at(begin + HOUR) }) };
    },
    steps: [
      {
        number: '1a',
        title: 'The consumer asks for instances: name, flavor, image, and the reservation if there is one',
        async run() {
          const { active: now, future } = made(reservations, 'reservations');
          const { largeFlavor: large } = infrastructure();
          requests = {
            accepted: await createInstance('vm-1', { 'reservation-id': now }),
            unreserved: await createInstance('vm-unreserved', {}),
            rejected: {
              'reservation-not-started': await createInstance('vm-2', { 'reservation-id': future }),
              ...(large === undefined
                ? {}
                : { 'exceeds-reservation': await createInstance('vm-3', { 'reservation-id': now, flavor: large }) }),
              'unknown-reservation': await createInstance('vm-4', { 'reservation-id': 'no-such-reservation' }),
            },
          };
        },
      },
      {
        number: '1b',
        title: 'Promise checks the reservation, or the capacity that is not reserved, and records the allocation',
        async run() {
          const record = await stage.consumer().get(allocationPath(instance()));
          check(record !== undefined, 'a record of the allocation', 'none');
          checkLeaf(record, 'reservation', active());
          checkLeaf(record, 'priority', 'high');
          const unreserved = leaf(requests?.unreserved, 'instance-id') ?? '';
          checkLeaf(await stage.consumer().get(allocationPath(unreserved)), 'priority', 'low');
          const left = await remaining();
          const expected = reserved() - infrastructure().flavor.cores;
          check(left === expected, `${expected} cores left of the reservation`, left);
          stage.tell(`recorded; ${left} of ${reserved()} cores of the reservation remain`);
        },
      },
      {
        number: '2',
        title: 'What does not fit is answered "rejected", with the reason',
        run() {
          for (const [reason, answer] of Object.entries(made(requests, 'answers').rejected)) {
            checkLeaf(answer, 'result', 'conflict');
            checkLeaf(answer, 'status', 'rejected');
            checkLeaf(answer, 'reason', reason);
            check(leaf(answer, 'instance-id') === undefined, 'no instance-id', outline(answer));
            stage.tell(`${reason}: ${leaf(answer, 'message') ?? ''}`);
          }
          return Promise.resolve();
        },
      },
      {
        number: '3a',
        title: 'Promise asks the VIM to create the server',
        async run() {
          const record = await stage.consumer().get(allocationPath(instance()));
          checkLeaf(record, 'instance-ref/provider', infrastructure().provider);
          checkLeaf(record, 'name', 'vm-1');
          stage.tell(`createServer at ${infrastructure().provider}`);
        },
      },
      {
        number: '3b',
        title: 'The VIM answers with the identifier of the server',
        async run() {
          const server = leaf(made(requests, 'answers').accepted, 'server');
          check(server !== undefined, 'the identifier of the server', 'none');
          checkLeaf(await stage.consumer().get(allocationPath(instance())), 'instance-ref/server', server);
          stage.tell(`server ${server}`);
        },
      },
      {
        number: '4',
        title: 'The consumer has been answered "in progress" and the identifier of the instance',
        run() {
          const { accepted } = made(requests, 'answers');
          checkLeaf(accepted, 'result', 'ok');
          checkLeaf(accepted, 'status', 'in-progress');
          stage.tell(`in progress: instance ${instance()}`);
          return Promise.resolve();
        },
      },
      {
        number: '5a+b',
        title: 'The consumer subscribes to events of the instance and gets a subscription id',
        async run() {
          const filter = { event: 'opnfv-promise:allocation-event', leaf: ['instance-id', instance()] } as const;
          // With a replay, so that nothing is missed that happened since the request.
          subscribed = await stage.consumer().subscribe({ filter, replayFrom: new Date(begin) });
          check(/^[0-9]+$/.test(subscribed.id), 'a subscription id', subscribed.id);
          stage.tell(`subscription ${subscribed.id}`);
        },
      },
      {
        number: '6',
        title: 'Promise hears from the VIM about the instance',
        async run() {
          const accepted = await stage.notified(
            made(subscribed, 'a subscription'),
            (event) => leaf(event, 'cause') === 'accepted',
          );
          checkLeaf(accepted.event, 'vm-state', 'BUILD');
          stage.tell('the VIM has accepted it and is building');
        },
      },
      {
        number: '7a',
        title: 'The VIM reports the new VMState, and the record follows',
        async run() {
          const read = () => stage.consumer().get(allocationPath(instance()));
          await stage.eventually('the record ACTIVE', read, (record) => leaf(record, 'vm-state') === 'ACTIVE');
          stage.tell('ACTIVE');
        },
      },
      {
        number: '7b',
        title: 'The subscriber is told about the allocated resources and the VMState',
        async run() {
          const subscription = made(subscribed, 'a subscription');
          const running = await stage.notified(subscription, (event) => leaf(event, 'vm-state') === 'ACTIVE');
          checkLeaf(running.event, 'instance-id', instance());
          const { cores, ram } = infrastructure().flavor;
          checkLeaf(running.event, 'capacity/cores', String(cores));
          checkLeaf(running.event, 'capacity/ram', String(ram));
          stage.tell(`ACTIVE, ${cores} cores, ${ram} MB`);
        },
      },
      {
        number: '8a+b',
        title: 'The consumer has the instance terminated; the answer is DELETING',
        async run() {
          destroyed = await stage.consumer().invoke('opnfv-promise:destroy-instance', { 'instance-id': instance() });
          checkLeaf(destroyed, 'result', 'ok');
          checkLeaf(destroyed, 'status', 'DELETING');
          stage.tell('DELETING');
        },
      },
      {
        number: '9a',
        title: 'Promise asks the VIM to delete the server',
        async run() {
          const subscription = made(subscribed, 'a subscription');
          const asked = await stage.notified(subscription, (event) => leaf(event, 'cause') === 'destroy-requested');
          checkLeaf(asked.event, 'old-vm-state', 'ACTIVE');
          checkLeaf(asked.event, 'vm-state', 'DELETING');
          stage.tell('deleteServer');
        },
      },
      {
        number: '10a',
        title: 'When the server is gone, records and utilization follow',
        async run() {
          const read = () => stage.consumer().get(allocationPath(instance()));
          await stage.eventually('no record', read, (record) => record === undefined);
          const left = await remaining();
          check(left === reserved(), `${reserved()} cores left of the reservation`, left);
          const reservation = await stage.consumer().get(reservationPath(active()));
          const others = all(reservation, 'state/allocations').map(({ text }) => text);
          check(!others.includes(instance()), 'the reservation without the instance', others);
          stage.tell(`${left} of ${reserved()} cores of the reservation remain`);
        },
      },
      {
        number: '10b',
        title: 'The subscriber is told that the instance is gone',
        async run() {
          const subscription = made(subscribed, 'a subscription');
          const gone = await stage.notified(subscription, (event) => leaf(event, 'cause') === 'destroyed');
          checkLeaf(gone.event, 'vm-state', 'DELETED');
          stage.tell('DELETED');
        },
      },
    ],
  };
}
