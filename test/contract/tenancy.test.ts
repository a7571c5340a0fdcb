import { expect } from 'chai';
import { dataPath, ErrorAnswer, type AnswerError, type Consumer } from '../../src/cli/demo/consumer.ts';
import { all, leaf, type Content, type Json } from '../../src/cli/demo/content.ts';
import { at, HOUR, PROMISE, setUpInfrastructure, type Infrastructure } from '../../src/cli/demo/infrastructure.ts';
import { NetconfConsumer } from '../../src/cli/demo/netconf-consumer.ts';
import { RestconfConsumer } from '../../src/cli/demo/restconf-consumer.ts';
import { AgentUnderTest, KEY, PASSWORD, START } from './agent-under-test.ts';

type BindingOf = (agent: AgentUnderTest, username: string) => Promise<Consumer>;

const restconf =
  (encoding: 'json' | 'xml'): BindingOf =>
  (agent, username) =>
    Promise.resolve(new RestconfConsumer(agent.restconf({ username }), encoding));
const netconf: BindingOf = (agent, username) => NetconfConsumer.open(() => agent.netconf({ username }));

/** `olga` and `oscar` are operators, he on the account of red; `rita` and `rob` are consumers of red, `ben` is one of blue, `greta` of green, which never has anything. */
const USERS = [
  ['olga', {}],
  ['oscar', { tenant: 'red', role: 'operator' }],
  ['rita', { tenant: 'red' }],
  ['rob', { tenant: 'red', role: 'consumer' }],
  ['ben', { tenant: 'blue' }],
  ['greta', { tenant: 'green' }],
] as const;
type User = (typeof USERS)[number][0];

/** What an RPC acts on, and the input by which it does. */
interface ActingRpc {
  readonly on: 'reservation' | 'offer' | 'allocation' | 'decision';
  readonly input: (id: string) => Json;
  /** Why even those who may are refused; absent: they are not. */
  readonly refusal?: string;
}

/** Every RPC that acts on something which belongs to somebody. */
const ACTING: Readonly<Record<string, readonly ActingRpc[]>> = {
  'update-reservation': [{ on: 'reservation', input: (id) => ({ 'reservation-id': id, name: 'changed' }) }],
  'cancel-reservation': [{ on: 'reservation', input: (id) => ({ 'reservation-id': id }) }],
  'accept-offer': [{ on: 'offer', input: (id) => ({ 'offer-id': id }) }],
  'decline-offer': [{ on: 'offer', input: (id) => ({ 'offer-id': id }) }],
  'create-instance': [{ on: 'reservation', input: (id) => ({ ...MACHINE, 'reservation-id': id }) }],
  'destroy-instance': [{ on: 'allocation', input: (id) => ({ 'instance-id': id }) }],
  // The reservation holds no storage, which who does not know it is not told.
  'create-allocation': [
    {
      on: 'reservation',
      input: (id) => ({ name: 'disk', volume: { size: 1 }, 'reservation-id': id }),
      refusal: 'exceeds-reservation',
    },
  ],
  // The machine is not there yet, which who does not know it is not told.
  'attach-resource': [
    {
      on: 'allocation',
      input: (id) => ({ 'instance-id': id, volume: 'none' }),
      refusal: 'resource-not-ready',
    },
  ],
  'detach-resource': [
    {
      on: 'allocation',
      input: (id) => ({ 'instance-id': id, port: 'none' }),
      refusal: 'resource-not-ready',
    },
  ],
  // A machine is no volume, which who does not know it is not told.
  'extend-volume': [
    {
      on: 'allocation',
      input: (id) => ({ 'allocation-id': id, size: 9 }),
      refusal: 'unknown-resource',
    },
  ],
  'destroy-allocation': [{ on: 'allocation', input: (id) => ({ 'allocation-id': id }) }],
  explain: [
    { on: 'reservation', input: (id) => ({ 'reservation-id': id }) },
    { on: 'allocation', input: (id) => ({ 'instance-id': id }) },
    { on: 'decision', input: (id) => ({ decision: id }) },
  ],
};

/** Those that everybody may use. */
const FOR_ALL: Readonly<Record<string, Json>> = {
  'create-reservation': { capacity: { cores: 1 } },
  'request-offer': { capacity: { cores: 1 }, 'hold-for': 60 },
  'query-reservation': {},
  'query-capacity': {},
};

