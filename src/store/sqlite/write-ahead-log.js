/**
 * What keeps the write-ahead log in shape, for the thread that writes to do while nobody waits for a commit.
 *
 * A checkpoint writes what the log has into the database and flushes both files. Where there is never a pause SQLite does it at the end
 * of a commit (`wal_autocheckpoint`). After one that was complete, the log is written anew from its beginning; and a commit into a part
 * of a file that is already there waits for its own pages, where one that makes the file longer waits for the journal of the file
 * system too, and with it for what others have written.
 *
 * It is JavaScript for the same reason as the thread (`writer-thread.js`).
 */
import { closeSync, fstatSync, fsyncSync, openSync, writeSync } from 'node:fs';

/** @import Database from 'better-sqlite3' */

/** Pages in the log from which on they are written into the database. */
const WORTH_A_CHECKPOINT = 500;
/** Bytes that the log has at least: several times what gathers until there is a pause. */
const LENGTH = 4 * 1024 * 1024;

/**
 * Makes the log longer, if it is short, by zeros. They are no frames of a transaction: those repeat the salt of the log's header (SQLite,
 * "Database File Format", section 4).
 * @param {Database.Database} database the connection that writes, between two transactions
 */
export function lengthenLog(database) {
  const log = openSync(`${database.name}-wal`, 'r+');
  try {
    const { size } = fstatSync(log);
    if (size >= LENGTH) return;
    writeSync(log, Buffer.alloc(LENGTH - size), 0, LENGTH - size, size);
    fsyncSync(log);
  } finally {
    closeSync(log);
  }
}

/**
 * Writes what the log has into the database, if it is worth it.
 * @param {Database.Database} database
 */
export function emptyLog(database) {
  // A checkpoint that does nothing tells how many pages are in the log, and how many of them in the database.
  const { log, checkpointed } = checkpoint(database, 'NOOP');
  if (log - checkpointed >= WORTH_A_CHECKPOINT) checkpoint(database, 'PASSIVE');
}

/**
 * @param {Database.Database} database
 * @param {'NOOP' | 'PASSIVE'} kind
 * @returns {{ readonly log: number, readonly checkpointed: number }}
 */
function checkpoint(database, kind) {
  // The one row that the pragma yields.
  const [row] = /** @type {{ log: number, checkpointed: number }[]} */ (database.pragma(`wal_checkpoint(${kind})`));
  return row ?? { log: 0, checkpointed: 0 };
}
