/** Providers: registered, heard of, configured otherwise, and removed. */
import { expect } from 'chai';
import type { Provider } from '../../../src/engine/entities.ts';
import { InvalidRequest, OwnedByOther, UnknownEntry } from '../../../src/engine/requests.ts';
import type { ProviderConfig } from '../../../src/engine/configuration-change.ts';
import type { VimElement, VimInventory } from '../../../src/vim/vim.ts';
import { DAY, Engine, HOUR, NOW, inventoryOf } from './engine-fixture.ts';

const T = NOW + DAY;
const ACCESS = { type: 'promise-simulator:simulated' };
const HOSTS = [
  { name: 'h1', cores: 8 },
  { name: 'h2', cores: 8 },
];

function found(engine: Engine, id: string): Provider {
  const provider = engine.head.providers.get(id);
  if (provider === undefined) throw new Error(`there is no ${id}`);
  return provider;
}

function configure(engine: Engine, entry: ProviderConfig): void {
  expect(engine.do('applyConfiguration', { changes: [{ put: 'provider', entry }] }).outcome).to.equal('applied');
}

describe('a provider', () => {
  it('is registered once under its id, by a name that no other has', () => {
    const engine = new Engine();
    const added = engine.do('addProvider', { id: 'a', access: ACCESS });
    expect(added).to.deep.equal({
      outcome: 'added',
      provider: { id: 'a', name: 'a', origin: 'rpc', access: ACCESS, status: 'connecting', owner: 'alice' },
    });
    const bad = (input: { readonly id?: string; readonly name?: string }, field: string, message: string): void => {
      expect(() => engine.do('addProvider', { access: ACCESS, ...input }))
        .to.throw(InvalidRequest, message)
        .with.property('field', field);
    };
    bad({ id: 'a' }, 'id', "There is a provider 'a' already.");
    bad({ name: 'a' }, 'name', "The provider 'a' has the name 'a' already; names are unique.");
    engine.do('addProvider', { id: 'b', name: 'other', access: ACCESS, preEmption: 'none' });
    expect(found(engine, 'b')).to.include({ name: 'other' }).and.not.to.have.property('preEmption');
    engine.do('addProvider', { id: 'c', access: ACCESS, preEmption: 'priority' });
    expect(found(engine, 'c')).to.include({ name: 'c', preEmption: 'priority' });
  });

  it('is as the last contact with it was, and tells when that is another', () => {
    const engine = new Engine();
    const { id } = engine.do('addProvider', { access: ACCESS }).provider;
    const down = engine.do('updateProvider', { id, status: 'down', statusMessage: 'no route' });
    expect(down).to.deep.include({ outcome: 'updated', degraded: [], restored: [], preempted: [] });
    expect(found(engine, id)).to.include({ status: 'down', statusMessage: 'no route' });
    expect(found(engine, id)).not.to.have.property('lastContact');
    // Without another word what was said stays; with another status it is over.
    engine.do('updateProvider', { id, inventory: inventoryOf(HOSTS) });
    expect(found(engine, id)).to.include({ status: 'down', statusMessage: 'no route', lastContact: NOW });
    engine.now += 1;
    engine.do('updateProvider', { id, status: 'up' });
    expect(found(engine, id))
      .to.include({ status: 'up', lastContact: NOW + 1 })
      .and.not.to.have.property('statusMessage');
    engine.now += 1;
    engine.do('updateProvider', { id, status: 'rejected' });
    expect(found(engine, id)).to.include({ lastContact: NOW + 1 });
    engine.do('updateProvider', { id, status: 'rejected' });
    engine.do('updateProvider', { id, status: 'connecting' });
    expect(engine.told()).to.deep.equal(['capacity provider-down', 'capacity provider-up', 'capacity provider-down']);
    expect(engine.do('updateProvider', { id: 'gone', status: 'up' })).to.deep.equal({ outcome: 'ignored' });
  });

  it('is as it was when it answers as before: there is nothing to store', () => {
    const engine = new Engine();
    const { id } = engine.do('addProvider', { access: ACCESS }).provider;
    const element: VimElement = { kind: 'port', id: 'p1', name: 'port', network: 'n1', addresses: [] };
    const answer = (quotas: VimInventory['quotas'] = {}) =>
      engine.do('updateProvider', { id, status: 'up', inventory: inventoryOf(HOSTS, quotas, [element]) });
    answer();
    const before = found(engine, id);
    engine.now += 1;
    answer();
    expect(found(engine, id), 'the record').to.equal(before);
    answer({ volumes: 7 });
    expect(found(engine, id)).to.include({ status: 'up', lastContact: NOW + 1 });
    engine.now += 1;
    engine.do('updateProvider', { id, status: 'down', statusMessage: 'no route', lastContact: NOW + 2 });
    const lost = found(engine, id);
    expect(lost).to.include({ status: 'down', lastContact: NOW + 2 });
    engine.now += 1;
    engine.do('updateProvider', { id, status: 'down', statusMessage: 'no route', lastContact: NOW + 2 });
    expect(found(engine, id), 'it is down as before').to.equal(lost);
    engine.do('updateProvider', { id, lastContact: NOW + 3 });
    expect(found(engine, id)).to.deep.equal({ ...lost, lastContact: NOW + 3 });
  });

  it('keeps the lists that have not changed, of which there may be many', () => {
    const engine = new Engine();
    const { id } = engine.do('addProvider', { access: ACCESS }).provider;
    const element: VimElement = { kind: 'port', id: 'p1', name: 'port', network: 'n1', addresses: [] };
    const seen = () => inventoryOf(HOSTS, {}, [element]);
    engine.do('updateProvider', { id, status: 'up', inventory: seen() });
    const before = found(engine, id).inventory;
    engine.do('updateProvider', { id, inventory: seen() });
    const after = found(engine, id).inventory;
    expect(after?.networks).to.equal(before?.networks);
    expect(after?.elements).to.equal(before?.elements);
    engine.do('updateProvider', { id, inventory: inventoryOf(HOSTS) });
    expect(found(engine, id).inventory).not.to.have.property('elements');
  });

  it('says why reservations are degraded: a host failed, or something else was lost', () => {
    const engine = new Engine();
    const id = engine.provider(HOSTS);
    engine.pool(id, { cores: 16 });
    const reservation = engine.reserve({ start: T, end: T + HOUR, demand: { capacity: { cores: 16 } } });
    const reason = (): unknown => engine.head.reservations.get(reservation)?.reason;
    const lost = engine.do('updateProvider', { id, inventory: inventoryOf(HOSTS, { cores: 8 }) });
    expect(lost).to.deep.include({ degraded: [reservation], preempted: [] });
    expect(reason()).to.equal('capacity-withdrawn');
    engine.do('updateProvider', { id, inventory: inventoryOf(HOSTS) });
    const down = HOSTS.map((host) => ({ ...host, state: host.name === 'h1' ? ('down' as const) : ('up' as const) }));
    engine.do('updateProvider', { id, inventory: inventoryOf(down) });
    expect(reason()).to.equal('host-failed');
  });
});