/** Those that operators may use, with an input that the schema accepts. */
const FOR_OPERATORS: Readonly<Record<string, Json>> = {
  'opnfv-promise:add-provider': { name: 'lab', 'provider-type': 'promise-simulator:simulated' },
  'opnfv-promise:remove-provider': { 'provider-id': 'none' },
  'opnfv-promise:increase-capacity': { capacity: { cores: 1 } },
  'opnfv-promise:decrease-capacity': { capacity: { cores: 1 } },
  'promise-simulator:fail-host': { 'provider-id': 'none', host: 'none' },
  'promise-simulator:restore-host': { 'provider-id': 'none', host: 'none' },
  'promise-simulator:add-host': { 'provider-id': 'none', host: 'none', vcpus: 1, ram: '1', disk: 1 },
  'promise-simulator:remove-host': { 'provider-id': 'none', host: 'none' },
  'promise-simulator:set-host-capacity': { 'provider-id': 'none', host: 'none', vcpus: 1 },
  'promise-simulator:fail-next-boot': { 'provider-id': 'none' },
  'promise-simulator:refuse-next-request': { 'provider-id': 'none' },
  'promise-simulator:set-times': { 'provider-id': 'none', 'boot-time': 1 },
  'ietf-subscribed-notifications:kill-subscription': { id: 1 },
};

const MACHINE: Json = { name: 'vm', image: 'cirros', flavor: 'm1.tiny' };
const NONE: Readonly<Record<ActingRpc['on'], string>> = {
  reservation: '00000000-0000-7000-8000-000000000000',
  offer: '00000000-0000-7000-8000-000000000000',
  allocation: '00000000-0000-7000-8000-000000000000',
  decision: '1',
};

class World {
  readonly agent: AgentUnderTest;
  readonly #bind: BindingOf;
  readonly #consumers = new Map<User, Consumer>();
  #infrastructure: Infrastructure | undefined;

  constructor(agent: AgentUnderTest, bind: BindingOf) {
    this.agent = agent;
    this.#bind = bind;
  }

  async open(): Promise<this> {
    for (const [name, details] of USERS) {
      await this.agent.system.users.add(name, { password: PASSWORD, key: KEY.public, ...details });
      this.#consumers.set(name, await this.#bind(this.agent, name));
    }
    this.#infrastructure = await setUpInfrastructure(this.as('olga'), 'lab');
    return this;
  }

