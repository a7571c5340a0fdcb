import { expect } from 'chai';
import type { Capacity } from '../../../src/engine/capacity.ts';
import { missingElements } from '../../../src/engine/elements.ts';
import { explainReservation } from '../../../src/engine/explain.ts';
import { omit } from '../../../src/engine/omit.ts';
import { queryReservations } from '../../../src/engine/queries.ts';
import type { Commands, CreateInstance, Refusal } from '../../../src/engine/requests.ts';
import type { VimElement } from '../../../src/vim/vim.ts';
import { DAY, Engine, HOUR, NOW, inventoryOf } from './engine-fixture.ts';

const HOSTS = [{ name: 'h', cores: 16 }];
const QUOTAS = { ports: 20, addresses: 20, gigabytes: 100, volumes: 20, networks: 5 };

const SUBNET: VimElement = { kind: 'subnet', id: 's1', name: 'private-subnet', network: 'n1', cidr: '10.0.0.0/24' };
const PUBLIC: VimElement = { kind: 'subnet', id: 's2', name: 'public-subnet', network: 'n2', cidr: '203.0.113.0/24' };
const PORT: VimElement = { kind: 'port', id: 'p1', name: 'uplink', network: 'n1', addresses: ['10.0.0.5'] };
const FLOATING: VimElement = { kind: 'floating-ip', id: 'fip1', name: '', network: 'n2', address: '203.0.113.7' };
const VOLUME: VimElement = { kind: 'volume', id: 'v1', name: 'data', sizeGb: 10 };
const ELEMENTS = [SUBNET, PUBLIC, PORT, FLOATING, VOLUME];

const DEMAND = { start: NOW + DAY, end: NOW + DAY + HOUR };

class Cloud extends Engine {
  readonly source: string;

  constructor(elements: readonly VimElement[] = ELEMENTS) {
    super();
    this.source = this.provider(HOSTS);
    this.has(elements);
  }

  /** What contact with the provider finds. */
  has(elements: readonly VimElement[]): void {
    const inventory = inventoryOf(HOSTS, QUOTAS, elements);
    const networks = [...inventory.networks, { id: 'n2', name: 'public', external: true }];
    this.do('updateProvider', { id: this.source, status: 'up', inventory: { ...inventory, networks } });
  }

  hold(...elements: string[]): string {
    return this.reserve({ ...DEMAND, demand: { capacity: {}, elements } });
  }

  /** A pool beside others of the same source and zone, which only configuration makes. */
  another(id: string, capacity: Capacity, more: { readonly zone?: string; readonly elements?: string[] } = {}): string {
    const entry = { id, source: this.source, capacity, adjustments: [], ...more };
    this.do('applyConfiguration', { changes: [{ put: 'pool', entry }] });
    return id;
  }

  refusal(elements: readonly string[], window = DEMAND): Refusal {
    return refusalOf(this.do('createReservation', { ...window, demand: { capacity: {}, elements } }));
  }

  elementsOf(id: string): (string | undefined)[] {
    return (this.head.reservations.get(id)?.claims ?? []).map(({ element }) => element?.split('/').slice(2).join('/'));
  }

  status(id: string): string | undefined {
    return this.head.reservations.get(id)?.status;
  }
}

/** What the pool of each test has. */
const CAPACITY = {
  cores: 8,
  instances: 8,
  ram: 8192,
  ports: 10,
  addresses: 10,
  gigabytes: 50,
  volumes: 10,
  networks: 2,
};

function refusalOf(result: { readonly outcome: string; readonly refusal?: Refusal }): Refusal {
  if (result.refusal === undefined) throw new Error(`${result.outcome} and not refused`);
  return result.refusal;
}

