import { Readable, Writable } from 'node:stream';

/** Runs a command in this process: what it wrote, and its exit code. */
export async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const text = { out: '', err: '' };
  const sink = (kind: 'out' | 'err'): Writable =>
    new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        text[kind] += chunk.toString();
        done();
      },
    });
  const terminal = { stdin: Readable.from([]), stdout: sink('out'), stderr: sink('err') };
  // Loaded as it loads the commands itself, so that their errors are of its own classes.
  const { main } = await import('../../../src/cli/main.ts');
  return { code: await main(args, terminal), ...text };
}
