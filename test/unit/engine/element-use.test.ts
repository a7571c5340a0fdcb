/** Elements that machines use: who wants to reserve them, and who wants to give them up. */
import { expect } from 'chai';
import type { CreateInstance, CreateReservation, Refusal } from '../../../src/engine/requests.ts';
import { DAY, Engine, HOUR, NOW, inventoryOf } from './engine-fixture.ts';

const HOSTS = [{ name: 'h', cores: 16 }];
const CAPACITY = { cores: 16, instances: 8, ram: 16384, ports: 10, addresses: 10, gigabytes: 50, volumes: 10 };

class Cloud extends Engine {
  constructor() {
    super();
    const source = this.provider(HOSTS);
    const inventory = inventoryOf(HOSTS, { ports: 20, gigabytes: 100, volumes: 20 }, [
      { kind: 'subnet', id: 's1', name: 'private-subnet', network: 'n1', cidr: '10.0.0.0/24' },
      { kind: 'port', id: 'p1', name: 'uplink', network: 'n1', addresses: ['10.0.0.5'] },
      { kind: 'port', id: 'p2', name: 'downlink', network: 'n1', addresses: ['10.0.0.6'] },
      { kind: 'volume', id: 'v1', name: 'data', sizeGb: 10 },
    ]);
    this.do('updateProvider', { id: source, status: 'up', inventory });
    this.pool(source, CAPACITY);
  }

  boots(more: Partial<CreateInstance> = {}): string {
    const result = this.do('createInstance', { name: 'vm', image: 'cirros', flavor: 'small', ...more });
    if (result.outcome === 'refused') throw new Error(result.refusal.message);
    return result.allocation.id;
  }

  /** What it is answered: `granted`, or why it is refused. */
  asks(elements: readonly string[], times: Partial<CreateReservation> = {}): Refusal | 'granted' {
    const result = this.do('createReservation', {
      start: NOW + DAY,
      end: NOW + DAY + HOUR,
      ...times,
      demand: { capacity: {}, elements },
    });
    return result.outcome === 'refused' ? result.refusal : 'granted';
  }

  refusal(elements: readonly string[], times: Partial<CreateReservation> = {}): Refusal {
    const answer = this.asks(elements, times);
    if (answer === 'granted') throw new Error('granted');
    return answer;
  }
}

