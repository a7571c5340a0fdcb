/** Volumes, networks, ports, floating IPs and routers that nobody knows, and get a record. */
import { expect } from 'chai';
import type { ResourceAllocation } from '../../../src/engine/entities.ts';
import { capacityAt } from '../../../src/engine/queries.ts';
import type { AdoptionResult } from '../../../src/engine/reported.ts';
import type { VimResource, VimResourceSpec } from '../../../src/vim/vim.ts';
import { DAY, Engine, HOUR, NOW, inventoryOf } from './engine-fixture.ts';

const HOSTS = [{ name: 'h1', cores: 8 }];
const QUOTAS = { gigabytes: 100, volumes: 10, networks: 10, subnets: 10, ports: 10, addresses: 10, routers: 10 };
const IGNORED = { outcome: 'ignored' };

/** A pool of machines and, after it by id, one of everything else. */
class Cloud extends Engine {
  readonly source: string;
  readonly machines: string;
  readonly rest: string;

  constructor() {
    super();
    this.source = this.provider(HOSTS);
    this.do('updateProvider', { id: this.source, status: 'up', inventory: inventoryOf(HOSTS, QUOTAS) });
    // Of one provider, pools differ by their zone.
    this.machines = this.pool(this.source, { cores: 8, ram: 8192, instances: 8 }, 'nova');
    this.rest = this.pool(this.source, {
      gigabytes: 100,
      volumes: 10,
      networks: 5,
      subnets: 5,
      ports: 5,
      addresses: 5,
    });
    this.told();
  }

  finds(spec: VimResourceSpec, more: Partial<VimResource> = {}): AdoptionResult {
    const { kind } = spec;
    const resource = { id: `the-${kind}`, kind, name: 'lost', token: `of-${kind}`, status: 'ACTIVE' as const };
    return this.do('adoptResource', {
      provider: this.source,
      resource: { ...resource, deleting: false, ...more },
      spec,
    });
  }

  adopts(spec: VimResourceSpec, more: Partial<VimResource> = {}): ResourceAllocation {
    const result = this.finds(spec, more);
    if (result.outcome !== 'recorded') throw new Error(JSON.stringify(result));
    if (result.allocation.resource === undefined) throw new Error('it is a machine');
    return result.allocation;
  }

  found(id: string): ResourceAllocation | undefined {
    const allocation = this.head.allocations.get(id);
    return allocation?.resource === undefined ? undefined : allocation;
  }
}