describe('a provider that is configured', () => {
  it('is contacted anew where it is reached otherwise, and not for another name', () => {
    const engine = new Engine();
    configure(engine, { id: 'c', access: ACCESS });
    engine.do('updateProvider', { id: 'c', status: 'up', statusMessage: 'well', inventory: inventoryOf(HOSTS) });
    configure(engine, { id: 'c', name: 'renamed', access: { ...ACCESS } });
    expect(found(engine, 'c')).to.include({ name: 'renamed', status: 'up', statusMessage: 'well' });
    configure(engine, { id: 'c', access: { ...ACCESS, region: 'other' } });
    expect(found(engine, 'c')).to.deep.include({
      name: 'c',
      status: 'connecting',
      access: { ...ACCESS, region: 'other' },
    });
    expect(found(engine, 'c')).not.to.have.property('statusMessage');
    expect(found(engine, 'c')).to.have.property('inventory');
    engine.do('addProvider', { id: 'r', access: ACCESS });
    const rename = { id: 'c', name: 'r', access: ACCESS };
    expect(() => engine.do('applyConfiguration', { changes: [{ put: 'provider', entry: rename }] })).to.throw(
      InvalidRequest,
      'names are unique',
    );
    const foreign = { id: 'r', access: ACCESS };
    expect(() => engine.do('applyConfiguration', { changes: [{ put: 'provider', entry: foreign }] })).to.throw(
      OwnedByOther,
      "The provider 'r' was made by an RPC",
    );
    expect(() => engine.do('applyConfiguration', { changes: [{ remove: 'provider', id: 'r' }] })).to.throw(
      OwnedByOther,
      "The provider 'r' was made by an RPC",
    );
  });

  it('has its machines without a reservation on loan under best effort, and for good under another policy', () => {
    const engine = new Engine();
    configure(engine, { id: 'c', access: ACCESS });
    engine.do('updateProvider', { id: 'c', status: 'up', inventory: inventoryOf(HOSTS) });
    engine.pool('c', { cores: 4, ram: 4096, instances: 4 });
    const made = engine.do('createInstance', { name: 'vm', image: 'cirros', flavor: 'large' });
    if (made.outcome === 'refused') throw new Error(made.refusal.message);
    const onLoan = (): unknown[] =>
      (engine.head.allocations.get(made.allocation.id)?.claims ?? []).map((claim) => claim.onLoan === true);
    const ask = () => engine.do('createReservation', { start: T, end: T + HOUR, demand: { capacity: { cores: 4 } } });
    expect([onLoan(), ask().outcome]).to.deep.equal([[false], 'refused']);
    engine.now += 1;
    configure(engine, { id: 'c', access: ACCESS, preEmption: 'best-effort' });
    expect(onLoan().at(-1)).to.equal(true);
    const granted = ask();
    expect(granted.outcome).to.equal('granted');
    const lent = engine.head.allocations.get(made.allocation.id);
    configure(engine, { id: 'c', name: 'other', access: ACCESS, preEmption: 'best-effort' });
    expect(engine.head.allocations.get(made.allocation.id)).to.equal(lent);
    if (granted.outcome === 'granted') engine.do('cancelReservation', { id: granted.reservation.id });
    engine.now += 1;
    configure(engine, { id: 'c', access: ACCESS });
    expect(found(engine, 'c')).not.to.have.property('preEmption');
    expect(onLoan().at(-1)).to.equal(false);
    expect(ask().outcome).to.equal('refused');
  });
});

