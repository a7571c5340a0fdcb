/** `promise check`: a data directory that is as it should be, and damaged in every way that has a rule of its own. */
import { cpSync, rmSync, truncateSync, openSync, writeSync, closeSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect } from 'chai';
import { checkDirectory } from '../../src/check.ts';
import type { CheckReport } from '../../src/check.ts';
import { reservationIn } from '../../src/engine/reservation-record.ts';
import type { ReservationRecord } from '../../src/engine/reservation-record.ts';
import { emptyHead } from '../../src/engine/state.ts';
import type { Json } from '../../src/agent/local-client.ts';
import { at, HOUR, PromiseFixture, SIMULATION, START } from './agent/handlers/promise-fixture.ts';
import { temporaryDirectory } from './store/temporary-directory.ts';

type Directory = ReturnType<typeof temporaryDirectory>;

/** What the directory that is damaged holds. */
interface Known {
  readonly provider: string;
  readonly pool: string;
  readonly scheduled: string;
  readonly active: string;
  readonly placed: string;
  readonly offer: string;
  readonly machine: string;
}

describe('check of a data directory', () => {
  let sound: Directory;
  let known: Known;
  let damaged: Directory;

  before(async () => {
    sound = temporaryDirectory();
    // The fixture removes its directory when it is closed, so it works on one of its own.
    const work = temporaryDirectory();
    const promise = await new PromiseFixture(work).start();
    known = await populate(promise);
    await promise.settle();
    await promise.stop();
    cpSync(work.path, sound.path, { recursive: true });
    work.remove();
  });
  after(() => sound.remove());

  beforeEach(() => {
    damaged = temporaryDirectory();
    cpSync(sound.path, damaged.path, { recursive: true });
  });
  afterEach(() => damaged.remove());

  const check = (instant = START): CheckReport => {
    const report = checkDirectory({ directory: damaged.path, at: instant });
    if (report === undefined) throw new Error('there is no database');
    return report;
  };

  const sql = (statement: string, ...values: (string | number)[]): void => {
    const database = new Database(join(damaged.path, 'promise.db'));
    try {
      expect(database.prepare(statement).run(...values).changes, 'rows that were damaged').to.be.greaterThan(0);
    } finally {
      database.close();
    }
  };

  /** Changes a record as nobody may. */
  const tamper = (kind: string, id: string, change: (body: Json) => Json): void => {
    const database = new Database(join(damaged.path, 'promise.db'));
    try {
      const row = database.prepare<[string, string], { body: string }>(
        'SELECT body FROM record WHERE kind = ? AND id = ?',
      );
      const body = entityOf(kind, id, JSON.parse(row.get(kind, id)?.body ?? 'null') as Json);
      const after = JSON.stringify(change(body));
      database.prepare('UPDATE record SET body = ? WHERE kind = ? AND id = ?').run(after, kind, id);
    } finally {
      database.close();
    }
  };

  /** The rules that are violated at a place, and what is said of it. */
  const found = (where: string | RegExp): string[] =>
    check()
      .faults.filter((fault) => (typeof where === 'string' ? fault.where === where : where.test(fault.where)))
      .map(({ rule, message }) => `${rule}: ${message}`);

  const claimsOf = (body: Json): Json[] => body['claims'] as Json[];
  const firstClaim =
    (change: Json) =>
    (body: Json): Json => {
      const [first, ...others] = claimsOf(body);
      return { ...body, claims: [{ ...first, ...change }, ...others] };
    };

  it('finds nothing in one that is sound, and says how much it looked at', () => {
    const report = check();
    expect(report.faults).to.deep.equal([]);
    expect(report.complete).to.equal(true);
    expect(report.schema.present).to.equal(report.schema.known);
    expect(report.records).to.include({ provider: 1, pool: 1, reservation: 4, offer: 2, allocation: 1, policy: 1 });
    expect(report.subjects).to.include({ reservation: 4, offer: 2, allocation: 1 });
    expect(report.subjects.capacity, 'one pool, two hosts').to.equal(3);
    expect(report.events.told, 'reservations, offers and the machine').to.equal(7);
    expect(report.due.items).to.be.greaterThan(5);
  });

  it('tells nothing where there is no database', () => {
    rmSync(join(damaged.path, 'promise.db'));
    expect(checkDirectory({ directory: damaged.path, at: START })).to.equal(undefined);
  });

  describe('finds in the database', () => {
    it('a file that is no database', () => {
      writeFileSync(join(damaged.path, 'promise.db'), 'this is not a database, whatever its name says'.repeat(100));
      for (const suffix of ['-wal', '-shm']) rmSync(join(damaged.path, `promise.db${suffix}`), { force: true });
      const { faults, complete } = check();
      expect(faults.map(({ rule }) => rule)).to.deep.equal(['database']);
      expect(complete).to.equal(false);
    });

    it('pages that are damaged', () => {
      const path = join(damaged.path, 'promise.db');
      const file = openSync(path, 'r+');
      for (let page = 2; page < 12; page++) writeSync(file, Buffer.alloc(2_000, 0x5a), 0, 2_000, page * 4096 + 1_000);
      closeSync(file);
      const { faults, complete } = check();
      expect(faults).to.not.equal([]);
      expect(new Set(faults.map(({ rule }) => rule))).to.deep.equal(new Set(['database']));
      expect(complete).to.equal(false);
    });

    it('a file that was cut off', () => {
      truncateSync(join(damaged.path, 'promise.db'), 4096 * 5);
      expect(check().faults.map(({ rule }) => rule)).to.include('database');
    });

    it('a schema of a later release, which is left alone', () => {
      sql('UPDATE migration SET version = 99 WHERE version = (SELECT max(version) FROM migration)');
      const { faults, complete } = check();
      expect(faults).to.have.length(1);
      expect(faults[0]).to.include({ rule: 'schema' });
      expect(faults[0]?.message).to.include('99');
      expect(complete).to.equal(false);
    });
  });

  describe('finds in the records', () => {
    it('one that is not JSON', () => {
      sql("UPDATE record SET body = '{' WHERE kind = 'reservation' AND id = ?", known.scheduled);
      expect(found(/./)).to.have.length(1);
      expect(found(`reservation ${known.scheduled}`)[0]).to.include('record: cannot be read');
    });

    it('one that is not what its kind says', () => {
      sql("UPDATE record SET body = '{}' WHERE kind = 'reservation' AND id = ?", known.scheduled);
      expect(found(`reservation ${known.scheduled}`)[0]).to.include('record: cannot be read');
    });

    it('a kind that it does not know', () => {
      sql("INSERT INTO record (kind, id, body) VALUES ('sausage', '1', '{}')");
      expect(found('sausage')).to.deep.equal(['record: records of this kind are not known to this release']);
    });
  });

  describe('finds that does not hold of', () => {
    it('a pool: more is held than there is, with who holds it and from when on', () => {
      tamper('reservation', known.scheduled, firstClaim({ capacity: { cores: 60 } }));
      const [fault] = check().faults.filter(({ rule }) => rule === 'capacity');
      expect(fault).to.include({ where: `pool/${known.pool}`, at: START + HOUR });
      expect(fault?.message).to.include('cores too much').and.to.include(known.scheduled);
    });

    it('a host', () => {
      tamper('reservation', known.placed, firstClaim({ capacity: { cores: 12, ram: 1024, instances: 1 } }));
      expect(found(`host/${known.provider}/left`)[0]).to.match(/^capacity: bears more than it has: \d+ cores too much/);
    });

    it('a quota', () => {
      tamper('policy', 'policy', (policy) => ({
        ...policy,
        quotas: [{ name: 'small', tenant: 'red', capacity: { cores: 1 }, since: START - HOUR }],
      }));
      expect(found('quota/small/red')[0]).to.include('quota: is exceeded: 1 cores too much');
    });

    it('the number of reservations under a quota', () => {
      tamper('policy', 'policy', (policy) => ({
        ...policy,
        quotas: [{ name: 'few', tenant: 'red', reservations: 0, capacity: {}, since: START - HOUR }],
      }));
      expect(found('quota/few/red')).to.deep.equal(['quota: counts 5 reservations of 0']);
    });

    it('a provider: its pools promise more than it has', () => {
      tamper('pool', known.pool, (pool) => ({ ...pool, capacity: { ...(pool['capacity'] as Json), cores: 40 } }));
      expect(found(known.provider)).to.deep.equal(['provider: its pools have more cores than it has']);
    });

    it('a claim: on a pool that is not there', () => {
      sql("DELETE FROM record WHERE kind = 'pool'");
      expect(found(known.scheduled)).to.include(`claim: its claim 1 is on pool/${known.pool}, which does not exist`);
      expect(found(known.machine)).to.include(`allocation: its pool ${known.pool} does not exist`);
    });

    it('a claim: less than nothing, and twice', () => {
      tamper('reservation', known.scheduled, (body) => {
        const [claim = {}] = claimsOf(body);
        return { ...body, claims: [{ ...claim, capacity: { cores: -1 } }, claim] };
      });
      expect(found(known.scheduled)).to.include.members([
        'claim: its claim 1 is negative',
        'claim: its claims share an id',
      ]);
    });

    it('a reservation: a claim outside its window', () => {
      tamper('reservation', known.scheduled, firstClaim({ start: START }));
      expect(found(known.scheduled)).to.include('reservation: its claim 1 lies outside its window');
    });

    it('a reservation: allocated beyond what it holds', () => {
      tamper('reservation', known.active, firstClaim({ capacity: { cores: 0, ram: 1024, instances: 1 } }));
      expect(found(known.active)).to.include(
        `reservation: more is allocated under it on pool/${known.pool} than it holds`,
      );
    });

    it('a reservation: members of a group on one host', () => {
      tamper('reservation', known.placed, (body) => {
        const [first = {}, second = {}] = claimsOf(body);
        return { ...body, claims: [first, { ...second, host: first['host'] ?? '' }] };
      });
      expect(found(known.placed)).to.include('reservation: members of its group apart share a host');
    });

    it('an offer: one that was accepted and holds something beside its reservation', () => {
      tamper('offer', known.offer, (body) => ({ ...body, status: 'accepted' }));
      expect(found(known.offer)).to.include('offer: it was accepted and holds something beside its reservation');
    });

    it('an allocation: whose reservation and provider are gone', () => {
      sql("DELETE FROM record WHERE kind = 'reservation' AND id = ?", known.active);
      sql("DELETE FROM record WHERE kind = 'provider'");
      expect(found(known.machine)).to.include.members([
        'allocation: it is backed by a reservation that is not there',
        `allocation: its provider ${known.provider} does not exist`,
      ]);
    });

    it('an element: held by two', () => {
      const element = `element/${known.provider}/network/private`;
      tamper('reservation', known.placed, (body) => ({
        ...body,
        claims: claimsOf(body).map((claim) => ({ ...claim, element })),
      }));
      expect(found(element)).to.include(`element: is held by two at once; held by ${known.placed}`);
    });

    it('a machine that is waited for', () => {
      tamper('reservation', known.active, (body) => ({ ...body, awaits: [known.machine] }));
      expect(found(known.machine)).to.include.members([
        'loan: is waited for and is not being deleted',
        `loan: ${known.active} waits for it with the status active`,
      ]);
    });
  });

  describe('finds in the work that falls due', () => {
    it('what is missing', () => {
      sql("DELETE FROM due WHERE task = 'start' AND subject = ?", known.scheduled);
      expect(found(known.scheduled)).to.deep.equal(["due: 'start' has to fall due and will not"]);
    });

    it('what is missing though its time is past', () => {
      sql("DELETE FROM due WHERE task = 'start' AND subject = ?", known.scheduled);
      sql("DELETE FROM due WHERE task = 'end' AND subject = ?", known.active);
      expect(check(START + 100 * HOUR).faults.map(({ rule, where }) => `${rule} ${where}`)).to.have.members([
        `due ${known.scheduled}`,
        `due ${known.active}`,
      ]);
    });

    it('the end of what is degraded, once its start was carried out', () => {
      tamper('reservation', known.scheduled, (body) => ({ ...body, status: 'degraded' }));
      const missing = (): string[] =>
        check(START + 1.5 * HOUR)
          .faults.filter(({ rule, where }) => rule === 'due' && where === known.scheduled)
          .map(({ message }) => message);
      expect(missing(), 'the start schedules the end').to.deep.equal([]);
      sql("DELETE FROM due WHERE task = 'start' AND subject = ?", known.scheduled);
      expect(missing()).to.include("'end' has to fall due and will not");
    });

    it('what is at another time, and what is for nobody', () => {
      sql("UPDATE due SET at = at + 1 WHERE task = 'lapse' AND subject = ?", known.offer);
      sql("INSERT INTO due (id, at, rank, task, subject) VALUES ('end:nobody', 5, 0, 'end', 'nobody')");
      expect(found(known.offer)).to.deep.equal(["due: 'lapse' falls due at another instant"]);
      expect(found('nobody')).to.deep.equal(["due: 'end' falls due for what is not there"]);
    });
  });

  describe('finds in the event log', () => {
    it('a gap, at its end towards the past too', () => {
      sql('DELETE FROM event WHERE seq = 5');
      expect(found('event 4')).to.deep.equal(['log: the next one in the log has the number 6']);
      sql('DELETE FROM event WHERE seq = 1');
      expect(found('event 2')).to.deep.equal([
        'log: it is the oldest in the log, which has to begin with the number 1',
      ]);
    });

    it('an event that is not JSON', () => {
      sql("UPDATE event SET content = 'x' WHERE seq = 3");
      expect(found('event 3')[0]).to.include('log: cannot be read');
    });

    it('a reservation that is not as it was told', () => {
      tamper('reservation', known.scheduled, (body) => ({ ...body, status: 'active', name: 'other' }));
      expect(found(known.scheduled).map((text) => text.replace(/event \d+/, 'event'))).to.include.members([
        'replay: status is "active" in the record and "scheduled" in event',
        'replay: name is "other" in the record and "later" in event',
      ]);
    });

    it('a reservation that was told and is not there, and one that is there and was not told', () => {
      sql("UPDATE record SET id = 'new' WHERE kind = 'reservation' AND id = ?", known.scheduled);
      tamper('reservation', 'new', (body) => ({ ...body, id: 'new' }));
      const left = /^replay: event \d+ left it scheduled, and there is no record of it$/;
      expect(found(known.scheduled).some((text) => left.test(text))).to.equal(true);
      expect(found('new').some((text) => /^replay: .*no event tells of it$/.test(text))).to.equal(true);
    });

    it('a machine and an offer likewise', () => {
      tamper('allocation', known.machine, (body) => ({ ...body, vmState: 'ERROR' }));
      tamper('offer', known.offer, (body) => ({ ...body, owner: 'eve' }));
      expect(found(known.machine)[0]).to.match(/^replay: vm-state is "ERROR" in the record and "ACTIVE" in event/);
      expect(found(known.offer)[0]).to.match(/^replay: owner is "eve" in the record and "ann" in event/);
    });

    it('a life that does not go on from where it was', () => {
      sql(`DELETE FROM event WHERE name = 'allocation-event' AND json_extract(content, '$."vm-state"') = 'BUILD'`);
      expect(found(known.machine)[0]).to.match(
        /^replay: event \d+ says that it was BUILD, event \d+ had left it INITIALIZED$/,
      );
    });
  });
});

