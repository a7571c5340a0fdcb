/** Who gives way to a request that names elements, under the policy `priority`. */
import { expect } from 'chai';
import { HIGH, LOW, NORMAL } from '../../../src/engine/entities.ts';
import type { PreEmption, Priority } from '../../../src/engine/entities.ts';
import type { Displaced, Refusal } from '../../../src/engine/requests.ts';
import type { VimElement } from '../../../src/vim/vim.ts';
import { DAY, HOUR, NOW, inventoryOf } from './engine-fixture.ts';
import { Lab } from './preemption-lab.ts';

const HOSTS = [
  { name: 'h1', cores: 64 },
  { name: 'h2', cores: 64 },
];
const QUOTAS = { ports: 20, addresses: 20, gigabytes: 100, volumes: 20, networks: 5 };
const ELEMENTS: readonly VimElement[] = [
  { kind: 'subnet', id: 's1', name: 'private-subnet', network: 'n1', cidr: '10.0.0.0/24' },
  { kind: 'port', id: 'p1', name: 'uplink', network: 'n1', addresses: ['10.0.0.5'] },
  { kind: 'port', id: 'p2', name: 'downlink', network: 'n1', addresses: ['10.0.0.6'] },
  { kind: 'volume', id: 'v1', name: 'data', sizeGb: 10 },
];

class ElementLab extends Lab {
  constructor(preEmption: PreEmption = 'priority') {
    super(preEmption, 100);
    const inventory = inventoryOf(HOSTS, QUOTAS, ELEMENTS);
    this.do('updateProvider', { id: this.lab, status: 'up', inventory });
  }

  askFor(elements: readonly string[], priority: Priority, day = 1, more: { pools?: string[] } = {}) {
    this.now += 1;
    const start = NOW + day * DAY;
    return this.do('createReservation', {
      start,
      end: start + HOUR,
      priority,
      demand: { capacity: {}, elements, ...more },
    });
  }

  holds(elements: readonly string[], priority: Priority, day = 1, more: { pools?: string[] } = {}): string {
    const result = this.askFor(elements, priority, day, more);
    if (result.outcome === 'refused') throw new Error(result.refusal.message);
    return result.reservation.id;
  }

  displacedBy(elements: readonly string[], priority: Priority, day = 1): Displaced | undefined {
    const result = this.askFor(elements, priority, day);
    if (result.outcome === 'refused') throw new Error(result.refusal.message);
    return result.displaced;
  }

  refusal(elements: readonly string[], priority: Priority, day = 1): Refusal {
    const result = this.askFor(elements, priority, day);
    if (result.outcome !== 'refused') throw new Error('granted');
    return result.refusal;
  }

  uses(network: string, priority?: Priority): string {
    const result = this.create(network, priority);
    if (result.outcome === 'refused') throw new Error(result.refusal.message);
    const { id } = result.allocation;
    this.do('serverAccepted', { allocation: id, server: `server-${id}` });
    this.do('vmStateReported', { allocation: id, vmState: 'ACTIVE' });
    return id;
  }

  create(network: string, priority?: Priority) {
    this.now += 1;
    const named = { name: 'vm', image: 'cirros', flavor: 'small', networks: [network] };
    return this.do('createInstance', priority === undefined ? named : { ...named, priority });
  }
}

