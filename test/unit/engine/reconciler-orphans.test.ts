import { expect } from 'chai';
import { DEFAULT_POLICY } from '../../../src/engine/entities.ts';
import type { Allocation, Policy, ResourceAllocation } from '../../../src/engine/entities.ts';
import { VimError } from '../../../src/vim/vim.ts';
import type { VimResource, VimResourceKind, VimResourceSpec } from '../../../src/vim/vim.ts';

import { ALLOCATION, POOL, PROVIDER, ReconcilerLab, put } from './reconciler-lab.ts';

const KINDS = ['volume', 'network', 'port', 'router', 'floating-ip'] as const;

describe('reconciler', () => {
  let lab: ReconcilerLab;

  beforeEach(() => {
    lab = new ReconcilerLab();
  });
  afterEach(() => lab.close());

  describe('volumes, networks, ports, routers and floating IPs that no record knows', () => {
    const policy = (orphans: NonNullable<Policy['orphans']>): Promise<void> =>
      lab.decide({ kind: 'policy', id: 'policy', body: { ...DEFAULT_POLICY, orphans } });
    /** As another Promise makes it, or this one before its backup was restored. */
    const make = (spec: VimResourceSpec, token: string = spec.kind): Promise<VimResource> =>
      lab.clouds.cloud('vim').createResource({ token, name: `lost ${spec.kind}`, spec });
    const makeAll = async (): Promise<ReadonlyMap<VimResourceKind, VimResource>> => {
      const network = await make({ kind: 'network', subnets: [{ cidr: '192.0.2.0/24', gateway: '192.0.2.1' }] });
      const port = await make({ kind: 'port', network: network.id });
      const router = await make({ kind: 'router', gateway: 'public', networks: [network.id] });
      const address = await make({ kind: 'floating-ip', network: 'public', port: port.id });
      const volume = await make({ kind: 'volume', sizeGb: 3, type: 'fast' });
      return new Map([network, port, router, address, volume].map((each) => [each.kind, each]));
    };
    const there = (): readonly string[] =>
      KINDS.flatMap((kind) => lab.clouds.cloud('vim').resources(kind)).map(({ kind }) => kind);
    const recordOf = (token: string): ResourceAllocation | undefined => {
      const found: Allocation | undefined = lab.ledger.head.allocations.get(lab.ledger.head.tokens.get(token) ?? '');
      return found?.resource === undefined ? undefined : found;
    };
    const sweep = (): Promise<void> => lab.reconciler.refresh('vim');

    it('are named once, whether or not there are records of their kind, and left by the policy report', async () => {
      await lab.connected();
      await makeAll();
      for (let sweeps = 0; sweeps < 3; sweeps += 1) await sweep();
      expect(lab.orphans).to.have.members(KINDS);
      expect(there()).to.have.members(KINDS);
      expect(lab.ledger.head.allocations.size).to.equal(0);
    });

    it('are adopted by policy, when they are found again, as what they are', async () => {
      await policy('adopt');
      await lab.connected();
      const made = await makeAll();
      const idOf = (kind: VimResourceKind): string => made.get(kind)?.id ?? '';
      await sweep();
      expect(lab.ledger.head.allocations.size).to.equal(0);
      await sweep();
      const common = { backing: 'own', pool: 'pool', provider: 'vim', owner: PROVIDER.owner };
      for (const kind of KINDS)
        expect(recordOf(kind), kind).to.deep.include({ ...common, name: `lost ${kind}`, server: idOf(kind) });
      const { networks = [] } = lab.provider()?.inventory ?? {};
      const outside = networks.find(({ external }) => external)?.id ?? '';
      const { network, port, router, volume } = Object.fromEntries(KINDS.map((kind) => [kind, recordOf(kind)]));
      expect(network?.resource).to.deep.equal({
        kind: 'network',
        subnets: [{ cidr: '192.0.2.0/24', gateway: '192.0.2.1' }],
      });
      expect(port).to.deep.include({ resource: { kind: 'port', network: idOf('network') }, vmState: 'ACTIVE' });
      expect(port?.address).to.equal(made.get('port')?.address);
      expect(router?.resource).to.deep.equal({ kind: 'router', gateway: outside, networks: [idOf('network')] });
      expect(volume).to.deep.include({ resource: { kind: 'volume', sizeGb: 3, type: 'fast' }, vmState: 'BUILD' });
      expect(recordOf('floating-ip')).to.deep.include({
        resource: { kind: 'floating-ip', network: outside, port: idOf('port') },
        attachedTo: port?.id,
      });
      await sweep();
      expect(lab.ledger.head.allocations.size, 'each once').to.equal(KINDS.length);
      expect(lab.orphans).to.have.length(KINDS.length);
      await lab.eventually(() => recordOf('volume')?.vmState === 'ACTIVE');
    });

    it('live on as records do: after a restart, until they are gone', async () => {
      await policy('adopt');
      await lab.connected();
      const { id } = await make({ kind: 'volume', sizeGb: 1 });
      for (let sweeps = 0; sweeps < 2; sweeps += 1) await sweep();
      const before = recordOf('volume');
      await lab.shut();
      lab.open();
      await lab.eventually(() => recordOf('volume')?.vmState === 'ACTIVE');
      expect(recordOf('volume')?.id).to.equal(before?.id);
      await lab.clouds.cloud('vim').deleteResource('volume', id);
      await lab.eventually(() => lab.ledger.head.allocations.size === 0);
    });

    it('are removed by policy, when they are found again, each when nothing of them uses it any more', async () => {
      await policy('remove');
      await lab.connected();
      await makeAll();
      await sweep();
      expect(there()).to.have.members(KINDS);
      for (let sweeps = 0; sweeps < 4; sweeps += 1) await sweep();
      await lab.eventually(() => there().length === 0);
    });

    it('say why they are not adopted, once for each reason, and are when it is gone', async () => {
      await policy('adopt');
      await lab.connected();
      await lab.decide({ kind: 'pool', id: 'pool', body: null });
      await make({ kind: 'volume', sizeGb: 1 });
      for (let sweeps = 0; sweeps < 4; sweeps += 1) await sweep();
      expect(lab.unadoptable).to.deep.equal(["the provider 'vim' has no pool; increase-capacity makes one"]);
      await lab.decide({ kind: 'pool', id: 'pool', body: POOL });
      lab.vim.failures.set('describeResource', [
        new VimError('failed', 'try later'),
        new VimError('not-found', 'gone'),
      ]);
      await sweep();
      expect(lab.unadoptable.slice(1)).to.deep.equal(['try later']);
      await sweep();
      expect(recordOf('volume'), 'it may be on its way out').to.equal(undefined);
      await sweep();
      expect(recordOf('volume')?.pool).to.equal('pool');
      expect(lab.unadoptable).to.have.length(2);
    });

    it('are not adopted while two have one token, since the other would be removed as its double', async () => {
      await policy('adopt');
      await lab.connected();
      const cloud = lab.clouds.cloud('vim');
      const boot = {
        token: 'twin',
        name: 'lost',
        flavor: 'm1.tiny',
        image: 'cirros',
        networks: [],
        fresh: true,
      } as const;
      const servers = [await cloud.createServer(boot), await cloud.createServer(boot)];
      lab.clock.advance(10_000);
      for (let sweeps = 0; sweeps < 4; sweeps += 1) await sweep();
      expect(lab.unadoptable).to.deep.equal(
        Array(2).fill('another one has the same token; delete the one that is not in use, in the cloud'),
      );
      expect(cloud.servers().map(({ id }) => id)).to.have.members(servers);
      expect(lab.ledger.head.allocations.size).to.equal(0);
      await lab.vim.deleteServer(servers[0] ?? '', new AbortController().signal);
      lab.clock.advance(10_000);
      await sweep();
      await sweep();
      expect([...lab.ledger.head.allocations.values()].map(({ server }) => server)).to.deep.equal([servers[1]]);
    });

    it('are found again when the cloud was out of reach meanwhile', async () => {
      await policy('adopt');
      await lab.connected();
      await make({ kind: 'volume', sizeGb: 1 });
      await sweep();
      lab.vim.failures.set('describeResource', [new VimError('unreachable', 'no route')]);
      await sweep();
      expect([lab.provider()?.status, recordOf('volume')]).to.deep.equal(['down', undefined]);
      await lab.eventually(() => recordOf('volume') !== undefined);
      expect(lab.unadoptable).to.deep.equal([]);
    });

    it('come with the machine that has them: server, port and volume are one again', async () => {
      await policy('adopt');
      await lab.connected();
      const port = await make({ kind: 'port', network: 'data' });
      const volume = await make({ kind: 'volume', sizeGb: 1 });
      lab.clock.advance(5_000);
      const cloud = lab.clouds.cloud('vim');
      const server = await cloud.createServer({
        token: 'machine',
        name: 'lost',
        flavor: 'm1.tiny',
        image: 'cirros',
        networks: [],
        ports: [port.id],
        volumes: [volume.id],
      });
      lab.clock.advance(5_000);
      for (let sweeps = 0; sweeps < 5; sweeps += 1) await sweep();
      const machine = lab.ledger.head.allocations.get(lab.ledger.head.tokens.get('machine') ?? '');
      expect(machine).to.deep.include({ server, vmState: 'ACTIVE', ports: [port.id], volumes: [volume.id] });
      for (const token of ['port', 'volume']) expect(recordOf(token)?.attachedTo, token).to.equal(machine?.id);
    });

    it('cost nothing where there are none: kinds without records are not listed', async () => {
      await lab.connected();
      await lab.decide(put(ALLOCATION));
      await lab.eventually(() => lab.vm()?.vmState === 'ACTIVE');
      await sweep();
      expect(lab.vim.calls.filter((call) => call.startsWith('listResources'))).to.deep.equal([]);
    });
  });
});
