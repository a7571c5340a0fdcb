import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { dataPath } from '../../src/cli/demo/consumer.ts';
import { all, leaf } from '../../src/cli/demo/content.ts';
import { PORTS } from './control-plane/layout.ts';
import { PromiseUnderTest } from './promise.ts';
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
