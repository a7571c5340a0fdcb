/** What the disk takes by itself, measured beside what is kept on it. */
import { closeSync, fsync, fsyncSync, openSync, write, writeSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { now } from './statistics.ts';

const [writeTo, flushed] = [promisify(write), promisify(fsync)];

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
  async flush(pages: number): Promise<number> {
    const written = Buffer.alloc(pages * PAGE, 1);
    if (this.#at + written.length > LENGTH) this.#at = 0;
    const began = now();
    const at = this.#at;
    this.#at += written.length;
    await writeTo(this.#file, written, 0, written.length, at);
    await flushed(this.#file);
    return now() - began;
  }

  close(): void {
    closeSync(this.#file);
  }
}
