import { hash, randomBytes, scrypt, timingSafeEqual, type ScryptOptions } from 'node:crypto';
import { chmodSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

/** Cost of one hash: 16 MiB of memory and some 50 ms on a small server. */
const SCRYPT = { N: 16384, r: 8, p: 1 };
const HASH_BYTES = 32;

/**
 * How long a password that was right is believed after it was used last, without hashing again: for clients that send it with
 * each request. One that is changed is not believed from then on, whatever the time.
 */
const REMEMBERED_MS = 60_000;
const REMEMBERED_MAX = 1_000;

const userName = z
  .string()
  .regex(
    /^[A-Za-z_][A-Za-z0-9_.@-]{0,63}$/,
    'a user name is 1 to 64 letters, digits or _ . @ - and starts with a letter or _',
  );

const userRecord = z.strictObject({
  password: z.strictObject({ salt: z.string(), hash: z.string(), n: z.int(), r: z.int(), p: z.int() }).optional(),
  /** OpenSSH public keys, `algorithm base64` each. */
  keys: z.array(z.string()),
  /** Tenant on whose account the user reserves and allocates. */
  tenant: z.string().min(1).max(255).optional(),
});
type UserRecord = z.infer<typeof userRecord>;
const usersFile = z.strictObject({ users: z.record(userName, userRecord) });

/** A public key as SSH presents it (RFC 4253 §6.6): the algorithm's name and the key blob. */
export interface PublicKey {
  readonly algorithm: string;
  readonly blob: Uint8Array;
}

/**
 * The users who may log in, over NETCONF and RESTCONF alike: scrypt hashes and public keys in `users.json` of the data
 * directory, readable by its owner only. The file is read again whenever it changed, so `promise user add` works
 * beside a running agent.
 */
export class Users {
  readonly #path: string;
  /** Size and time of change of the file that was read; undefined before there is one. */
  #version: string | undefined;
  #users: ReadonlyMap<string, UserRecord> = new Map();
  /** Digests of user and password that were right, with the time until which they are believed. */
  readonly #remembered = new Map<string, number>();
  /** Hashes being made, by digest. */
  readonly #checking = new Map<string, Promise<boolean>>();
  readonly #salt = randomBytes(16);
  readonly #pepper = this.#salt.toString('base64');

  constructor(dataDirectory: string) {
    this.#path = join(dataDirectory, 'users.json');
    this.#refresh();
  }

  get names(): readonly string[] {
    this.#refresh();
    return [...this.#users.keys()];
  }

  /**
   * Adds a user, or gives one that exists another password, one more key or another tenant.
   * @throws Error if the name is no user name or the key is no OpenSSH public key
   */
  async add(
    name: string,
    credentials: { readonly password?: string; readonly key?: string; readonly tenant?: string },
  ): Promise<void> {
    const parsed = userName.safeParse(name);
    if (!parsed.success) throw new Error(`'${name}': ${parsed.error.issues[0]?.message ?? 'not a user name'}`);
    if (credentials.password === '') throw new Error('the password is empty');
    this.#refresh();
    const before: UserRecord = this.#users.get(name) ?? { keys: [] };
    const keys =
      credentials.key === undefined ? before.keys : [...new Set([...before.keys, normalKey(credentials.key)])];
    const password = credentials.password === undefined ? before.password : await hashPassword(credentials.password);
    const tenant = credentials.tenant ?? before.tenant;
    if (tenant === '' || (tenant?.length ?? 0) > 255) throw new Error('the name of a tenant has 1 to 255 characters');
    const record: UserRecord = {
      ...(password === undefined ? {} : { password }),
      keys,
      ...(tenant === undefined ? {} : { tenant }),
    };
    this.#write(new Map(this.#users).set(name, record));
  }

  /** Whether the password is the user's. Takes as long for a user that does not exist. */
  async checkPassword(name: string, password: string): Promise<boolean> {
    this.#refresh();
    const record = this.#users.get(name)?.password;
    const digest = hash('sha256', JSON.stringify([this.#pepper, name, password, record?.hash]), 'base64');
    const believedUntil = this.#remembered.get(digest);
    if (believedUntil !== undefined && believedUntil > Date.now()) {
      this.#remembered.set(digest, Date.now() + REMEMBERED_MS);
      return true;
    }
    // Many requests of one client at once ask for one hash, not for one each.
    let check = this.#checking.get(digest);
    if (check === undefined) {
      check = this.#derives(record, password, digest).finally(() => this.#checking.delete(digest));
      this.#checking.set(digest, check);
    }
    return await check;
  }

  async #derives(record: UserRecord['password'], password: string, digest: string): Promise<boolean> {
    const salt = record === undefined ? this.#salt : Buffer.from(record.salt, 'base64');
    const derived = await derive(
      password,
      salt,
      record === undefined ? SCRYPT : { N: record.n, r: record.r, p: record.p },
    );
    if (record === undefined || !timingSafeEqual(derived, Buffer.from(record.hash, 'base64'))) return false;
    if (this.#remembered.size >= REMEMBERED_MAX) this.#remembered.clear();
    this.#remembered.set(digest, Date.now() + REMEMBERED_MS);
    return true;
  }

  /** The tenant of a user; none for a user that does not exist. */
  standing(name: string): { readonly tenant?: string } {
    this.#refresh();
    const tenant = this.#users.get(name)?.tenant;
    return tenant === undefined ? {} : { tenant };
  }

  /** Whether the key is one of the user's; that the client holds its private half is the SSH server's to check. */
  hasKey(name: string, key: PublicKey): boolean {
    this.#refresh();
    const presented = Buffer.from(key.blob);
    const keys = this.#users.get(name)?.keys ?? [];
    return keys.some((text) => {
      const stored = Buffer.from(text.split(' ')[1] ?? '', 'base64');
      return stored.length === presented.length && timingSafeEqual(stored, presented);
    });
  }

  #refresh(): void {
    const stat = statSync(this.#path, { bigint: true, throwIfNoEntry: false });
    const version = stat === undefined ? undefined : [stat.ino, stat.size, stat.mtimeNs].join();
    if (version === this.#version || version === undefined) return;
    const parsed = usersFile.safeParse(JSON.parse(readFileSync(this.#path, 'utf8')));
    if (!parsed.success) throw new Error(`${this.#path} is not a user file: ${z.prettifyError(parsed.error)}`);
    this.#users = new Map(Object.entries(parsed.data.users));
    this.#version = version;
  }

  #write(users: ReadonlyMap<string, UserRecord>): void {
    const text = `${JSON.stringify({ users: Object.fromEntries(users) }, null, 2)}\n`;
    const unfinished = `${this.#path}.${process.pid}`;
    writeFileSync(unfinished, text, { mode: 0o600 });
    chmodSync(unfinished, 0o600);
    renameSync(unfinished, this.#path);
    this.#refresh();
  }
}

async function hashPassword(password: string): Promise<NonNullable<UserRecord['password']>> {
  const salt = randomBytes(16);
  const derived = await derive(password, salt, SCRYPT);
  return { salt: salt.toString('base64'), hash: derived.toString('base64'), n: SCRYPT.N, r: SCRYPT.r, p: SCRYPT.p };
}

function derive(password: string, salt: Uint8Array, cost: ScryptOptions): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password.normalize('NFKC'), salt, HASH_BYTES, { ...cost, maxmem: 256 * 1024 * 1024 }, (error, key) => {
      if (error === null) resolve(key);
      else reject(error);
    });
  });
}

/** `algorithm base64` of an OpenSSH public key line, whose comment and options are left out. */
function normalKey(line: string): string {
  const match = /(?:^|\s)((?:ssh|ecdsa)-[a-z0-9@.-]+) ([A-Za-z0-9+/]+=*)(?:\s|$)/.exec(line.trim());
  const [, algorithm, base64] = match ?? [];
  if (algorithm === undefined || base64 === undefined) {
    throw new Error("not an OpenSSH public key: a line such as 'ssh-ed25519 AAAAC3Nz… comment' is expected");
  }
  const blob = Buffer.from(base64, 'base64');
  const nameLength = blob.length >= 4 ? blob.readUInt32BE(0) : 0;
  if (blob.subarray(4, 4 + nameLength).toString('latin1') !== algorithm) {
    throw new Error(`not an OpenSSH public key: what follows '${algorithm}' is a key of another kind, or incomplete`);
  }
  return `${algorithm} ${base64}`;
}
