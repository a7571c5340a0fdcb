import { readFileSync } from 'node:fs';
import { ConfigError } from './config.ts';
import { certificatesIn } from './vim/openstack/certificates.ts';

/**
 * The certificates (PEM) in a file, without what stands between them.
 * @param setting that names the file, for messages
 * @throws ConfigError where it cannot be read, or holds no certificate
 */
export function readCertificates(path: string, setting: string): string {
  try {
    return certificatesIn(readFileSync(path, 'utf8'), path);
  } catch (error) {
    throw new ConfigError(`${setting}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
