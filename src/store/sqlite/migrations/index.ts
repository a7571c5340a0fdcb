import type { Migration } from './migration.ts';
import { recordsEventsDue } from './0001-records-events-due.ts';

/** Every schema there was, oldest first. */
export const MIGRATIONS: readonly Migration[] = [recordsEventsDue];
