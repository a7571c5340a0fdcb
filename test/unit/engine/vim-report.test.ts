/** What the VIM reports of machines: what a record takes over of it, and what of that is told. */
import { expect } from 'chai';
import type { Allocation, MachineAllocation, PreEmption } from '../../../src/engine/entities.ts';
import { hostAmount } from '../../../src/engine/host-steps.ts';
import { hostId } from '../../../src/engine/hosts.ts';
import type { CreateInstance } from '../../../src/engine/requests.ts';
import type { VimServer } from '../../../src/vim/vim.ts';
import { DAY, Engine, HOUR, NOW, inventoryOf } from './engine-fixture.ts';

const T = NOW + DAY;
const IGNORED = { outcome: 'ignored' };
const HOSTS = [
  { name: 'h1', cores: 8 },
  { name: 'h2', cores: 8 },
];

/** A pool of eight cores on two hosts with as many. */
class Lab extends Engine {
  readonly source: string;
  readonly shared: string;

  constructor(preEmption?: PreEmption) {
    super();
    this.source = this.provider(HOSTS, undefined, preEmption);
    this.shared = this.pool(this.source, { cores: 8, ram: 8192, instances: 8 });
    this.told();
  }

  made(input: Partial<CreateInstance> = {}): string {
    const result = this.do('createInstance', { name: 'vm', image: 'cirros', flavor: 'small', ...input });
    if (result.outcome === 'refused') throw new Error(result.refusal.message);
    this.told();
    return result.allocation.id;
  }

  running(input: Partial<CreateInstance> = {}): string {
    const allocation = this.made(input);
    this.do('serverAccepted', { allocation, server: `s-${allocation}` });
    this.do('vmStateReported', { allocation, vmState: 'ACTIVE' });
    this.told();
    return allocation;
  }

  found(id: string): Allocation {
    const allocation = this.head.allocations.get(id);
    if (allocation === undefined) throw new Error(`there is no allocation ${id}`);
    return allocation;
  }

  machine(id: string): MachineAllocation {
    const allocation = this.found(id);
    if (allocation.resource !== undefined) throw new Error(`${id} is no machine`);
    return allocation;
  }
}

describe('the acceptance of a creation', () => {
  it('is of no matter to one that is to be deleted, or was accepted already', () => {
    const lab = new Lab();
    const allocation = lab.made();
    lab.do('destroyInstance', { id: allocation });
    lab.do('serverAccepted', { allocation, server: 's1' });
    expect(lab.found(allocation)).to.include({ vmState: 'DELETING', intent: 'delete', server: 's1' });
    expect(lab.do('serverAccepted', { allocation, server: 's2' })).to.deep.equal(IGNORED);
    expect(lab.found(allocation).server).to.equal('s1');
    expect(lab.do('serverAccepted', { allocation: 'gone', server: 's1' })).to.deep.equal(IGNORED);
  });

  it('clears the intent, and that of a deletion clears that one', () => {
    const lab = new Lab();
    const allocation = lab.made();
    expect(lab.do('deletionAccepted', { allocation }), 'nobody asked for it').to.deep.equal(IGNORED);
    lab.do('serverAccepted', { allocation, server: 's1' });
    expect(lab.found(allocation)).not.to.have.property('intent');
    expect(lab.do('deletionAccepted', { allocation })).to.deep.equal(IGNORED);
    expect(lab.do('deletionRefused', { allocation, fault: { message: 'busy' } })).to.deep.equal(IGNORED);
    lab.do('destroyInstance', { id: allocation });
    const accepted = lab.do('deletionAccepted', { allocation });
    expect(accepted).to.deep.equal({ outcome: 'recorded', allocation: lab.found(allocation) });
    expect(lab.found(allocation)).to.include({ vmState: 'DELETING' }).and.not.to.have.property('intent');
    const never = lab.made();
    lab.do('destroyInstance', { id: never });
    expect(lab.do('deletionAccepted', { allocation: never }), 'there is no server').to.deep.equal(IGNORED);
  });
});

