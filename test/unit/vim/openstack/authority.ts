import { generate } from 'selfsigned';

/** A key for 127.0.0.1, and a certificate that is its own authority. */
export interface OwnAuthority {
  readonly key: string;
  readonly cert: string;
}

/** @param name by which authorities are told apart: two of one name stand in each other's way */
export async function makeAuthority(name = '127.0.0.1'): Promise<OwnAuthority> {
  const { private: key, cert } = await generate([{ name: 'commonName', value: name }], {
    // Not everybody takes the default, SHA-1.
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true },
      { name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] },
    ],
  });
  return { key, cert };
}