describe('elements that are used', () => {
  let cloud: Cloud;

  beforeEach(() => {
    cloud = new Cloud();
  });

  it('are not reserved while a machine without a reservation uses them, nor for later', () => {
    const id = cloud.boots({ ports: ['p1'], volumes: ['v1'] });
    expect(cloud.refusal(['uplink'])).to.deep.include({
      reason: 'resource-in-use',
      message: `The port 'p1' is used by the virtual machine '${id}' ('vm') without end.`,
    });
    expect(cloud.refusal(['v1'], { start: NOW, end: NOW + HOUR }).reason).to.equal('resource-in-use');
    expect(cloud.refusal(['10.0.0.5']).reason).to.equal('resource-in-use');
    expect(cloud.asks(['p2'])).to.equal('granted');
    cloud.do('destroyInstance', { id });
    expect(cloud.refusal(['v1']).reason, 'until it is gone').to.equal('resource-in-use');
    cloud.do('serverGone', { allocation: id });
    expect(cloud.asks(['v1', 'uplink'])).to.equal('granted');
  });

  it('are not reserved as a part of something, and what is around them is not', () => {
    cloud.boots({ ports: ['p1'] });
    for (const whole of ['private', 'private-subnet'])
      expect(cloud.refusal([whole]).message, whole).to.match(/ with the port 'p1', .* without end\.$/);
    expect(cloud.asks(['10.0.0.9'])).to.equal('granted');
  });

  it('are reserved from the end of the reservation on under which they are used', () => {
    const demand = { capacity: { cores: 1, ram: 512, instances: 1 } };
    const reservation = cloud.reserve({ end: NOW + 2 * HOUR, demand });
    const id = cloud.boots({ reservation, volumes: ['v1'] });
    const refused = cloud.refusal(['v1'], { start: NOW + HOUR, end: NOW + 3 * HOUR });
    expect(refused.message).to.equal(
      `The volume 'v1' is used by the virtual machine '${id}' ('vm') until 2030-01-01T02:00:00Z.`,
    );
    expect(refused.nextWindow).to.deep.equal({ start: NOW + 2 * HOUR, end: NOW + 4 * HOUR });
    const flexible = { earliestStart: NOW, latestEnd: NOW + DAY, duration: HOUR };
    const chosen = cloud.do('createReservation', { flexible, demand: { capacity: {}, elements: ['data'] } });
    expect(chosen).to.have.nested.property('reservation.startsAt', NOW + 2 * HOUR);
  });

  it('are used up to the end of the machine that uses them longest', () => {
    const demand = { capacity: { cores: 1, ram: 512, instances: 1 } };
    const until = (hours: number): string => {
      const reservation = cloud.reserve({ end: NOW + hours * HOUR, demand });
      return cloud.boots({ reservation, networks: ['private'] });
    };
    until(2);
    const longest = until(4);
    until(3);
    const refused = cloud.refusal(['private'], { start: NOW + HOUR, end: NOW + 5 * HOUR });
    expect(refused.message).to.include(`by the virtual machine '${longest}' ('vm') until 2030-01-01T04:00:00Z`);
    expect(cloud.refusal(['private'], { start: NOW + 4 * HOUR - 1, end: NOW + 5 * HOUR }).reason).to.equal(
      'resource-in-use',
    );
    expect(cloud.asks(['private'], { start: NOW + 4 * HOUR, end: NOW + 5 * HOUR })).to.equal('granted');
  });

  it('are reserved when they are given up, also where the capacity of the machine is of another pool', () => {
    const [compute] = cloud.head.poolOrder;
    const [source] = cloud.head.providers.keys();
    const storage = 'storage';
    const entry = { id: storage, source: source ?? '', capacity: { gigabytes: 10 }, adjustments: [] };
    cloud.do('applyConfiguration', { changes: [{ put: 'pool', entry }] });
    const demand = { pools: [compute ?? ''], capacity: { cores: 1, ram: 512, instances: 1 } };
    const reservation = cloud.reserve({ end: NOW + 2 * HOUR, demand });
    cloud.boots({ reservation, volumes: ['v1'], networks: ['private'] });
    const flexible = { earliestStart: NOW + HOUR, latestEnd: NOW + DAY, duration: HOUR };
    for (const element of ['v1', 'private']) {
      const wanted = { pools: [storage], capacity: {}, elements: [element] };
      const chosen = cloud.do('createReservation', { flexible, demand: wanted });
      expect(chosen, element).to.have.nested.property('reservation.startsAt', NOW + 2 * HOUR);
    }
  });

  it('are reserved when they are given up, also where somebody takes over as much capacity then', () => {
    const demand = { capacity: { cores: 1, ram: 512, instances: 1 } };
    const reservation = cloud.reserve({ end: NOW + 2 * HOUR, demand });
    cloud.boots({ reservation, volumes: ['v1'] });
    cloud.reserve({ start: NOW + 2 * HOUR, end: NOW + 9 * HOUR, demand });
    const refused = cloud.refusal(['v1'], { start: NOW + HOUR, end: NOW + 3 * HOUR });
    expect(refused.nextWindow).to.deep.equal({ start: NOW + 2 * HOUR, end: NOW + 4 * HOUR });
  });

  it('are told to nobody by whom they are used who may not know', () => {
    cloud.as = { user: 'bob', tenant: 'blue', confinedTo: 'blue' };
    cloud.boots({ ports: ['p1'] });
    expect(cloud.refusal(['p1']).message).to.match(/by the virtual machine '.*'/);
    cloud.as = { user: 'eve', tenant: 'red', confinedTo: 'red' };
    const message = "The port 'p1' is used by a virtual machine without end.";
    expect(cloud.refusal(['p1']).message).to.equal(message);
    const recurrence = { frequency: 'daily', interval: 1, count: 3 } as const;
    expect(cloud.refusal(['p1'], { recurrence }).message).to.include(message);
    const offer = cloud.do('requestOffer', {
      holdFor: HOUR,
      start: NOW + DAY,
      demand: { capacity: {}, elements: ['p1'] },
    });
    expect(offer).to.have.nested.property('refusal.message', message);
  });

  it('are free for the reservation whose own machine uses them', () => {
    const demand = { capacity: { cores: 2, ram: 1024, instances: 2 } };
    const id = cloud.reserve({ end: NOW + DAY, demand });
    cloud.boots({ reservation: id, ports: ['p1'] });
    const more = cloud.do('updateReservation', { id, demand: { elements: ['p1'] } });
    expect(more.outcome).to.equal('updated');
    expect(cloud.do('updateReservation', { id, end: NOW + DAY + HOUR }).outcome).to.equal('updated');
    const other = cloud.boots({ volumes: ['v1'] });
    const refused = cloud.do('updateReservation', { id, demand: { elements: ['p1', 'v1'] } });
    expect(refused).to.have.nested.property('refusal.message').that.includes(`'${other}' ('vm') without end`);
  });

  it('are kept by their reservation when a machine of before goes on using them', () => {
    const demand = { capacity: { cores: 1, ram: 512, instances: 1 }, elements: ['v1'] };
    const first = cloud.reserve({ end: NOW + HOUR, demand });
    cloud.boots({ reservation: first, volumes: ['v1'] });
    const id = cloud.reserve({ start: NOW + HOUR, end: NOW + DAY, demand });
    cloud.advance(HOUR);
    expect(cloud.head.reservations.get(id)?.status).to.equal('active');
    expect(cloud.do('updateReservation', { id, end: NOW + 2 * DAY }).outcome).to.equal('updated');
    expect(cloud.refusal(['v1'], { start: NOW + 3 * DAY, end: NOW + 4 * DAY }).reason).to.equal('resource-in-use');
  });
});