describe('a creation that fails', () => {
  it('holds nothing any more, and keeps the word of the VIM', () => {
    const lab = new Lab();
    const reservation = lab.reserve({
      demand: { capacity: {}, containers: [{ name: 'web', count: 1, size: { vcpus: 1, ram: 512, disk: 1 } }] },
    });
    const allocation = lab.made({ reservation });
    expect(lab.found(allocation)).to.include.keys('host', 'claim', 'disk', 'intent');
    lab.do('createFailed', { allocation, fault: { message: 'No valid host' } });
    const failed = lab.found(allocation);
    expect(failed).to.deep.include({ vmState: 'ERROR', capacity: {}, claims: [] });
    expect(failed.fault).to.deep.equal({ message: 'No valid host', occurredOn: NOW });
    expect(failed).not.to.have.any.keys('host', 'claim', 'disk', 'intent', 'awaits');
    expect(lab.told()).to.deep.equal(['allocation state-changed ERROR', 'capacity freed']);
    expect(lab.made({ reservation })).to.be.a('string');
  });

  it('is nothing new to one that runs, and ends one that is to be deleted', () => {
    const lab = new Lab();
    const fault = { message: 'late' };
    expect(lab.do('createFailed', { allocation: lab.running(), fault })).to.deep.equal(IGNORED);
    const leaving = lab.running();
    lab.do('destroyInstance', { id: leaving });
    expect(lab.do('createFailed', { allocation: leaving, fault }), 'it is there').to.deep.equal(IGNORED);
    const early = lab.made();
    lab.do('destroyInstance', { id: early });
    expect(lab.do('createFailed', { allocation: early, fault })).to.deep.equal({ outcome: 'gone' });
    expect(lab.head.allocations.has(early)).to.equal(false);
  });
});

describe('a creation that was not answered', () => {
  it('may take effect until then: the record stays, to be deleted', () => {
    const lab = new Lab();
    const allocation = lab.made();
    const until = NOW + HOUR;
    const unanswered = (at: number) => lab.do('creationUnanswered', { allocation, until: at });
    expect(unanswered(until).outcome).to.equal('recorded');
    expect(lab.found(allocation).unansweredUntil).to.equal(until);
    expect(unanswered(until)).to.deep.equal(IGNORED);
    expect(unanswered(until - 1)).to.deep.equal(IGNORED);
    expect(lab.told()).to.deep.equal([]);
    lab.do('serverAccepted', { allocation, server: 's1' });
    lab.do('vmStateReported', { allocation, vmState: 'ACTIVE' });
    lab.told();
    expect(lab.do('vmStateReported', { allocation, vmState: 'DELETED' }).outcome).to.equal('recorded');
    expect(lab.found(allocation))
      .to.include({ vmState: 'DELETING', intent: 'delete' })
      .and.not.to.have.property('server');
    expect(lab.told()).to.deep.equal(['allocation state-changed DELETING']);
    expect(lab.do('serverGone', { allocation })).to.deep.equal(IGNORED);
    lab.do('serverAccepted', { allocation, server: 's2' });
    expect(lab.do('serverGone', { allocation }).outcome, 'that one too').to.equal('recorded');
    expect(lab.told()).to.deep.equal(['allocation accepted DELETING']);
    lab.now = until;
    expect(lab.do('serverGone', { allocation })).to.deep.equal({ outcome: 'gone' });
  });
});

