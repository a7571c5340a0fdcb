/**
 * YANG's `pattern` (XML Schema regular expressions, RFC 7950 §9.4.5) as JavaScript ones.
 */

/** Escapes of XML Schema that JavaScript lacks or means differently; as parts of a character class. */
const CLASSES: Readonly<Record<string, string>> = {
  i: '\\p{L}\\p{Nl}_:',
  c: '\\p{L}\\p{N}\\p{M}_:.\\-\u00b7',
  d: '\\p{Nd}',
  s: ' \\t\\n\\r',
};
const NEGATED_CLASSES: Readonly<Record<string, string>> = {
  I: '\\p{L}\\p{Nl}_:',
  C: '\\p{L}\\p{N}\\p{M}_:.\\-\u00b7',
  D: '\\p{Nd}',
  S: ' \\t\\n\\r',
  w: '\\p{P}\\p{Z}\\p{C}',
};
const WORD = '\\p{L}\\p{M}\\p{N}\\p{S}';

const compiled = new Map<string, RegExp | undefined>();

/**
 * The whole-value JavaScript expression of a pattern; undefined for the few that have none (character class
 * subtraction, Unicode blocks): those are left for libyang to check.
 */
export function xsdPattern(pattern: string): RegExp | undefined {
  if (!compiled.has(pattern)) compiled.set(pattern, compile(pattern));
  return compiled.get(pattern);
}

function compile(pattern: string): RegExp | undefined {
  const translated = translate(pattern);
  if (translated === undefined) return undefined;
  try {
    return new RegExp(`^(?:${translated})$`, 'u');
  } catch {
    return undefined;
  }
}

function translate(pattern: string): string | undefined {
  let out = '';
  let inClass = false;
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern.charAt(at);
    if (character === '\\') {
      const escape = translateEscape(pattern, at, inClass);
      if (escape === undefined) return undefined;
      out += escape.text;
      at = escape.end - 1;
    } else if (inClass) {
      if (character === '[') {
        if (pattern.charAt(at - 1) === '-') return undefined;
        out += '\\[';
      } else {
        if (character === ']') inClass = false;
        out += character;
      }
    } else if (character === '[') {
      inClass = true;
      out += character;
      if (pattern.charAt(at + 1) === '^') out += pattern.charAt(++at);
    } else if (character === '^' || character === '$' || character === ']' || character === '/') {
      out += `\\${character}`;
    } else {
      out += character;
    }
  }
  return out;
}

function translateEscape(
  pattern: string,
  at: number,
  inClass: boolean,
): { readonly text: string; readonly end: number } | undefined {
  const letter = pattern.charAt(at + 1);
  const end = at + 2;
  if (letter === 'p' || letter === 'P') {
    const close = pattern.indexOf('}', at);
    const property = pattern.slice(at, close + 1);
    return close < 0 || property.includes('{Is') ? undefined : { text: property, end: close + 1 };
  }
  if (letter === 'n' || letter === 'r' || letter === 't') return { text: `\\${letter}`, end };
  const members = CLASSES[letter];
  if (members !== undefined) return { text: inClass ? members : `[${members}]`, end };
  if (letter === 'w' && inClass) return { text: WORD, end };
  const excluded = letter === 'W' ? WORD : NEGATED_CLASSES[letter];
  if (excluded !== undefined) return inClass ? undefined : { text: `[^${excluded}]`, end };
  return { text: /[\^$\\.*+?()[\]{}|/]/.test(letter) || (inClass && letter === '-') ? `\\${letter}` : letter, end };
}
