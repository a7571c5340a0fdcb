import type { IncomingHttpHeaders } from 'node:http';
import type { CurrentResource, Revision } from '../agent/requests.ts';
import { RpcError } from '../yang/rpc-error.ts';
import { HttpError } from './errors.ts';

/** `ETag` and `Last-Modified` of a revision (RFC 8040 §3.4.1). */
export function revisionHeaders(revision: Revision): Readonly<Record<string, string>> {
  return { ETag: `"${revision.etag}"`, 'Last-Modified': new Date(revision.lastModified).toUTCString() };
}

/**
 * The preconditions of a request for an edit (RFC 9110 §13), to be checked against the resource as it is when the
 * edit's turn has come; undefined when the request has none.
 */
export function editPrecondition(headers: IncomingHttpHeaders): ((current: CurrentResource) => void) | undefined {
  const ifMatch = headers['if-match'];
  const ifNoneMatch = headers['if-none-match'];
  const ifUnmodifiedSince = parseHttpDate(headers['if-unmodified-since'], 'If-Unmodified-Since');
  if (ifMatch === undefined && ifNoneMatch === undefined && ifUnmodifiedSince === undefined) return undefined;
  return (current) => {
    const { etag, lastModified } = current.revision;
    if (ifMatch !== undefined) {
      if (!matches(ifMatch, current.exists || current.implicit, etag))
        throw failed(`If-Match: ${ifMatch} does not match the resource, whose ETag is "${etag}"`);
    } else if (ifUnmodifiedSince !== undefined && wholeSeconds(lastModified) > ifUnmodifiedSince) {
      throw failed(`the resource was modified at ${new Date(lastModified).toUTCString()}`);
    }
    if (ifNoneMatch !== undefined && matches(ifNoneMatch, current.exists, etag)) {
      throw failed(ifNoneMatch.trim() === '*' ? 'the resource exists already' : `its ETag is "${etag}"`);
    }
  };
}

/**
 * Whether a read may be answered 304. Only for configuration: state changes without changing the revision.
 */
export function isNotModified(headers: IncomingHttpHeaders, revision: Revision): boolean {
  const ifNoneMatch = headers['if-none-match'];
  if (ifNoneMatch !== undefined) return matches(ifNoneMatch, true, revision.etag);
  const since = parseHttpDate(headers['if-modified-since'], 'If-Modified-Since');
  return since !== undefined && wholeSeconds(revision.lastModified) <= since;
}

function matches(header: string, exists: boolean, etag: string): boolean {
  if (header.trim() === '*') return exists;
  return exists && header.split(',').some((tag) => tag.trim().replace(/^W\//, '') === `"${etag}"`);
}

function wholeSeconds(time: number): number {
  return Math.floor(time / 1000) * 1000;
}

function parseHttpDate(text: string | undefined, header: string): number | undefined {
  if (text === undefined) return undefined;
  const time = Date.parse(text);
  if (!Number.isNaN(time)) return time;
  // A precondition that cannot be understood must not be taken for one that holds.
  throw RpcError.invalidValue(`${header}: '${text}' is not an HTTP date such as 'Sat, 31 Jan 2026 12:00:00 GMT'.`, {
    type: 'protocol',
  });
}

function failed(reason: string): HttpError {
  const message = `The precondition failed: ${reason}. Read the resource again and decide anew.`;
  return new HttpError(412, RpcError.operationFailed(message, { type: 'protocol', appTag: 'precondition-failed' }));
}