  get vim(): Infrastructure {
    if (this.#infrastructure === undefined) throw new Error('the world was not opened');
    return this.#infrastructure;
  }

  as(user: User): Consumer {
    const consumer = this.#consumers.get(user);
    if (consumer === undefined) throw new Error(`${user} has no consumer`);
    return consumer;
  }

  async call(user: User, rpc: string, input: Json = {}): Promise<Content> {
    return await this.as(user).invoke(rpc.includes(':') ? rpc : `opnfv-promise:${rpc}`, input);
  }

  /** Makes one of a kind. @returns its id */
  async make(user: User, kind: ActingRpc['on']): Promise<string> {
    const made = {
      reservation: async () => leaf(await this.call(user, 'create-reservation', { capacity: SMALL }), 'reservation-id'),
      offer: async () =>
        leaf(await this.call(user, 'request-offer', { capacity: SMALL, 'hold-for': 3600 }), 'offer-id'),
      allocation: async () => leaf(await this.call(user, 'create-instance', MACHINE), 'instance-id'),
      decision: async () => leaf(await this.call(user, 'create-reservation', { capacity: SMALL }), 'decision'),
    };
    const id = await made[kind]();
    if (id === undefined) throw new Error(`${user} could not make one ${kind}`);
    return id;
  }

  /** Gives back everything, so that the next test finds room. */
  async clear(): Promise<void> {
    for (const id of await this.ids('olga', 'reservation')) {
      await this.call('olga', 'cancel-reservation', { 'reservation-id': id }).catch(() => undefined);
    }
    for (const id of await this.ids('olga', 'offer')) await this.call('olga', 'decline-offer', { 'offer-id': id });
    for (const id of await this.ids('olga', 'allocation'))
      await this.call('olga', 'destroy-instance', { 'instance-id': id });
    await this.agent.until(
      async () => ((await this.ids('olga', 'allocation')).length === 0 ? true : undefined),
      'the end of all machines',
    );
  }

  async ids(user: User, kind: 'reservation' | 'offer' | 'allocation'): Promise<readonly string[]> {
    const list = await this.as(user).get(dataPath(PROMISE, `${kind}s`));
    return all(list, kind).map((entry) => leaf(entry, 'id') ?? '');
  }

  async close(): Promise<void> {
    for (const consumer of this.#consumers.values()) await consumer.close();
    await this.agent.close();
  }
}

const SMALL: Json = { cores: 2, ram: '2048', instances: 1 };

/** An answer or its errors, with what names the request taken out: what is left must not depend on whether something exists. */
async function outcome(answer: Promise<Content>, id: string): Promise<unknown> {
  const blank = (text: string | undefined): string => (text ?? '').replaceAll(id, 'ID').replaceAll(/\d{12,}/g, 'N');
  try {
    return JSON.parse(blank(JSON.stringify(await answer))) as unknown;
  } catch (error) {
    if (!(error instanceof ErrorAnswer)) throw error;
    return {
      status: error.status,
      errors: error.errors.map((each) => ({ ...each, message: blank(each.message), path: blank(each.path) })),
    };
  }
}

async function errorOf(answer: Promise<unknown>): Promise<AnswerError> {
  try {
    await answer;
  } catch (error) {
    const [first] = error instanceof ErrorAnswer ? error.errors : [];
    if (first !== undefined) return first;
    throw error;
  }
  throw new Error('there is no error');
}

function tenancy(title: string, bind: BindingOf): void {
  describe(`tenancy through ${title}`, function () {
    this.timeout(30_000);
    let world: World;
    before(async () => {
      world = await new World(await AgentUnderTest.start(), bind).open();
    });
    after(() => world.close());
    afterEach(() => world.clear());

    it('knows of every RPC of the model whom it is for', () => {
      const { schema } = world.agent.system.agent.yang;
      const rpcs = schema.modules
        .filter(({ name }) => name === 'opnfv-promise' || name === 'promise-simulator')
        .flatMap(({ rpcs: own }) => own.filter((rpc) => world.agent.system.agent.serves(rpc)));
      const names = rpcs.map(({ module, name }) => (module === 'opnfv-promise' ? name : `${module}:${name}`));
      const known = [...Object.keys(ACTING), ...Object.keys(FOR_ALL), ...Object.keys(FOR_OPERATORS)];
      expect(known.map((name) => name.replace(/^opnfv-promise:/, ''))).to.include.members(names);
    });

    for (const [rpc, ways] of Object.entries(ACTING)) {
      for (const { on, input, refusal } of ways) {
        it(`${rpc} of a consumer acts on a ${on} of the tenant, and knows of no other`, async () => {
          const other = await world.make('ben', on);
          const nobodys = await world.make('olga', on);
          const asked = (id: string): Promise<unknown> => outcome(world.call('rita', rpc, input(id)), id);
          const none = await asked(NONE[on]);
          expect(await asked(other)).to.deep.equal(none);
          expect(await asked(nobodys)).to.deep.equal(none);
          for (const owner of ['rita', 'rob'] as const) {
            const own = await world.make(owner, on);
            const answer = await world.call('rita', rpc, input(own));
            expect(leaf(answer, 'reason'), leaf(answer, 'message')).to.equal(refusal);
          }
        });

        it(`${rpc} of an operator acts on a ${on} of anybody`, async () => {
          for (const owner of ['rita', 'ben', 'oscar'] as const) {
            const id = await world.make(owner, on);
            const answer = await world.call('olga', rpc, input(id));
            expect(leaf(answer, 'reason'), leaf(answer, 'message')).to.equal(refusal);
          }
        });
      }
    }

    for (const [rpc, input] of Object.entries(FOR_ALL)) {
      it(`${rpc} is for consumers and operators`, async () => {
        for (const user of ['rita', 'olga', 'oscar'] as const) {
          const answer = await world.call(user, rpc, input);
          expect(leaf(answer, 'result') ?? 'ok').to.equal('ok');
        }
      });
    }

    for (const [rpc, input] of Object.entries(FOR_OPERATORS)) {
      it(`${rpc} is for operators`, async () => {
        const denied = await errorOf(world.call('rita', rpc, input));
        expect(denied).to.include({ tag: 'access-denied' });
        expect(denied.message).to.include('needs the role operator');
        // Operators are let through: what they are told is about the request.
        const answer = await world.call('olga', rpc, input).then(
          () => 'ok',
          (error: unknown) => (error instanceof ErrorAnswer ? error.errors[0]?.tag : error),
        );
        expect(answer).not.to.equal('access-denied');
      });
    }

    it('shows a consumer the reservations, offers and allocations of the tenant alone', async () => {
      for (const kind of ['reservation', 'offer', 'allocation'] as const) {
        const own = [await world.make('rita', kind), await world.make('rob', kind), await world.make('oscar', kind)];
        const other = await world.make('ben', kind);
        const nobodys = await world.make('olga', kind);
        // Offers that are over stay for a while.
        const made = new Set([...own, other, nobodys]);
        const seen = async (user: User) => (await world.ids(user, kind)).filter((id) => made.has(id));
        expect(await seen('rita')).to.have.members(own);
        expect(await seen('ben')).to.have.members([other]);
        for (const operator of ['olga', 'oscar'] as const) expect(await seen(operator)).to.have.members([...made]);
        for (const id of [other, nobodys, NONE[kind]]) {
          expect(await world.as('rita').get(dataPath(PROMISE, `${kind}s`, [kind, id])), id).to.equal(undefined);
          expect(await world.as('rita').get(dataPath(PROMISE, `${kind}s`, [kind, id], 'id')), id).to.equal(undefined);
        }
        const [mine = ''] = own;
        expect(leaf(await world.as('rob').get(dataPath(PROMISE, `${kind}s`, [kind, mine])), 'id')).to.equal(mine);
      }
    });

    it('has no list where others alone have entries', async () => {
      for (const kind of ['reservation', 'offer', 'allocation'] as const) {
        // The container is there for everybody (RFC 7950 §6.4.1); NETCONF leaves it out while it is empty.
        const before = await world.as('greta').get(dataPath(PROMISE, `${kind}s`));
        expect(before?.children ?? []).to.deep.equal([]);
        await world.make('ben', kind);
        expect(await world.as('greta').get(dataPath(PROMISE, `${kind}s`))).to.deep.equal(before);
        const promise = await world.as('greta').get(dataPath(PROMISE));
        expect(promise?.children.map(({ name }) => name)).not.to.include(`${kind}s`);
      }
    });

    it('answers queries with what is the tenant’s, and with the capacity of all', async () => {
      const own = await world.make('rita', 'reservation');
      const other = await world.make('ben', 'reservation');
      await world.make('ben', 'offer');
      const found = await world.call('rita', 'query-reservation', { 'reservation-id': [own, other, NONE.reservation] });
      expect(all(found, 'reservations').map((each) => leaf(each, 'id'))).to.deep.equal([own]);
      const every = await world.call('rita', 'query-reservation');
      expect(all(every, 'reservations').map((each) => leaf(each, 'id'))).to.deep.equal([own]);
      expect(leaf(all(every, 'utilization')[0], 'capacity/cores')).to.equal('2');
      const capacity = await world.call('rita', 'query-capacity', { capacity: 'reserved' });
      expect(all(capacity, 'collections').map((each) => leaf(each, 'id'))).to.deep.equal([own]);
      expect(leaf(capacity, 'capacity/reserved/cores')).to.equal('6');
      expect(all(await world.call('olga', 'query-capacity', { capacity: 'reserved' }), 'collections')).to.have.length(
        3,
      );
      const without = (id: string): Promise<Content> =>
        world.call('rita', 'query-capacity', { capacity: 'reserved', without: [id] });
      expect(leaf(await without(other), 'capacity/reserved/cores')).to.equal('6');
      expect(leaf(await without(own), 'capacity/reserved/cores')).to.equal('4');
    });

    it('refuses a consumer every edit, whatever is there', async () => {
      const other = await world.make('ben', 'reservation');
      const nothing = NONE.reservation;
      for (const [kind, path, body] of [
        ['replace', dataPath(PROMISE, 'reservations', ['reservation', 'mine']), { capacity: { cores: 1 } }],
        ['delete', dataPath(PROMISE, 'reservations', ['reservation', other]), undefined],
        ['delete', dataPath(PROMISE, 'reservations', ['reservation', nothing]), undefined],
        ['merge', dataPath(PROMISE, 'policy', 'reservation'), { expiry: 5 }],
        ['merge', dataPath(PROMISE, 'pools', ['pool', world.vim.pool]), { name: 'mine' }],
        ['create', dataPath(PROMISE, 'providers', ['provider', 'mine']), { name: 'mine' }],
      ] as const) {
        const error = await errorOf(world.as('rita').edit(kind, path, body));
        expect(error.tag).to.equal('access-denied');
        expect(error.message).to.equal(
          'The user rita is not permitted to use edits of the configuration: it needs the role operator, and the user is a consumer of the tenant red.',
        );
      }
    });

    it('shows a consumer what is for all, and not how a provider is reached', async () => {
      await world.as('olga').edit('merge', dataPath(PROMISE, 'policy'), {
        quota: [quota('reds', 'red'), quota('blues', 'blue'), quota('all')],
      });
      const policy = await world.as('rita').get(dataPath(PROMISE, 'policy'));
      expect(all(policy, 'quota').map((each) => leaf(each, 'name'))).to.have.members(['reds', 'all']);
      expect(leaf(await world.as('rita').get(dataPath(PROMISE, 'pools', ['pool', world.vim.pool])), 'source')).to.equal(
        world.vim.provider,
      );
      const provider = dataPath(PROMISE, 'providers', ['provider', world.vim.provider]);
      expect(leaf(await world.as('rita').get(provider), 'services/compute/flavors/name')).to.be.a('string');
      await world.as('olga').edit('replace', dataPath(PROMISE, 'providers', ['provider', 'cloud']), {
        name: 'cloud',
        'provider-type': 'opnfv-promise:openstack',
        endpoint: 'http://192.0.2.1:5000',
        interface: 'internal',
        'ca-certificate': '-----BEGIN CERTIFICATE-----AAAA-----END CERTIFICATE-----',
        username: 'service',
        password: 'secret',
      });
      const cloud = dataPath(PROMISE, 'providers', ['provider', 'cloud']);
      const shown = JSON.stringify(await world.as('rita').get(cloud));
      expect(shown).to.include('openstack').and.not.include('service').and.not.include('192.0.2.1');
      expect(shown).to.not.include('internal').and.not.include('CERTIFICATE');
      expect(JSON.stringify(await world.as('olga').get(cloud)))
        .to.include('service')
        .and.not.include('secret');
      await world.as('olga').edit('delete', cloud);
      await world.as('olga').edit('delete', dataPath(PROMISE, 'policy'));
    });

    it('notifies a consumer of what is the tenant’s, and of capacity', async () => {
      const begin = world.agent.clock.now();
      const live = await world.as('rita').subscribe({});
      const everything = await world.as('olga').subscribe({});
      const own = await world.make('rita', 'reservation');
      await world.make('ben', 'reservation');
      await world.make('ben', 'offer');
      await world.make('ben', 'allocation');
      await world.make('rita', 'offer');
      await world.call('rita', 'cancel-reservation', { 'reservation-id': own });
      const last = ({ event }: { event: Content }): boolean =>
        leaf(event, 'cause') === 'cancelled' && leaf(event, 'reservation-id') === own;
      await world.agent.arrived(everything.inbox, last);
      await world.agent.arrived(live.inbox, last);
      const replay = await world.as('rob').subscribe({ replayFrom: new Date(begin - 1000) });
      await world.agent.arrived(replay.inbox, last);
      const seen = (inbox: typeof live.inbox): readonly string[] =>
        inbox.received
          .filter(({ time }) => Date.parse(time) >= begin)
          .filter(({ event }) => event.name.endsWith('-event') && event.name !== 'capacity-event')
          .map(({ event }) => `${event.name} ${leaf(event, 'tenant') ?? 'none'}`);
      const mine = ['reservation-event red', 'offer-event red', 'reservation-event red'];
      expect(seen(live.inbox)).to.deep.equal(mine);
      expect(seen(replay.inbox).slice(-3)).to.deep.equal(mine);
      expect(seen(everything.inbox)).to.include.members([
        'reservation-event blue',
        'offer-event blue',
        'allocation-event blue',
      ]);
      const capacity = (inbox: typeof live.inbox): number =>
        inbox.received.filter(({ event }) => event.name === 'capacity-event').length;
      expect(capacity(live.inbox)).to.equal(capacity(everything.inbox));
    });

    it('tells of who displaced a reservation as far as that is the tenant’s', async () => {
      await world.as('olga').edit('replace', dataPath(PROMISE, 'providers', ['provider', 'prio']), {
        name: 'prio',
        'provider-type': 'promise-simulator:simulated',
        'pre-emption': 'priority',
      });
      await world.agent.until(
        async () =>
          leaf(await world.as('olga').get(dataPath(PROMISE, 'providers', ['provider', 'prio'])), 'status') === 'up'
            ? true
            : undefined,
        'the provider',
      );
      const increased = await world.call('olga', 'increase-capacity', { source: 'prio', capacity: { cores: 4 } });
      const pool = leaf(increased, 'pool-id') ?? '';
      const window = {
        start: at(START + 48 * HOUR),
        end: at(START + 49 * HOUR),
        pools: [pool],
        capacity: { cores: 4 },
      };
      const inbox = (await world.as('rita').subscribe({})).inbox;
      const all4 = (await world.as('olga').subscribe({})).inbox;
      const low = leaf(
        await world.call('rita', 'create-reservation', { ...window, priority: 'low' }),
        'reservation-id',
      );
      const won = await world.call('ben', 'create-reservation', { ...window, priority: 'high' });
      expect(leaf(won, 'result')).to.equal('ok');
      expect(all(won, 'displaced-reservations')).to.deep.equal([]);
      expect(leaf(won, 'message')).to.include('of others that gave way: 1.');
      const preempted = ({ event }: { event: Content }): boolean => leaf(event, 'cause') === 'preempted';
      const { event } = await world.agent.arrived(inbox, preempted);
      expect(leaf(event, 'reservation-id')).to.equal(low);
      expect(leaf(event, 'by')).to.equal(undefined);
      expect(leaf(event, 'message')).to.equal('It gave way to a reservation of the priority high.');
      const winner = leaf(won, 'reservation-id') ?? '';
      expect(JSON.stringify(inbox.received)).not.to.include(winner);
      expect(leaf((await world.agent.arrived(all4, preempted)).event, 'by')).to.equal(winner);
      const why = await world.call('rita', 'explain', { 'reservation-id': low ?? '' });
      expect(JSON.stringify(why)).not.to.include(winner);
    });

    it('has a machine take the place of one of others, and wait until that is gone', async () => {
      await world.as('olga').edit('replace', dataPath(PROMISE, 'providers', ['provider', 'class']), {
        name: 'class',
        'provider-type': 'promise-simulator:simulated',
        'pre-emption': 'priority',
      });
      const path = dataPath(PROMISE, 'providers', ['provider', 'class']);
      await world.agent.until(
        async () => (leaf(await world.as('olga').get(path), 'status') === 'up' ? true : undefined),
        'the provider',
      );
      await world.call('olga', 'increase-capacity', { source: 'class', capacity: { cores: 4, ram: '8192' } });
      const machine = { 'provider-id': 'class', image: 'cirros', flavor: 'm1.large' };
      const low = leaf(await world.call('rita', 'create-instance', { ...machine, name: 'low' }), 'instance-id') ?? '';
      const inbox = (await world.as('rita').subscribe({})).inbox;
      const won = await world.call('ben', 'create-instance', { ...machine, name: 'high', priority: 'high' });
      const winner = leaf(won, 'instance-id') ?? '';
      expect([leaf(won, 'result'), leaf(won, 'status')]).to.deep.equal(['ok', 'in-progress']);
      expect(leaf(won, 'message')).to.match(/is asked for it when .* are gone .* of others that gave way: 1\.$/);
      expect(all(won, 'displaced-instances')).to.deep.equal([]);
      const { event } = await world.agent.arrived(inbox, (each) => leaf(each.event, 'cause') === 'preempted');
      expect(leaf(event, 'instance-id')).to.equal(low);
      expect(leaf(event, 'message')).to.equal('It gives way to a virtual machine.');
      const shown = dataPath(PROMISE, 'allocations', ['allocation', winner]);
      const state = await world.agent.until(async () => {
        const found = leaf(await world.as('ben').get(shown), 'vm-state');
        return found === 'BUILD' || found === 'ACTIVE' ? found : undefined;
      }, 'the machine');
      expect(state).to.be.oneOf(['BUILD', 'ACTIVE']);
      expect(JSON.stringify(inbox.received)).not.to.include(winner);
      await world.call('ben', 'destroy-instance', { 'instance-id': winner });
    });
  });
}

function quota(name: string, tenant?: string): Json {
  return { name, ...(tenant === undefined ? {} : { tenant }), reservations: 1000 };
}

tenancy('RESTCONF in JSON', restconf('json'));
tenancy('RESTCONF in XML', restconf('xml'));
tenancy('NETCONF', netconf);
