const QUOTE = 0x22;
const COLON = 0x3a;
const BACKSLASH = 0x5c;

/**
 * A name that one object of a JSON text has more than once, of which JSON.parse keeps the last without a word (RFC 7493 §2.3
 * forbids it, and RFC 7951 §4 has each node once).
 * @param text valid JSON
 * @param value what it was parsed to
 */
export function repeatedMember(text: string, value: unknown): string | undefined {
  return countNames(text) === countMembers(value) ? undefined : firstRepeated(text);
}

/** In valid JSON, colons outside of strings follow the names of members and nothing else. */
function countNames(text: string): number {
  let count = 0;
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === QUOTE) inString = !inString;
    else if (unit === BACKSLASH) at += 1;
    else if (unit === COLON && !inString) count += 1;
  }
  return count;
}

function countMembers(value: unknown): number {
  let count = 0;
  const left: unknown[] = [value];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    if (typeof next !== 'object' || next === null) continue;
    const inner: unknown[] = Object.values(next);
    if (!Array.isArray(next)) count += inner.length;
    for (const each of inner) if (typeof each === 'object' && each !== null) left.push(each);
  }
  return count;
}

function firstRepeated(text: string): string | undefined {
  const token = /[{}]|"[^"\\]*(?:\\.[^"\\]*)*"(\s*:)?/g;
  const open: Set<string>[] = [];
  for (const [matched, colon] of text.matchAll(token)) {
    if (matched === '{') open.push(new Set());
    else if (matched === '}') open.pop();
    else if (colon !== undefined) {
      const name = String(JSON.parse(matched.slice(0, matched.length - colon.length)));
      const names = open.at(-1);
      if (names?.has(name) === true) return name;
      names?.add(name);
    }
  }
  return undefined;
}
