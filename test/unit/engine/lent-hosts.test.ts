/** Hosts that machines without a reservation have on loan: reservations of them are granted, and these are withdrawn when they start. */
import { expect } from 'chai';
import type { Allocation, Demand, PreEmption, Priority } from '../../../src/engine/entities.ts';
import { HIGH, LOW, NORMAL } from '../../../src/engine/entities.ts';
import { hostId, hostName } from '../../../src/engine/hosts.ts';
import { keptFrom, keptUntil, takenBy } from '../../../src/engine/machine-claims.ts';
import { omit } from '../../../src/engine/omit.ts';
import { FOREVER } from '../../../src/engine/window.ts';
import { MACHINE } from './allocation-records.ts';
import { HOUR, NOW, inventoryOf } from './engine-fixture.ts';
import type { HostSpec } from './engine-fixture.ts';
import { Lab } from './preemption-lab.ts';

const HOSTS: readonly HostSpec[] = [
  { name: 'h1', cores: 8 },
  { name: 'h2', cores: 8 },
];
const H1: Partial<Demand> = { elements: ['h1'] };

/** So many instances of so many cores. */
function instances(count: number, vcpus: number): Partial<Demand> {
  return { containers: [{ name: 'c', count, size: { vcpus, ram: 4096, disk: 10 } }] };
}

/** Two hosts of eight cores, all in one pool. */
class HostLab extends Lab {
  constructor(preEmption: PreEmption, hosts = HOSTS) {
    super(preEmption, 0);
    this.report(hosts);
    const [pool] = this.head.pools.keys();
    this.do('increaseCapacity', { source: this.lab, ...(pool === undefined ? {} : { pool }), capacity: { cores: 16 } });
  }

  report(hosts: readonly HostSpec[]): void {
    this.do('updateProvider', { id: this.lab, status: 'up', inventory: inventoryOf(hosts) });
  }

  askFor(demand: Partial<Demand>, from: number | undefined, priority: Priority = LOW, hours = 1) {
    this.now += 1;
    const start = from === undefined ? {} : { start: NOW + from * HOUR };
    const end = (from === undefined ? this.now : NOW + from * HOUR) + hours * HOUR;
    return this.do('createReservation', { ...start, end, priority, demand: { capacity: {}, ...demand } });
  }

  has(demand: Partial<Demand>, from: number | undefined, priority?: Priority, hours?: number): string {
    const result = this.askFor(demand, from, priority, hours);
    if (result.outcome === 'refused') throw new Error(result.refusal.message);
    return result.reservation.id;
  }

  /** A machine of four cores that runs on a host. */
  on(host: string, priority: Priority = LOW): string {
    const input = { name: 'vm', image: 'cirros', flavor: 'large', priority };
    const result = this.do('createInstance', input);
    if (result.outcome === 'refused') throw new Error(result.refusal.message);
    const { id } = result.allocation;
    this.do('serverAccepted', { allocation: id, server: `server-${id}` });
    this.do('vmStateReported', { allocation: id, vmState: 'ACTIVE', host });
    this.now += 1;
    return id;
  }

  machine(id: string): Allocation {
    const machine = this.head.allocations.get(id);
    if (machine === undefined) throw new Error(`there is no machine ${id}`);
    return machine;
  }

  hostsOf(id: string): string[] {
    return this.reservation(id).claims.flatMap(({ host }) => (host === undefined ? [] : [hostName(host)]));
  }
}

