/**
 * What every adapter to a VIM has to do, whichever VIM it is: the same body runs against each of them.
 */
import { expect } from 'chai';
import { VimError } from '../../src/vim/vim.ts';
import type {
  CreateResource,
  CreateServer,
  Vim,
  VimErrorKind,
  VimElement,
  VimEvent,
  VimResource,
  VimResourceKind,
  VimResourceSpec,
  VimServer,
} from '../../src/vim/vim.ts';
import { notRun } from '../not-run.ts';

export interface VimHarness {
  readonly vim: Vim;
  /** An adapter to the same VIM whose password is wrong. */
  readonly withWrongPassword: Vim;
  /** Names of a flavor, an image and a network with which a server starts. */
  readonly flavor: string;
  readonly image: string;
  readonly network: string;
  /** Id of a network from which public addresses come, where there is one. */
  readonly external?: string;
  /** Makes a volume from which a server starts, out of an empty one, where the VIM cannot copy images to volumes. */
  readonly makeBootable?: (volume: string) => Promise<void>;
  /** Gives the VIM time until `condition` holds, and fails when it never does. */
  readonly until: (condition: () => Promise<boolean>) => Promise<void>;
  readonly close: () => Promise<void>;
}

const NO_EXTERNAL = 'the cloud has no network from which public addresses come';

