/**
 * Puts what the examples print into the documents, where it differs from what they show:
 * `node --import tsx test/docs/update.ts docs/restconf.md …`. Look at the changes before you commit them. Blocks with `…` are
 * named and left to be mended by hand.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { clockOf, examplesOf, readDocument, ROOT, type Block } from './blocks.ts';
import { Stage } from './stage.ts';

/** Values that fit on a line are written on one. */
const LINE = 100;

for (const document of process.argv.slice(2)) await update(document);

async function update(document: string): Promise<void> {
  const text = readDocument(document);
  const stage = await Stage.open(clockOf(text));
  const changes: { readonly block: Block; readonly text: string }[] = [];
  try {
    for (const example of examplesOf(text)) {
      const shown = example.block.words.includes('notification') ? example.block : example.output;
      const printed = await stage.print(example);
      if (shown === undefined || stage.compare(shown.text, printed) === undefined) continue;
      if (shown.text.includes('…')) console.log(`${document}:${shown.line}: differs, to be mended by hand`);
      else changes.push({ block: shown, text: formatted(shown.language, stage.asDocumented(printed)) });
    }
  } finally {
    await stage.close();
  }
  const lines = text.split('\n');
  for (const { block, text: replacement } of changes.reverse()) {
    lines.splice(block.line - 1, block.text.split('\n').length, ...replacement.split('\n'));
  }
  writeFileSync(join(ROOT, document), lines.join('\n'));
  console.log(`${document}: ${changes.length} blocks written`);
}

function formatted(language: string, printed: string): string {
  if (language === 'xml') return xmlLines(printed);
  if (language !== 'http') return jsonLines(printed);
  const [head = '', ...body] = printed.split('\n\n');
  const content = body.join('\n\n').trim();
  if (content === '') return head.trim();
  return `${head.trim()}\n\n${content.startsWith('<') ? xmlLines(content) : jsonLines(content)}`;
}

function jsonLines(text: string): string {
  try {
    return jsonText(JSON.parse(text), '');
  } catch {
    return text.trim();
  }
}

function jsonText(value: unknown, indent: string): string {
  const line = oneLine(value);
  if (typeof value !== 'object' || value === null || line.length + indent.length <= LINE) return line;
  const inner = `${indent}  `;
  const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}'];
  const items = Array.isArray(value)
    ? value.map((item) => `${inner}${jsonText(item, inner)}`)
    : Object.entries(value).map(([name, item]) => `${inner}${JSON.stringify(name)}: ${jsonText(item, inner)}`);
  return `${open}\n${items.join(',\n')}\n${indent}${close}`;
}

function oneLine(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(oneLine).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(([name, item]) => `${JSON.stringify(name)}: ${oneLine(item)}`);
  return `{${members.join(', ')}}`;
}

function xmlLines(text: string): string {
  let depth = 0;
  const lines: string[] = [];
  for (const part of text
    .trim()
    .replaceAll(/>\s+</g, '><')
    .split(/(?<=>)(?=<)/)) {
    if (part.startsWith('</')) depth -= 1;
    lines.push('  '.repeat(Math.max(depth, 0)) + part);
    if (/^<[^/?!]/.test(part) && !part.endsWith('/>') && !part.includes('</')) depth += 1;
  }
  return lines.join('\n');
}
