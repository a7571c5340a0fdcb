import { RpcError } from '../yang/rpc-error.ts';

/** The two encodings of YANG data (RFC 8040 §5.2). */
export type Encoding = 'json' | 'xml';

export const YANG_DATA: Readonly<Record<Encoding, string>> = {
  json: 'application/yang-data+json',
  xml: 'application/yang-data+xml',
};

export const EVENT_STREAM = 'text/event-stream';

/** What clients call the encodings; the first of each is what the server answers with. */
const ENCODING_OF: ReadonlyMap<string, Encoding> = new Map([
  ['application/yang-data+json', 'json'],
  ['application/yang-data+xml', 'xml'],
  ['application/json', 'json'],
  ['application/xml', 'xml'],
  ['text/xml', 'xml'],
]);

/** A media range of Accept with its weight (RFC 9110 §12.5.1). */
interface MediaRange {
  readonly type: string;
  readonly quality: number;
}

function parseAccept(header: string): readonly MediaRange[] {
  return header.split(',').flatMap((part) => {
    const [type = '', ...parameters] = part.split(';').map((text) => text.trim().toLowerCase());
    if (type === '') return [];
    const weight = parameters.find((parameter) => parameter.startsWith('q='));
    const quality = weight === undefined ? 1 : Number(weight.slice(2));
    return [{ type, quality: Number.isFinite(quality) ? Math.min(1, Math.max(0, quality)) : 0 }];
  });
}

/** The weight that Accept gives to a media type: that of the most specific range that covers it. */
function qualityOf(ranges: readonly MediaRange[], type: string): number {
  const [family = ''] = type.split('/');
  for (const candidate of [type, `${family}/*`, '*/*']) {
    const range = ranges.find((known) => known.type === candidate);
    if (range !== undefined) return range.quality;
  }
  return 0;
}

/** Whether Accept names `text/event-stream` itself: a wildcard alone does not ask for a stream. */
export function acceptsEventStream(accept: string | undefined): boolean {
  return parseAccept(accept ?? '').some((range) => range.type === EVENT_STREAM && range.quality > 0);
}

/**
 * The encoding to answer in. Without Accept it is that of the request's body, else JSON.
 * @throws RpcError invalid-value (406) when Accept allows neither encoding
 */
export function negotiateEncoding(accept: string | undefined, body: Encoding | undefined): Encoding {
  if (accept === undefined || accept.trim() === '') return body ?? 'json';
  const only = ENCODING_OF.get(accept);
  if (only !== undefined) return only;
  const ranges = parseAccept(accept);
  const preferred: readonly Encoding[] = body === 'xml' ? ['xml', 'json'] : ['json', 'xml'];
  const rated = preferred.map((encoding) => {
    const names = [...ENCODING_OF].filter(([, each]) => each === encoding);
    return { encoding, quality: Math.max(...names.map(([name]) => qualityOf(ranges, name))) };
  });
  const best = rated.reduce((left, right) => (right.quality > left.quality ? right : left));
  if (best.quality > 0) return best.encoding;
  throw RpcError.invalidValue(
    `Accept '${accept}' allows none of what this resource has: ${YANG_DATA.json} or ${YANG_DATA.xml}.`,
    { type: 'protocol', appTag: 'not-acceptable' },
  );
}

/**
 * The encoding of a request's body.
 * @throws RpcError invalid-value (415) when Content-Type is missing or of another kind
 */
export function bodyEncoding(contentType: string | undefined): Encoding {
  const [type = ''] = (contentType ?? '').split(';');
  const encoding = ENCODING_OF.get(type.trim().toLowerCase());
  if (encoding !== undefined) return encoding;
  const given =
    contentType === undefined
      ? 'The request has a body and no Content-Type'
      : `Content-Type '${contentType}' is not supported here`;
  throw RpcError.invalidValue(`${given}: use ${YANG_DATA.json} or ${YANG_DATA.xml}.`, {
    type: 'protocol',
    appTag: 'unsupported-media-type',
  });
}
