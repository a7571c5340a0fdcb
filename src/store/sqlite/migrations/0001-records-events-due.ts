import type { Migration } from './migration.ts';

/** The first schema: records, the event log with its extent, due work. */
export const recordsEventsDue: Migration = {
  version: 1,
  name: 'records, events, due work',
  sql: `
    CREATE TABLE record (
      kind TEXT NOT NULL,
      id   TEXT NOT NULL,
      body TEXT NOT NULL,
      UNIQUE (kind, id)
    ) STRICT;

    CREATE TABLE event (
      seq     INTEGER PRIMARY KEY,
      time    INTEGER NOT NULL,
      module  TEXT NOT NULL,
      name    TEXT NOT NULL,
      content TEXT NOT NULL
    ) STRICT;
    CREATE INDEX event_by_time ON event (time);

    CREATE TABLE due (
      id      TEXT PRIMARY KEY,
      at      INTEGER NOT NULL,
      rank    INTEGER NOT NULL,
      task    TEXT NOT NULL,
      subject TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX due_by_time ON due (at, rank, id);

    CREATE TABLE directory (
      only       INTEGER PRIMARY KEY CHECK (only = 1),
      epoch      INTEGER NOT NULL,
      created_at INTEGER NOT NULL,
      aged_seq   INTEGER NOT NULL,
      aged_time  INTEGER
    ) STRICT;
  `,
};
