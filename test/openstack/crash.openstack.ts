import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { z } from 'zod';
import { dataPath } from '../../src/cli/demo/consumer.ts';
import { all, leaf } from '../../src/cli/demo/content.ts';
import { RestconfClient } from '../../src/cli/demo/restconf-client.ts';
import { RestconfConsumer } from '../../src/cli/demo/restconf-consumer.ts';
import { removeResources, removeServers, resourcesOf, serversOf, until } from './cloud.ts';
import { OpenStackClient } from './control-plane/client.ts';
import { PASSWORD, USER, cloudOf, demanded } from './promise.ts';

const PROGRAM = fileURLToPath(new URL('agent-process.ts', import.meta.url));
const greeting = z.object({ url: z.string(), certificate: z.string() });

/** Milliseconds from a request to the kill: before it is recorded, while Nova is asked, while the server is built. */
const MOMENTS = [5, 40, 120, 250, 500, 1_000, 2_500];

describe('Promise killed in the middle of its work', function () {
  // It starts seven times in a test.
  this.timeout(600_000);
  const directory = mkdtempSync(join(tmpdir(), 'promise-crash-'));
  let child: ChildProcess;
  let client: RestconfClient;
  let consumer: RestconfConsumer;

  const start = async (): Promise<void> => {
    child = spawn(process.execPath, ['--import', 'tsx', PROGRAM, directory], { stdio: ['ignore', 'pipe', 'inherit'] });
    if (child.stdout === null) throw new Error('the child has no standard output');
    const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
    const { url, certificate } = greeting.parse(JSON.parse(line));
    client = new RestconfClient({ url, certificate, username: USER, password: PASSWORD });
    consumer = new RestconfConsumer(client, 'json');
  };
  const kill = async (): Promise<void> => {
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
    client.close();
  };
  const records = async (): Promise<
    { id: string; name: string; state: string; server: string; resource: string }[]
  > => {
    const list = await consumer.get(dataPath('opnfv-promise:promise', 'allocations'));
    return all(list, 'allocation').map((record) => ({
      id: leaf(record, 'id') ?? '',
      name: leaf(record, 'name') ?? '',
      state: leaf(record, 'vm-state') ?? '',
      server: leaf(record, 'instance-ref/server') ?? '',
      resource: leaf(record, 'instance-ref/resource') ?? '',
    }));
  };

  before(async () => {
    await removeServers('other');
    await start();
    const added = await consumer.invoke('opnfv-promise:add-provider', cloudOf('other'));
    const source = demanded(leaf(added, 'provider-id'), 'a provider-id');
    await consumer.invoke('opnfv-promise:increase-capacity', {
      source,
      capacity: { cores: 9, ram: '20480', instances: 9, gigabytes: 20, networks: 20, subnets: 20 },
    });
  });
  after(async () => {
    await kill();
    rmSync(directory, { recursive: true, force: true });
    await removeServers('other');
    await removeResources('other');
  });

  it('has, after each restart, one server for each record and one record for each server', async () => {
    for (const moment of MOMENTS) {
      // The connection stands, so that the moment is one of Promise's work.
      await records();
      const request = { name: `vm-${moment}`, image: 'cirros', flavor: 'm1.tiny', networks: ['private'] };
      // Whether it is answered is left to chance.
      consumer.invoke('opnfv-promise:create-instance', request).catch(() => undefined);
      await wait(moment);
      await kill();
      await start();
    }
    await until(async () => (await records()).every(({ state }) => state === 'ACTIVE'));
    const kept = await records();
    // The last one had time enough to be recorded, on any machine.
    expect(kept).to.not.be.empty;
    const servers = await serversOf('other');
    expect(servers.map(({ id, name, status }) => `${name} ${id} ${status}`)).to.have.members(
      kept.map(({ name, server }) => `${name} ${server} ACTIVE`),
    );
  });

  it('carries deletions to their end', async () => {
    const doomed = await records();
    for (const [index, { id }] of doomed.entries()) {
      consumer.invoke('opnfv-promise:destroy-instance', { 'instance-id': id }).catch(() => undefined);
      await wait(MOMENTS[index % MOMENTS.length] ?? 0);
      await kill();
      await start();
    }
    // What was killed before it was recorded is asked again.
    for (const { id, state } of await records()) {
      if (state === 'ACTIVE') await consumer.invoke('opnfv-promise:destroy-instance', { 'instance-id': id });
    }
    await until(async () => (await records()).length === 0);
    expect(await serversOf('other')).to.deep.equal([]);
  });

  it('has one volume and one whole network for each record, and ends them all', async () => {
    for (const [index, moment] of MOMENTS.entries()) {
      await records();
      const subnet = [{ cidr: `192.168.${index}.0/25` }, { cidr: `192.168.${index}.128/25` }];
      for (const input of [
        { name: `volume-${moment}`, volume: { size: 1 } },
        { name: `network-${moment}`, network: { subnet } },
      ]) {
        consumer.invoke('opnfv-promise:create-allocation', input).catch(() => undefined);
      }
      await wait(moment);
      await kill();
      await start();
    }
    await until(async () => (await records()).every(({ state }) => state === 'ACTIVE'));
    const kept = await records();
    expect(kept).to.not.be.empty;
    expect((await resourcesOf('other')).map((each) => each.split(' ')[1])).to.have.members(
      kept.map(({ resource }) => resource),
    );
    const client = await OpenStackClient.login('other');
    const form = z.object({ subnets: z.array(z.object({ cidr: z.string() })) });
    for (const { name, resource } of kept) {
      if (!name.startsWith('network')) continue;
      const { subnets } = await client.ask('network', 'GET', `/subnets?network_id=${resource}`, form);
      expect(subnets, name).to.have.length(2);
    }
    for (const [index, { id }] of kept.entries()) {
      consumer.invoke('opnfv-promise:destroy-allocation', { 'allocation-id': id }).catch(() => undefined);
      if (index % 3 !== 2) continue;
      await wait(MOMENTS[index % MOMENTS.length] ?? 0);
      await kill();
      await start();
    }
    for (const { id, state } of await records())
      if (state === 'ACTIVE') await consumer.invoke('opnfv-promise:destroy-allocation', { 'allocation-id': id });
    await until(async () => (await records()).length === 0);
    expect(await resourcesOf('other')).to.deep.equal([]);
  });
});
