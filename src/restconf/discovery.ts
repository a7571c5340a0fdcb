import { methodNotAllowed, notFound } from './errors.ts';
import { replyEncoding, type Exchange } from './exchange.ts';
import { YANG_DATA } from './media-type.ts';
import { refuseQuery } from './query.ts';
import type { Reply } from './reply.ts';
import { ROOT } from './resource.ts';

/** The revision of ietf-yang-library that is implemented (RFC 8040 §3.3.3). */
const YANG_LIBRARY_VERSION = '2019-01-04';

const CAPABILITY = 'urn:ietf:params:restconf:capability:';

/** What is optional in RFC 8040 and present here (RFC 8040 §9.1.1). */
export const RESTCONF_CAPABILITIES: readonly string[] = [
  `${CAPABILITY}defaults:1.0?basic-mode=explicit`,
  `${CAPABILITY}depth:1.0`,
  `${CAPABILITY}fields:1.0`,
  `${CAPABILITY}filter:1.0`,
  `${CAPABILITY}replay:1.0`,
  `${CAPABILITY}with-defaults:1.0`,
];

/** `/.well-known/host-meta` (RFC 8040 §3.1), in XRD or, as `host-meta.json`, in JRD. */
export function hostMetaReply(exchange: Exchange, json: boolean): Reply {
  requireRead(exchange);
  const body = json
    ? `${JSON.stringify({ links: [{ rel: 'restconf', href: ROOT }] })}\n`
    : `<XRD xmlns="http://docs.oasis-open.org/ns/xri/xrd-1.0"><Link rel="restconf" href="${ROOT}"/></XRD>\n`;
  return { status: 200, headers: { 'Content-Type': json ? 'application/json' : 'application/xrd+xml' }, body: [body] };
}

/** The API resource (RFC 8040 §3.3). */
export function apiReply(exchange: Exchange): Reply {
  requireRead(exchange);
  const encoding = replyEncoding(exchange);
  const body =
    encoding === 'json'
      ? `${JSON.stringify({ 'ietf-restconf:restconf': { data: {}, operations: {}, 'yang-library-version': YANG_LIBRARY_VERSION } }, null, 2)}\n`
      : '<restconf xmlns="urn:ietf:params:xml:ns:yang:ietf-restconf"><data/><operations/>' +
        `<yang-library-version>${YANG_LIBRARY_VERSION}</yang-library-version></restconf>\n`;
  return { status: 200, headers: { 'Content-Type': YANG_DATA[encoding], 'Cache-Control': 'no-cache' }, body: [body] };
}

/** `{+restconf}/yang-library-version` (RFC 8040 §3.3.3). */
export function yangLibraryVersionReply(exchange: Exchange): Reply {
  requireRead(exchange);
  const encoding = replyEncoding(exchange);
  const body =
    encoding === 'json'
      ? `${JSON.stringify({ 'ietf-restconf:yang-library-version': YANG_LIBRARY_VERSION })}\n`
      : `<yang-library-version xmlns="urn:ietf:params:xml:ns:yang:ietf-restconf">${YANG_LIBRARY_VERSION}</yang-library-version>\n`;
  return { status: 200, headers: { 'Content-Type': YANG_DATA[encoding], 'Cache-Control': 'no-cache' }, body: [body] };
}

/** A module's source (RFC 8040 §3.7), at the URL that ietf-yang-library gives. */
export function schemaReply(exchange: Exchange, module: string, revision: string | undefined): Reply {
  requireRead(exchange);
  const text = exchange.agent.yang.moduleText(module, revision, 'yang');
  if (text === undefined)
    throw notFound(`There is no module '${module}'${revision === undefined ? '' : ` of revision ${revision}`}.`);
  return { status: 200, headers: { 'Content-Type': 'application/yang', 'Cache-Control': 'no-cache' }, body: [text] };
}

function requireRead(exchange: Exchange): void {
  const allowed = ['GET', 'HEAD', 'OPTIONS'];
  if (!allowed.includes(exchange.method)) throw methodNotAllowed(exchange.method, allowed);
  refuseQuery(exchange.query, 'this resource');
}