describe('elements that are named', () => {
  let cloud: Cloud;

  beforeEach(() => {
    cloud = new Cloud();
    cloud.pool(cloud.source, CAPACITY);
  });

  it('are known by id, by name, and by address', () => {
    const names = [
      ['p1', 'port/p1'],
      ['uplink', 'port/p1'],
      ['10.0.0.5', 'port/p1'],
      ['fip1', 'floating-ip/fip1'],
      ['203.0.113.7', 'floating-ip/fip1'],
      ['v1', 'volume/v1'],
      ['data', 'volume/v1'],
      ['s1', 'subnet/s1'],
      ['private-subnet', 'subnet/s1'],
      ['private', 'network/n1'],
      ['10.0.0.77', 'address/n1/10.0.0.77'],
      ['private-subnet/10.0.0.77', 'address/n1/10.0.0.77'],
      ['n1/10.0.0.77', 'address/n1/10.0.0.77'],
      ['private/10.0.0.5', 'port/p1'],
    ] as const;
    for (const [name, element] of names) {
      const id = cloud.hold(name);
      expect(cloud.elementsOf(id), name).to.deep.equal([element]);
      cloud.do('cancelReservation', { id });
    }
    expect(cloud.head.elements.nodes.size).to.equal(0);
  });

  it('are refused when nobody has them, and when a name stands for several', () => {
    expect(cloud.refusal(['ghost']).message).to.equal("No pool that may serve the request has the element 'ghost'.");
    expect(cloud.refusal(['192.0.2.1']).message).to.include("'192.0.2.1'");
    const twins: VimElement[] = [
      { ...VOLUME, id: 'v2' },
      { ...SUBNET, id: 's3', name: 'other', network: 'n2' },
    ];
    cloud.has([...ELEMENTS, ...twins]);
    expect(cloud.refusal(['data']).message).to.equal(
      "The name 'data' stands for several elements: say which one is meant, of 'v1', 'v2'.",
    );
    expect(cloud.refusal(['10.0.0.77']).message).to.include("'n1/10.0.0.77', 'n2/10.0.0.77'");
    cloud.hold('v2', 'n1/10.0.0.77');
  });

  it('are a network where its own subnets alone have its name too', () => {
    const called = (name: string, network: string): VimElement => ({ ...SUBNET, id: `of-${network}`, name, network });
    cloud.has([...ELEMENTS, called('private', 'n1')]);
    expect(cloud.elementsOf(cloud.hold('private'))).to.deep.equal(['network/n1']);
    cloud.has([...ELEMENTS, called('public', 'n1')]);
    expect(cloud.refusal(['public']).message).to.include("of 'n2', 'of-n1'.");
    cloud.has([...ELEMENTS, { ...PORT, id: 'p3', name: 'public', network: 'n2', addresses: [] }]);
    expect(cloud.refusal(['public']).message).to.include("of 'n2', 'p3'.");
    cloud.has([...ELEMENTS, { ...SUBNET, id: 's8', name: 'data' }]);
    expect(cloud.refusal(['data']).message).to.include("of 's8', 'v1'.");
  });

  it('are told apart by their networks where they have one address, and by their ids where they have one name', () => {
    const other: VimElement = { ...SUBNET, id: 's3', name: 'other', network: 'n2' };
    cloud.has([...ELEMENTS, other, { ...PORT, id: 'p9', network: 'n2' }]);
    expect(cloud.refusal(['10.0.0.5']).message).to.include("of 'n1/10.0.0.5', 'n2/10.0.0.5'.");
    expect(cloud.refusal(['uplink']).message).to.include("of 'p1', 'p9'.");
    expect(cloud.elementsOf(cloud.hold('n2/10.0.0.5'))).to.deep.equal(['port/p9']);
  });

  it('of one name are listed, the first four of them', () => {
    const volumes = (count: number): VimElement[] =>
      Array.from({ length: count }, (_, index) => ({ ...VOLUME, id: `v${count - index}` }));
    cloud.has(volumes(4));
    expect(cloud.refusal(['data']).message).to.include("of 'v1', 'v2', 'v3', 'v4'.");
    cloud.has(volumes(6));
    expect(cloud.refusal(['data']).message).to.include("of 'v1', 'v2', 'v3', 'v4' and 2 more.");
  });

  it('are held once however often they are named', () => {
    expect(cloud.elementsOf(cloud.hold('uplink', 'p1', '10.0.0.5'))).to.deep.equal(['port/p1']);
  });

  it('need not be held where they are a flavor or an image that is there', () => {
    expect(cloud.elementsOf(cloud.hold('small', 'cirros', 'v1'))).to.deep.equal(['volume/v1']);
  });

  it('are held by one reservation at a time, however they are named', () => {
    cloud.hold('uplink', 'data');
    expect(cloud.refusal(['p1']).message).to.equal(
      "The port 'p1' is not free throughout 2030-01-02T00:00:00Z to 2030-01-02T01:00:00Z: " +
        'another reservation holds it 2030-01-02T00:00:00Z to 2030-01-02T01:00:00Z.',
    );
    const later = refusalOf(
      cloud.do('createReservation', {
        start: NOW + DAY + HOUR / 2,
        end: NOW + 2 * DAY,
        demand: { capacity: {}, elements: ['v1'] },
      }),
    );
    expect(later.nextWindow?.start).to.equal(NOW + DAY + HOUR);
    cloud.reserve({ start: NOW + DAY + HOUR, end: NOW + 2 * DAY, demand: { capacity: {}, elements: ['v1', 'p1'] } });
  });

  it('are held with what is a part of them', () => {
    cloud.hold('private');
    for (const part of ['p1', 's1', '10.0.0.77']) expect(cloud.refusal([part]).message).to.include("the network 'n1'");
    cloud.hold('fip1', 'v1');
    expect(cloud.refusal(['public-subnet']).message).to.include("holds the floating IP 'fip1'");
    expect(cloud.refusal(['public']).message).to.include("holds the floating IP 'fip1'");
  });

  it('are an address and what has it, whichever came first', () => {
    cloud.hold('10.0.0.9');
    cloud.has([...ELEMENTS, { ...PORT, id: 'p2', name: 'late', addresses: ['10.0.0.9'] }]);
    expect(cloud.refusal(['p2']).message).to.include("holds the address '10.0.0.9'");
    cloud.has([...ELEMENTS, { ...PORT, id: 'p2', name: 'late', addresses: ['10.0.0.10'] }]);
    cloud.hold('p2');
    expect(cloud.refusal(['10.0.0.10']).message).to.include("port 'p2'");
  });

  it('are an address and what comes to have it, however the VIM spells it', () => {
    const subnet: VimElement = { kind: 'subnet', id: 's6', name: '', network: 'n1', cidr: '2001:db8::/64' };
    const cloud = new Cloud([subnet]);
    cloud.pool(cloud.source, CAPACITY);
    cloud.hold('2001:db8::5');
    cloud.has([subnet, { ...PORT, id: 'p6', name: 'sixth', addresses: ['2001:DB8:0::5'] }]);
    expect(cloud.refusal(['p6']).message).to.include('is not free');
    expect(cloud.refusal(['sixth']).message).to.include('is not free');
  });

  it('recur with their reservation', () => {
    const daily = { frequency: 'daily', interval: 1, count: 5 } as const;
    cloud.reserve({ ...DEMAND, recurrence: daily, demand: { capacity: {}, elements: ['v1'] } });
    const window = { start: NOW + 3 * DAY, end: NOW + 3 * DAY + HOUR };
    expect(cloud.refusal(['v1'], window).message).to.include('2030-01-04T00:00:00Z');
    cloud.reserve({ start: NOW + 3 * DAY + HOUR, end: NOW + 4 * DAY, demand: { capacity: {}, elements: ['v1'] } });
  });

  it('are found by queries and named by explanations', () => {
    const id = cloud.hold('uplink', '10.0.0.77');
    const found = (name: string): string[] =>
      queryReservations(cloud.head, { elements: { every: [name] } }, cloud.now).reservations.map((each) => each.id);
    for (const name of ['uplink', 'p1', '10.0.0.77', 'n1/10.0.0.77']) expect(found(name), name).to.deep.equal([id]);
    expect(found('p2')).to.deep.equal([]);
    const { message, considered } = explainReservation(cloud.head, id, cloud.now);
    expect(considered.map(({ chosen, shortages }) => [chosen, shortages])).to.deep.equal([[true, []]]);
    expect(message).to.match(
      /It holds the port 'p1' of the pool 'id-\d+', the address '10.0.0.77' of the pool 'id-\d+'\./,
    );
  });

  it('that were allocated for others do not exist for a consumer', () => {
    cloud.as = { user: 'bob', tenant: 'blue', confinedTo: 'blue' };
    const made = cloud.do('createAllocation', { name: 'mine', resource: { kind: 'volume', sizeGb: 1 } });
    if (made.outcome === 'refused') throw new Error(made.refusal.message);
    cloud.do('serverAccepted', { allocation: made.allocation.id, server: 'v9' });
    cloud.as = { user: 'eve', tenant: 'red', confinedTo: 'red' };
    for (const name of ['v9', made.allocation.id]) {
      expect(cloud.refusal([name]).message).to.equal(`No pool that may serve the request has the element '${name}'.`);
    }
    cloud.as = { user: 'bob', tenant: 'blue', confinedTo: 'blue' };
    expect(cloud.elementsOf(cloud.hold('v9'))).to.deep.equal(['volume/v9']);
    expect(cloud.refusal([made.allocation.id]).message).to.include("The volume 'v9' is not free");
  });
});

