/**
 * What a running agent notes of itself in its data directory, for whoever looks there without a login. Whether it runs is told by the
 * writer's lock alone: a note is left behind where a process was killed, and holds for the start that it names.
 */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const NOTE_FILE = 'agent.json';

const agentNote = z.object({
  /** Number of the start: the store's epoch. */
  epoch: z.int(),
  version: z.string(),
  /** RFC 3339. */
  since: z.string(),
  /** Base URLs of RESTCONF. */
  restconf: z.array(z.string()).readonly(),
  netconf: z.object({ host: z.string(), port: z.int() }),
  /** Base URL of the listener for metrics; absent: there is none. */
  metrics: z.string().exactOptional(),
});

export type AgentNote = z.infer<typeof agentNote>;

/** Writes the note; who reads it meanwhile sees the old one or the new one. */
export function leaveNote(directory: string, note: AgentNote): void {
  const path = join(directory, NOTE_FILE);
  const draft = `${path}.new`;
  writeFileSync(draft, `${JSON.stringify(note)}\n`, { mode: 0o600 });
  renameSync(draft, path);
}

export function removeNote(directory: string): void {
  rmSync(join(directory, NOTE_FILE), { force: true });
}

/** @returns undefined where there is none that can be read */
export function readNote(directory: string): AgentNote | undefined {
  try {
    return agentNote.parse(JSON.parse(readFileSync(join(directory, NOTE_FILE), 'utf8')));
  } catch {
    return undefined;
  }
}