describe('the state of a machine', () => {
  it('is taken over with what goes with it; a fault goes with another state', () => {
    const lab = new Lab();
    const allocation = lab.running();
    const failed = lab.do('vmStateReported', { allocation, vmState: 'ERROR', fault: { code: 1, message: 'broken' } });
    expect(failed).to.deep.equal({ outcome: 'recorded', allocation: lab.found(allocation) });
    expect(lab.found(allocation).fault).to.deep.equal({ code: 1, message: 'broken', occurredOn: NOW });
    lab.do('vmStateReported', { allocation, vmState: 'ACTIVE' });
    expect(lab.found(allocation)).not.to.have.property('fault');
    expect(lab.do('vmStateReported', { allocation, vmState: 'DELETED' })).to.deep.equal({ outcome: 'gone' });
    expect(lab.told()).to.deep.equal([
      'allocation state-changed ERROR',
      'allocation state-changed ACTIVE',
      'allocation destroyed DELETED',
      'capacity freed',
    ]);
  });

  it('has no address, and one that is told again is nothing new', () => {
    const lab = new Lab();
    const allocation = lab.running();
    const report = { allocation, vmState: 'ACTIVE', address: '10.0.0.1' } as const;
    expect(lab.do('vmStateReported', report)).to.deep.equal(IGNORED);
    const ports = new Engine();
    const source = ports.provider(HOSTS);
    ports.do('updateProvider', { id: source, inventory: inventoryOf(HOSTS, { ports: 5 }) });
    ports.pool(source, { ports: 2 });
    const made = ports.do('createAllocation', { name: 'p', resource: { kind: 'port', network: 'private' } });
    if (made.outcome === 'refused') throw new Error(made.refusal.message);
    const port = { ...report, allocation: made.allocation.id };
    ports.do('serverAccepted', { allocation: port.allocation, server: 'v' });
    ports.do('vmStateReported', { allocation: port.allocation, vmState: 'ACTIVE' });
    ports.told();
    expect(ports.do('vmStateReported', port).outcome).to.equal('recorded');
    expect(ports.head.allocations.get(port.allocation)).to.include({ address: '10.0.0.1' });
    expect(ports.do('vmStateReported', port)).to.deep.equal(IGNORED);
    expect(ports.told()).to.deep.equal([]);
  });

  it('on another host takes its claim there alone, and tells of what recurs that it was changed', () => {
    const lab = new Lab();
    const size = { vcpus: 2, ram: 1024, disk: 1 };
    const demand = { capacity: { cores: 1 }, containers: [{ name: 'web', count: 2, size }] };
    const reservation = lab.reserve({ demand });
    const allocation = lab.running({ reservation });
    const { host, claim } = lab.found(allocation);
    const other = host === 'h1' ? 'h2' : 'h1';
    const placed = (): unknown[] =>
      (lab.head.reservations.get(reservation)?.claims ?? []).map((each) => [each.id, each.host?.split('/')[2]]);
    const before = placed();
    lab.do('vmStateReported', { allocation, vmState: 'ACTIVE', host: other });
    expect(lab.found(allocation).host).to.equal(other);
    expect(placed()).to.deep.equal(
      before.map((each) => (Array.isArray(each) && each[0] === claim ? [claim, other] : each)),
    );
    expect(lab.told()).to.deep.equal([]);
    const alone = lab.running();
    lab.do('vmStateReported', { allocation: alone, vmState: 'SHUTOFF', host: other });
    expect(lab.told()).to.deep.equal(['allocation state-changed SHUTOFF']);
  });

  it('that could not be deleted stands in the way again, of its pool and of its host', () => {
    const lab = new Lab();
    lab.do('applyConfiguration', { changes: [{ put: 'policy', entry: { ...lab.head.policy, atEnd: 'terminate' } }] });
    const whole = { capacity: {}, containers: [{ name: 'web', count: 1, size: { vcpus: 8, ram: 1024, disk: 1 } }] };
    const first = lab.reserve({ end: NOW + HOUR, demand: whole });
    const allocation = lab.running({ reservation: first });
    const { host = '' } = lab.found(allocation);
    const containers = [{ name: 'web', count: 1, size: { vcpus: 8, ram: 1024, disk: 1 } }];
    const next = lab.reserve({ start: NOW + HOUR, end: NOW + 2 * HOUR, demand: { capacity: {}, containers } });
    lab.advance(HOUR);
    expect(host).to.match(/^h[12]$/);
    expect(lab.head.reservations.get(next)?.status).to.equal('active');
    lab.told();
    lab.do('vmStateReported', { allocation, vmState: 'ERROR', fault: { message: 'stuck' } });
    expect(lab.told().slice(0, 1)).to.deep.equal(['allocation state-changed ERROR']);
    expect(lab.head.reservations.get(next)).to.include({ status: 'degraded', reason: 'capacity-withdrawn' });
    lab.do('serverGone', { allocation });
    expect(lab.head.reservations.get(next)?.status).to.equal('active');
  });
});

