/** What the disk takes by itself, measured beside what is kept on it. */
import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { now } from './statistics.ts';

const PAGE = 4_096;
/** As long as the store's log. */
const LENGTH = 1_024 * PAGE;

/** A file that is there in its length, of which parts are written anew and flushed, as a commit does with its log. */
export class Disk {
  readonly #file: number;
  #at = 0;

  /** @param directory on the disk */
  constructor(directory: string) {
    this.#file = openSync(join(directory, 'disk'), 'w');
    writeSync(this.#file, Buffer.alloc(LENGTH));
    fsyncSync(this.#file);
  }

  /** @returns how long so many pages took, milliseconds */
  flush(pages: number): number {
    const written = Buffer.alloc(pages * PAGE, 1);
    if (this.#at + written.length > LENGTH) this.#at = 0;
    const began = now();
    writeSync(this.#file, written, 0, written.length, this.#at);
    fsyncSync(this.#file);
    const took = now() - began;
    this.#at += written.length;
    return took;
  }

  close(): void {
    closeSync(this.#file);
  }
}