describe('names that tenants give', () => {
  const as = (tenant: string) => ({ user: tenant, tenant, confinedTo: tenant });
  let cloud: Cloud;

  beforeEach(() => {
    cloud = new Cloud();
    cloud.pool(cloud.source, CAPACITY);
  });

  function makes(tenant: string, server: string): void {
    cloud.as = as(tenant);
    const made = cloud.do('createAllocation', { name: 'mine', resource: { kind: 'volume', sizeGb: 1 } });
    if (made.outcome === 'refused') throw new Error(made.refusal.message);
    cloud.do('serverAccepted', { allocation: made.allocation.id, server });
    cloud.do('vmStateReported', { allocation: made.allocation.id, vmState: 'ACTIVE' });
  }

  it('stand for what is theirs, whatever others call the same', () => {
    makes('blue', 'v8');
    makes('red', 'v9');
    const id = cloud.hold('mine');
    expect(cloud.elementsOf(id)).to.deep.equal(['volume/v9']);
    expect(cloud.head.reservations.get(id)?.demand.elements).to.deep.equal(['v9']);
    const machine = { name: 'vm', image: 'cirros', flavor: 'small', volumes: ['mine'] };
    cloud.as = as('blue');
    expect(cloud.do('createInstance', machine).outcome).to.equal('accepted');
    cloud.as = as('green');
    expect(cloud.refusal(['mine']).message).to.equal("No pool that may serve the request has the element 'mine'.");
    expect(cloud.do('createInstance', machine).outcome).to.equal('refused');
    cloud.as = { user: 'alice' };
    expect(cloud.refusal(['mine']).message).to.match(/stands for several elements: .* of 'v8', 'v9'\.$/);
  });

  it('go on to stand for what is held when somebody calls something the same', () => {
    makes('red', 'v9');
    const id = cloud.hold('mine');
    makes('blue', 'v8');
    cloud.as = as('red');
    expect(cloud.do('updateReservation', { id, end: DEMAND.end + HOUR }).outcome).to.equal('updated');
    expect(cloud.elementsOf(id)).to.deep.equal(['volume/v9']);
  });

  it('of operators go on to stand for what is held, too', () => {
    const id = cloud.hold('data', 'p1');
    cloud.has([{ ...VOLUME, id: 'v0' }, ...ELEMENTS]);
    expect(cloud.do('updateReservation', { id, end: DEMAND.end + HOUR }).outcome).to.equal('updated');
    expect(cloud.elementsOf(id)).to.deep.equal(['volume/v1', 'port/p1']);
  });

  it('that stand for several when the request is decided on are refused, with those that may be known', () => {
    const ask = (): string => {
      const asked = cloud.do('createReservation', {
        ...DEMAND,
        demand: { capacity: {}, elements: ['data'] },
        deferred: true,
      });
      if (asked.outcome !== 'pending') throw new Error(asked.outcome);
      return asked.reservation.id;
    };
    const id = ask();
    cloud.has([...ELEMENTS, { ...VOLUME, id: 'v0' }]);
    cloud.advance(0);
    expect(cloud.status(id)).to.equal('rejected');
    expect(explainReservation(cloud.head, id, cloud.now).message).to.match(
      /^The name 'data' stands for several elements: say which one is meant(, of 'v0', 'v1')?\.$/,
    );
  });

  it('are told apart beside others that stand for one', () => {
    makes('blue', 'v8');
    makes('red', 'v9');
    expect(cloud.head.reservations.get(cloud.hold('uplink', 'mine'))?.demand.elements).to.deep.equal(['uplink', 'v9']);
  });

  it('hide no network from others', () => {
    const makesNetwork = (tenant: string, server: string, name: string): void => {
      cloud.as = as(tenant);
      const net = cloud.do('createAllocation', { name, resource: { kind: 'network', subnets: [] } });
      if (net.outcome === 'refused') throw new Error(net.refusal.message);
      cloud.do('serverAccepted', { allocation: net.allocation.id, server });
      cloud.do('vmStateReported', { allocation: net.allocation.id, vmState: 'ACTIVE' });
    };
    const joins = (network: string): readonly string[] | undefined => {
      const made = cloud.do('createInstance', { name: 'vm', image: 'cirros', flavor: 'small', networks: [network] });
      return made.outcome === 'refused' || made.allocation.resource ? undefined : made.allocation.networks;
    };
    const inventory = inventoryOf(HOSTS, QUOTAS, ELEMENTS);
    cloud.pool(cloud.source, { networks: 3 });
    makesNetwork('blue', 'n7', 'private');
    makesNetwork('blue', 'n8', 'net');
    makesNetwork('red', 'n9', 'net');
    const made = [
      { id: 'n7', name: 'private', external: false },
      { id: 'n8', name: 'net', external: false },
      { id: 'n9', name: 'net', external: false },
    ];
    const networks = [...made, ...inventory.networks];
    cloud.do('updateProvider', { id: cloud.source, status: 'up', inventory: { ...inventory, networks } });
    expect(['net', 'private', 'n8'].map(joins)).to.deep.equal([['n9'], ['n1'], undefined]);
    cloud.as = as('green');
    expect(['net', 'private'].map(joins)).to.deep.equal([undefined, ['n1']]);
  });

  it('reach no subnet and no address of a network of others', () => {
    cloud.as = as('blue');
    const resource = { kind: 'network', subnets: [{ cidr: '192.168.7.0/24' }] } as const;
    const made = cloud.do('createAllocation', { name: 'net', resource });
    if (made.outcome === 'refused') throw new Error(made.refusal.message);
    cloud.do('serverAccepted', {
      allocation: made.allocation.id,
      server: 'n9',
      state: { vmState: 'ACTIVE', allocation: made.allocation.id },
    });
    const subnet = { kind: 'subnet', id: 's9', name: 'net-subnet', network: 'n9', cidr: '192.168.7.0/24' } as const;
    cloud.has([...ELEMENTS, subnet]);
    cloud.as = as('red');
    for (const name of ['n9', 'net', 's9', 'net-subnet', '192.168.7.7', 's9/192.168.7.7'])
      expect(cloud.refusal([name]).message, name).to.include(`has the element '${name}'`);
    cloud.as = as('blue');
    expect(cloud.elementsOf(cloud.hold('192.168.7.7'))).to.deep.equal(['address/n9/192.168.7.7']);
    expect(
      cloud.elementsOf(cloud.reserve({ start: NOW + 3 * DAY, demand: { capacity: {}, elements: ['s9'] } })),
    ).to.deep.equal(['subnet/s9']);
  });
});

