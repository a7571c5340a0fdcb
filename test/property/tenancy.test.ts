/**
 * Random histories of two tenants and an operator, with priorities, lost hosts and the passing of time. What a consumer reads, is answered and
 * is notified of is, at any time, what an operator sees less what is not the tenant's, and no text names anything of others.
 */
import { expect } from 'chai';
import * as fc from 'fast-check';
import type { Json, LocalSubscription } from '../../src/agent/local-client.ts';
import { RpcError } from '../../src/yang/rpc-error.ts';
import { at, HOUR, PromiseFixture, SIMULATION } from '../unit/agent/handlers/promise-fixture.ts';

const PROMISE = '/opnfv-promise:promise';
const TENANTS = ['red', 'blue'] as const;
const USERS = { rita: 'red', ben: 'blue', olga: undefined } as const;
type User = keyof typeof USERS;
const OWNED = ['reservation', 'offer', 'allocation'] as const;
const CLASSES = ['low', 'normal', 'high'] as const;
const MACHINE: Json = { name: 'vm', image: 'cirros', flavor: 'small' };

type Act =
  | {
      readonly do: 'reserve' | 'offer';
      readonly from: number;
      readonly hours: number;
      readonly cores: number;
      readonly priority: number;
    }
  | { readonly do: 'update'; readonly which: number; readonly cores: number }
  | { readonly do: 'cancel' | 'accept' | 'decline' | 'destroy' | 'machine' | 'explain'; readonly which: number }
  | { readonly do: 'unreserved' };
type Step =
  | { readonly by: User; readonly act: Act }
  | { readonly wait: number }
  | { readonly host: 'fail-host' | 'restore-host' };

const which = fc.nat({ max: 30 });
const act: fc.Arbitrary<Act> = fc.oneof(
  {
    arbitrary: fc.record({
      do: fc.constantFrom('reserve' as const, 'reserve' as const, 'offer' as const),
      from: fc.integer({ min: 0, max: 4 }),
      hours: fc.integer({ min: 1, max: 4 }),
      cores: fc.integer({ min: 1, max: 10 }),
      priority: fc.nat({ max: 2 }),
    }),
    weight: 6,
  },
  fc.record({ do: fc.constant('update' as const), which, cores: fc.integer({ min: 1, max: 10 }) }),
  {
    arbitrary: fc.record({
      do: fc.constantFrom('cancel', 'accept', 'decline', 'destroy', 'machine', 'explain'),
      which,
    }),
    weight: 6,
  },
  fc.constant({ do: 'unreserved' as const }),
);
const step: fc.Arbitrary<Step> = fc.oneof(
  { arbitrary: fc.record({ by: fc.constantFrom<User>('rita', 'ben', 'olga'), act }), weight: 12 },
  { arbitrary: fc.record({ wait: fc.integer({ min: 1, max: 3 }) }), weight: 2 },
  fc.record({ host: fc.constantFrom('fail-host' as const, 'restore-host' as const) }),
);

class World {
  readonly promise: PromiseFixture;
  readonly #events = new Map<User, LocalSubscription>();
  /** Ids by the user who made them; what each kind is, the operations say. */
  readonly #made: { readonly id: string; readonly tenant: string | undefined }[] = [];
  /** Everything that a tenant was told, but for what it asked for itself. */
  readonly #told = new Map<string, string[]>(TENANTS.map((tenant) => [tenant, []]));
  #provider = '';

  constructor(promise: PromiseFixture) {
    this.promise = promise;
  }

