import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Subscribed } from '../../src/cli/demo/consumer.ts';
import { dataPath } from '../../src/cli/demo/consumer.ts';
import { all, leaf } from '../../src/cli/demo/content.ts';
import { removeServers, serversOf, until } from './cloud.ts';
import { TOKEN_LIFE_S } from './control-plane/configuration.ts';
import { PORTS, url } from './control-plane/layout.ts';
import { startShortLivedKeystone, stopShortLivedKeystone } from './control-plane/state.ts';
import { PromiseUnderTest, demanded, told } from './promise.ts';
import { TlsTerminator } from './tls-terminator.ts';

describe('OpenStack behind TLS with an authority of its own', () => {
  const directory = mkdtempSync(join(tmpdir(), 'promise-tls-'));
  const caFile = join(directory, 'ca.pem');
  let terminator: TlsTerminator;

  before(async () => {
    terminator = await TlsTerminator.open();
    writeFileSync(caFile, terminator.authority);
  });
  after(async () => {
    await terminator.close();
    rmSync(directory, { recursive: true, force: true });
  });

  it('is used when the authority is named, for every service', async () => {
    const promise = await PromiseUnderTest.start({ openstack: { caFile } });
    try {
      const answer = await promise.addProvider('demo', { endpoint: terminator.keystone });
      expect([leaf(answer, 'result'), leaf(answer, 'status')], leaf(answer, 'message')).to.deep.equal(['ok', 'up']);
      const path = dataPath('opnfv-promise:promise', 'providers', ['provider', leaf(answer, 'provider-id') ?? '']);
      const record = await promise.consumer.get(path);
      expect(all(record, 'services/compute/flavors').map((each) => leaf(each, 'name'))).to.include('m1.tiny');
      const ports = [PORTS.keystone, PORTS.nova, PORTS.neutron, PORTS.glance, PORTS.cinder];
      expect([...terminator.reached]).to.include.members(ports);
    } finally {
      await promise.close();
    }
  });

  it('is refused when it is not, and the message says what to do about', async () => {
    const promise = await PromiseUnderTest.start({ openstack: {} });
    try {
      const answer = await promise.addProvider('demo', { endpoint: terminator.keystone });
      expect(leaf(answer, 'reason')).to.match(/provider-unavailable$/);
      expect(leaf(answer, 'message')).to.match(/The certificate of https:\/\/127\.0\.0\.1:\d+ is not accepted/);
    } finally {
      await promise.close();
    }
  });
});

describe('tokens that run out in the middle of the work', () => {
  let promise: PromiseUnderTest;
  let provider: string;
  let events: Subscribed;

  before(async () => {
    await removeServers('demo');
    await startShortLivedKeystone();
    promise = await PromiseUnderTest.start({ openstack: {} });
    const added = await promise.addProvider('demo', { endpoint: `${url('shortLivedKeystone')}/v3` });
    provider = demanded(leaf(added, 'provider-id'), 'a provider-id');
    await promise.invoke('increase-capacity', {
      source: provider,
      capacity: { cores: 6, ram: '12288', instances: 3 },
    });
    events = await promise.subscribe('allocation-event');
  });
  after(async () => {
    await promise.close();
    await stopShortLivedKeystone();
    await removeServers('demo');
  });

  it('are replaced, and nothing is done twice', async () => {
    const instances: string[] = [];
    for (let round = 0; round < 3; round += 1) {
      const answer = await promise.createInstance(provider, `vm-token-${round}`);
      instances.push(demanded(leaf(answer, 'instance-id'), 'an instance-id'));
      // The next request has a token that has run out. The connection to Promise is used meanwhile, so that it stays.
      for (let second = 0; second <= TOKEN_LIFE_S; second += 1) {
        await new Promise((resolve) => setTimeout(resolve, 1_000));
        await promise.consumer.get(dataPath('opnfv-promise:promise', 'policy'));
      }
    }
    for (const instance of instances) await told(events.inbox, { 'instance-id': instance, 'vm-state': 'ACTIVE' });
    expect((await serversOf('demo')).map(({ name, status }) => `${name} ${status}`)).to.have.members(
      instances.map((_, round) => `vm-token-${round} ACTIVE`),
    );
    for (const instance of instances) await promise.destroyInstance(instance);
    for (const instance of instances) await told(events.inbox, { 'instance-id': instance, cause: 'destroyed' });
    await until(async () => (await serversOf('demo')).length === 0);
  });
});
