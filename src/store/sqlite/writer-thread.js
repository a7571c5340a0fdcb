/**
 * The thread that writes: it runs transactions one after the other and answers each when it is on disk.
 *
 * It knows no schema; `writer.ts` is the other end and gives it the statements. It is JavaScript because Node.js loads the file
 * of a thread itself, whether the product runs compiled or from its sources.
 */
import { parentPort, workerData } from 'node:worker_threads';
import Database from 'better-sqlite3';
import { emptyLog, lengthenLog } from './write-ahead-log.js';

/** @import { Transaction, WriterOrder, WriterReply, WriterSetup } from './writer.ts' */
/** @typedef {{ readonly statement: Database.Statement, readonly areText: readonly boolean[] }} PreparedWrite */

/** Milliseconds after a transaction from which on nobody is likely to be waiting. */
const PAUSE = 50;

if (parentPort === null) throw new Error('this is a thread of the store, not a program');
const port = parentPort;
/** @type {Database.Database | undefined} */
let database;
/** @type {readonly PreparedWrite[]} */
let prepared = [];
/** @type {NodeJS.Timeout | undefined} */
let pause;
let isLogLengthened = false;

/**
 * @param {WriterSetup} setup
 */
function open({ path, settings, writes }) {
  const opened = new Database(path, { fileMustExist: true });
  database = opened;
  opened.exec(settings);
  prepared = writes.map(({ sql, parameters }) => ({
    statement: opened.prepare(sql),
    areText: parameters.map((type) => type === 'text'),
  }));
}

/**
 * @param {Transaction} transaction
 */
function run({ text, numbers }) {
  if (database === undefined) throw new Error('the database is not open');
  let at = 0;
  let from = 0;
  const next = () => numbers[at++] ?? 0;
  const nextText = () => text.slice(from, (from += next()));
  database.exec('BEGIN IMMEDIATE');
  while (at < numbers.length) {
    const write = prepared[next()];
    if (write === undefined) throw new Error('an unknown statement');
    write.statement.run(write.areText.map((isText) => (isText ? nextText() : next())));
  }
  database.exec('COMMIT');
}

/**
 * @param {WriterReply} reply
 */
function answer(reply) {
  port.postMessage(reply);
}

/** What fails here is left to later: the log has everything, and a commit that cannot be kept says so itself. */
function useThePause() {
  if (database === undefined) return;
  try {
    emptyLog(database);
    if (!isLogLengthened) {
      isLogLengthened = true;
      lengthenLog(database);
    }
  } catch {
    // As above.
  }
}

/** A connection on which something failed is not used again, and neither is the thread: what is still queued is not run. */
function giveUp(/** @type {unknown} */ error) {
  port.off('message', obey);
  clearTimeout(pause);
  try {
    // A transaction that is open is rolled back with it.
    database?.close();
  } catch {
    // The first error says what is wrong.
  }
  answer({ failed: error instanceof Error ? error.message : String(error) });
  port.close();
}

function obey(/** @type {WriterOrder} */ order) {
  try {
    if (order === 'end') {
      clearTimeout(pause);
      database?.close();
      port.close();
    } else {
      run(order);
      answer('done');
      pause = pause?.refresh() ?? setTimeout(useThePause, PAUSE);
    }
  } catch (error) {
    giveUp(error);
  }
}

try {
  /** @type {unknown} */
  const given = workerData;
  // Only `writer.ts` starts this thread.
  open(/** @type {WriterSetup} */ (given));
  port.on('message', obey);
} catch (error) {
  giveUp(error);
}
