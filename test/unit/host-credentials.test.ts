import { expect } from 'chai';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import { ConfigError } from '../../src/config.ts';
import { hostCredentials } from '../../src/host-credentials.ts';

describe('host credentials', () => {
  let directory: string;
  beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'promise-credentials-'))));
  afterEach(() => rmSync(directory, { recursive: true }));

  it('are made once, for the names asked for, with keys for their owner alone', async () => {
    const made = await hostCredentials(directory, ['localhost', '127.0.0.1']);
    const certificate = new X509Certificate(made.certificate);
    expect(certificate.checkHost('localhost')).to.equal('localhost');
    expect(certificate.checkIP('127.0.0.1')).to.equal('127.0.0.1');
    const kinds = made.hostKeys
      .map((key) => ssh2.utils.parseKey(key))
      .map((key) => (key instanceof Error ? key.message : key.type));
    expect(kinds).to.deep.equal(['ssh-ed25519', 'ecdsa-sha2-nistp256', 'ssh-rsa']);
    expect(statSync(join(directory, 'tls.key')).mode & 0o777).to.equal(0o600);
    expect(await hostCredentials(directory, ['localhost'])).to.deep.equal(made);
  });

  it('never overwrite a certificate whose key is missing', async () => {
    await hostCredentials(directory, ['localhost']);
    unlinkSync(join(directory, 'tls.key'));
    const refusal = await hostCredentials(directory, ['localhost']).catch((error: unknown) => error);
    expect(refusal).to.be.instanceOf(ConfigError);
    expect(String(refusal)).to.match(/tls\.key/);
  });

  it('name a host key that cannot be used, and what can be done about it', async () => {
    const path = join(directory, 'ssh_host_ed25519_key');
    writeFileSync(path, 'not a key');
    const refusal = await hostCredentials(directory, ['localhost']).catch((error: unknown) => error);
    expect(refusal).to.be.instanceOf(ConfigError);
    expect(String(refusal)).to.contain(path).and.to.contain('remove it to have one made');
  });
});
