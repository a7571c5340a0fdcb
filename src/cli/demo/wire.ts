/** Messages as people read them. */

/** How much of one message is shown. */
const MOST_LINES = 16;
const MOST_COLUMNS = 116;

/** A message in indented lines; a long one is cut, and says by how much. */
export function readable(message: string): readonly string[] {
  const { head, body } = parts(message.trim());
  const lines = [...head, ...bodyLines(body)].map(cutLine);
  if (lines.length <= MOST_LINES) return lines;
  const left = lines.length - MOST_LINES + 1;
  return [...lines.slice(0, MOST_LINES - 1), `… ${left} more lines`];
}

/** HTTP has a head and a body; a NETCONF message is a body. */
function parts(message: string): { readonly head: readonly string[]; readonly body: string } {
  if (/^[<{]/.test(message)) return { head: [], body: message };
  const blank = message.indexOf('\n\n');
  if (blank < 0) return { head: message.split('\n'), body: '' };
  return { head: message.slice(0, blank).split('\n'), body: message.slice(blank + 2) };
}

function bodyLines(body: string): readonly string[] {
  const text = body.trim();
  if (text === '') return [];
  if (text.startsWith('{')) return jsonLines(text);
  return text.startsWith('<') ? xmlLines(text) : text.split('\n');
}

function jsonLines(text: string): readonly string[] {
  try {
    return JSON.stringify(JSON.parse(text), null, 2).split('\n');
  } catch {
    return text.split('\n');
  }
}

/** One line for each element that holds elements, and one for each that holds text. */
function xmlLines(text: string): readonly string[] {
  const tokens = text.match(/<[^>]*>|[^<]+/g) ?? [];
  const lines: string[] = [];
  let depth = 0;
  /** Whether the last line is a start tag that may yet get its text and end tag. */
  let open = false;
  for (const token of tokens) {
    if (token.trim() === '') continue;
    if (token.startsWith('</')) {
      depth -= 1;
      if (open) lines.push(`${lines.pop() ?? ''}${token}`);
      else lines.push(`${'  '.repeat(depth)}${token}`);
      open = false;
    } else if (token.startsWith('<')) {
      lines.push(`${'  '.repeat(depth)}${token}`);
      open = !token.endsWith('/>') && !token.startsWith('<?');
      if (open) depth += 1;
    } else {
      lines.push(`${lines.pop() ?? ''}${token.trim()}`);
    }
  }
  return lines;
}

function cutLine(line: string): string {
  return line.length <= MOST_COLUMNS ? line : `${line.slice(0, MOST_COLUMNS - 1)}…`;
}
