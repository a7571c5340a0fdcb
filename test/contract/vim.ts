/**
 * What every adapter to a VIM has to do, whichever VIM it is: the same body runs against each of them.
 */
import { expect } from 'chai';
import { VimError } from '../../src/vim/vim.ts';
import type { CreateServer, Vim, VimErrorKind, VimEvent, VimServer } from '../../src/vim/vim.ts';

export interface VimHarness {
  readonly vim: Vim;
  /** An adapter to the same VIM whose password is wrong. */
  readonly withWrongPassword: Vim;
  /** Names of a flavor, an image and a network with which a server starts. */
  readonly flavor: string;
  readonly image: string;
  readonly network: string;
  /** Gives the VIM time until `condition` holds, and fails when it never does. */
  readonly until: (condition: () => Promise<boolean>) => Promise<void>;
  readonly close: () => Promise<void>;
}

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

  it('makes one server for one token, however often it is asked, and finds it by the token', async () => {
    expect(await vim.findServerByToken('t1', signal)).to.equal(undefined);
    const first = await vim.createServer(request('t1'), signal);
    const second = await vim.createServer(request('t1'), signal);
    expect(second.serverId).to.equal(first.serverId);
    expect((await vim.findServerByToken('t1', signal))?.id).to.equal(first.serverId);
    expect(await vim.findServerByToken('t2', signal)).to.equal(undefined);
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
    expect(await vim.findServerByToken('t1', signal)).to.equal(undefined);
    await failure(vim.deleteServer(serverId, signal), 'not-found');
  });

  it('deletes a server that is still being built', async () => {
    const { serverId } = await vim.createServer(request('t1'), signal);
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
