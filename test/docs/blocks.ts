import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The root of the repository. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** README and everything in docs/, relative to the root. */
export function documents(): readonly string[] {
  const inDocs = readdirSync(join(ROOT, 'docs')).filter((name) => name.endsWith('.md'));
  return ['README.md', ...inDocs.sort().map((name) => `docs/${name}`)];
}

export function readDocument(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

/** A fenced block of a document. */
export interface Block {
  readonly language: string;
  /** The words after the language: `run`, `output`, `notification`. */
  readonly words: readonly string[];
  readonly text: string;
  /** Of its first line of content, from 1. */
  readonly line: number;
}

/** The fenced blocks of a document, in order. */
export function blocksOf(document: string): readonly Block[] {
  const blocks: Block[] = [];
  let open: { info: string; line: number; lines: string[] } | undefined;
  for (const [index, line] of document.split('\n').entries()) {
    const fence = /^```(.*)$/.exec(line);
    if (fence === null) {
      open?.lines.push(line);
    } else if (open === undefined) {
      open = { info: fence[1] ?? '', line: index + 2, lines: [] };
    } else {
      const [language = '', ...words] = open.info.trim().split(/\s+/);
      blocks.push({ language, words, text: open.lines.join('\n'), line: open.line });
      open = undefined;
    }
  }
  if (open !== undefined) throw new Error(`the block that begins at line ${open.line} has no end`);
  return blocks;
}

/** An example to be carried out, with what it prints when the document shows that. */
export interface Example {
  readonly block: Block;
  readonly output: Block | undefined;
}

/** Blocks that are marked `run`, or `notification`, each with the block marked `output` that follows it. */
export function examplesOf(document: string): readonly Example[] {
  const blocks = blocksOf(document);
  return blocks.flatMap((block, index) => {
    if (!block.words.includes('run') && !block.words.includes('notification')) return [];
    const next = blocks[index + 1];
    return [{ block, output: next?.words.includes('output') === true ? next : undefined }];
  });
}

/** The time at which a document's examples begin, from a comment `<!-- clock: 2027-03-01T08:00:00Z -->`. */
export function clockOf(document: string): number | undefined {
  const [, time] = /<!-- clock: (\S+) -->/.exec(document) ?? [];
  return time === undefined ? undefined : Date.parse(time);
}
