import ssh2 from 'ssh2';

/** OpenSSH format, both. */
export interface SshKeyPair {
  readonly private: string;
  /** `algorithm base64`. */
  readonly public: string;
}

const MAKERS = {
  ed25519: () => ssh2.utils.generateKeyPairSync('ed25519'),
  ecdsa: () => ssh2.utils.generateKeyPairSync('ecdsa', { bits: 256 }),
  rsa: () => ssh2.utils.generateKeyPairSync('rsa', { bits: 3072 }),
} as const;

/** A new key pair: Ed25519, ECDSA over P-256, or RSA of 3072 bits. */
export function makeSshKeyPair(type: keyof typeof MAKERS): SshKeyPair {
  for (;;) {
    const pair = MAKERS[type]();
    // One of 256 Ed25519 keys begins with a zero byte, which ssh2 1.17.0 leaves out when it writes them.
    if (sshKeyFault(pair.private) === undefined && sshKeyFault(pair.public) === undefined) return pair;
  }
}

/** What is wrong with the text of a key, private or public; undefined when it can be used. */
export function sshKeyFault(text: string): string | undefined {
  const parsed = ssh2.utils.parseKey(text);
  if (parsed instanceof Error) return parsed.message;
  const blob = parsed.getPublicSSH();
  // An Ed25519 public key has 32 bytes (RFC 8709 §4), after the algorithm's name and two lengths.
  return parsed.type === 'ssh-ed25519' && blob.length !== 4 + 11 + 4 + 32 ? 'Malformed Ed25519 key' : undefined;
}