describe('a server that nobody knows', () => {
  const server = (more: Partial<VimServer> = {}): VimServer => ({
    id: 's1',
    name: 'found',
    token: 't1',
    status: 'ACTIVE',
    flavor: 'f2',
    deleting: false,
    createdAt: NOW,
    ...more,
  });

  it('gets a record: it holds what it consumes, belongs to who has the provider, and is told', () => {
    const lab = new Lab();
    const adopted = lab.do('adoptServer', { provider: lab.source, server: server({ zone: 'nova', host: 'h2' }) });
    if (adopted.outcome !== 'recorded') throw new Error(adopted.outcome);
    const { id } = adopted.allocation;
    expect(lab.found(id)).to.deep.equal({
      id,
      name: 'found',
      backing: 'own',
      pool: lab.shared,
      provider: lab.source,
      priority: 3,
      vmState: 'ACTIVE',
      token: 't1',
      server: 's1',
      flavor: 'f2',
      image: 'unknown',
      networks: [],
      zone: 'nova',
      host: 'h2',
      disk: 10,
      capacity: { cores: 4, ram: 4096, instances: 1 },
      startsAt: NOW,
      claims: [{ id: '1', node: `pool/${lab.shared}`, start: NOW, capacity: { cores: 4, ram: 4096, instances: 1 } }],
      owner: 'alice',
      createdOn: NOW,
      modifiedOn: NOW,
    });
    expect(lab.told()).to.deep.equal(['allocation accepted ACTIVE', 'capacity allocated']);
    expect(lab.do('adoptServer', { provider: lab.source, server: server() }), 'it is known').to.deep.equal(IGNORED);
    const plain = lab.do('adoptServer', {
      provider: lab.source,
      server: server({ id: 's2', token: 't2', status: 'DELETED' }),
    });
    expect(plain).to.have.nested.property('allocation.vmState', 'UNKNOWN');
    expect(plain).to.have.property('allocation').that.does.not.have.any.keys('zone', 'host');
  });

  it('starts from what the VIM says: an image, or a volume, which it uses and which takes no disk on its host', () => {
    const lab = new Lab();
    const adopt = (more: Partial<VimServer>): MachineAllocation => {
      const adopted = lab.do('adoptServer', { provider: lab.source, server: server(more) });
      if (adopted.outcome !== 'recorded' || adopted.allocation.resource !== undefined) throw new Error(adopted.outcome);
      return adopted.allocation;
    };
    expect(adopt({ image: 'i1' }))
      .to.include({ image: 'i1', disk: 10 })
      .and.not.have.property('bootVolume');
    const volume = lab.do('adoptResource', {
      provider: lab.source,
      resource: { kind: 'volume', id: 'v1', token: 't2', name: 'root', status: 'ACTIVE', deleting: false },
      spec: { kind: 'volume', sizeGb: 1 },
    });
    if (volume.outcome !== 'recorded') throw new Error(volume.outcome);
    const machine = adopt({ id: 's3', token: 't3', bootVolume: 'v1' });
    expect(machine).to.include({ bootVolume: 'v1' }).and.not.have.any.keys('image', 'volumes', 'disk');
    expect(lab.found(volume.allocation.id)).to.include({ attachedTo: machine.id });
    expect(lab.do('destroyAllocation', { id: volume.allocation.id }).outcome, 'it is used').to.equal('refused');
    lab.do('destroyInstance', { id: machine.id });
    lab.do('deletionAccepted', { allocation: machine.id });
    lab.do('serverGone', { allocation: machine.id });
    expect(lab.found(volume.allocation.id)).to.not.have.property('attachedTo');
  });

  it('has what it consumes on loan under best-effort, and makes those placed on its host go elsewhere', () => {
    const lent = new Engine();
    const lender = lent.provider([{ name: 'h1', cores: 8 }], 'lender', 'best-effort');
    lent.pool(lender, { cores: 8, ram: 8192, instances: 8 });
    const onLoan = lent.do('adoptServer', { provider: lender, server: server({ host: 'h1' }) });
    expect(onLoan).to.have.nested.property('allocation.claims[0].onLoan', true);
    const engine = new Engine();
    const source = engine.provider([
      { name: 'h1', cores: 4 },
      { name: 'h2', cores: 4 },
    ]);
    engine.pool(source, { cores: 8, ram: 8192, instances: 8 });
    const container = { name: 'c', count: 1, size: { vcpus: 4, ram: 1024 } };
    const id = engine.reserve({ start: NOW + HOUR, end: NOW + DAY, demand: { capacity: {}, containers: [container] } });
    const hostOf = (): unknown => engine.head.reservations.get(id)?.claims[0]?.host;
    const before = String(hostOf());
    const name = before.split('/').at(-1) ?? '';
    engine.do('adoptServer', { provider: source, server: server({ host: name }) });
    expect(hostOf()).to.be.a('string').and.not.to.equal(before);
    engine.replay();
  });

  it('is not taken where nothing is known of its provider, flavor, token or pool', () => {
    const lab = new Lab();
    const unmarked: VimServer = {
      id: 's1',
      name: 'found',
      status: 'ACTIVE',
      flavor: 'f2',
      deleting: false,
      createdAt: NOW,
    };
    const adopt = (more: Partial<VimServer>, provider = lab.source) =>
      lab.do('adoptServer', { provider, server: server(more) });
    expect(adopt({}, 'none')).to.deep.equal(IGNORED);
    const unknown = "its flavor 'f9' is not among those of the provider";
    expect(adopt({ flavor: 'f9' })).to.deep.equal({ outcome: 'unadoptable', message: unknown });
    expect(lab.do('adoptServer', { provider: lab.source, server: unmarked })).to.deep.equal(IGNORED);
    const zones = new Engine();
    const source = zones.provider([
      { name: 'h1', cores: 8, zone: 'a' },
      { name: 'h2', cores: 8, zone: 'b' },
    ]);
    expect(zones.do('adoptServer', { provider: source, server: server() })).to.deep.equal({
      outcome: 'unadoptable',
      message: `the provider '${source}' has no pool; increase-capacity makes one`,
    });
    const [a, b] = ['a', 'b'].map((zone) => zones.pool(source, { cores: 8, ram: 8192, instances: 8 }, zone));
    const inZone = (zone: string, token: string) =>
      zones.do('adoptServer', { provider: source, server: server({ zone, token }) });
    expect(inZone('b', 't2')).to.have.nested.property('allocation.pool', b);
    expect(inZone('a', 't3')).to.have.nested.property('allocation.pool', a);
    expect(inZone('c', 't4')).to.deep.equal({
      outcome: 'unadoptable',
      message: `the provider '${source}' has no pool for the zone 'c'; increase-capacity makes one`,
    });
  });

  it('is counted even where there is no room for it, and then others give way', () => {
    const lab = new Lab();
    const id = lab.reserve({ start: T, end: T + HOUR, demand: { capacity: { cores: 8 } } });
    lab.do('adoptServer', { provider: lab.source, server: server({ host: 'h1' }) });
    expect(lab.head.reservations.get(id)).to.include({ status: 'degraded', reason: 'capacity-withdrawn' });
  });
});

