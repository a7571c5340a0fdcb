/**
 * The examples in README and docs/ are carried out against an agent of their own, one for each document, and what they
 * print is compared with what the document shows. A fenced block takes part by the words after its language:
 *
 * - `sh run`: commands, all in one shell; `$URL`, `$CA`, `$PASSWORD`, `$NETCONF_PORT` are set, and HOME is a temporary one
 * - `http run`: a request; `xml run`: a NETCONF message, all in one session; `python run`: a program
 * - `… output`: what the block before it prints; `xml notification`: what the session gets next
 *
 * What is masked in the comparison is in comparison.ts, placeholders are in runners.ts.
 */
import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { missingProgram } from '../missing-program.ts';
import { clockOf, documents, examplesOf, readDocument, type Example } from './blocks.ts';
import { pythonWithNcclient } from './runners.ts';
import { Stage } from './stage.ts';

describe('examples of the documentation', function () {
  this.timeout(120_000);
  for (const document of documents()) {
    const text = readDocument(document);
    const examples = examplesOf(text);
    if (examples.length === 0) continue;

    describe(document, () => {
      let stage: Stage;
      before(async () => {
        stage = await Stage.open(clockOf(text));
      });
      after(async () => {
        await stage.close();
      });
      for (const example of examples) {
        it(titleOf(example), async function () {
          const missing = needs(example).find((program) => !isThere(program));
          if (missing !== undefined) missingProgram(this, missing);
          const wrong = await stage.play(example);
          if (wrong !== undefined) expect(wrong.printed).to.equal(wrong.documented);
        });
      }
    });
  }
});

function titleOf({ block }: Example): string {
  const [first = ''] = block.text.split('\n').filter((line) => line.trim() !== '');
  return `line ${block.line}: ${first.slice(0, 90)}`;
}

function needs({ block }: Example): readonly string[] {
  if (block.language === 'python') return ['ncclient'];
  if (block.language !== 'sh') return [];
  return ['curl', 'ssh', 'ssh-keygen'].filter((program) => new RegExp(`\\b${program}\\b`).test(block.text));
}

function isThere(program: string): boolean {
  if (program === 'ncclient') return pythonWithNcclient() !== undefined;
  return spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
}