describe('what nobody knows and carries a token', () => {
  let cloud: Cloud;
  beforeEach(() => {
    cloud = new Cloud();
  });
  afterEach(() => cloud.replay());

  it('gets a record: it holds what it consumes where that is counted, belongs to who has the provider, and is told', () => {
    const spec = { kind: 'volume', sizeGb: 10, type: 'fast', zone: 'storage' } as const;
    const { id } = cloud.adopts(spec);
    const counted = cloud.found(id)?.claims[0]?.capacity ?? {};
    expect(Object.entries(counted).filter(([, amount]) => amount > 0)).to.deep.equal([
      ['gigabytes', 10],
      ['volumes', 1],
    ]);
    expect(cloud.found(id)).to.deep.equal({
      id,
      name: 'lost',
      backing: 'own',
      pool: cloud.rest,
      provider: cloud.source,
      priority: 3,
      vmState: 'ACTIVE',
      token: 'of-volume',
      server: 'the-volume',
      resource: spec,
      capacity: { gigabytes: 10, volumes: 1 },
      startsAt: NOW,
      claims: [{ id: '1', node: `pool/${cloud.rest}`, start: NOW, capacity: counted }],
      owner: 'alice',
      createdOn: NOW,
      modifiedOn: NOW,
    });
    expect(cloud.told()).to.deep.equal(['allocation accepted ACTIVE', 'capacity allocated']);
    expect(cloud.finds(spec, { id: 'another' }), 'the token is known').to.deep.equal(IGNORED);
    expect(cloud.do('destroyAllocation', { id }).outcome).to.equal('deleting');
    cloud.do('serverGone', { allocation: id });
    expect(capacityAt(cloud.head, NOW).usage).to.deep.include({ gigabytes: 0, volumes: 0 });
  });

  const kinds: readonly (readonly [VimResourceSpec, object])[] = [
    [
      { kind: 'network', subnets: [{ cidr: '192.0.2.0/24' }, { cidr: '198.51.100.0/24' }] },
      { networks: 1, subnets: 2 },
    ],
    [{ kind: 'port', network: 'n1' }, { ports: 1 }],
    [{ kind: 'floating-ip', network: 'n2' }, { addresses: 1 }],
    [{ kind: 'router', gateway: 'n2', networks: ['n1'] }, { routers: 1 }],
  ];
  for (const [spec, capacity] of kinds) {
    it(`consumes ${JSON.stringify(capacity)} as a ${spec.kind}, has its state and its address, and is deleted like any other`, () => {
      const address = spec.kind === 'port' || spec.kind === 'floating-ip' ? { address: '192.0.2.7' } : {};
      const adopted = cloud.adopts(spec, { status: 'ERROR', fault: { code: 500, message: 'broken' }, ...address });
      expect(adopted).to.deep.include({ capacity, resource: spec, vmState: 'ERROR', ...address });
      // No pool counts routers.
      expect(adopted.pool).to.equal(spec.kind === 'router' ? cloud.machines : cloud.rest);
      expect(adopted.fault).to.deep.equal({ code: 500, message: 'broken', occurredOn: NOW });
      expect(cloud.do('destroyAllocation', { id: adopted.id }).outcome).to.equal('deleting');
      cloud.do('deletionAccepted', { allocation: adopted.id });
      cloud.do('serverGone', { allocation: adopted.id });
      expect(cloud.head.allocations.size).to.equal(0);
    });
  }

  it('is named by its address, or its id, where the cloud has no name for it', () => {
    const spec = { kind: 'floating-ip', network: 'n2' } as const;
    expect(cloud.adopts(spec, { name: '', address: '192.0.2.7' }).name).to.equal('192.0.2.7');
    expect(cloud.adopts(spec, { id: 'f2', token: 't2', name: '' }).name).to.equal('f2');
  });

  it('knows who uses it: the machine that has it by its record, the port to which an address leads', () => {
    const made = cloud.do('createInstance', {
      name: 'vm',
      image: 'cirros',
      flavor: 'small',
      ports: ['the-port'],
      volumes: ['the-volume'],
    });
    if (made.outcome === 'refused') throw new Error(made.refusal.message);
    const machine = made.allocation.id;
    expect(cloud.adopts({ kind: 'volume', sizeGb: 1 }).attachedTo).to.equal(machine);
    const port = cloud.adopts({ kind: 'port', network: 'n1' });
    expect(port.attachedTo).to.equal(machine);
    const floating = cloud.adopts({ kind: 'floating-ip', network: 'n2', port: 'the-port' });
    expect(floating.attachedTo).to.equal(port.id);
    expect(cloud.do('destroyAllocation', { id: port.id }).outcome, 'a machine uses it').to.equal('refused');
  });

  it('is counted even where there is no room for it, and then others give way', () => {
    const id = cloud.reserve({ start: NOW + DAY, end: NOW + DAY + HOUR, demand: { capacity: { gigabytes: 95 } } });
    cloud.adopts({ kind: 'volume', sizeGb: 10 });
    expect(cloud.head.reservations.get(id)).to.include({ status: 'degraded', reason: 'capacity-withdrawn' });
  });

  it('is not taken where its provider is not known, is being drained, or has no pool; and it says why', () => {
    const resource = { id: 'v', kind: 'volume', name: 'v', token: 't', status: 'ACTIVE', deleting: false } as const;
    const spec = { kind: 'volume', sizeGb: 1, zone: 'nova' } as const;
    expect(cloud.do('adoptResource', { provider: 'none', resource, spec })).to.deep.equal(IGNORED);
    const zones = new Engine();
    const source = zones.provider([{ name: 'h1', cores: 8 }]);
    const adopt = (): AdoptionResult => zones.do('adoptResource', { provider: source, resource, spec });
    expect(adopt()).to.deep.equal({
      outcome: 'unadoptable',
      message: `the provider '${source}' has no pool for the zone 'nova'; increase-capacity makes one`,
    });
    zones.pool(source, { cores: 8, ram: 8192, instances: 8 });
    zones.reserve({ start: NOW, end: NOW + DAY, demand: { capacity: { cores: 1 } } });
    expect(zones.do('retireProvider', { id: source, mode: 'drain' }).outcome).to.equal('draining');
    expect(adopt())
      .to.have.property('message')
      .that.matches(/is being drained/);
  });
});