describe('elements that are listed', () => {
  it('may be used by consumers too, save what was made for somebody of whom they know nothing', () => {
    const cloud = new Cloud();
    cloud.pool(cloud.source, { cores: 8, instances: 8, ram: 8192, ports: 10 });
    cloud.has([...ELEMENTS, { ...PORT, id: 'p2', name: 'lost', addresses: [], token: 'of-nobody' }]);
    const boot = (port: string): string =>
      cloud.do('createInstance', { name: 'vm', image: 'cirros', flavor: 'small', ports: [port] }).outcome;
    expect(boot('p2')).to.equal('accepted');
    cloud.as = { user: 'eve', tenant: 'red', confinedTo: 'red' };
    expect(boot('uplink')).to.equal('accepted');
    for (const hidden of ['p2', 'lost', 'p3']) expect(boot(hidden), hidden).to.equal('refused');
    expect(cloud.refusal(['lost']).message).to.equal("No pool that may serve the request has the element 'lost'.");
  });
});

describe('elements in pools', () => {
  it('are taken from the pool that counts what they are, and beside capacity of others', () => {
    const cloud = new Cloud();
    const compute = cloud.another('a', { cores: 8 });
    const network = cloud.another('b', { ports: 10 });
    const storage = cloud.another('c', { gigabytes: 50, volumes: 5 });
    const id = cloud.reserve({ ...DEMAND, demand: { capacity: { cores: 2 }, elements: ['p1', 'v1', 'private'] } });
    const claims = cloud.head.reservations.get(id)?.claims ?? [];
    const pools = claims.map(({ node, element, capacity }) => [element?.split('/')[2] ?? capacity, node]);
    expect(pools).to.deep.include.members([
      ['port', `pool/${network}`],
      ['network', `pool/${network}`],
      ['volume', `pool/${storage}`],
      [{ cores: 2 }, `pool/${compute}`],
    ]);
  });

  it('are taken from a pool that lists them before others, then from one that counts them, and of equals from the first', () => {
    const cloud = new Cloud();
    const cores = cloud.another('a', { cores: 1 });
    const first = cloud.another('b', { ports: 5 });
    cloud.another('c', { ports: 5 });
    const poolOf = (name: string): string | undefined => {
      const id = cloud.hold(name);
      const node = cloud.head.reservations.get(id)?.claims[0]?.node;
      cloud.do('cancelReservation', { id });
      return node?.slice('pool/'.length);
    };
    expect(poolOf('p1')).to.equal(first);
    expect(poolOf('v1'), 'that none counts').to.equal(cores);
    const listing = cloud.another('d', { cores: 1 }, { elements: ['uplink', 'serial-1'] });
    expect(['p1', 'serial-1', 'v1'].map(poolOf)).to.deep.equal([listing, listing, cores]);
  });

  it('are not taken from pools of other zones, save by pools that are bound to none', () => {
    const cloud = new Cloud();
    const hosts = [
      { name: 'a1', zone: 'a', cores: 4 },
      { name: 'b1', zone: 'b', cores: 4 },
    ];
    cloud.do('updateProvider', { id: cloud.source, status: 'up', inventory: inventoryOf(hosts, QUOTAS, ELEMENTS) });
    const bound = cloud.pool(cloud.source, { ports: 5 }, 'b');
    const asks = (element: string, zone: string, ...pools: string[]): string => {
      const demand = { capacity: {}, zone, elements: [element], ...(pools.length === 0 ? {} : { pools }) };
      const { outcome } = cloud.do('createReservation', { ...DEMAND, demand });
      return outcome;
    };
    expect(asks('p1', 'a')).to.equal('refused');
    expect(asks('p1', 'b')).to.equal('granted');
    const free = cloud.pool(cloud.source, { ports: 5, cores: 8, ram: 8192 });
    expect(asks('v1', 'a', bound)).to.equal('refused');
    expect(asks('v1', 'a', free), 'a volume is where it is').to.equal('granted');
  });

  it('are hosts that take machines, and in whose pool there is as much', () => {
    const cloud = new Cloud();
    const pool = cloud.pool(cloud.source, { cores: 15, ram: 16 * 1024 });
    const window = '2030-01-02T00:00:00Z to 2030-01-02T01:00:00Z';
    expect(cloud.refusal(['h'])).to.deep.include({
      reason: 'insufficient-capacity',
      message: `The pool '${pool}' does not have the 16 cores and 16384 ram of the host 'h' free throughout ${window}.`,
    });
    cloud.do('increaseCapacity', { source: cloud.source, capacity: { cores: 1 } });
    const [claim] = cloud.head.reservations.get(cloud.hold('h'))?.claims ?? [];
    expect(claim).to.deep.include({ capacity: { cores: 16, ram: 16384 }, disk: 100 });
    const down = inventoryOf([{ name: 'h', cores: 16, state: 'down' }], QUOTAS, ELEMENTS);
    cloud.do('updateProvider', { id: cloud.source, status: 'up', inventory: down });
    expect(cloud.refusal(['h'], { start: NOW, end: NOW + HOUR }).message).to.match(/: it is down or out of service\.$/);
  });

  it('are hosts in their zone alone, and for as long as their pool has them', () => {
    const cloud = new Cloud();
    const hosts = [
      { name: 'a1', zone: 'a', cores: 4, disk: 0 },
      { name: 'b1', zone: 'b', cores: 4 },
    ];
    cloud.do('updateProvider', { id: cloud.source, status: 'up', inventory: inventoryOf(hosts, QUOTAS) });
    const ask = (name: string, zone?: string, window = DEMAND) => {
      const demand = { capacity: {}, elements: [name], ...(zone === undefined ? {} : { zone }) };
      return cloud.do('createReservation', { ...window, demand });
    };
    const free = cloud.another('free', { cores: 4, ram: 4096 });
    const unknown = "No pool that may serve the request has the element 'a1'.";
    expect(refusalOf(ask('a1', 'a')).message, 'that pool has no zone').to.equal(unknown);
    cloud.another('bound', { cores: 4, ram: 4096 }, { zone: 'a' });
    expect(refusalOf(ask('a1', 'b')).message).to.equal(unknown);
    const held = ask('a1', 'a');
    if (held.outcome === 'refused') throw new Error(held.refusal.message);
    expect(held.reservation.claims[0]).to.include({ node: 'pool/bound' }).and.not.to.have.property('disk');
    cloud.reserve({ start: DEMAND.end, end: DEMAND.end + HOUR, demand: { pools: [free], capacity: { cores: 1 } } });
    const long = { ...DEMAND, end: DEMAND.end + HOUR };
    expect(refusalOf(ask('b1', undefined, long)).message).to.match(/^The pool 'free' does not have the 4 cores/);
    expect(ask('b1').outcome).to.equal('granted');
  });

  it('are those that the pool lists, by whatever name', () => {
    const cloud = new Cloud();
    cloud.do('increaseCapacity', { source: cloud.source, capacity: { ports: 2 }, elements: ['uplink', 'serial-1'] });
    expect(cloud.elementsOf(cloud.hold('p1'))).to.deep.equal(['port/p1']);
    expect(cloud.refusal(['v1']).message).to.include("'v1'");
    // What the provider does not tell is held by the name under which it is listed.
    expect(cloud.elementsOf(cloud.hold('serial-1'))).to.deep.equal(['listed/serial-1']);
    expect(cloud.refusal(['serial-1']).message).to.include("The element 'serial-1' is not free");
    // And is held still when the provider comes to tell of it.
    cloud.has([...ELEMENTS, { ...PORT, id: 'p7', name: 'serial-1', addresses: [] }]);
    expect(cloud.refusal(['serial-1']).message).to.include("The port 'p7' is not free");
  });

  it('are parts of a network also where they have no address', () => {
    const cloud = new Cloud([...ELEMENTS, { ...PORT, id: 'p7', name: 'bare', addresses: [] }]);
    cloud.pool(cloud.source, CAPACITY);
    cloud.hold('private');
    expect(cloud.refusal(['p7']).message).to.include("holds the network 'n1'");
  });

  it('are missed by a reservation that holds them from now on', () => {
    const cloud = new Cloud();
    cloud.pool(cloud.source, CAPACITY);
    const { claims } = cloud.head.reservations.get(cloud.hold('p1')) ?? { claims: [] };
    cloud.has([SUBNET]);
    const [element] = claims.map((claim) => claim.element);
    expect(missingElements(cloud.head, { claims }, DEMAND.end - 1)).to.deep.equal([element]);
    expect(missingElements(cloud.head, { claims }, DEMAND.end)).to.deep.equal([]);
    expect(missingElements(cloud.head, { claims: claims.map((claim) => omit(claim, 'element')) }, NOW)).to.deep.equal(
      [],
    );
  });
});

