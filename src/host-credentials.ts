import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import selfsigned from 'selfsigned';
import { ConfigError } from './config.ts';
import { makeSshKeyPair, sshKeyFault } from './ssh-key-pair.ts';

/** What the agent shows its clients: a TLS certificate for RESTCONF and SSH host keys for NETCONF. */
export interface HostCredentials {
  /** PEM. */
  readonly certificate: string;
  /** PEM. */
  readonly certificateKey: string;
  /** SHA-256 fingerprint of the certificate, `AA:BB:…`. */
  readonly certificateFingerprint: string;
  /** OpenSSH private keys: Ed25519, ECDSA P-256, RSA, in order of preference. */
  readonly hostKeys: readonly string[];
}

const HOST_KEYS = [
  { file: 'ssh_host_ed25519_key', type: 'ed25519' },
  { file: 'ssh_host_ecdsa_key', type: 'ecdsa' },
  { file: 'ssh_host_rsa_key', type: 'rsa' },
] as const;

const CERTIFICATE_YEARS = 5;

/**
 * Reads the credentials in the data directory, and makes those that are missing. To use a certificate of one's own,
 * put it there as `tls.crt` and `tls.key` (PEM).
 * @throws ConfigError when only one of certificate and key is there, or an SSH host key cannot be used
 * @param names host names and addresses that a certificate made here is for
 */
export async function hostCredentials(dataDirectory: string, names: readonly string[]): Promise<HostCredentials> {
  const certificatePath = join(dataDirectory, 'tls.crt');
  const keyPath = join(dataDirectory, 'tls.key');
  const there = [certificatePath, keyPath].filter((path) => existsSync(path));
  // One alone is a mistake of the operator, whose file must not be overwritten.
  if (there.length === 1)
    throw new ConfigError(
      `of ${certificatePath} and ${keyPath} only one is there: put both, or neither to have them made`,
    );
  if (there.length === 0) await makeCertificate(certificatePath, keyPath, names);
  const certificate = readFileSync(certificatePath, 'utf8');
  return {
    certificate,
    certificateKey: readFileSync(keyPath, 'utf8'),
    certificateFingerprint: new X509Certificate(certificate).fingerprint256,
    hostKeys: HOST_KEYS.map(({ file, type }) => hostKey(join(dataDirectory, file), type)),
  };
}

function hostKey(path: string, type: (typeof HOST_KEYS)[number]['type']): string {
  if (!existsSync(path)) writeFileSync(path, makeSshKeyPair(type).private, { mode: 0o600 });
  const key = readFileSync(path, 'utf8');
  const fault = sshKeyFault(key);
  if (fault === undefined) return key;
  throw new ConfigError(
    `${path} is no SSH private key that can be used (${fault}): put another there, or remove it to have one made`,
  );
}

async function makeCertificate(certificatePath: string, keyPath: string, names: readonly string[]): Promise<void> {
  const notAfterDate = new Date();
  notAfterDate.setFullYear(notAfterDate.getFullYear() + CERTIFICATE_YEARS);
  const altNames = names.map((name) =>
    /^[0-9.]+$|:/.test(name) ? { type: 7 as const, ip: name } : { type: 2 as const, value: name },
  );
  const made = await selfsigned.generate([{ name: 'commonName', value: names[0] ?? 'localhost' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    notAfterDate,
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'subjectAltName', altNames },
    ],
  });
  writeFileSync(keyPath, made.private, { mode: 0o600 });
  writeFileSync(certificatePath, made.cert, { mode: 0o644 });
}
