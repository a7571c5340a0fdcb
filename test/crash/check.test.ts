/** `promise check` beside an agent under load, on a copy made meanwhile, and after the agent was killed. */
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { once } from 'node:events';
import Database from 'better-sqlite3';
import { expect } from 'chai';
import { setUpInfrastructure } from '../../src/cli/demo/infrastructure.ts';
import { RestconfClient } from '../../src/cli/demo/restconf-client.ts';
import { RestconfConsumer } from '../../src/cli/demo/restconf-consumer.ts';
import { randomFrom } from '../bench/statistics.ts';
import { ServedProcess } from '../served-process.ts';
import { temporaryDirectory } from '../unit/store/temporary-directory.ts';
import { Books, Worker } from './books.ts';

const PROGRAM = fileURLToPath(new URL('../../bin/promise.ts', import.meta.url));
const WORKERS = 8;

interface Outcome {
  readonly code: number;
  readonly said: string;
}

/** Runs `promise check` in a process of its own. */
async function check(directory: string, ...options: string[]): Promise<Outcome> {
  const child = spawn(process.execPath, ['--import', 'tsx', PROGRAM, 'check', '--data-dir', directory, ...options], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [said, complaints, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number]>,
  ]);
  return { code, said: said + complaints };
}

describe('promise check', function () {
  this.timeout(120_000);
  const directory = temporaryDirectory();
  const copy = temporaryDirectory();
  let served: ServedProcess | undefined;

  afterEach(() => served?.kill());
  after(() => {
    directory.remove();
    copy.remove();
  });

  it('finds nothing beside an agent under load, which it does not hold up; nor after that was killed', async () => {
    const agent = await ServedProcess.start('source', directory.path);
    served = agent;
    const consumer = (): RestconfConsumer => {
      const { username, password, ports } = agent;
      return new RestconfConsumer(
        new RestconfClient({ url: `http://127.0.0.1:${ports.http}`, username, password }),
        'json',
      );
    };
    const { provider, pool } = await setUpInfrastructure(consumer(), 'crash');
    const books = new Books();
    const random = randomFrom(3);
    const workers = Array.from({ length: WORKERS }, (_, number) => {
      return new Worker({ consumer: consumer(), books, name: `w${number}`, random, provider, pool });
    });
    const work = Promise.all(workers.map((worker) => worker.run()));
    work.catch(() => undefined);

    const events: number[] = [];
    for (let round = 0; round < 3; round++) {
      const before = books.answers;
      const { code, said } = await check(directory.path, '--json');
      expect(code, said).to.equal(0);
      const report = JSON.parse(said) as { ok: boolean; events: { total: number }; violations: unknown[] };
      expect(report).to.deep.include({ ok: true, violations: [] });
      events.push(report.events.total);
      expect(books.answers, 'answers while it ran').to.be.greaterThan(before);
    }
    expect(events[2], 'it sees what was written meanwhile').to.be.greaterThan(events[0] ?? 0);

    const database = new Database(join(directory.path, 'promise.db'), { readonly: true });
    await database.backup(join(copy.path, 'promise.db'));
    database.close();
    await agent.kill();
    await work;
    for (const path of [copy.path, directory.path]) {
      const { code, said } = await check(path);
      expect(code, said).to.equal(0);
      expect(said)
        .to.match(/records +.*reservation \d+/)
        .and.to.include('All holds.');
    }
  });

  it('says what does not hold, in words and as JSON, and exits with 1; with 2 where there is nothing to check', async () => {
    const database = new Database(join(copy.path, 'promise.db'));
    const { id } = database.prepare<[], { id: string }>("SELECT id FROM record WHERE kind = 'reservation'").get() ?? {};
    const damage = `UPDATE record SET body = json_set(body, '$.demand.capacity.cores', 100000) WHERE id = ?`;
    database.prepare(damage).run(String(id));
    database.close();
    const words = await check(copy.path);
    expect(words.code).to.equal(1);
    expect(words.said).to.match(/^capacity: 1\n {2}pool\/\S+, \d{4}-\d\d-\d\dT.*cores too much; held by .*$/m);
    expect(words.said).to.match(/^\d+ violations\.$/m);
    const json = await check(copy.path, '--json');
    expect(json.code).to.equal(1);
    const { ok, violations } = JSON.parse(json.said) as { ok: boolean; violations: { rule: string; at?: string }[] };
    expect(ok).to.equal(false);
    expect(violations.find(({ rule }) => rule === 'capacity')?.at).to.match(/^\d{4}-/);

    const nowhere = await check(join(copy.path, 'nowhere'));
    expect(nowhere.code).to.equal(2);
    expect(nowhere.said).to.include('is not a data directory, it does not exist');
    const users = join(copy.path, 'users');
    mkdirSync(users);
    writeFileSync(join(users, 'users.json'), '{}');
    const empty = await check(users);
    expect(empty.code).to.equal(2);
    expect(empty.said).to.include('has no promise.db');
    const wrong = await check(copy.path, '--at', 'yesterday');
    expect(wrong.code).to.equal(2);
    expect(wrong.said).to.include('--at');
  });
});
