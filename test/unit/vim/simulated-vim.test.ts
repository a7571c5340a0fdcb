import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { ManualClock } from '../../../src/engine/clock.ts';
import { SimulatedClouds } from '../../../src/vim/simulated/clouds.ts';
import type { SimulatedCloud } from '../../../src/vim/simulated/cloud.ts';
import type { Nfvi } from '../../../src/vim/simulated/nfvi.ts';
import { VimError } from '../../../src/vim/vim.ts';
import type { CreateServer, VimGroupPolicy, Vim, VimEvent, VimServer } from '../../../src/vim/vim.ts';
import { describeVimContract } from '../../contract/vim.ts';
import { temporaryDirectory } from '../store/temporary-directory.ts';

const SMALL: Partial<Nfvi> = {
  times: { boot: 1_000, delete: 500, jitter: 0 },
  hosts: [
    { name: 'a', zone: 'z1', vcpus: 4, memoryMb: 4_096, diskGb: 100 },
    { name: 'b', zone: 'z2', vcpus: 4, memoryMb: 4_096, diskGb: 100 },
  ],
  flavors: [
    { id: 'f1', name: 'one', vcpus: 1, memoryMb: 1_024, diskGb: 1 },
    { id: 'f4', name: 'four', vcpus: 4, memoryMb: 2_048, diskGb: 1 },
  ],
};

