import { hash, randomBytes, scrypt, timingSafeEqual, type ScryptOptions } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Role, Standing } from './agent/standing.ts';
import { whileLocked } from './file-lock.ts';
import { PasswordChecks } from './password-checks.ts';

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
  /** Absent: consumer with a tenant, operator without. */
  role: z.enum(['consumer', 'operator']).optional(),
});
type UserRecord = z.infer<typeof userRecord>;
const usersFile = z.strictObject({ users: z.record(userName, userRecord) });

/** On whose behalf the agent itself acts. */
export const SYSTEM_USER = 'promise';

/** What is given of a user; what is absent stays as it is. */
export interface UserDetails {
  readonly password?: string;
  /** One more OpenSSH public key. */
  readonly key?: string;
  readonly tenant?: string;
  readonly role?: Role;
}

/** A user without his secrets. */
export interface UserEntry {
  readonly name: string;
  readonly standing: Standing;
  readonly hasPassword: boolean;
  /** How many public keys. */
  readonly keys: number;
}

/** A public key as SSH presents it (RFC 4253 §6.6): the algorithm's name and the key blob. */
export interface PublicKey {
  readonly algorithm: string;
  readonly blob: Uint8Array;
}

/**
 * The users who may log in, over NETCONF and RESTCONF alike: scrypt hashes and public keys in `users.json` of the data
 * directory, readable by its owner only. The file is read again whenever it changed, so `promise user` works
 * beside a running agent. Without the file nobody is known.
 */
export class Users {
  readonly #directory: string;
  readonly #path: string;
  readonly #lost: (path: string) => void;
  readonly #checks = new PasswordChecks();
  /** Whether the file was looked at in this turn of the event loop. */
  #looked = false;
  /** Size and time of change of the file that was read; undefined before there is one. */
  #version: string | undefined;
  #users: ReadonlyMap<string, UserRecord> = new Map();
  /** Digests of user and password that were right, with the time until which they are believed. */
  readonly #remembered = new Map<string, number>();
  /** Hashes being made, by digest. */
  readonly #checking = new Map<string, Promise<boolean>>();
  readonly #salt = randomBytes(16);
  readonly #pepper = this.#salt.toString('base64');

  /** @param options.lost told when the file is gone */
  constructor(dataDirectory: string, options: { readonly lost?: (path: string) => void } = {}) {
    this.#directory = dataDirectory;
    this.#lost = options.lost ?? (() => undefined);
    this.#path = join(dataDirectory, 'users.json');
    this.#refresh();
  }

  get names(): readonly string[] {
    this.#refresh();
    return [...this.#users.keys()];
  }

  /** The users in the order of their names. */
  list(): readonly UserEntry[] {
    this.#refresh();
    return [...this.#users]
      .map(([name, record]) => ({
        name,
        standing: standingOf(record),
        hasPassword: record.password !== undefined,
        keys: record.keys.length,
      }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /**
   * Adds a user, or changes one who exists.
   * @throws Error if the name is no user name, the key is no OpenSSH public key, or a consumer would have no tenant
   */
  async add(name: string, details: UserDetails): Promise<void> {
    const parsed = userName.safeParse(name);
    if (!parsed.success) throw new Error(`'${name}': ${parsed.error.issues[0]?.message ?? 'not a user name'}`);
    if (name === SYSTEM_USER) throw new Error(`'${name}' is the name by which the agent itself acts; choose another`);
    if (details.password === '') throw new Error('the password is empty');
    if (details.tenant === '' || (details.tenant?.length ?? 0) > 255)
      throw new Error('the name of a tenant has 1 to 255 characters');
    const password = details.password === undefined ? undefined : await hashPassword(details.password);
    const key = details.key === undefined ? undefined : normalKey(details.key);
    await this.#change((users) => {
      const before: UserRecord = users.get(name) ?? { keys: [] };
      const { tenant, role } = { ...before, ...given({ tenant: details.tenant, role: details.role }) };
      if (role === 'consumer' && tenant === undefined)
        throw new Error(`a consumer belongs to a tenant: say which one '${name}' belongs to`);
      const keys = key === undefined ? before.keys : [...new Set([...before.keys, key])];
      return users.set(name, { keys, ...given({ password: password ?? before.password, tenant, role }) });
    });
  }

  /** Removes a user: from then on he may neither log in nor, where he is logged in already, do anything. @throws Error if there is none */
  async remove(name: string): Promise<void> {
    await this.#change((users) => {
      if (!users.delete(name)) throw new Error(`there is no user '${name}'`);
      return users;
    });
  }

  /**
   * Whether the password is the user's. Takes as long for a user that does not exist.
   * @param source where it came from, such as an address: one source may not have all others wait
   * @throws TooManyLogins when too many passwords wait to be checked
   */
  async checkPassword(name: string, password: string, source?: string): Promise<boolean> {
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
      check = this.#checks
        .run(source, () => this.#derives(record, password, digest))
        .finally(() => this.#checking.delete(digest));
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

  /** What a user is; undefined when there is none of that name. */
  standing(name: string): Standing | undefined {
    this.#refresh();
    const record = this.#users.get(name);
    return record === undefined ? undefined : standingOf(record);
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

  /** Reads the file again if it changed; asked with each request, it looks once for those that came together. */
  #refresh(): void {
    if (this.#looked) return;
    this.#looked = true;
    setImmediate(() => (this.#looked = false));
    const stat = statSync(this.#path, { bigint: true, throwIfNoEntry: false });
    const version = stat === undefined ? undefined : [stat.ino, stat.size, stat.mtimeNs].join();
    if (version === this.#version) return;
    // What is revoked by removing the file must not live on in memory.
    this.#users = version === undefined ? new Map() : this.#read();
    this.#version = version;
    if (version === undefined) this.#lost(this.#path);
  }

  #read(): ReadonlyMap<string, UserRecord> {
    const parsed = usersFile.safeParse(JSON.parse(readFileSync(this.#path, 'utf8')));
    if (!parsed.success) throw new Error(`${this.#path} is not a user file: ${z.prettifyError(parsed.error)}`);
    return new Map(Object.entries(parsed.data.users));
  }

  /** Changes what the file holds, whoever changes it at the same time; when this resolves, it is on disk. */
  async #change(change: (users: Map<string, UserRecord>) => ReadonlyMap<string, UserRecord>): Promise<void> {
    await whileLocked(`${this.#path}.lock`, () => {
      const exists = statSync(this.#path, { throwIfNoEntry: false }) !== undefined;
      this.#write(change(new Map(exists ? this.#read() : [])));
    });
    this.#looked = false;
    this.#refresh();
  }

  #write(users: ReadonlyMap<string, UserRecord>): void {
    const text = `${JSON.stringify({ users: Object.fromEntries(users) }, null, 2)}\n`;
    const unfinished = `${this.#path}.new`;
    const file = openSync(unfinished, 'w', 0o600);
    try {
      writeFileSync(file, text);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(unfinished, this.#path);
    const directory = openSync(this.#directory, 'r');
    try {
      fsyncSync(directory);
    } finally {
      closeSync(directory);
    }
  }
}

function standingOf({ tenant, role }: UserRecord): Standing {
  if (tenant === undefined) return { role: 'operator' };
  return { role: role ?? 'consumer', tenant };
}

/** The members that are there. */
function given<Members extends object>(
  members: Members,
): { [Name in keyof Members]?: Exclude<Members[Name], undefined> } {
  // Cast: what is left out is what is undefined.
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as {
    [Name in keyof Members]?: Exclude<Members[Name], undefined>;
  };
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
