/**
 * How what a document shows is compared with what was printed:
 *
 * - White space between the tokens of JSON and XML, and at the ends of lines, does not count.
 * - `…` stands for anything.
 * - What differs from run to run is masked on both sides: identifiers that the server makes, times (in documents with a
 *   clock: those with other seconds than :00Z), ETags, numbers of events, decisions and sessions, the content-id, fingerprints.
 */
export interface Masking {
  /** Whether whole minutes are compared. */
  readonly keepMinutes: boolean;
  /** What the document has for what this run has, such as the port. */
  readonly replacements: readonly (readonly [string, string])[];
}

const UUID = /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g;
const TIME = /\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)/g;
const HTTP_DATE = /\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT/g;

function masked(text: string, { keepMinutes }: Masking): string {
  return text
    .replace(UUID, '<uuid>')
    .replace(TIME, (time) => (keepMinutes && time.endsWith(':00Z') ? time : '<time>'))
    .replace(HTTP_DATE, '<time>')
    .replace(/"\d+-[0-9a-z]+(\\?)"/g, '"<etag>$1"')
    .replace(/^id: \d+$/gm, 'id: <number>')
    .replace(/("seq": ?)"\d+"/g, '$1"<number>"')
    .replace(/("decision": ?)"\d+"/g, '$1"<number>"')
    .replace(/(<decision[^>]*>)\d+/g, '$1<number>')
    .replace(/(<seq>)\d+/g, '$1<number>')
    .replace(/(<session-id[^>]*>)\d+/g, '$1<number>')
    .replace(/("ietf-netconf:session-id": ?)\d+/g, '$1<number>')
    .replace(/\b(session) \d+/g, '$1 <number>')
    .replace(/content-id=[0-9a-f]+/g, 'content-id=<hash>')
    .replace(/\b([0-9A-F]{2}:){31}[0-9A-F]{2}\b/g, '<fingerprint>');
}

/** Without the white space that does not count; strings in quotes stay as they are. */
function compact(text: string): string {
  return text.replace(/"(?:[^"\\\n]|\\.)*"|\s+/g, (part, offset: number) => {
    if (part.startsWith('"')) return part;
    const [before = '', after = ''] = [text[offset - 1], text[offset + part.length]];
    return /[\w'.,:;!?)*-]/.test(before) && /[\w'(*/-]/.test(after) ? ' ' : '';
  });
}

/** Both sides as they were compared. */
export interface Difference {
  readonly documented: string;
  readonly printed: string;
}

/** @returns undefined when it is the same */
export function difference(documented: string, printed: string, masking: Masking): Difference | undefined {
  const actual = masking.replacements.reduce((text, [from, to]) => text.replaceAll(from, to), printed);
  const expectedPieces = documented.split('…').map((piece) => compact(masked(piece, masking)));
  const compacted = compact(masked(actual, masking));
  if (matches(expectedPieces, compacted)) return undefined;
  return { documented: masked(documented, masking).trim(), printed: masked(actual, masking).trim() };
}

function matches(pieces: readonly string[], text: string): boolean {
  const [first = '', ...rest] = pieces;
  const last = rest.pop();
  if (last === undefined) return text === first;
  if (!text.startsWith(first)) return false;
  let place = first.length;
  for (const piece of rest) {
    const found = text.indexOf(piece, place);
    if (found < 0) return false;
    place = found + piece.length;
  }
  return text.length - last.length >= place && text.endsWith(last);
}