describe('simulated VIM', () => {
  let directory: ReturnType<typeof temporaryDirectory>;
  let clock: ManualClock;
  let clouds: SimulatedClouds;
  let cloud: SimulatedCloud;
  let vim: Vim;
  let told: VimEvent[];
  let tokens = 0;
  const signal = new AbortController().signal;

  const open = (describe: Partial<Nfvi>): void => {
    clouds = new SimulatedClouds({ directory: directory.path, clock, describe: () => describe });
    vim = clouds.connect({ providerId: 'p' });
    cloud = clouds.cloud('p');
    told = [];
    vim.events$.subscribe((event) => told.push(event));
  };
  const boot = async (more: Partial<CreateServer> = {}): Promise<string> => {
    const token = `t${(tokens += 1)}`;
    const request = { token, name: token, flavor: 'one', image: 'cirros', networks: [], ...more };
    return (await vim.createServer(request, signal)).serverId;
  };
  const server = async (id: string): Promise<VimServer | undefined> =>
    (await vim.listServers(signal)).find((each) => each.id === id);
  const refusal = (call: Promise<unknown>): Promise<unknown> =>
    call.then(
      () => expect.fail('it was expected to fail'),
      (error: unknown) => (error instanceof VimError ? [error.kind, error.message] : error),
    );
  const states = (): string[] =>
    told.flatMap((event) =>
      event.type === 'server' ? [`${event.server.status}${event.server.deleting ? '/deleting' : ''}`] : [],
    );

  beforeEach(() => {
    directory = temporaryDirectory();
    clock = new ManualClock(1_000_000);
    open(SMALL);
  });
  afterEach(async () => {
    await vim.close();
    await clouds.close();
    directory.remove();
  });

  describe('keeps the contract of every VIM', () => {
    describeVimContract(async () => {
      const own = temporaryDirectory();
      const time = new ManualClock(0);
      const all = new SimulatedClouds({ directory: own.path, clock: time });
      const account = { providerId: 'contract', username: 'promise' };
      const right = all.connect({ ...account, password: 'promise' });
      return Promise.resolve({
        vim: right,
        withWrongPassword: all.connect({ ...account, password: 'wrong-password' }),
        flavor: 'm1.tiny',
        image: 'cirros',
        network: 'data',
        external: '5e0d2b8a-7f61-4d0c-8a55-2c9b1f3e7d03',
        async until(condition) {
          for (let turn = 0; turn < 100; turn++) {
            if (await condition()) return;
            time.advance(100);
          }
          expect.fail('the simulated VIM never got there');
        },
        async close() {
          await right.close();
          await all.close();
          own.remove();
        },
      });
    });
  });

  it('brings along what is not described: hosts in two zones, and quotas for what hosts do not bound', async () => {
    open({ flavors: [{ id: 'f', name: 'only', vcpus: 1, memoryMb: 1, diskGb: 0 }] });
    const { hosts, zones, flavors, images, networks, quotas } = await vim.discover(signal);
    expect(hosts).to.have.length(4);
    expect(zones).to.deep.equal(['zone-1', 'zone-2']);
    expect(flavors.map(({ name }) => name)).to.deep.equal(['only']);
    expect([images.length, networks.length]).to.deep.equal([2, 3]);
    const bounded = 'instances networks ports routers subnets addresses gigabytes snapshots volumes';
    expect(Object.keys(quotas)).to.have.members(bounded.split(' '));
  });

  it('takes its time to boot and to delete', async () => {
    const id = await boot();
    clock.advance(999);
    expect((await server(id))?.status).to.equal('BUILD');
    clock.advance(1);
    expect((await server(id))?.status).to.equal('ACTIVE');
    await vim.deleteServer(id, signal);
    clock.advance(499);
    expect(await server(id)).to.deep.include({ status: 'ACTIVE', deleting: true });
    clock.advance(1);
    expect(await server(id)).to.equal(undefined);
    expect(states()).to.deep.equal(['BUILD', 'ACTIVE', 'ACTIVE/deleting', 'DELETED/deleting']);
  });

  it('sends a server to ERROR as Nova does when no host has room, and takes it where there is room again', async () => {
    const first = await boot({ flavor: 'four' });
    await boot({ flavor: 'four' });
    const third = await boot({ flavor: 'one' });
    clock.advance(1_000);
    expect(await server(third)).to.deep.include({
      status: 'ERROR',
      fault: { code: 500, message: 'No valid host was found. ' },
    });
    expect(await server(third)).to.not.have.property('host');
    await vim.deleteServer(first, signal);
    clock.advance(500);
    const fourth = await boot({ flavor: 'four' });
    clock.advance(1_000);
    expect((await server(fourth))?.status).to.equal('ACTIVE');
  });

  it('spreads servers over hosts, within the zone or on the host that is asked for', async () => {
    const placed = async (more: Partial<CreateServer>): Promise<string | undefined> =>
      (await server(await boot(more)))?.host;
    expect(await placed({})).to.equal('a');
    expect(await placed({})).to.equal('b');
    expect(await placed({ zone: 'z1' })).to.equal('a');
    expect(await placed({ zone: 'z1' })).to.equal('a');
    expect(await placed({ host: 'a' })).to.equal('a');
    expect(await placed({ zone: 'z1' }), 'zone z1 is full').to.equal(undefined);
    const { hosts } = await vim.discover(signal);
    expect(hosts.map(({ used }) => used.vcpus)).to.deep.equal([4, 1]);
  });

  it('keeps servers of a group together or apart where nobody says on which host', async () => {
    const placed = async (policy: VimGroupPolicy, token: string): Promise<string | undefined> =>
      (await server(await boot({ group: { token, policy } })))?.host;
    expect([await placed('anti-affinity', 'apart'), await placed('anti-affinity', 'apart')]).to.have.members([
      'a',
      'b',
    ]);
    expect(await placed('anti-affinity', 'apart'), 'there is no third host').to.equal(undefined);
    const together = await placed('affinity', 'together');
    expect(await placed('affinity', 'together')).to.equal(together);
    await vim.removeServerGroups(new Set(), signal);
  });

  it('refuses over quota, and an image for which the flavor is too small', async () => {
    open({ ...SMALL, quotas: { instances: 1 } });
    const other = clouds.connect({ providerId: 'quota' });
    const request = { name: 'n', flavor: 'one', image: 'cirros', networks: [] };
    await other.createServer({ ...request, token: '1' }, signal);
    expect(await refusal(other.createServer({ ...request, token: '2' }, signal))).to.deep.equal([
      'over-quota',
      'Quota exceeded for instances: Requested 1, but already used 1 of 1 instances.',
    ]);
    expect(await refusal(other.createServer({ ...request, token: '3', image: 'debian-12' }, signal))).to.deep.equal([
      'refused',
      "Flavor's disk is too small for image debian-12, which needs 2 GB.",
    ]);
  });

  it('fails boots and refuses requests as often as it is told', async () => {
    cloud.failNextBoots(1, 'Disk failure.');
    const bad = await boot();
    const good = await boot();
    clock.advance(1_000);
    expect(await server(bad)).to.deep.include({ status: 'ERROR', fault: { code: 500, message: 'Disk failure.' } });
    expect((await server(good))?.status).to.equal('ACTIVE');
    cloud.refuseNextRequests(2, 'Quota exceeded.');
    expect(await refusal(boot())).to.deep.equal(['over-quota', 'Quota exceeded.']);
    cloud.refuseNextRequests(0, '');
    await boot();
  });

  it('loses the servers of a host that fails, tells so, and takes no new ones until it is restored', async () => {
    const lost = await boot({ host: 'a' });
    const going = await boot({ host: 'a' });
    const other = await boot({ host: 'b' });
    clock.advance(1_000);
    await vim.deleteServer(going, signal);
    told.length = 0;
    expect(cloud.failHost('a')).to.equal(2);
    expect(told.at(-1)).to.deep.equal({ type: 'host', host: 'a', state: 'down' });
    expect(await server(lost)).to.deep.include({
      status: 'ERROR',
      fault: { code: 500, message: 'The host a failed.' },
    });
    expect(await server(going)).to.equal(undefined);
    expect((await server(other))?.status).to.equal('ACTIVE');
    expect((await vim.discover(signal)).hosts.map(({ state }) => state)).to.deep.equal(['down', 'up']);
    const refused = await boot({ host: 'a' });
    clock.advance(1_000);
    expect((await server(refused))?.status).to.equal('ERROR');
    cloud.restoreHost('a');
    expect(told.at(-1)).to.deep.equal({ type: 'host', host: 'a', state: 'up' });
    expect((await server(lost))?.status).to.equal('ERROR');
    expect((await server(await boot({ host: 'a' })))?.host).to.equal('a');
  });

  it('changes hosts, and says which there are when one is not', async () => {
    cloud.setHostCapacity('a', { vcpus: 8 });
    cloud.addHost({ name: 'c', vcpus: 2, memoryMb: 2_048, diskGb: 10, traits: ['HW_CPU_X86_AVX2'] });
    expect(cloud.removeHost('b')).to.equal(0);
    expect(told).to.deep.equal([{ type: 'inventory' }, { type: 'inventory' }, { type: 'inventory' }]);
    const { hosts } = await vim.discover(signal);
    expect(hosts.map(({ name, zone, vcpus, memoryMb, traits }) => [name, zone, vcpus, memoryMb, traits])).to.deep.equal(
      [
        ['a', 'z1', 8, 4_096, []],
        ['c', 'z1', 2, 2_048, ['HW_CPU_X86_AVX2']],
      ],
    );
    expect(() => cloud.failHost('b')).to.throw("There is no host 'b'; there are a, c.");
    expect(() => cloud.addHost({ name: 'c', vcpus: 1, memoryMb: 1, diskGb: 1 })).to.throw(
      "There is a host 'c' already.",
    );
  });

  it('goes on behind a cut connection, and neither answers nor tells', async () => {
    const id = await boot();
    told.length = 0;
    cloud.cutOff(5_000);
    expect(await refusal(vim.discover(signal))).to.deep.equal(['unreachable', 'The simulated VIM does not answer.']);
    clock.advance(4_999);
    expect(told).to.deep.equal([]);
    clock.advance(1);
    expect((await server(id))?.status).to.equal('ACTIVE');
  });

  it('outlives the agent: what was accepted is there, and went on meanwhile', async () => {
    const id = await boot();
    const doomed = await boot();
    await vim.deleteServer(doomed, signal);
    cloud.failNextBoots(1, 'Once.');
    await vim.close();
    await clouds.close();
    clock.advance(10_000);
    open({ ...SMALL, hosts: [] });
    clock.advance(0);
    expect((await server(id))?.status).to.equal('ACTIVE');
    expect(await server(doomed)).to.equal(undefined);
    expect((await vim.discover(signal)).hosts.map(({ name }) => name)).to.deep.equal(['a', 'b']);
    const failing = await boot();
    clock.advance(1_000);
    expect((await server(failing))?.fault?.message).to.equal('Once.');
  });

  it('is on disk when it has answered, for its owner alone', async () => {
    await boot({ token: 'durable' });
    const files = readdirSync(directory.path);
    expect(files).to.have.length(1);
    expect(statSync(join(directory.path, files[0] ?? '')).mode & 0o777).to.equal(0o600);
    // Another reader of the same file stands for an agent that was killed right after the answer.
    const after = new SimulatedClouds({ directory: directory.path, clock });
    expect(await after.connect({ providerId: 'p' }).findServersByToken('durable', signal)).to.have.length(1);
    await after.close();
    writeFileSync(join(directory.path, files[0] ?? ''), '{"format":2}');
    const newer = new SimulatedClouds({ directory: directory.path, clock });
    expect(() => newer.cloud('p')).to.throw('format that this release does not know');
  });

  it('forgets the cloud of a provider that is gone', async () => {
    await boot();
    await clouds.forget('p');
    expect(readdirSync(directory.path)).to.deep.equal([]);
    expect(await clouds.connect({ providerId: 'p' }).listServers(signal)).to.deep.equal([]);
  });

  it('runs the same way from the same seed, and another from another', async () => {
    const run = async (seed: number): Promise<unknown> => {
      const own = temporaryDirectory();
      const time = new ManualClock(0);
      const all = new SimulatedClouds({ directory: own.path, clock: time, describe: () => ({ seed }) });
      const each = all.connect({ providerId: 'p' });
      const log: unknown[] = [];
      each.events$.subscribe((event) => log.push([time.now(), event]));
      for (let index = 0; index < 20; index++) {
        const request = { token: String(index), name: 'n', flavor: 'm1.tiny', image: 'cirros', networks: ['data'] };
        await each.createServer(request, signal);
        time.advance(300);
      }
      time.advance(10_000);
      await all.close();
      own.remove();
      return log;
    };
    const first = await run(7);
    expect(await run(7)).to.deep.equal(first);
    expect(await run(8)).to.not.deep.equal(first);
  });
});