/** The entity of a record, with what the record of a reservation leaves out. */
function entityOf(kind: string, id: string, body: Json): Json {
  if (kind !== 'reservation') return body;
  // Casts: the record is one that the engine wrote, and entities are plain data.
  const reservation = reservationIn(id, body as unknown as ReservationRecord, emptyHead());
  return reservation as unknown as Json;
}

/** A pool over two hosts; reservations to come, under way, placed and cancelled; offers held and accepted; a machine. */
async function populate(promise: PromiseFixture): Promise<Known> {
  promise.standing.set('ann', { role: 'operator', tenant: 'red' });
  const provider = await promise.provider('lab', SIMULATION);
  const pool = String((await promise.rpc('increase-capacity', { source: provider }))['pool-id']);
  await promise.client.edit('merge', '/opnfv-promise:promise', {
    'opnfv-promise:promise': { policy: { 'termination-lead': 10 } },
  });
  const reserve = async (input: Json): Promise<string> =>
    String((await promise.rpc('create-reservation', input))['reservation-id']);
  const active = await reserve({ name: 'now', capacity: { cores: 2, ram: '2048', instances: 2 } });
  const machine = await promise.rpc('create-instance', {
    name: 'vm',
    'reservation-id': active,
    image: 'cirros',
    flavor: 'small',
  });
  await promise.advance(2_000);
  const scheduled = await reserve({ name: 'later', start: at(1), end: at(2), capacity: { cores: 2 } });
  const placed = await reserve({
    name: 'placed',
    start: at(3),
    end: at(4),
    container: [{ name: 'web', count: 2, flavor: 'small', group: 'apart' }],
    'affinity-group': [{ name: 'apart', policy: 'anti-affinity' }],
  });
  const offered = { start: at(5), end: at(6), 'hold-for': 600, capacity: { cores: 1 } };
  const first = String((await promise.rpc('request-offer', offered))['offer-id']);
  const offer = String((await promise.rpc('request-offer', offered))['offer-id']);
  await promise.rpc('accept-offer', { 'offer-id': first });
  return { provider, pool, scheduled, active, placed, offer, machine: String(machine['instance-id']) };
}