  async open(): Promise<this> {
    for (const [user, tenant] of Object.entries(USERS)) {
      this.promise.standing.set(user, tenant === undefined ? { role: 'operator' } : { role: 'consumer', tenant });
    }
    const added = await this.promise.rpc('add-provider', {
      name: 'lab',
      'provider-type': 'promise-simulator:simulated',
      'pre-emption': 'priority',
      'promise-simulator:simulation': SIMULATION,
    });
    this.#provider = String(added['provider-id']);
    await this.promise.rpc('increase-capacity', { source: this.#provider });
    for (const user of ['rita', 'ben', 'olga'] as const) {
      this.#events.set(user, this.promise.clientOf(user).subscribe());
    }
    return this;
  }

  async play(each: Step): Promise<void> {
    if ('wait' in each) {
      await this.promise.advance(each.wait * HOUR);
      // A cloud that seemed not to answer for hours has time to do so.
      for (let minute = 0; minute < 3; minute++) await this.promise.advance(HOUR / 60);
    } else if ('host' in each) {
      await this.promise.rpc(`promise-simulator:${each.host}`, { 'provider-id': this.#provider, host: 'left' });
    } else await this.#act(each.by, each.act);
    await this.promise.settle();
  }

  async #act(user: User, each: Act): Promise<void> {
    const id = 'which' in each ? (this.#made[each.which % Math.max(1, this.#made.length)]?.id ?? 'none') : 'none';
    const tenant = this.#made.find((made) => made.id === id)?.tenant;
    const mayKnow = !('which' in each) || USERS[user] === undefined || tenant === USERS[user];
    const [rpc, input] = request(each, id);
    const answer = await this.#ask(user, rpc, input);
    for (const leaf of ['reservation-id', 'offer-id', 'instance-id']) {
      const made = answer[leaf];
      // What is made against something belongs to whom that belongs.
      const against = rpc === 'accept-offer' || (rpc === 'create-instance' && each.do === 'machine');
      if (typeof made === 'string' && !this.#made.some((known) => known.id === made)) {
        this.#made.push({ id: made, tenant: against ? tenant : USERS[user] });
      }
    }
    if (!mayKnow) {
      // To whom it is not known, it is as good as one that was never there.
      const nobody = '00000000-0000-7000-8000-000000000000';
      const none = await this.#ask(user, rpc, request(each, nobody)[1]);
      const blank = (text: Json, name: string): string =>
        JSON.stringify({ ...text, decision: '' }).replaceAll(name, 'ID');
      expect(blank(answer, id)).to.equal(blank(none, nobody));
    } else this.#told.get(USERS[user] ?? '')?.push(JSON.stringify(answer));
  }

  /** An answer, or what its error says. */
  async #ask(user: User, rpc: string, input: Json): Promise<Json> {
    try {
      return await this.promise.clientOf(user).invoke(`opnfv-promise:${rpc}`, input);
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      const { tag, appTag, message, path, info } = error;
      return { tag, appTag, message, path, info };
    }
  }

  async check(): Promise<void> {
    const all = (await this.promise.clientOf('olga').get(PROMISE))['opnfv-promise:promise'] as Json;
    for (const user of ['rita', 'ben'] as const) {
      const tenant = USERS[user];
      const client = this.promise.clientOf(user);
      const own = (await client.get(PROMISE))['opnfv-promise:promise'] as Json;
      expect(sorted(own)).to.deep.equal(sorted(projected(all, tenant)));
      const queries: Json[] = [];
      for (const kind of ['reserved', 'usage', 'available'] as const) {
        const mine = await client.invoke('opnfv-promise:query-capacity', { capacity: kind });
        const everything = await this.promise.rpc('query-capacity', { capacity: kind });
        const known = new Set(this.#made.filter((made) => made.tenant === tenant).map(({ id }) => id));
        const collections = entries(everything, 'collections').filter(
          (each) => each['kind'] === 'pool' || known.has(String(each['id'])),
        );
        expect(entries(mine, 'collections')).to.deep.equal(collections);
        expect({ ...mine, collections: [] }).to.deep.equal({ ...everything, collections: [] });
        queries.push(mine);
      }
      const found = await client.invoke('opnfv-promise:query-reservation', {});
      const expected = entries(await this.promise.rpc('query-reservation'), 'reservations').filter((each) =>
        belongs(each, tenant),
      );
      expect(entries(found, 'reservations')).to.deep.equal(expected);
      this.#told.get(tenant)?.push(JSON.stringify([own, found, queries]));
    }
  }

  /** Events, and all texts together. */
  checkTold(): void {
    const everything = this.#events.get('olga')?.received ?? [];
    for (const user of ['rita', 'ben'] as const) {
      const tenant = USERS[user];
      const received = this.#events.get(user)?.received ?? [];
      const expected = everything.flatMap(({ seq, name, content }) => {
        if (name === 'opnfv-promise:capacity-event') return [{ seq, name, content }];
        if (content['tenant'] !== tenant) return [];
        const { by, 'by-tenant': byTenant, ...rest } = content;
        return [{ seq, name, content: byTenant === tenant ? { ...rest, by, 'by-tenant': byTenant } : rest }];
      });
      expect(received.map(({ seq, name, content }) => ({ seq, name, content }))).to.deep.equal(expected);
      const told = `${this.#told.get(tenant)?.join('\n') ?? ''}\n${JSON.stringify(received)}`;
      for (const { id, tenant: owner } of this.#made) if (owner !== tenant) expect(told).not.to.include(id);
    }
  }
}

function request(each: Act, id: string): readonly [string, Json] {
  switch (each.do) {
    case 'reserve':
    case 'offer': {
      const terms = { start: at(each.from + 6), end: at(each.from + 6 + each.hours), capacity: { cores: each.cores } };
      const now = each.from === 0 ? { capacity: terms.capacity } : terms;
      const named = { ...now, priority: CLASSES[each.priority] ?? 'normal' };
      return each.do === 'offer' ? ['request-offer', { ...named, 'hold-for': 7200 }] : ['create-reservation', named];
    }
    case 'update':
      return ['update-reservation', { 'reservation-id': id, capacity: { cores: each.cores } }];
    case 'cancel':
      return ['cancel-reservation', { 'reservation-id': id }];
    case 'accept':
      return ['accept-offer', { 'offer-id': id }];
    case 'decline':
      return ['decline-offer', { 'offer-id': id }];
    case 'destroy':
      return ['destroy-instance', { 'instance-id': id }];
    case 'machine':
      return ['create-instance', { ...MACHINE, 'reservation-id': id }];
    case 'explain':
      return ['explain', { 'reservation-id': id }];
    case 'unreserved':
      return ['create-instance', MACHINE];
  }
}

function entries(data: Json, member: string): readonly Json[] {
  return (data[member] ?? []) as readonly Json[];
}

function belongs(entry: Json, tenant: string): boolean {
  return (entry['tenant'] ?? (entry['state'] as Json | undefined)?.['tenant']) === tenant;
}

/** What an operator sees less what is not the tenant's, and how providers are reached. */
function projected(promise: Json, tenant: string): Json {
  const providers = entries((promise['providers'] ?? {}) as Json, 'provider');
  const own = OWNED.map((kind): [string, Json] => {
    const list = entries((promise[`${kind}s`] ?? {}) as Json, kind);
    return [`${kind}s`, { [kind]: list.filter((each) => belongs(each, tenant)) }];
  });
  const others = Object.entries(promise).filter(([name]) => !OWNED.some((kind) => name === `${kind}s`));
  return Object.fromEntries([
    ...others,
    ['providers', { provider: providers.map((each) => ({ ...each, 'status-message': undefined })) }],
    // Where there is nothing, there is no list.
    ...own.filter(([name, list]) => entries(list, name.slice(0, -1)).length > 0),
  ]);
}

/** Lists in the order of their ids. */
function sorted(promise: Json): unknown {
  const lists = OWNED.map((kind) => {
    const list = entries((promise[`${kind}s`] ?? {}) as Json, kind);
    return [`${kind}s`, [...list].sort((a, b) => (String(a['id']) < String(b['id']) ? -1 : 1)), `${kind}s` in promise];
  });
  // What is undefined is not there.
  return JSON.parse(JSON.stringify([lists, { ...promise, reservations: [], offers: [], allocations: [] }]));
}

describe('tenants in random histories', () => {
  it('see what is theirs, and of nothing else that it is there', async function () {
    this.timeout(300_000);
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 24 }), async (steps) => {
        const promise = await new PromiseFixture().start();
        try {
          const world = await new World(promise).open();
          for (const [index, each] of steps.entries()) {
            await world.play(each);
            if (index % 4 === 3) await world.check();
          }
          await world.check();
          world.checkTold();
        } finally {
          await promise.close();
        }
      }),
      { numRuns: 40 },
    );
  });
});
