import { openDatabase } from '../../../src/store/sqlite/database.ts';
import type { OpenDatabase } from '../../../src/store/sqlite/database.ts';

/** Which statements are to fail from now on, and with `open` the opening itself; undefined lets all pass. */
export interface Faults {
  fail: ((sql: string) => boolean) | undefined;
}

/** Opens real databases whose `exec` fails where `faults` say so, as a full or broken disk makes it. */
export function failingDatabase(faults: Faults): OpenDatabase {
  return (path) => {
    if (faults.fail?.('open') === true) throw new Error('input/output error');
    const database = openDatabase(path);
    return {
      get inTransaction() {
        return database.inTransaction;
      },
      exec(sql) {
        if (faults.fail?.(sql) === true) throw new Error('database or disk is full');
        database.exec(sql);
      },
      prepare: (sql) => database.prepare(sql),
      close: () => database.close(),
    };
  };
}