describe('elements that go', () => {
  let cloud: Cloud;

  beforeEach(() => {
    cloud = new Cloud();
    cloud.pool(cloud.source, { ports: 10, volumes: 5, gigabytes: 50 });
  });

  it('degrade who holds them, and restore him when they are back', () => {
    const id = cloud.hold('uplink', 'v1');
    const other = cloud.hold('fip1');
    cloud.told();
    cloud.has([SUBNET, PUBLIC, FLOATING, VOLUME]);
    expect(cloud.status(id)).to.equal('degraded');
    expect(cloud.status(other)).to.equal('scheduled');
    expect(cloud.head.reservations.get(id)?.message).to.equal(
      "Its VIM does not have the port 'p1' any more; the reservation cannot be kept in full at present.",
    );
    expect(explainReservation(cloud.head, id, cloud.now).message).to.include("'p1' of the pool");
    expect(cloud.told()).to.include('reservation degraded degraded');
    cloud.has(ELEMENTS);
    expect(cloud.status(id)).to.equal('scheduled');
    expect(cloud.told()).to.include('reservation restored scheduled');
  });

  it('are all named to who held them', () => {
    const id = cloud.hold('uplink', 'v1');
    cloud.has([SUBNET, PUBLIC, FLOATING]);
    expect(cloud.head.reservations.get(id)?.message).to.equal(
      "Its VIM does not have the port 'p1', the volume 'v1' any more; the reservation cannot be kept in full at present.",
    );
  });

  it('are not given to others while they are gone, and not before the degraded has them again', () => {
    const id = cloud.hold('p1');
    cloud.has([SUBNET]);
    expect(cloud.refusal(['p1']).message).to.include("'p1'");
    cloud.has(ELEMENTS);
    expect(cloud.refusal(['p1']).message).to.include('another reservation holds it');
    expect(cloud.status(id)).to.equal('scheduled');
  });

  it('leave one in place that comes to have the name', () => {
    const id = cloud.hold('uplink');
    cloud.has([SUBNET, { ...PORT, id: 'p7', addresses: [] }]);
    expect(cloud.status(id)).to.equal('scheduled');
    expect(cloud.elementsOf(id)).to.deep.equal(['port/p7']);
  });

  it('take the address of a subnet with them', () => {
    const id = cloud.hold('10.0.0.77');
    cloud.has([PORT]);
    expect(cloud.status(id)).to.equal('degraded');
    cloud.has([SUBNET]);
    expect(cloud.status(id)).to.equal('scheduled');
  });

  it('end an offer that holds them', () => {
    const made = cloud.requestOffer({ ...DEMAND, holdFor: HOUR, demand: { capacity: {}, elements: ['v1'] } });
    cloud.has([SUBNET]);
    expect(cloud.head.offers.get(made)?.status).to.equal('lapsed');
  });

  it('are gone when what was allocated is', () => {
    const made = cloud.do('createAllocation', { name: 'mine', resource: { kind: 'volume', sizeGb: 1 } });
    if (made.outcome === 'refused') throw new Error(made.refusal.message);
    const allocation = made.allocation.id;
    cloud.do('serverAccepted', { allocation, server: 'v9' });
    const id = cloud.hold('v9');
    cloud.do('destroyAllocation', { id: allocation });
    expect(cloud.status(id)).to.equal('scheduled');
    cloud.do('serverGone', { allocation });
    expect(cloud.status(id)).to.equal('degraded');
  });
});

