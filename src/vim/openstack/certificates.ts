/** Certificates of the authorities that are trusted, in PEM (RFC 7468), and those that are not accepted. */
import { X509Certificate } from 'node:crypto';

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/**
 * The certificates of a text, without what stands between them.
 * @param where they are, for messages
 * @throws Error where there is none, or one that cannot be read
 */
export function certificatesIn(text: string, where: string): string {
  const found = text.match(CERTIFICATE) ?? [];
  if (found.length === 0) {
    throw new Error(
      `${where} holds no certificate: PEM is expected, from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----.`,
    );
  }
  for (const [index, each] of found.entries()) {
    try {
      new X509Certificate(each);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new Error(`Certificate ${index + 1} of ${found.length} in ${where} cannot be read: ${reason}`, {
        cause: error,
      });
    }
  }
  return `${found.join('\n')}\n`;
}

/** OpenSSL's and Node's words for a certificate or a handshake that is not accepted. */
const MISTRUST = /^(ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_)|CERT/;

/** Whether a connection failed because the certificate of the other side, or the handshake, was not accepted. */
export function isMistrust(error: unknown): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && MISTRUST.test(error.code);
}
