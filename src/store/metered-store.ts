import type { Stopwatch } from '../observe/metrics.ts';
import type { Store } from './store.ts';

/** What commits need of a store. */
export type AppendingStore = Pick<Store, 'append' | 'backlog' | 'load'>;

/** The store, with every commit timed until it is on disk; the outcome is `ok` or `lost`. */
export function metered(store: AppendingStore, stopwatch: Stopwatch<'outcome'>): AppendingStore {
  return {
    get backlog() {
      return store.backlog;
    },
    load: (visit) => store.load(visit),
    append: (commit) =>
      stopwatch.time(
        () => store.append(commit),
        ({ status }) => ({ outcome: status === 'fulfilled' ? 'ok' : 'lost' }),
      ),
  };
}