describe('hosts of machines without a reservation', () => {
  it('are theirs for good unless policy says otherwise', () => {
    const lab = new HostLab('none');
    lab.on('h1');
    expect(lab.askFor(H1, 1, HIGH).outcome).to.equal('refused');
    expect(lab.askFor(instances(1, 8), 1, HIGH).outcome).to.equal('granted');
    expect(lab.askFor(instances(1, 8), 1, HIGH).outcome).to.equal('refused');
  });

  it('under best effort are reserved whole, and cleared when the reservation starts', () => {
    const lab = new HostLab('best-effort');
    const [first, second, other] = [lab.on('h1'), lab.on('h1'), lab.on('h2')];
    const id = lab.has(H1, 1);
    expect(lab.status(id)).to.equal('scheduled');
    lab.told();
    lab.advance(HOUR);
    expect([first, second, other].map((each) => lab.state(each))).to.deep.equal(['DELETING', 'DELETING', 'ACTIVE']);
    expect(lab.reservation(id).awaits).to.have.members([first, second]);
    expect(lab.withdrawn().map(({ by }) => by)).to.deep.equal([id, id]);
    expect(lab.boot(id)).to.have.nested.property('refusal.reason', 'reservation-not-started');
    lab.gone(first);
    expect(lab.status(id)).to.equal('scheduled');
    lab.gone(second);
    expect(lab.status(id)).to.equal('active');
    expect(lab.machine(lab.booted(id)).host).to.equal('h1');
  });

  it('under best effort are reserved for now, with who has to go in the answer', () => {
    const lab = new HostLab('best-effort');
    const [machine] = [lab.on('h1'), lab.on('h2')];
    const result = lab.askFor(H1, undefined);
    if (result.outcome !== 'granted') throw new Error('refused');
    expect(result.displaced).to.deep.equal({ reservations: [], machines: [machine], complete: true });
    expect(result.reservation).to.deep.include({ status: 'scheduled', awaits: [machine] });
  });

  it('are waited for where those who have started hold the rest', () => {
    const lab = new HostLab('best-effort', [
      { name: 'h1', cores: 12, ram: 32_768 },
      { name: 'h2', cores: 4, ram: 1024 },
    ]);
    const started = lab.has(instances(1, 4), undefined, LOW, 9);
    const [going, staying] = [lab.on('h1'), lab.on('h1')];
    lab.do('destroyInstance', { id: going });
    const id = lab.has(instances(1, 4), undefined);
    expect([lab.status(started), lab.state(staying)]).to.deep.equal(['active', 'ACTIVE']);
    expect(lab.reservation(id)).to.deep.include({ status: 'scheduled', awaits: [going] });
  });

  it('under best effort bear instances that find no other place, where no more have to go than are in the way', () => {
    const lab = new HostLab('best-effort');
    const [first, second, other, last] = [lab.on('h1'), lab.on('h1'), lab.on('h2'), lab.on('h2')];
    const id = lab.has(instances(2, 4), 1);
    const [host] = lab.hostsOf(id);
    expect(lab.hostsOf(id)).to.deep.equal(['h1', 'h1']);
    expect(host).to.equal('h1');
    lab.advance(HOUR);
    expect([first, second, other, last].map((each) => lab.state(each))).to.deep.equal([
      'DELETING',
      'DELETING',
      'ACTIVE',
      'ACTIVE',
    ]);
  });

  it('under best effort are passed over for those without machines', () => {
    const lab = new HostLab('best-effort');
    const machine = lab.on('h1');
    const id = lab.has(instances(2, 2), 1);
    expect(lab.hostsOf(id)).to.deep.equal(['h2', 'h2']);
    lab.advance(HOUR);
    expect([lab.status(id), lab.state(machine)]).to.deep.equal(['active', 'ACTIVE']);
  });

  it('have one machine go for all that it is in the way of, and not another one for the pool', () => {
    const lab = new HostLab('best-effort');
    const [elsewhere, old] = [lab.on('h2'), lab.on('h1')];
    const young = lab.on('h2');
    // The pool has room for one machine beside it, and the host for none.
    const id = lab.has({ ...H1, capacity: { cores: 4 } }, 1);
    lab.advance(HOUR);
    expect([elsewhere, old, young].map((each) => lab.state(each))).to.deep.equal(['ACTIVE', 'DELETING', 'DELETING']);
    expect(lab.reservation(id).awaits).to.have.members([old, young]);
  });

  it('under best effort are given where nobody is to have them, then where somebody is later, and not where they are full', () => {
    const lab = new HostLab('best-effort');
    const later = lab.has(H1, 1);
    const hosts = Array.from({ length: 4 }, () => lab.machine(lab.booted()).host);
    expect(hosts).to.deep.equal(['h2', 'h2', 'h1', 'h1']);
    expect(lab.boot().outcome).to.equal('refused');
    lab.advance(HOUR);
    expect(lab.reservation(later).awaits).to.have.length(2);
  });

  it('by priority are taken from a lower class, and from no other', () => {
    const lab = new HostLab('priority');
    const machine = lab.on('h1', NORMAL);
    expect(lab.askFor(H1, 1, NORMAL).outcome).to.equal('refused');
    const result = lab.askFor(H1, 1, HIGH);
    if (result.outcome !== 'granted') throw new Error('refused');
    expect(result.displaced).to.deep.equal({ reservations: [], machines: [machine], complete: true });
    const [told] = lab.withdrawn();
    expect(told).to.deep.include({ from: NOW + HOUR, by: result.reservation.id });
    // The host is not the machine's from then on, and is until then.
    expect(lab.askFor({ elements: ['h1'] }, undefined, NORMAL, 0.5).outcome).to.equal('refused');
    expect(lab.askFor({ elements: ['h1'] }, 3, LOW).outcome).to.equal('granted');
    lab.advance(HOUR);
    expect(lab.state(machine)).to.equal('DELETING');
    lab.gone(machine);
    expect(lab.status(result.reservation.id)).to.equal('active');
  });

  it('by priority are taken for instances that find no other place', () => {
    const lab = new HostLab('priority');
    const machines = [lab.on('h1'), lab.on('h1'), lab.on('h2'), lab.on('h2')];
    expect(lab.askFor(instances(1, 8), 1, LOW).outcome).to.equal('refused');
    const result = lab.askFor(instances(1, 8), 1, NORMAL);
    if (result.outcome !== 'granted') throw new Error('refused');
    const [host] = lab.hostsOf(result.reservation.id);
    const there = machines.filter((id) => lab.machine(id).host === host);
    expect(result.displaced?.machines).to.have.members(there);
    lab.advance(HOUR);
    expect(machines.filter((id) => lab.state(id) === 'DELETING')).to.deep.equal(there);
  });

  it('by priority are held again when nobody needs them, up to when somebody does', () => {
    const lab = new HostLab('priority');
    const machine = lab.on('h1');
    /** From when on it has its host on loan, in hours. */
    const lent = () => lab.machine(machine).claims.flatMap(({ onLoan, start }) => (onLoan ? (start - NOW) / HOUR : []));
    const soon = lab.has(H1, 1, NORMAL);
    lab.has(H1, 5, NORMAL);
    expect(lent()).to.deep.equal([1]);
    lab.do('cancelReservation', { id: soon });
    expect(lent()).to.deep.equal([5]);
    expect(lab.askFor(H1, 3, LOW).outcome).to.equal('refused');
  });

  it('are cleared for who has started when the VIM moves a machine there', () => {
    const lab = new HostLab('best-effort');
    const machine = lab.on('h2');
    const id = lab.has(H1, undefined);
    expect(lab.status(id)).to.equal('active');
    lab.do('vmStateReported', { allocation: machine, vmState: 'ACTIVE', host: 'h1' });
    expect(lab.state(machine)).to.equal('DELETING');
    const barred = lab.boot(id);
    expect(barred.outcome === 'refused' && barred.refusal.message).to.match(/are not gone yet/);
    lab.gone(machine);
    expect(lab.boot(id).outcome).to.equal('accepted');
  });

  it('are cleared for what is placed there anew when another host fails', () => {
    const lab = new HostLab('best-effort');
    const id = lab.has(instances(1, 8), undefined);
    const [host] = lab.hostsOf(id);
    const other = host === 'h1' ? 'h2' : 'h1';
    const machine = lab.on(other);
    lab.report(HOSTS.map((each) => (each.name === host ? { ...each, state: 'down' } : each)));
    expect(lab.hostsOf(id)).to.deep.equal([other]);
    expect([lab.status(id), lab.state(machine)]).to.deep.equal(['active', 'DELETING']);
    lab.gone(machine);
    expect(lab.boot(id).outcome).to.equal('accepted');
  });

  it('that become smaller are kept for who has started, and machines on loan go', () => {
    const lab = new HostLab('best-effort');
    const id = lab.has({ containers: [{ name: 'c', count: 2, size: { vcpus: 3, ram: 1024 } }] }, undefined);
    const [host = ''] = lab.hostsOf(id);
    const small = HOSTS.map((each) => (each.name === host ? { ...each, cores: 6 } : each));
    lab.do('createInstance', { name: 'vm', image: 'cirros', flavor: 'small' });
    const [machine = ''] = lab.head.allocations.keys();
    lab.do('vmStateReported', { allocation: machine, vmState: 'ACTIVE', host });
    expect(lab.state(machine)).to.equal('ACTIVE');
    lab.report(small);
    expect([lab.status(id), lab.state(machine)]).to.deep.equal(['active', 'DELETING']);
  });

  it('are there for who needs nothing of what machines there have too much of', () => {
    const lab = new HostLab('best-effort');
    const id = lab.has({ containers: [{ name: 'c', count: 1, size: { vcpus: 4, ram: 4096 } }] }, undefined);
    const [host = ''] = lab.hostsOf(id);
    const machine = lab.on(host);
    const inventory = inventoryOf(HOSTS.map((each) => (each.name === host ? { ...each, disk: 5 } : each)));
    const flavors = [...inventory.flavors, { id: 'f3', name: 'diskless', vcpus: 4, memoryMb: 4096, diskGb: 0 }];
    lab.do('updateProvider', { id: lab.lab, status: 'up', inventory: { ...inventory, flavors } });
    const result = lab.do('createInstance', { name: 'vm', image: 'cirros', flavor: 'diskless', reservation: id });
    expect([result.outcome, lab.state(machine)]).to.deep.equal(['accepted', 'ACTIVE']);
  });

  it('are cleared for who has started and cannot be kept in full', () => {
    const others = [...HOSTS.slice(1), { name: 'h3', cores: 8 }];
    const lab = new HostLab('best-effort', [{ name: 'h1', cores: 8 }, ...others]);
    const [pool = ''] = lab.head.pools.keys();
    lab.do('increaseCapacity', { source: lab.lab, pool, capacity: { cores: 8 } });
    const id = lab.has({ elements: ['h1', 'h2'] }, undefined);
    const machine = lab.on('h3');
    lab.report([{ name: 'h1', cores: 8, state: 'down' }, ...others]);
    expect([lab.status(id), lab.state(machine)]).to.deep.equal(['degraded', 'ACTIVE']);
    lab.do('vmStateReported', { allocation: machine, vmState: 'ACTIVE', host: 'h2' });
    expect(lab.state(machine)).to.equal('DELETING');
    expect(lab.boot(id).outcome).to.equal('refused');
    lab.gone(machine);
    expect(lab.machine(lab.booted(id)).host).to.equal('h2');
  });

  for (const [what, lose] of Object.entries({
    'is down': (lab: HostLab) => lab.report([{ name: 'h1', cores: 8, state: 'down' }, ...HOSTS.slice(1)]),
    'is out of service by plan': (lab: HostLab) => {
      const [pool = ''] = lab.head.pools.keys();
      const entry = { id: 'm', pool, host: 'h1', start: NOW + HOUR / 2, end: NOW + 1.5 * HOUR };
      const changes = [{ put: 'policy', entry: { ...lab.head.policy, maintenance: [entry] } }] as const;
      expect(lab.do('applyConfiguration', { changes }).outcome).to.equal('applied');
    },
  })) {
    it(`are left to machines while a host ${what} that is reserved, and are cleared when it is there again`, () => {
      const lab = new HostLab('best-effort');
      const [machine, other] = [lab.on('h1'), lab.on('h2')];
      const id = lab.has(H1, 1);
      lose(lab);
      lab.advance(HOUR);
      expect(lab.reservation(id)).to.include({ status: 'degraded' }).and.not.to.have.property('awaits');
      expect([machine, other].map((each) => lab.state(each))).to.deep.equal(['ACTIVE', 'ACTIVE']);
      lab.report(HOSTS);
      lab.advance(HOUR / 2);
      expect([lab.status(id), lab.state(machine), lab.state(other)]).to.deep.equal(['active', 'DELETING', 'ACTIVE']);
    });
  }

  it('that are there again count in their pool again, which is cleared too', () => {
    const lab = new HostLab('best-effort', [...HOSTS, { name: 'h3', cores: 8 }]);
    const machines = [lab.on('h2'), lab.on('h2'), lab.on('h3')];
    const id = lab.has(H1, 1);
    const others = [...HOSTS.slice(1), { name: 'h3', cores: 8 }];
    lab.report([{ name: 'h1', cores: 8, state: 'down' }, ...others]);
    lab.advance(HOUR);
    const states = () => machines.map((each) => lab.state(each));
    expect(states()).to.deep.equal(['ACTIVE', 'ACTIVE', 'ACTIVE']);
    lab.report([...HOSTS, { name: 'h3', cores: 8 }]);
    expect(lab.status(id)).to.equal('active');
    expect(states()).to.deep.equal(['ACTIVE', 'ACTIVE', 'DELETING']);
  });

  it('by priority give a lower class the loss, and are held again when it is over', () => {
    const lab = new HostLab('priority');
    const id = lab.has(
      { containers: [{ name: 'c', count: 1, size: { vcpus: 4, ram: 1024 } }], ...H1 },
      undefined,
      HIGH,
    );
    const machine = lab.on('h1');
    lab.has({ elements: ['h2'] }, undefined, HIGH);
    lab.report([
      { name: 'h1', cores: 4 },
      { name: 'h2', cores: 8 },
    ]);
    expect([lab.status(id), lab.state(machine)]).to.deep.equal(['active', 'DELETING']);
  });

  it('are not there for who is kept while a machine of who gave way to him is on its way out', () => {
    const lab = new HostLab('priority');
    lab.favour();
    const [high, low] = [lab.has(instances(1, 4), undefined, HIGH, 4), lab.has(instances(1, 4), undefined, LOW, 4)];
    const machine = lab.booted(low);
    const [host = ''] = lab.hostsOf(low);
    expect(lab.hostsOf(high)).to.deep.equal([host]);
    const other = host === 'h1' ? 'h2' : 'h1';
    lab.has({ elements: [other] }, undefined, HIGH, 4);
    lab.report(HOSTS.map((each) => (each.name === host ? { ...each, cores: 4 } : each)));
    expect([lab.status(high), lab.status(low), lab.state(machine)]).to.deep.equal(['active', 'preempted', 'DELETING']);
    expect(lab.machine(machine)).to.not.have.any.keys('endsAt', 'claim');
    const barred = lab.boot(high);
    expect(barred.outcome === 'refused' && barred.refusal.message).to.match(/are not gone yet/);
    lab.gone(machine);
    expect(lab.boot(high).outcome).to.equal('accepted');
  });

  it('that a machine runs on whose reservation is over are looked at for those who are to have them', () => {
    const lab = new HostLab('none');
    const first = lab.has({ capacity: { cores: 4, ram: 4096 } }, undefined, NORMAL);
    const machine = lab.booted(first);
    const { host = '' } = lab.machine(machine);
    const other = host === 'h1' ? 'h2' : 'h1';
    const later = lab.has({ elements: [host] }, 2, NORMAL);
    const blocked = lab.has({ elements: [other] }, 2, NORMAL);
    lab.advance(1.5 * HOUR);
    expect(lab.state(machine)).to.equal('ACTIVE');
    expect([lab.status(later), lab.status(blocked)]).to.deep.equal(['degraded', 'scheduled']);
  });
});

