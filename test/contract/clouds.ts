/**
 * Two clouds under one Promise that differ in everything: address, authority, region and interface. The same body runs with whatever
 * clouds; it goes through one life, so its tests build on each other.
 */
import { expect } from 'chai';
import type { Json, LocalClient } from '../../src/agent/local-client.ts';

/** A cloud, as it is told to Promise, and what can be done to it and seen of it from outside. */
export interface CloudBeside {
  /** The input of add-provider. */
  readonly account: Json & { readonly name: string; readonly region: string; readonly interface: string };
  /** Names of a flavor, an image and a network with which a machine of one core starts. */
  readonly machine: { readonly flavor: string; readonly image: string; readonly networks: readonly string[] };
  /** Names of the servers that it has. */
  readonly servers: () => Promise<readonly string[]>;
}

export interface CloudsSideBySide {
  readonly steady: CloudBeside;
  readonly shaky: CloudBeside & { readonly goDown: () => Promise<void>; readonly comeBack: () => Promise<void> };
  /** Of the Promise that runs at present. */
  readonly client: () => LocalClient;
  /** Ends Promise, and starts it on what it left. */
  readonly restart: () => Promise<void>;
  /** Gives everything time until `condition` holds, and fails when it never does. */
  readonly until: (condition: () => Promise<boolean>) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** Cores of the pool in each cloud. */
const CORES = 4;
const POOL = { cores: CORES, ram: '4096', instances: 4 };

export function describeCloudsSideBySide(start: () => Promise<CloudsSideBySide>): void {
  let both: CloudsSideBySide;
  let steady: string;
  let shaky: string;
  const pools: string[] = [];
  const invoke = (rpc: string, input: Json): Promise<Json> => both.client().invoke(`opnfv-promise:${rpc}`, input);
  const textOf = (content: Json, member: string): string => {
    const text = content[member];
    return typeof text === 'string' ? text : `no ${member}`;
  };
  const entry = async (container: string, list: string, id: string): Promise<Json> => {
    const path = `opnfv-promise:promise/${container}/${list}=${id}`;
    const shown = await both.client().get(path);
    return firstEntry(shown);
  };
  const providerAt = (id: string): Promise<Json> => entry('providers', 'provider', id);
  const statusOf = async (id: string): Promise<unknown> => (await providerAt(id))['status'];
  const stateOf = async (id: string): Promise<unknown> => (await entry('allocations', 'allocation', id))['vm-state'];
  const add = async ({ account }: CloudBeside): Promise<string> => {
    const answer = await invoke('add-provider', account);
    expect(answer['result'], textOf(answer, 'message')).to.equal('ok');
    return textOf(answer, 'provider-id');
  };
  const boot = async (provider: string, { machine }: CloudBeside, name: string, more: Json = {}): Promise<string> => {
    const answer = await invoke('create-instance', { 'provider-id': provider, name, ...machine, ...more });
    expect(answer['result'], textOf(answer, 'message')).to.equal('ok');
    return textOf(answer, 'instance-id');
  };
  const active = (id: string): Promise<void> => both.until(async () => (await stateOf(id)) === 'ACTIVE');
  const destroy = async (id: string): Promise<void> => {
    await invoke('destroy-instance', { 'instance-id': id });
    await both.until(async () => !(await isThere(id)));
  };
  const isThere = (id: string): Promise<boolean> =>
    stateOf(id).then(
      () => true,
      () => false,
    );

  before(async () => {
    both = await start();
  });
  after(() => both.close());

  it('are each reached as they say, at once, and shown so without what is secret', async () => {
    [steady, shaky] = await Promise.all([add(both.steady), add(both.shaky)]);
    for (const [id, { account }] of [
      [steady, both.steady],
      [shaky, both.shaky],
    ] as const) {
      const { region, interface: face, 'ca-certificate': authority } = account;
      const shown = await providerAt(id);
      expect(shown).to.include({ status: 'up', region, interface: face, 'ca-certificate': authority });
      expect(shown).not.to.have.property('password');
    }
    const answers = await Promise.all(
      [steady, shaky].map((source) => invoke('increase-capacity', { source, capacity: POOL })),
    );
    for (const answer of answers) pools.push(textOf(answer, 'pool-id'));
  });

  it('are not reached as each other, and the answer says what is wrong', async () => {
    const foreign = { ...both.steady.account, name: 'foreign', 'ca-certificate': both.shaky.account['ca-certificate'] };
    const mistrusted = await invoke('add-provider', foreign);
    expect(mistrusted).to.include({ result: 'conflict', reason: 'opnfv-promise:provider-unavailable' });
    expect(mistrusted['message']).to.match(/The certificate of https:\/\/127\.0\.0\.1:\d+ is not accepted/);
    const face = both.shaky.account.interface;
    const other = { ...both.shaky.account, name: 'wrong-interface', interface: face === 'admin' ? 'public' : 'admin' };
    const lacking = await invoke('add-provider', other);
    expect(lacking).to.include({ result: 'conflict', reason: 'opnfv-promise:provider-rejected' });
    expect(lacking['message']).to.include(`in region '${both.shaky.account.region}'; there it is ${face}.`);
    const elsewhere = { ...both.steady.account, name: 'elsewhere', region: both.shaky.account.region };
    expect((await invoke('add-provider', elsewhere))['message']).to.include(
      `Keystone's catalogue has no region '${both.shaky.account.region}'; it has ${both.steady.account.region}`,
    );
  });

  it('are not registered with what is no certificate, which is told apart', async () => {
    const { account } = both.steady;
    const given = (text: string): Promise<Json> =>
      invoke('add-provider', { ...account, name: 'another', 'ca-certificate': text });
    const expected = /is not a value of ca-certificate: it must be .*-----BEGIN CERTIFICATE-----/;
    for (const text of ['/etc/ssl/ca.pem', '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n']) {
      const error: unknown = await given(text).catch((thrown: unknown) => thrown);
      expect(error).to.be.instanceOf(Error).with.property('message').that.matches(expected);
    }
    const damaged = await given('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n');
    expect(damaged).to.include({ result: 'conflict', reason: 'opnfv-promise:provider-rejected' });
    expect(damaged['message']).to.match(/Certificate 1 of 1 in ca-certificate cannot be read/);
  });

  it('start machines at the same time, each its own', async () => {
    const made = await Promise.all([boot(steady, both.steady, 'vm-steady'), boot(shaky, both.shaky, 'vm-shaky')]);
    await Promise.all(made.map(active));
    expect(await both.steady.servers()).to.deep.equal(['vm-steady']);
    expect(await both.shaky.servers()).to.deep.equal(['vm-shaky']);
    await Promise.all(made.map(destroy));
  });

  it('give a reservation parts of both, or nothing; and it is allocated in both', async () => {
    const wanted = { pools, capacity: { cores: 2 * CORES + 1 } };
    const refused = await invoke('create-reservation', wanted);
    expect(refused).to.include({ result: 'conflict', reason: 'opnfv-promise:insufficient-capacity' });
    const remaining = async (): Promise<unknown> => {
      const { capacity } = await invoke('query-capacity', { capacity: 'available' });
      // Cast: the schema says so.
      return (capacity as { readonly available: Json }).available['cores'];
    };
    expect(await remaining(), 'nothing of it is held').to.equal(2 * CORES);
    const capacity = { cores: 2 * CORES, ram: '8192', instances: 8 };
    const granted = await invoke('create-reservation', { pools, capacity });
    expect(granted['result'], textOf(granted, 'message')).to.equal('ok');
    const id = textOf(granted, 'reservation-id');
    // Cast: the schema says so.
    const { claim = [] } = (await entry('reservations', 'reservation', id))['state'] as {
      readonly claim?: readonly Json[];
    };
    expect(claim.map(({ pool }) => pool)).to.have.members(pools);
    expect(await remaining()).to.equal(0);
    const against = { 'reservation-id': id };
    const made = await Promise.all([
      boot(steady, both.steady, 'part-steady', against),
      boot(shaky, both.shaky, 'part-shaky', against),
    ]);
    await Promise.all(made.map(active));
    expect(await both.steady.servers()).to.deep.equal(['part-steady']);
    expect(await both.shaky.servers()).to.deep.equal(['part-shaky']);
    await Promise.all(made.map(destroy));
    await invoke('cancel-reservation', { 'reservation-id': id });
  });

  it('work on while the other one is down; what was asked of that one is made when it is back', async () => {
    await both.shaky.goDown();
    const asked = await boot(shaky, both.shaky, 'vm-waiting');
    await both.until(async () => (await statusOf(shaky)) === 'down');
    expect((await providerAt(shaky))['status-message']).to.match(/cannot be reached/);
    const made = await boot(steady, both.steady, 'vm-meanwhile');
    await active(made);
    expect(await statusOf(steady)).to.equal('up');
    const refused = await invoke('create-instance', { 'provider-id': shaky, name: 'vm-late', ...both.shaky.machine });
    expect(refused).to.include({ result: 'conflict', reason: 'opnfv-promise:provider-unavailable' });
    await both.shaky.comeBack();
    await both.until(async () => (await statusOf(shaky)) === 'up');
    await active(asked);
    expect(await both.shaky.servers()).to.deep.equal(['vm-waiting']);
    await Promise.all([made, asked].map(destroy));
  });

  it('are reached again after a restart, without being told anew', async () => {
    await both.restart();
    for (const id of [steady, shaky]) await both.until(async () => (await statusOf(id)) === 'up');
    const made = await Promise.all([boot(steady, both.steady, 'vm-again'), boot(shaky, both.shaky, 'vm-again')]);
    await Promise.all(made.map(active));
    await Promise.all(made.map(destroy));
  });

  it('stay when the other one is removed', async () => {
    const removed = await invoke('remove-provider', { 'provider-id': shaky, mode: 'drain' });
    expect(removed['result'], textOf(removed, 'message')).to.equal('ok');
    await both.until(() =>
      providerAt(shaky).then(
        () => false,
        () => true,
      ),
    );
    await both.shaky.goDown();
    const made = await boot(steady, both.steady, 'vm-last');
    await active(made);
    expect(await both.steady.servers()).to.deep.equal(['vm-last']);
    await destroy(made);
  });
}

/** The one entry of a list that a read shows, whatever is around it. */
function firstEntry(shown: Json): Json {
  const [value] = Object.values(shown);
  // Cast: the list that was asked for has objects.
  if (Array.isArray(value)) return (value as readonly Json[])[0] ?? {};
  if (typeof value === 'object' && value !== null) return firstEntry(value as Json);
  return shown;
}