/** Runs the contract; `start` yields a VIM without servers. */
export function describeVimContract(start: () => Promise<VimHarness>): void {
  let harness: VimHarness;
  let vim: Vim;
  const signal = new AbortController().signal;

  const request = (token: string, more: Partial<CreateServer> = {}): CreateServer => ({
    token,
    name: `server-${token}`,
    flavor: harness.flavor,
    image: harness.image,
    networks: [harness.network],
    ...more,
  });
  const find = async (serverId: string): Promise<VimServer | undefined> =>
    (await vim.listServers(signal)).find(({ id }) => id === serverId);
  const settled = (serverId: string): Promise<void> =>
    harness.until(async () => (await find(serverId))?.status !== 'BUILD');

  beforeEach(async () => {
    harness = await start();
    vim = harness.vim;
  });
  afterEach(async () => {
    await harness.close();
  });

  it('discovers zones, hosts, flavors, images, networks and quotas that hang together', async () => {
    const { zones, hosts, flavors, images, networks, quotas } = await vim.discover(signal);
    expect(zones).to.not.be.empty;
    for (const host of hosts) {
      expect(zones).to.include(host.zone);
      expect(host.vcpus).to.be.at.least(1);
      expect(host.used.vcpus).to.be.at.least(0);
    }
    expect(flavors.map(({ name }) => name)).to.include(harness.flavor);
    expect(images.map(({ name }) => name)).to.include(harness.image);
    expect(networks.map(({ name }) => name)).to.include(harness.network);
    for (const amount of Object.values(quotas)) expect(amount).to.be.at.least(0);
  });

  it('refuses a wrong password as unauthorized, and does not repeat it', async () => {
    const error = await failure(harness.withWrongPassword.discover(signal), 'unauthorized');
    expect(error.message).to.not.include('wrong-password');
    expect(error.outcomeUnknown).to.equal(false);
  });

  it('starts a server that becomes ACTIVE, tells so, and counts it on its host', async () => {
    const told: VimEvent[] = [];
    const subscription = vim.events$.subscribe((event) => told.push(event));
    const { serverId } = await vim.createServer(request('t1'), signal);
    expect(await find(serverId)).to.deep.include({ token: 't1', name: 'server-t1', deleting: false });
    await settled(serverId);
    const server = await find(serverId);
    expect(server?.status).to.equal('ACTIVE');
    await harness.until(() =>
      Promise.resolve(
        told.some(
          (event) => event.type === 'server' && event.server.id === serverId && event.server.status === 'ACTIVE',
        ),
      ),
    );
    subscription.unsubscribe();
    const { hosts } = await vim.discover(signal);
    if (hosts.length > 0) {
      expect(hosts.find(({ name }) => name === server?.host)?.used.vcpus).to.be.at.least(1);
    }
  });

  it('tells of each of several servers that are made at once, and deleted', async () => {
    const told: string[] = [];
    const subscription = vim.events$.subscribe((event) => {
      if (event.type === 'server') told.push(`${event.server.id} ${event.server.status}`);
    });
    const made = await Promise.all(['t1', 't2', 't3'].map((token) => vim.createServer(request(token), signal)));
    const allTold = (status: string): Promise<void> =>
      harness.until(() => Promise.resolve(made.every(({ serverId }) => told.includes(`${serverId} ${status}`))));
    await allTold('ACTIVE');
    await Promise.all(made.map(({ serverId }) => vim.deleteServer(serverId, signal)));
    await allTold('DELETED');
    subscription.unsubscribe();
  });

  it('makes one server for one token, however often it is asked, and finds it by the token', async () => {
    expect(await vim.findServersByToken('t1', signal)).to.deep.equal([]);
    const first = await vim.createServer(request('t1'), signal);
    const second = await vim.createServer(request('t1'), signal);
    expect(second.serverId).to.equal(first.serverId);
    expect((await vim.findServersByToken('t1', signal))[0]?.id).to.equal(first.serverId);
    expect(await vim.findServersByToken('t2', signal)).to.deep.equal([]);
    expect(await vim.listServers(signal)).to.have.length(1);
  });

  it('deletes a server to the end and tells when it is gone', async () => {
    const { serverId } = await vim.createServer(request('t1'), signal);
    await settled(serverId);
    const gone: string[] = [];
    const subscription = vim.events$.subscribe((event) => {
      if (event.type === 'server' && event.server.status === 'DELETED') gone.push(event.server.id);
    });
    await vim.deleteServer(serverId, signal);
    await harness.until(async () => (await find(serverId)) === undefined);
    await harness.until(() => Promise.resolve(gone.includes(serverId)));
    subscription.unsubscribe();
    expect(await vim.findServersByToken('t1', signal)).to.deep.equal([]);
    await failure(vim.deleteServer(serverId, signal), 'not-found');
  });

  it('deletes a server that is still being built', async () => {
    const { serverId } = await vim.createServer(request('t1'), signal);
    await vim.deleteServer(serverId, signal);
    await harness.until(async () => (await find(serverId)) === undefined);
  });

  const CIDRS = ['192.0.2.0/24', '198.51.100.0/24'] as const;
  const KINDS = ['volume', 'network', 'port', 'floating-ip', 'router'] as const;

  /** What a resource of the kind is to be; undefined where the VIM has not what it takes. */
  const specOf = async (kind: VimResourceKind): Promise<VimResourceSpec | undefined> => {
    switch (kind) {
      case 'volume':
        return { kind, sizeGb: 1 };
      case 'network':
        return { kind, subnets: [{ cidr: CIDRS[0] }, { cidr: CIDRS[1], gateway: '198.51.100.9' }] };
      case 'port': {
        const { networks } = await vim.discover(signal);
        return { kind, network: networks.find(({ name }) => name === harness.network)?.id ?? '' };
      }
      case 'floating-ip':
        return harness.external === undefined ? undefined : { kind, network: harness.external };
      case 'router':
        return harness.external === undefined ? undefined : { kind, gateway: harness.external, networks: [] };
    }
  };
  /** What the VIM says of a resource; of a network, the ranges of its subnets in order. */
  const describedAs = async (kind: VimResourceKind, id: string): Promise<object> => {
    const described = await vim.describeResource(kind, id, signal);
    return described.kind === 'network' ? { kind, cidrs: described.subnets.map(({ cidr }) => cidr).sort() } : described;
  };
  const present = async (kind: VimResourceKind, id: string): Promise<VimResource | undefined> =>
    (await vim.listResources(kind, signal)).find((each) => each.id === id);

  for (const kind of KINDS) {
    it(`makes one ${kind} for one token, finds it, and deletes it to the end`, async function () {
      const spec = await specOf(kind);
      if (spec === undefined) notRun(this, NO_EXTERNAL);
      expect(await vim.findResourcesByToken(kind, 't1', signal)).to.deep.equal([]);
      const told: VimResource[] = [];
      const subscription = vim.events$.subscribe((event) => {
        if (event.type === 'resource') told.push(event.resource);
      });
      const request: CreateResource = { token: 't1', name: 'made', spec };
      const made = await vim.createResource(request, signal);
      expect(made).to.include({ kind, token: 't1', deleting: false });
      expect((await vim.createResource(request, signal)).id).to.equal(made.id);
      expect((await vim.findResourcesByToken(kind, 't1', signal))[0]?.id).to.equal(made.id);
      expect(await vim.findResourcesByToken(kind, 't2', signal)).to.deep.equal([]);
      await harness.until(async () => (await present(kind, made.id))?.status === 'ACTIVE');
      if (made.status === 'BUILD') {
        await harness.until(() =>
          Promise.resolve(told.some(({ id, status }) => id === made.id && status === 'ACTIVE')),
        );
      }
      const others = (await vim.listResources(kind, signal)).filter(({ token }) => token !== undefined);
      expect(others.map(({ id }) => id)).to.deep.equal([made.id]);
      expect(await describedAs(kind, made.id)).to.deep.include(kind === 'network' ? { kind, cidrs: CIDRS } : spec);

      await vim.deleteResource(kind, made.id, signal);
      await harness.until(async () => (await present(kind, made.id)) === undefined);
      await harness.until(() => Promise.resolve(told.some(({ id, status }) => id === made.id && status === 'DELETED')));
      subscription.unsubscribe();
      await failure(vim.deleteResource(kind, made.id, signal), 'not-found');
      await failure(vim.describeResource(kind, made.id, signal), 'not-found');
    });
  }

  for (const kind of ['port', 'floating-ip'] as const) {
    it(`gives a ${kind} an address`, async function () {
      const spec = await specOf(kind);
      if (spec === undefined) notRun(this, NO_EXTERNAL);
      const made = await vim.createResource({ token: `a-${kind}`, name: kind, spec }, signal);
      expect(made.address).to.match(/^[0-9a-f.:]+$/);
      await vim.deleteResource(kind, made.id, signal);
    });
  }

  it('lists what can be named of network and storage', async function () {
    const spec = await specOf('network');
    if (spec?.kind !== 'network' || harness.external === undefined) notRun(this, NO_EXTERNAL);
    const network = await vim.createResource({ token: 'n2', name: 'n2', spec }, signal);
    const on = { kind: 'port', network: network.id, address: '192.0.2.77' } as const;
    const port = await vim.createResource({ token: 'p2', name: 'p2', spec: on }, signal);
    const outside = { kind: 'floating-ip', network: harness.external } as const;
    const address = await vim.createResource({ token: 'f2', name: 'f2', spec: outside }, signal);
    const volume = await vim.createResource({ token: 'v2', name: 'v2', spec: { kind: 'volume', sizeGb: 1 } }, signal);
    await harness.until(async () => (await present('volume', volume.id))?.status === 'ACTIVE');

    const through = { kind: 'router', gateway: harness.external, networks: [] } as const;
    const router = await vim.createResource({ token: 'r2', name: 'r2', spec: through }, signal);

    const { elements = [], networks, routers = [] } = await vim.discover(signal);
    expect(routers.find(({ id }) => id === router.id)).to.deep.include({
      name: 'r2',
      enabled: true,
      gateway: outside.network,
      token: 'r2',
    });
    const subnets = elements.flatMap((each) => (each.kind === 'subnet' && each.network === network.id ? [each] : []));
    expect(subnets.map(({ cidr }) => cidr)).to.have.members(['192.0.2.0/24', '198.51.100.0/24']);
    expect(subnets.find(({ cidr }) => cidr === '198.51.100.0/24')?.gateway).to.equal('198.51.100.9');
    const found = (id: string): VimElement | undefined => elements.find((each) => each.id === id);
    expect(found(port.id)).to.deep.equal({
      kind: 'port',
      id: port.id,
      name: 'p2',
      network: network.id,
      addresses: ['192.0.2.77'],
      token: 'p2',
    });
    expect(found(address.id)).to.deep.include({
      kind: 'floating-ip',
      network: outside.network,
      address: address.address,
    });
    expect(found(volume.id)).to.deep.include({ token: 'v2', kind: 'volume', name: 'v2', sizeGb: 1 });
    expect(networks.find(({ id }) => id === network.id)).to.deep.include({ name: 'n2', token: 'n2' });
    for (const each of elements) {
      if (each.kind === 'subnet') expect(networks.map(({ id }) => id)).to.include(each.network);
    }

    for (const { kind, id } of [router, port, address, volume, network]) await vim.deleteResource(kind, id, signal);
    await harness.until(async () => {
      const after = await vim.discover(signal);
      const left = [...(after.elements ?? []), ...(after.routers ?? [])];
      return [router, port, address, volume].every(({ id }) => left.every((each) => each.id !== id));
    });
  });

  it('keeps a network that a port is on', async () => {
    const spec = await specOf('network');
    if (spec === undefined) throw new Error('every VIM makes networks');
    const network = await vim.createResource({ token: 'n1', name: 'n1', spec }, signal);
    const on: VimResourceSpec = { kind: 'port', network: network.id };
    const port = await vim.createResource({ token: 'p1', name: 'p1', spec: on }, signal);
    await failure(vim.deleteResource('network', network.id, signal), 'conflict');
    await vim.deleteResource('port', port.id, signal);
    await vim.deleteResource('network', network.id, signal);
  });

  it('joins networks by a router, which keeps them until it goes', async function () {
    const spec = await specOf('network');
    if (spec === undefined || harness.external === undefined) notRun(this, NO_EXTERNAL);
    const network = await vim.createResource({ token: 'n2', name: 'n2', spec }, signal);
    const router: VimResourceSpec = { kind: 'router', gateway: harness.external, networks: [network.id] };
    const made = await vim.createResource({ token: 'r2', name: 'r2', spec: router }, signal);
    expect((await vim.createResource({ token: 'r2', name: 'r2', spec: router }, signal)).id).to.equal(made.id);
    expect(await vim.describeResource('router', made.id, signal)).to.deep.equal(router);
    await failure(vim.deleteResource('network', network.id, signal), 'conflict');
    await vim.deleteResource('router', made.id, signal);
    await vim.deleteResource('network', network.id, signal);
  });

  it('starts a server with a port and a volume that are there, and leaves them when it goes', async () => {
    const [port, volume] = await Promise.all(
      (['port', 'volume'] as const).map(async (kind) => {
        const spec = await specOf(kind);
        if (spec === undefined) throw new Error(`there is no ${kind}`);
        return vim.createResource({ token: `with-${kind}`, name: kind, spec }, signal);
      }),
    );
    if (port === undefined || volume === undefined) throw new Error('they were not made');
    await harness.until(async () => (await present('volume', volume.id))?.status === 'ACTIVE');
    const { serverId } = await vim.createServer(
      request('t1', { networks: [], ports: [port.id], volumes: [volume.id] }),
      signal,
    );
    await settled(serverId);
    expect((await find(serverId))?.status).to.equal('ACTIVE');
    await vim.deleteServer(serverId, signal);
    await harness.until(async () => (await find(serverId)) === undefined);
    for (const { kind, id } of [port, volume]) {
      expect((await present(kind, id))?.status, kind).to.equal('ACTIVE');
      await harness.until(() =>
        vim.deleteResource(kind, id, signal).then(
          () => true,
          (error: unknown) => !(error instanceof VimError && error.kind === 'conflict'),
        ),
      );
      await harness.until(async () => (await present(kind, id)) === undefined);
    }
  });

  it('makes a volume larger, also while a server has it, and never smaller', async () => {
    const { id } = await vim.createResource({ token: 'v1', name: 'v1', spec: { kind: 'volume', sizeGb: 1 } }, signal);
    await harness.until(async () => (await present('volume', id))?.status === 'ACTIVE');
    const extended = async (sizeGb: number): Promise<void> => {
      await vim.extendVolume(id, sizeGb, signal);
      await harness.until(async () => {
        const { volume, extending } = await vim.volumeExtension(id, sizeGb, signal);
        return volume.sizeGb === sizeGb && !extending;
      });
      expect(await present('volume', id)).to.include({ status: 'ACTIVE', sizeGb });
    };
    expect(await vim.volumeExtension(id, 2, signal)).to.deep.include({ extending: false });
    await extended(2);
    await failure(vim.extendVolume(id, 1, signal), 'refused');
    const { serverId } = await vim.createServer(request('t1', { networks: [] }), signal);
    await settled(serverId);
    await vim.attach(serverId, { kind: 'volume', id }, signal);
    await harness.until(
      async () => (await vim.attachmentState(serverId, { kind: 'volume', id }, signal)) === 'attached',
    );
    await extended(3);
    expect(await vim.attachmentState(serverId, { kind: 'volume', id }, signal)).to.equal('attached');
    await vim.deleteServer(serverId, signal);
    await harness.until(async () => (await find(serverId)) === undefined);
    await harness.until(() =>
      vim.deleteResource('volume', id, signal).then(
        () => true,
        (error: unknown) => !(error instanceof VimError && error.kind === 'conflict'),
      ),
    );
    await harness.until(async () => (await present('volume', id)) === undefined);
    await failure(vim.extendVolume(id, 9, signal), 'not-found');
    await failure(vim.volumeExtension(id, 9, signal), 'not-found');
  });

  it('starts a server from a volume, made from an image where that can be, and leaves it when that goes', async () => {
    const { makeBootable } = harness;
    const { images } = await vim.discover(signal);
    const image = images.find(({ name }) => name === harness.image)?.id ?? '';
    const empty = { kind: 'volume', sizeGb: 1 } as const;
    const spec = makeBootable === undefined ? { ...empty, image } : empty;
    const { id } = await vim.createResource({ token: 'root', name: 'root', spec }, signal);
    await harness.until(async () => (await present('volume', id))?.status === 'ACTIVE');
    await makeBootable?.(id);
    const from = { token: 't1', name: 'server-t1', flavor: harness.flavor, networks: [], bootVolume: id };
    const { serverId } = await vim.createServer(from, signal);
    await settled(serverId);
    const found = await find(serverId);
    expect(found).to.include({ status: 'ACTIVE', bootVolume: id }).and.not.have.property('image');
    await vim.deleteServer(serverId, signal);
    await harness.until(async () => (await find(serverId)) === undefined);
    expect((await present('volume', id))?.status).to.equal('ACTIVE');
    await vim.deleteResource('volume', id, signal);
    await harness.until(async () => (await present('volume', id)) === undefined);
  });

  it('attaches a port and a volume to a server that runs, and detaches them', async () => {
    const { serverId } = await vim.createServer(request('t1', { networks: [] }), signal);
    await settled(serverId);
    for (const kind of ['port', 'volume'] as const) {
      const spec = await specOf(kind);
      if (spec === undefined) throw new Error(`every VIM makes a ${kind}`);
      const { id } = await vim.createResource({ token: `to-${kind}`, name: kind, spec }, signal);
      await harness.until(async () => (await present(kind, id))?.status === 'ACTIVE');
      const state = (): Promise<string> => vim.attachmentState(serverId, { kind, id }, signal);
      expect(await state()).to.equal('detached');
      const listed = async (): Promise<boolean> => {
        await vim.discover(signal);
        const all = await vim.listAttachments(signal);
        return all.some((each) => each.kind === kind && each.id === id && each.server === serverId);
      };
      expect(await listed()).to.equal(false);
      await vim.attach(serverId, { kind, id }, signal);
      await harness.until(async () => (await state()) === 'attached');
      expect(await listed()).to.equal(true);
      await vim.detach(serverId, { kind, id }, signal);
      await harness.until(async () => (await state()) === 'detached');
      expect(await listed()).to.equal(false);
      await vim.deleteResource(kind, id, signal);
      await harness.until(async () => (await present(kind, id)) === undefined);
      expect(await state(), 'of what is gone').to.equal('detached');
    }
    await vim.deleteServer(serverId, signal);
    await harness.until(async () => (await find(serverId)) === undefined);
  });

  it('refuses what does not exist, by name, and makes nothing', async () => {
    for (const wrong of [
      { flavor: 'no-flavor' },
      { image: 'no-image' },
      { networks: ['no-network'] },
      { zone: 'no-zone' },
    ]) {
      const error = await failure(vim.createServer(request('t1', wrong), signal), 'refused');
      expect(error.message).to.match(/no-(flavor|image|network|zone)/);
      expect(error.outcomeUnknown).to.equal(false);
    }
    expect(await vim.listServers(signal)).to.deep.equal([]);
  });

  it('gives up when it is told to, and when it is closed', async () => {
    await failure(vim.discover(AbortSignal.abort()), 'aborted');
    let completed = false;
    vim.events$.subscribe({
      complete: () => {
        completed = true;
      },
    });
    await vim.close();
    await vim.close();
    expect(completed).to.equal(true);
    await failure(vim.listServers(signal), 'aborted');
  });
}

async function failure(call: Promise<unknown>, kind: VimErrorKind): Promise<VimError> {
  try {
    await call;
  } catch (error) {
    expect(error).to.be.instanceOf(VimError);
    if (error instanceof VimError) {
      expect(error.kind, error.message).to.equal(kind);
      return error;
    }
  }
  return expect.fail(`the call was expected to fail as ${kind}`);
}