describe('pre-emption for elements that are named', () => {
  let lab: ElementLab;

  beforeEach(() => {
    lab = new ElementLab();
  });

  const pairs: readonly (readonly [string, string])[] = [
    ['h1', 'h1'],
    ['private', 'private'],
    ['p1', 'uplink'],
    ['10.0.0.5', 'p1'],
    ['10.0.0.77', 'private-subnet'],
    ['private', 'p1'],
    ['p1', 'private'],
    ['data', 'v1'],
  ];
  for (const [held, asked] of pairs) {
    it(`a higher class has '${asked}' where a lower one held '${held}'`, () => {
      const low = lab.holds([held], LOW);
      expect(lab.refusal([asked], LOW).reason).to.equal('insufficient-capacity');
      expect(lab.displacedBy([asked], HIGH)).to.deep.equal({ reservations: [low], machines: [], complete: true });
      expect(lab.status(low)).to.equal('preempted');
    });
  }

  it('tells the displaced why, by what, and when the element is free again', () => {
    const low = lab.holds(['p1'], LOW);
    const high = lab.holds(['p1'], HIGH);
    const [event] = lab.preempted();
    expect(event?.reservation).to.deep.include({ id: low, reason: 'displaced', claims: [] });
    expect(event?.by).to.equal(high);
    expect(event?.offered?.message).to.include("The port 'p1' is not free throughout");
    expect(event?.offered?.nextWindow?.start).to.equal(NOW + DAY + HOUR);
  });

  it('displaces nobody of its own class, nobody who has started, and nobody at another time', () => {
    const held = lab.holds(['p1'], NORMAL);
    const other = lab.holds(['p1'], LOW, 2);
    expect(lab.refusal(['p1'], NORMAL).searchComplete).to.equal(undefined);
    expect(lab.displacedBy(['p1'], HIGH)).to.deep.include({ reservations: [held] });
    expect(lab.status(other)).to.equal('scheduled');
    lab.advance(2 * DAY);
    expect(lab.status(other)).to.equal('active');
    const result = lab.do('createReservation', {
      end: lab.now + 10 * 60_000,
      priority: HIGH,
      demand: { capacity: {}, elements: ['p1'] },
    });
    expect(result.outcome).to.equal('refused');
  });

  it('displaces those alone who hold what is named or a part of it, the lowest class and the newest of them', () => {
    const volume = lab.holds(['data'], LOW);
    const [first, second] = [lab.holds(['p1'], NORMAL), lab.holds(['p2'], LOW)];
    const result = lab.displacedBy(['private'], HIGH);
    expect(result).to.deep.equal({ reservations: [first, second], machines: [], complete: true });
    expect(lab.status(volume)).to.equal('scheduled');
  });

  it('finds who holds an element from another pool, and beside however many hold other things', () => {
    const more = { zone: 'nova', capacity: { cores: 0, ports: 10, addresses: 10 } };
    const added = lab.do('increaseCapacity', { source: lab.lab, ...more });
    if (added.outcome !== 'increased') throw new Error(added.refusal.message);
    const low = lab.holds(['p1'], LOW, 1, { pools: [added.pool.id] });
    lab.checked = false;
    for (let each = 0; each < 70; each++) lab.grant(1, LOW, 24);
    lab.checked = true;
    const [pool] = [...lab.head.pools.keys()].filter((id) => id !== added.pool.id);
    if (pool === undefined) throw new Error('no pool');
    const result = lab.askFor(['p1'], HIGH, 1, { pools: [pool] });
    if (result.outcome === 'refused') throw new Error(result.refusal.message);
    expect(result.displaced).to.deep.equal({ reservations: [low], machines: [], complete: true });
  });

  it('says so where more stand in the way than are looked at', () => {
    lab.checked = false;
    for (let each = 0; each < 66; each++) lab.holds([`10.0.0.${100 + each}`], LOW);
    lab.checked = true;
    expect(lab.refusal(['private'], HIGH)).to.deep.include({ reason: 'insufficient-capacity', searchComplete: false });
  });

  it('displaces for an update that names an element, as long as nothing is allocated under it', () => {
    const low = lab.holds(['p1'], LOW);
    const high = lab.holds(['data'], HIGH);
    const result = lab.do('updateReservation', { id: high, demand: { elements: ['data', 'p1'] } });
    if (result.outcome === 'refused') throw new Error(result.refusal.message);
    expect(result.displaced).to.deep.include({ reservations: [low] });
  });

  it('displaces nobody under another policy, nor for an offer', () => {
    for (const policy of ['none', 'best-effort'] as const) {
      lab = new ElementLab(policy);
      lab.holds(['p1'], LOW);
      expect(lab.refusal(['p1'], HIGH).reason).to.equal('insufficient-capacity');
    }
    lab = new ElementLab();
    lab.holds(['p1'], LOW);
    const window = { start: NOW + DAY, end: NOW + DAY + HOUR };
    const demand = { capacity: {}, elements: ['p1'] };
    expect(lab.do('requestOffer', { ...window, priority: HIGH, demand, holdFor: HOUR }).outcome).to.equal('refused');
  });

  it('displaces one that is degraded and holds what is named, unless it has started', () => {
    for (const named of ['h1', 'p1']) {
      const other = new ElementLab();
      const low = other.holds([named, 'v1'], LOW);
      other.do('updateProvider', {
        id: other.lab,
        inventory: inventoryOf(
          HOSTS,
          QUOTAS,
          ELEMENTS.filter(({ id }) => id !== 'v1'),
        ),
      });
      expect(other.status(low)).to.equal('degraded');
      expect(other.displacedBy([named], HIGH)?.reservations, named).to.deep.equal([low]);
      expect(other.status(low)).to.equal('preempted');
    }
    const started = lab.holds(['p1', 'v1'], LOW);
    lab.do('updateProvider', {
      id: lab.lab,
      inventory: inventoryOf(
        HOSTS,
        QUOTAS,
        ELEMENTS.filter(({ id }) => id !== 'v1'),
      ),
    });
    lab.advance(NOW + DAY - lab.now);
    expect(lab.status(started)).to.equal('degraded');
    const refused = lab.do('createReservation', {
      end: lab.now + HOUR / 2,
      priority: HIGH,
      demand: { capacity: {}, elements: ['p1'] },
    });
    expect(refused.outcome).to.equal('refused');
    expect(lab.status(started)).to.equal('degraded');
  });

  it('displaces for a host and what is named beside it', () => {
    const pool = [...lab.head.pools.keys()];
    const low = lab.reserve({
      start: NOW + DAY,
      end: NOW + DAY + HOUR,
      priority: LOW,
      demand: { pools: pool, capacity: { cores: 60, ram: 1024 } },
    });
    expect(lab.displacedBy(['h1', 'v1'], HIGH)?.reservations).to.deep.equal([low]);
  });

  it('says nothing of a search to the lowest class, which nobody gives way to', () => {
    lab.holds(['p1'], LOW);
    expect(lab.refusal(['p1'], LOW)).to.not.have.property('searchComplete');
  });

  describe('and machines without a reservation', () => {
    it('withdraws a lower one that uses it at the start, and waits until it is gone', () => {
      const machine = lab.uses('private');
      expect(lab.refusal(['private'], LOW).reason).to.equal('resource-in-use');
      const result = lab.askFor(['private'], NORMAL);
      if (result.outcome === 'refused') throw new Error(result.refusal.message);
      expect(result.displaced).to.deep.equal({ reservations: [], machines: [machine], complete: true });
      const [told] = lab.withdrawn();
      expect(told).to.deep.include({ by: result.reservation.id, from: NOW + DAY });
      expect(lab.state(machine)).to.equal('ACTIVE');
      lab.advance(DAY);
      expect(lab.state(machine)).to.equal('DELETING');
      expect(lab.head.reservations.get(result.reservation.id)).to.deep.include({
        status: 'scheduled',
        awaits: [machine],
      });
      lab.gone(machine);
      expect(lab.status(result.reservation.id)).to.equal('active');
    });

    for (const [policy, priority, withdrawn] of [
      ['priority', HIGH, true],
      ['priority', NORMAL, false],
      ['best-effort', LOW, true],
      ['none', HIGH, false],
    ] as const) {
      const what = withdrawn ? 'withdraws' : 'leaves';
      it(`${what} one that was left behind by an earlier reservation, for one of the class ${priority} under '${policy}'`, () => {
        lab = new ElementLab(policy);
        const demand = { capacity: { cores: 1, ram: 512, instances: 1 }, elements: ['private'] };
        const first = lab.reserve({ end: NOW + DAY, priority: NORMAL, demand });
        const second = lab.holds(['private'], priority);
        const input = { name: 'vm', image: 'cirros', flavor: 'small', networks: ['private'] };
        const made = lab.do('createInstance', { ...input, reservation: first });
        if (made.outcome === 'refused') throw new Error(made.refusal.message);
        const { id } = made.allocation;
        lab.do('serverAccepted', { allocation: id, server: 's', state: { allocation: id, vmState: 'ACTIVE' } });
        lab.advance(DAY);
        expect(lab.state(id)).to.equal(withdrawn ? 'DELETING' : 'ACTIVE');
        expect(lab.status(second)).to.equal(withdrawn ? 'scheduled' : 'active');
      });
    }

    it('leaves one of its own class, and one that uses something else', () => {
      lab.uses('private', NORMAL);
      expect(lab.refusal(['private'], NORMAL).reason).to.equal('resource-in-use');
      expect(lab.displacedBy(['data'], NORMAL)).to.equal(undefined);
    });

    it('lets one go on when the reservation is cancelled before it starts', () => {
      const machine = lab.uses('private');
      const id = lab.holds(['private'], NORMAL);
      lab.do('cancelReservation', { id });
      lab.advance(2 * DAY);
      expect(lab.state(machine)).to.equal('ACTIVE');
      expect(lab.head.allocations.get(machine)?.claims.some(({ onLoan }) => onLoan === true)).to.equal(false);
    });

    it('lets one of another pool go on as well', () => {
      const machine = lab.uses('private');
      const isLent = () => lab.head.allocations.get(machine)?.claims.some(({ onLoan }) => onLoan === true);
      const entry = { id: 'other', source: lab.lab, capacity: { cores: 1 }, adjustments: [] };
      lab.do('applyConfiguration', { changes: [{ put: 'pool', entry }] });
      const id = lab.holds(['private'], NORMAL, 1, { pools: ['other'] });
      expect(lab.reservation(id).claims.map(({ node }) => node)).to.deep.equal(['pool/other']);
      expect(isLent()).to.equal(true);
      lab.do('cancelReservation', { id });
      expect(isLent()).to.equal(false);
    });

    it('counts one that gave way as gone from then on, and holds it to that', () => {
      const machine = lab.uses('private');
      const first = lab.holds(['private'], NORMAL, 1);
      const second = lab.holds(['private'], LOW, 2);
      expect(lab.refusal(['private'], LOW, 0.5).message).to.match(/ is used by .* until 2030-01-02T00:00:00Z\.$/);
      lab.do('cancelReservation', { id: first });
      expect(lab.head.allocations.get(machine)?.claims.find(({ onLoan }) => onLoan)?.start).to.equal(NOW + 2 * DAY);
      lab.do('cancelReservation', { id: second });
      expect(lab.head.allocations.get(machine)?.claims.some(({ onLoan }) => onLoan)).to.equal(false);
    });

    it('under best effort withdraws whoever uses it, and has them use it until then', () => {
      lab = new ElementLab('best-effort');
      const before = lab.uses('private', HIGH);
      const id = lab.holds(['private'], LOW);
      const after = lab.uses('private', HIGH);
      expect([before, after].map((each) => lab.state(each))).to.deep.equal(['ACTIVE', 'ACTIVE']);
      lab.advance(DAY);
      expect([before, after].map((each) => lab.state(each))).to.deep.equal(['DELETING', 'DELETING']);
      expect(lab.head.reservations.get(id)).to.deep.include({ status: 'scheduled', awaits: [before, after] });
      const barred = lab.create('private', HIGH);
      expect(barred.outcome === 'refused' && barred.refusal.reason).to.equal('element-reserved');
      for (const machine of [before, after]) lab.gone(machine);
      expect(lab.status(id)).to.equal('active');
    });

    it('under best effort withdraws none that uses something else, and waits for one that is being deleted', () => {
      lab = new ElementLab('best-effort');
      const [machine, other] = [lab.uses('private'), lab.booted()];
      lab.do('destroyInstance', { id: machine });
      const id = lab.holds(['private'], LOW);
      lab.advance(DAY);
      expect(lab.head.reservations.get(id)).to.deep.include({ status: 'scheduled', awaits: [machine] });
      expect(lab.state(other)).to.equal('ACTIVE');
      lab.gone(machine);
      expect(lab.status(id)).to.equal('active');
    });

    it('gives one of a higher class what a lower one has reserved', () => {
      const low = lab.holds(['private'], LOW);
      const barred = lab.create('private');
      expect(barred.outcome === 'refused' && barred.refusal.reason).to.equal('element-reserved');
      const made = lab.create('private', NORMAL);
      if (made.outcome === 'refused') throw new Error(made.refusal.message);
      expect(made.displaced).to.deep.equal({ reservations: [low], machines: [], complete: true });
      expect(made.allocation).to.include({ intent: 'create' });
      expect(lab.status(low)).to.equal('preempted');
    });

    it('leaves a machine of a reservation what it uses', () => {
      const capacity = { cores: 1, ram: 512, instances: 1 };
      const id = lab.reserve({ end: NOW + 9 * DAY, priority: LOW, demand: { capacity } });
      const made = lab.do('createInstance', {
        name: 'vm',
        image: 'cirros',
        flavor: 'small',
        networks: ['private'],
        reservation: id,
      });
      if (made.outcome === 'refused') throw new Error(made.refusal.message);
      expect(lab.refusal(['private'], HIGH).reason).to.equal('resource-in-use');
      expect(lab.state(made.allocation.id)).to.equal('INITIALIZED');
    });

    it('gives one nothing that its own class has reserved', () => {
      const held = lab.holds(['private'], NORMAL);
      const barred = lab.create('private', NORMAL);
      expect(barred.outcome === 'refused' && barred.refusal.reason).to.equal('element-reserved');
      expect(lab.status(held)).to.equal('scheduled');
    });
  });
});