describe('allocations with elements that are reserved', () => {
  let cloud: Cloud;

  beforeEach(() => {
    cloud = new Cloud();
    cloud.pool(cloud.source, CAPACITY);
  });

  const machine = { name: 'vm', image: 'cirros', flavor: 'small' };
  const capacity = { cores: 2, ram: 2048, instances: 2, ports: 1, addresses: 1 };

  function boots(more: Partial<Parameters<Commands['createInstance']>[1]>): string {
    const result = cloud.do('createInstance', { ...machine, ...more });
    return result.outcome === 'refused' ? result.refusal.message : result.outcome;
  }

  it('are for who holds them, by id and by name', () => {
    const reservation = cloud.reserve({ end: NOW + DAY, demand: { capacity, elements: ['uplink', 'v1'] } });
    expect(boots({ ports: ['p1'] })).to.equal(
      `The port 'p1' is reserved by the reservation '${reservation}' 2030-01-01T00:00:00Z to 2030-01-02T00:00:00Z.`,
    );
    expect(boots({ reservation, ports: ['uplink'], volumes: ['data'] })).to.equal('accepted');
    const made = [...cloud.head.allocations.values()].find((each) => each.resource === undefined);
    expect(made).to.deep.include({ ports: ['p1'], volumes: ['v1'] });
  });

  it('are refused to others for as long as they want them, without saying who has them', () => {
    cloud.as = { user: 'bob', tenant: 'blue', confinedTo: 'blue' };
    const id = cloud.hold('v1');
    const own = cloud.reserve({ end: NOW + HOUR, demand: { capacity } });
    cloud.as = { user: 'eve', tenant: 'red', confinedTo: 'red' };
    const result = cloud.do('createInstance', { ...machine, volumes: ['v1'] });
    const { reason, message } = refusalOf(result);
    expect(reason).to.equal('element-reserved');
    expect(message).to.equal("The volume 'v1' is reserved by another 2030-01-02T00:00:00Z to 2030-01-02T01:00:00Z.");
    expect(message).not.to.include(id);
    cloud.as = { user: 'bob', tenant: 'blue', confinedTo: 'blue' };
    expect(boots({ volumes: ['v1'] })).to.include(`by the reservation '${id}'`);
    // It is over before the other begins.
    expect(boots({ reservation: own, volumes: ['v1'] })).to.equal('accepted');
  });

  it('are attached to a machine that runs only where they are reserved for it, or for nobody', () => {
    const reservation = cloud.reserve({ end: NOW + DAY, demand: { capacity, elements: ['v1'] } });
    const running = (more: Partial<CreateInstance> = {}): string => {
      const result = cloud.do('createInstance', { ...machine, ...more });
      if (result.outcome === 'refused') throw new Error(result.refusal.message);
      const { id } = result.allocation;
      cloud.do('serverAccepted', { allocation: id, server: `vim-${id}` });
      cloud.do('vmStateReported', { allocation: id, vmState: 'ACTIVE' });
      return id;
    };
    const refused = cloud.do('attachResource', { id: running(), kind: 'volume', resource: 'v1' });
    expect(refusalOf(refused).reason).to.equal('element-reserved');
    const id = running({ reservation });
    expect(cloud.do('attachResource', { id, kind: 'volume', resource: 'data' }).outcome).to.equal('accepted');
    expect(cloud.do('detachResource', { id, kind: 'volume', resource: 'data' }), 'by its name').to.include({
      outcome: 'accepted',
      attachment: 'v1',
    });
  });

  it('are refused on a network that others hold, and on an address', () => {
    const reservation = cloud.reserve({ end: NOW + DAY, demand: { capacity, elements: ['private', '203.0.113.9'] } });
    expect(boots({ networks: ['private'] })).to.include("The network 'n1' is reserved");
    expect(boots({ ports: ['p1'] })).to.include("The port 'p1' is reserved, with the network 'n1',");
    expect(boots({ reservation, networks: ['private'], ports: ['p1'] })).to.equal('accepted');
    const address = { kind: 'floating-ip', network: 'public', address: '203.0.113.9' } as const;
    const others = cloud.do('createAllocation', { name: 'ip', resource: address });
    expect(refusalOf(others).message).to.include("The address '203.0.113.9' is reserved");
    const free = { ...address, address: '203.0.113.10' };
    expect(cloud.do('createAllocation', { name: 'ip', resource: free }).outcome).to.equal('accepted');
    const mine = cloud.do('createAllocation', { name: 'ip', resource: address, reservation });
    if (mine.outcome === 'refused') throw new Error(mine.refusal.message);
    expect(mine.allocation.resource).to.deep.equal({ ...address, network: 'n2' });
  });

  it('are not refused on a network of which others hold a part', () => {
    cloud.hold('p1', '10.0.0.77');
    expect(boots({ networks: ['private'] })).to.equal('accepted');
    const port = (address: string) => ({ name: 'p', resource: { kind: 'port', network: 'private', address } as const });
    expect(cloud.do('createAllocation', port('10.0.0.78')).outcome).to.equal('accepted');
    expect(refusalOf(cloud.do('createAllocation', port('10.0.0.77'))).reason).to.equal('element-reserved');
  });
});