describe('a server that was resized', () => {
  it('consumes what it has now: of its reservation as long as it fits in what it was given, else by itself', () => {
    const lab = new Lab();
    const reservation = lab.reserve({ end: T, demand: { capacity: { cores: 8, ram: 8192, instances: 8 } } });
    const allocation = lab.running({ reservation, flavor: 'large' });
    lab.now += 1;
    const smaller = lab.do('serverResized', { allocation, flavor: 'f1' });
    expect(smaller).to.deep.equal({ outcome: 'recorded', allocation: lab.found(allocation) });
    expect(lab.machine(allocation)).to.deep.include({
      flavor: 'f1',
      disk: 1,
      capacity: { cores: 1, ram: 512, instances: 1 },
      backing: 'reservation',
      claims: [],
      modifiedOn: NOW + 1,
    });
    expect(lab.told()).to.deep.equal(['allocation state-changed ACTIVE']);
    lab.do('serverResized', { allocation, flavor: 'f2' });
    expect(lab.machine(allocation)).to.include({ flavor: 'f2', disk: 10, backing: 'own' });
    expect(lab.machine(allocation).claims.map(({ capacity }) => capacity.cores)).to.deep.equal([4]);
    // Both are held now: that of the reservation, and that of the machine beside it.
    expect(lab.head.reservations.get(reservation)?.status).to.equal('degraded');
    lab.do('serverResized', { allocation, flavor: 'f1' });
    expect(lab.machine(allocation)).to.include({ flavor: 'f1', backing: 'own' });
  });

  it('takes the disk of its flavor on its host, where that has one', () => {
    const lab = new Lab();
    const inventory = inventoryOf(HOSTS);
    const flavors = [...inventory.flavors, { id: 'f0', name: 'diskless', vcpus: 1, memoryMb: 512, diskGb: 0 }];
    lab.do('updateProvider', { id: lab.source, inventory: { ...inventory, flavors } });
    const allocation = lab.running({ flavor: 'large' });
    const { host = '' } = lab.machine(allocation);
    const disk = (): number | undefined => {
      const on = lab.head.hosts.nodes.get(hostId(lab.source, host));
      return on && hostAmount(on.free.valueAt(lab.now)).disk;
    };
    expect([lab.machine(allocation).disk, disk()]).to.deep.equal([10, 90]);
    lab.do('serverResized', { allocation, flavor: 'f0' });
    expect(lab.machine(allocation)).to.include({ flavor: 'f0' }).and.not.have.property('disk');
    expect(disk()).to.equal(100);
    lab.do('serverResized', { allocation, flavor: 'f1' });
    expect([lab.machine(allocation).disk, disk()]).to.deep.equal([1, 99]);
  });

  it('is nothing new with the flavor that it has, on its way in or out, or with one that nobody knows', () => {
    const lab = new Lab();
    const allocation = lab.running();
    const resized = (flavor: string, id = allocation) => lab.do('serverResized', { allocation: id, flavor });
    expect(resized('f1')).to.deep.equal(IGNORED);
    expect(resized('f9')).to.deep.equal(IGNORED);
    expect(resized('f2', 'gone')).to.deep.equal(IGNORED);
    expect(resized('f2', lab.made()), 'it is not made yet').to.deep.equal(IGNORED);
    lab.do('destroyInstance', { id: allocation });
    lab.do('deletionAccepted', { allocation });
    expect(resized('f2')).to.deep.equal(IGNORED);
  });
});
