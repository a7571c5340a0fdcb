/** What the compiler makes of handlers and data: the types are tried on programs that are right and on programs that are wrong. */
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', '..');

const imports = `
import type { Handlers, CreateReservationInput, CreateReservationOutput, PromiseTree, Reservation, Notification } from '../../src/generated/opnfv-promise.ts';
import { paths } from '../../src/generated/opnfv-promise.ts';
import type { Data, Entries } from '../../src/yang/data.ts';
type Complete = Handlers<object>;
declare const rest: Omit<Complete, 'destroy-instance' | 'create-reservation'>;
export type Used = [CreateReservationInput, CreateReservationOutput, PromiseTree, Reservation, Notification, Data, Entries, typeof paths];
`;

/** Each program is a file of its own; the wrong ones say which error is expected. */
const programs: Readonly<Record<string, { readonly text: string; readonly error?: RegExp }>> = {
  'all handlers': {
    text: `
export const handlers: Complete = {
  ...rest,
  'create-reservation': (_context, input) =>
    Promise.resolve({ result: 'ok', status: input.asynchronous ? 'pending' : 'active', 'reservation-id': 'r1' }),
  'destroy-instance': (_context, input) =>
    Promise.resolve({ result: 'ok', status: 'DELETING', message: \`\${input['instance-id']} goes\` }),
};`,
  },
  'a handler is lacking': {
    text: `
export const handlers: Complete = {
  ...rest,
  'destroy-instance': () => Promise.resolve({ result: 'ok', status: 'DELETING' }),
};`,
    error: /Property ''create-reservation'' is missing/,
  },
  'a mandatory leaf is lacking': {
    text: `
export const handlers: Pick<Complete, 'destroy-instance'> = {
  'destroy-instance': () => Promise.resolve({ result: 'ok' }),
};`,
    error: /Property 'status' is missing|Type 'Promise<\{ result: "ok"; \}>' is not assignable/,
  },
  'an enumeration has no such value': {
    text: `
export const handlers: Pick<Complete, 'destroy-instance'> = {
  'destroy-instance': () => Promise.resolve({ result: 'ok', status: 'GONE' }),
};`,
    error: /"GONE"|'GONE'/,
  },
  'a 64-bit integer is a number': {
    text: `export const answer: CreateReservationOutput = { result: 'conflict', status: 'rejected', refusal: { most: { ram: 4096 } } };`,
    error: /Type 'number' is not assignable to type 'string'/,
  },
  'an identity lacks its module': {
    text: `export const answer: CreateReservationOutput = { result: 'conflict', status: 'rejected', reason: 'insufficient-capacity' };`,
    error: /not assignable to type/,
  },
  'an unknown leaf': {
    text: `export const answer: CreateReservationOutput = { result: 'ok', status: 'active', reservation: 'r1' };`,
    error: /'reservation' does not exist/,
  },
  'a list where a single entry is': {
    text: `export const path = paths['/opnfv-promise:promise/pools/pool']();`,
    error: /Expected 1 arguments/,
  },
  'data of the datastore and of the general kind': {
    text: `
declare const tree: PromiseTree;
declare const entries: Entries<Reservation>;
export const asData: Data = { 'opnfv-promise:promise': tree };
export const lists: PromiseTree = { reservations: { reservation: entries }, pools: { pool: [{ id: 'p1', source: 'v1' }] } };
export const general: Entries = entries;
export function nameOf(event: Notification): string {
  switch (event.name) {
    case 'reservation-event':
      return event.content['reservation-id'];
    case 'offer-event':
      return event.content['offer-id'];
    case 'capacity-event':
      return event.content.pool ?? '';
    case 'allocation-event':
      return event.content['instance-id'];
  }
}
export function ids(of: PromiseTree): readonly string[] {
  return [...(of.reservations?.reservation ?? [])].map((entry: Reservation) => entry.id);
}`,
  },
};

describe('generated types', () => {
  let errors: ReadonlyMap<string, string>;

  before(async function () {
    this.timeout(60_000);
    errors = await compile();
  });

  for (const [title, { error }] of Object.entries(programs)) {
    it(error === undefined ? `accept: ${title}` : `refuse: ${title}`, () => {
      if (error === undefined) expect(errors.get(title)).to.equal(undefined);
      else expect(errors.get(title)).to.match(error);
    });
  }
});

/** Type-checks all programs in one run of the compiler. @returns its complaints by program */
async function compile(): Promise<ReadonlyMap<string, string>> {
  const directory = await mkdtemp(path.join(root, 'node_modules', '.types-'));
  try {
    const titles = Object.keys(programs);
    const config = { extends: path.join(root, 'tsconfig.check.json'), include: ['*.ts'] };
    await writeFile(path.join(directory, 'tsconfig.json'), JSON.stringify(config));
    await Promise.all(
      titles.map((title, at) => writeFile(path.join(directory, `p${at}.ts`), imports + (programs[title]?.text ?? ''))),
    );
    const { stdout } = spawnSync(path.join(root, 'node_modules', '.bin', 'tsc'), ['-p', directory], {
      encoding: 'utf8',
    });
    const errors = new Map<string, string>();
    let current = '';
    for (const line of stdout.split('\n')) {
      const at = /(?:^|\/)p(\d+)\.ts\(/.exec(line)?.[1];
      if (at !== undefined) current = titles[Number(at)] ?? '';
      else if (/^\S+\.ts\(/.test(line)) current = line;
      if (line !== '') errors.set(current, `${errors.get(current) ?? ''}${line}\n`);
    }
    return errors;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