describe('the end of a provider', () => {
  it('comes by removal where no pool comes from it', () => {
    const engine = new Engine();
    const id = engine.provider(HOSTS);
    const [one, two] = [engine.pool(id, { cores: 1 }), engine.pool(id, { cores: 1 }, 'nova')];
    expect(engine.do('removeProvider', { id })).to.deep.equal({
      outcome: 'refused',
      refusal: {
        reason: 'capacity-in-use',
        message: `Pools come from the provider: '${one}', '${two}'. Remove them first.`,
        shortages: [],
      },
    });
    const empty = engine.provider(HOSTS, 'empty');
    expect(engine.do('removeProvider', { id: empty })).to.deep.equal({ outcome: 'removed' });
    expect(engine.head.providers.has(empty)).to.equal(false);
    const unknown = expect(() => engine.do('removeProvider', { id: 'none' })).to.throw(
      UnknownEntry,
      "no provider 'none'",
    );
    unknown.with.property('field', 'provider-id');
    configure(engine, { id: 'c', access: ACCESS });
    expect(() => engine.do('removeProvider', { id: 'c' })).to.throw(
      OwnedByOther,
      "The provider 'c' was made by config",
    );
  });

  it('is refused while something is held there, and names it, or is put off until it is not', () => {
    const engine = new Engine();
    const id = engine.provider(HOSTS);
    const pool = engine.pool(id, { cores: 16, ram: 16_384, instances: 16 });
    const hours = { start: T, end: T + HOUR };
    const held = [1, 2, 3, 4, 5, 6].map(() => engine.reserve({ ...hours, demand: { capacity: { cores: 1 } } }));
    const offered = engine.requestOffer({ ...hours, demand: { capacity: { cores: 1 } }, holdFor: HOUR });
    const made = engine.do('createInstance', { name: 'vm', image: 'cirros', flavor: 'small' });
    if (made.outcome === 'refused') throw new Error(made.refusal.message);
    const [offer, allocation] = [offered, made.allocation.id];
    const inUse = { reservations: held, offers: [offer], allocations: [allocation] };
    const refused = engine.do('retireProvider', { id, mode: 'refuse' });
    expect(refused).to.deep.include({ outcome: 'refused', inUse });
    expect(refused).to.have.nested.property(
      'refusal.message',
      `The provider '${id}' is in use: 6 reservations (${held.slice(0, 5).join(', ')}, …), 1 offers (${offer}), 1 allocations (${allocation}). End them first, or drain it.`,
    );
    expect(refused).to.have.nested.property('refusal.reason', 'capacity-in-use');
    expect(engine.do('finishDraining', { id })).to.deep.equal({ outcome: 'ignored' });
    expect(engine.do('retireProvider', { id, mode: 'drain' })).to.deep.equal({ outcome: 'draining', inUse });
    const draining = found(engine, id);
    expect(draining.draining).to.equal(true);
    engine.do('retireProvider', { id, mode: 'drain' });
    expect(found(engine, id)).to.equal(draining);
    expect(engine.do('finishDraining', { id })).to.deep.equal({ outcome: 'ignored' });
    for (const each of held) engine.do('cancelReservation', { id: each });
    expect(engine.do('finishDraining', { id })).to.deep.equal({ outcome: 'ignored' });
    engine.do('declineOffer', { id: offer });
    expect(engine.do('retireProvider', { id, mode: 'refuse' })).to.have.nested.property(
      'refusal.message',
      `The provider '${id}' is in use: 1 allocations (${allocation}). End them first, or drain it.`,
    );
    engine.do('destroyInstance', { id: allocation });
    expect(engine.do('finishDraining', { id })).to.deep.equal({ outcome: 'ignored' });
    engine.do('serverGone', { allocation });
    engine.told();
    expect(engine.do('finishDraining', { id })).to.deep.equal({ outcome: 'removed' });
    expect(engine.told()).to.deep.equal(['capacity decreased']);
    expect([engine.head.providers.has(id), engine.head.pools.has(pool)]).to.deep.equal([false, false]);
    expect(engine.do('finishDraining', { id })).to.deep.equal({ outcome: 'ignored' });
  });

  it('waits for what allocations alone hold, and for nobody who holds something elsewhere', () => {
    const engine = new Engine();
    const [going, staying] = [engine.provider(HOSTS, 'going'), engine.provider(HOSTS, 'staying')];
    engine.pool(going, { cores: 4, ram: 4096, instances: 4 });
    const other = engine.pool(staying, { cores: 4, ram: 4096, instances: 4 });
    engine.reserve({ start: T, end: T + HOUR, demand: { capacity: { cores: 1 }, pools: [other] } });
    const made = engine.do('createInstance', { provider: going, name: 'vm', image: 'cirros', flavor: 'small' });
    if (made.outcome === 'refused') throw new Error(made.refusal.message);
    const inUse = { reservations: [], offers: [], allocations: [made.allocation.id] };
    expect(engine.do('retireProvider', { id: going, mode: 'refuse' })).to.deep.include({ inUse });
    engine.do('createFailed', { allocation: made.allocation.id, fault: { message: 'none' } });
    // It holds nothing, and is there to be destroyed.
    expect(engine.do('retireProvider', { id: going, mode: 'drain' })).to.deep.include({ outcome: 'draining', inUse });
    expect(engine.do('finishDraining', { id: going })).to.deep.equal({ outcome: 'ignored' });
  });

  it('is for those who made it: unknown ones, and those of the configuration, are not retired', () => {
    const engine = new Engine();
    const retire = (id: string) => () => engine.do('retireProvider', { id, mode: 'drain' });
    expect(retire('none')).to.throw(UnknownEntry, "no provider 'none'").with.property('field', 'provider-id');
    configure(engine, { id: 'c', access: ACCESS });
    expect(retire('c')).to.throw(OwnedByOther, "The provider 'c' was made by config");
    const id = engine.provider(HOSTS);
    const entry = { id: 'p', source: id, capacity: { cores: 1 }, adjustments: [] };
    engine.do('applyConfiguration', { changes: [{ put: 'pool', entry }] });
    expect(retire(id)).to.throw(OwnedByOther, "The pool 'p' was made by config");
  });
});
