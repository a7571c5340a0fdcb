const NOT_ASCII = /[^\0-\x7f]/;
const EVERY_NOT_ASCII = /[^\0-\x7f]/gu;
const REPLACEMENT = 0xfffd;

/**
 * XML character data or attribute values with characters beyond ASCII written as character references, which mean the
 * same to a parser. Widespread clients decode UTF-8 read by read or chunk by chunk, and fail on a character that two of
 * these share; no server can know where a client's reads end.
 */
export function asciiXml(text: string): string {
  if (!NOT_ASCII.test(text)) return text;
  return text.replace(EVERY_NOT_ASCII, (character) => {
    const codePoint = character.codePointAt(0) ?? REPLACEMENT;
    const isSurrogate = codePoint >= 0xd800 && codePoint <= 0xdfff;
    return `&#${isSurrogate ? REPLACEMENT : codePoint};`;
  });
}
