import { Buffer } from 'node:buffer';
import ssh2, { type AuthContext, type Connection, type PublicKeyAuthContext } from 'ssh2';
import type { Logger } from '../observe/log.ts';

/** A public key as the client presents it (RFC 4252 §7). */
export interface PublicKey {
  /** The key's own type, e.g. `ssh-ed25519` or `ssh-rsa`. */
  readonly algorithm: string;
  /** The key in the SSH wire format (RFC 4253 §6.6). */
  readonly blob: Buffer;
}

/** `busy`: more passwords wait to be checked than the server takes at once. */
export type PasswordVerdict = 'right' | 'wrong' | 'busy';

/**
 * Who may log in. Any one method that a user has is enough. Both answers should take the same time for a user that
 * does not exist, and compare in constant time.
 */
export interface Authenticator {
  password(user: string, password: string): Promise<PasswordVerdict>;
  /** Whether the key belongs to the user; that the client holds the private half is checked here. */
  publicKey(user: string, key: PublicKey): boolean;
}

const METHODS: Parameters<AuthContext['reject']>[0] = ['publickey', 'password'];

/** Key types that are taken. RSA signatures must use SHA-2 (RFC 8332); those with SHA-1 are refused. */
const KEY_TYPES: ReadonlySet<string> = new Set([
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'ssh-rsa',
]);

const MAX_USER_NAME = 256;

export interface AuthenticationOptions {
  readonly authenticator: Authenticator;
  /** Attempts that fail before the connection is closed. */
  readonly maxAttempts: number;
  readonly log: Logger;
  /** Called once, with the name of the user who logged in. */
  readonly authenticated: (user: string) => void;
  /** Called when the attempts are used up. */
  readonly exhausted: () => void;
}

/** Answers a connection's authentication requests (RFC 4252) until one succeeds. */
export function authenticate(connection: Connection, options: AuthenticationOptions): void {
  let failures = 0;
  let isOpen = true;
  connection.on('close', () => {
    isOpen = false;
  });
  const refuse = (context: AuthContext, reason: string): void => {
    options.log.info({ user: context.username, method: context.method, reason }, 'login refused');
    failures += 1;
    context.reject(METHODS);
    if (failures >= options.maxAttempts) options.exhausted();
  };

  connection.on('authentication', (context) => {
    // The first request of most clients: it only asks which methods there are.
    if (context.method === 'none') {
      context.reject(METHODS);
      return;
    }
    decide(context, options.authenticator).then(
      (decision) => {
        // The client may leave while its password is being checked; there is nobody to answer then.
        if (!isOpen) return;
        if (decision === 'refused') refuse(context, 'wrong credentials');
        else if (decision === 'put-off') {
          // It is no failed attempt: the client may try again for as long as it may take to log in.
          options.log.info({ user: context.username, reason: 'too many passwords are being checked' }, 'login put off');
          context.reject(METHODS);
        } else if (decision === 'unsupported') refuse(context, 'method, key type or signature algorithm not supported');
        else {
          if (decision === 'granted') options.authenticated(context.username);
          context.accept();
        }
      },
      (error: unknown) => {
        options.log.error({ err: error, user: context.username }, 'the user store failed; login refused');
        if (isOpen) refuse(context, 'user store failed');
      },
    );
  });
}

/** `usable`: the key would be taken, and the client may now sign with it. */
type AuthDecision = 'granted' | 'usable' | 'refused' | 'put-off' | 'unsupported';

const BY_VERDICT: Readonly<Record<PasswordVerdict, AuthDecision>> = {
  right: 'granted',
  wrong: 'refused',
  busy: 'put-off',
};

async function decide(context: AuthContext, authenticator: Authenticator): Promise<AuthDecision> {
  if (context.username.length > MAX_USER_NAME) return 'refused';
  switch (context.method) {
    case 'password':
      // A request to change the password (RFC 4252 §8) arrives as an object, which the declared type leaves out.
      if (typeof context.password !== 'string') return 'unsupported';
      return BY_VERDICT[await authenticator.password(context.username, context.password)];
    case 'publickey':
      return decideKey(context, authenticator);
    default:
      return 'unsupported';
  }
}

function decideKey(context: PublicKeyAuthContext, authenticator: Authenticator): AuthDecision {
  const { algo, data } = context.key;
  if (!KEY_TYPES.has(algo)) return 'unsupported';
  if (algo === 'ssh-rsa' && context.hashAlgo !== 'sha256' && context.hashAlgo !== 'sha512') return 'unsupported';
  const key = parsePublicKey(algo, data);
  if (key === undefined) return 'refused';
  if (!authenticator.publicKey(context.username, { algorithm: algo, blob: data })) return 'refused';
  if (context.signature === undefined || context.blob === undefined) return 'usable';
  return key.verify(context.blob, context.signature, context.hashAlgo) ? 'granted' : 'refused';
}

function parsePublicKey(algorithm: string, blob: Buffer): { verify: ssh2.ParsedKey['verify'] } | undefined {
  const parsed = ssh2.utils.parseKey(`${algorithm} ${blob.toString('base64')}`);
  return parsed instanceof Error || parsed.type !== algorithm ? undefined : parsed;
}