describe('a reservation that is to hold an element no longer', () => {
  let cloud: Cloud;
  let id: string;

  beforeEach(() => {
    cloud = new Cloud();
    const capacity = { cores: 2, ram: 1024, instances: 2, ports: 1 };
    id = cloud.reserve({ end: NOW + DAY, demand: { capacity, elements: ['p1', 'v1', '10.0.0.9'] } });
  });

  const cut = (elements: readonly string[]) => cloud.do('updateReservation', { id, demand: { elements } });

  it('keeps what its machines use, and says which', () => {
    const machine = cloud.boots({ reservation: id, ports: ['uplink'] });
    const before = cloud.head.reservations.get(id);
    const message = `The port 'p1' is used by '${machine}' ('vm'), which was allocated under the reservation; it has to keep it.`;
    for (const refused of [cut(['v1']), cloud.do('updateReservation', { id, clear: ['elements'] })]) {
      expect(refused).to.have.nested.property('refusal.reason', 'below-allocated');
      expect(refused).to.have.nested.property('refusal.message', message);
      expect(refused).to.have.nested.property('refusal.inUse.cores', 1);
    }
    expect(cloud.head.reservations.get(id)).to.equal(before);
    expect(cut(['p1']).outcome).to.equal('updated');
    cloud.do('destroyInstance', { id: machine });
    cloud.do('serverGone', { allocation: machine });
    expect(cut(['v1']).outcome).to.equal('updated');
  });

  it('keeps the address that a port of it has', () => {
    const resource = { kind: 'port', network: 'private', address: '10.0.0.9' } as const;
    const port = cloud.do('createAllocation', { name: 'port', resource, reservation: id });
    expect(port.outcome).to.equal('accepted');
    expect(cut(['p1']))
      .to.have.nested.property('refusal.message')
      .that.includes("The address '10.0.0.9' is used by");
    expect(cut(['10.0.0.9']).outcome).to.equal('updated');
  });

  it('may hold a whole in place of the part that is used', () => {
    cloud.boots({ reservation: id, ports: ['uplink'] });
    expect(cut(['private']).outcome).to.equal('updated');
    expect(cut(['p1']).outcome, 'and the part again').to.equal('updated');
  });
});

describe('the network to which a router leads', () => {
  it('is used by it: it is for those who reserve it, and they keep it as long', () => {
    const cloud = new Cloud();
    const [source = ''] = cloud.head.providers.keys();
    const inventory = inventoryOf(HOSTS, { ports: 20, routers: 5 });
    const networks = [...inventory.networks, { id: 'n2', name: 'public', external: true }];
    cloud.do('updateProvider', { id: source, inventory: { ...inventory, networks } });
    cloud.pool(source, { routers: 5 });
    const capacity = { routers: 1 };
    const id = cloud.reserve({ end: NOW + HOUR, demand: { capacity, elements: ['public'] } });
    const resource = { kind: 'router', gateway: 'public', networks: ['private'] } as const;
    const other = cloud.do('createAllocation', { name: 'other', resource });
    expect(other).to.have.nested.property('refusal.reason', 'element-reserved');
    const inside = { kind: 'router', networks: ['private'] } as const;
    expect(cloud.do('createAllocation', { name: 'inside', resource: inside }).outcome).to.equal('accepted');
    expect(cloud.do('createAllocation', { name: 'own', resource, reservation: id }).outcome).to.equal('accepted');
    expect(cloud.do('updateReservation', { id, clear: ['elements'] }))
      .to.have.nested.property('refusal.message')
      .that.includes("The network 'n2' is used by");
  });
});