describe('what a machine takes', () => {
  const { capacity } = MACHINE;
  const on = { node: 'pool/pool', capacity } as const;
  const there = { node: hostId('p', 'h1'), capacity };
  const firm = { ...on, id: '1', start: 0, end: 10 };
  const lent = { ...on, id: '2', start: 10, onLoan: true } as const;
  const held: Allocation = { ...MACHINE, host: 'h1' };
  /** Without the ids, which are of no meaning for what is not in the record. */
  const taken = (machine: Allocation) => takenBy(machine).map((claim) => omit(claim, 'id'));

  it('is its host as well, as long as its place in the pool, and on loan from then on', () => {
    expect(taken(held)).to.deep.equal([
      { ...on, start: 0 },
      { ...there, start: 0 },
    ]);
    expect(taken({ ...held, disk: 5, claims: [firm, lent] })).to.deep.equal([
      omit(firm, 'id'),
      omit(lent, 'id'),
      { ...there, disk: 5, start: 0, end: 10 },
      { ...there, disk: 5, start: 10, onLoan: true },
    ]);
    expect(taken({ ...held, claims: [lent] })).to.deep.equal([omit(lent, 'id'), { ...there, start: 10, onLoan: true }]);
  });

  it('is its host up to its end where it consumes of a reservation, and not what is reserved for it', () => {
    const consumes: Allocation = { ...held, backing: 'reservation', startsAt: 3, endsAt: 7, claims: [] };
    expect(taken(consumes)).to.deep.equal([{ ...there, start: 3, end: 7 }]);
    expect(taken({ ...consumes, claim: '1' })).to.deep.equal([]);
    expect(taken({ ...omit(held, 'host') })).to.deep.equal([{ ...on, start: 0 }]);
  });

  it('is for good until it is on loan, or over', () => {
    expect(keptUntil({ ...held, endsAt: 12, claims: [firm, lent] })).to.equal(10);
    expect(keptUntil({ ...held, endsAt: 12 })).to.equal(12);
    expect(keptUntil(held)).to.equal(FOREVER);
  });

  it('from an instant on is for good what does not end by then, and is not on loan', () => {
    const machine = { ...omit(held, 'host'), claims: [firm, lent] };
    expect(keptFrom(machine, 4)).to.deep.equal([{ ...firm, start: 4 }]);
    expect(keptFrom(machine, -1)).to.deep.equal([firm]);
    expect(keptFrom(machine, 10)).to.deep.equal([]);
  });
});
