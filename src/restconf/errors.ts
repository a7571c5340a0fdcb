import { printErrorPathXml, printStructureXml } from '../yang/print.ts';
import { RpcError, type ErrorInfo, type ErrorTag } from '../yang/rpc-error.ts';
import type { SchemaTree } from '../yang/schema-tree.ts';
import { escapeText } from '../yang/xml.ts';
import { YANG_DATA, type Encoding } from './media-type.ts';
import type { Reply } from './reply.ts';

/** RFC 8040 §7, table 4; where it leaves a choice, the status of the usual case. */
const STATUS: Readonly<Record<ErrorTag, number>> = {
  'in-use': 409,
  'invalid-value': 400,
  'too-big': 413,
  'missing-attribute': 400,
  'bad-attribute': 400,
  'unknown-attribute': 400,
  'missing-element': 400,
  'bad-element': 400,
  'unknown-element': 400,
  'unknown-namespace': 400,
  'access-denied': 403,
  'lock-denied': 409,
  'resource-denied': 409,
  'rollback-failed': 500,
  'data-exists': 409,
  'data-missing': 409,
  'operation-not-supported': 405,
  'operation-failed': 500,
  'partial-operation': 500,
  'malformed-message': 400,
};

/** Statuses that HTTP has and the error-tags have not. */
const STATUS_OF_APP_TAG: Readonly<Record<string, number>> = {
  'not-acceptable': 406,
  'unsupported-media-type': 415,
  'precondition-failed': 412,
  unauthorized: 401,
  'too-many-requests': 429,
  'data-not-unique': 400,
  'must-violation': 400,
  // RFC 8650 §3.3.
  'ietf-subscribed-notifications:no-such-subscription': 404,
  'ietf-subscribed-notifications:replay-unsupported': 501,
};

/** An answer whose status HTTP determines, rather than the error-tag. */
export class HttpError extends Error {
  readonly status: number;
  readonly errors: readonly RpcError[];
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, error: RpcError | readonly RpcError[], headers: Readonly<Record<string, string>> = {}) {
    const errors = error instanceof RpcError ? [error] : error;
    super(errors[0]?.message ?? 'error');
    this.name = 'HttpError';
    this.status = status;
    this.errors = errors;
    this.headers = headers;
  }
}

/** 404 for a resource that is not there (RFC 8040 §7: invalid-value). */
export function notFound(message: string, path?: string): HttpError {
  return new HttpError(404, RpcError.invalidValue(message, path === undefined ? {} : { path }));
}

/** 405, with what the resource does allow. */
export function methodNotAllowed(method: string, allow: readonly string[], why = 'for this resource'): HttpError {
  const message = `${method} is not available ${why}: use ${allow.join(', ')}.`;
  return new HttpError(405, RpcError.notSupported(message), { Allow: allow.join(', ') });
}

function statusOf(error: RpcError): number {
  const byAppTag = error.appTag === undefined ? undefined : STATUS_OF_APP_TAG[error.appTag];
  return byAppTag ?? STATUS[error.tag];
}

/** Whatever was thrown, as an answer with an `ietf-restconf:errors` body (RFC 8040 §7.1). */
export function errorReply(thrown: unknown, schema: SchemaTree, encoding: Encoding): Reply {
  const errors = thrown instanceof HttpError ? thrown.errors : RpcError.from(thrown);
  const [first] = errors;
  const status = thrown instanceof HttpError ? thrown.status : first === undefined ? 500 : statusOf(first);
  const headers = thrown instanceof HttpError ? thrown.headers : {};
  const body = encoding === 'json' ? errorsJson(errors) : errorsXml(errors, schema);
  return { status, headers: { ...headers, 'Content-Type': YANG_DATA[encoding] }, body: [body] };
}

function errorsJson(errors: readonly RpcError[]): string {
  const list = errors.map((error) => ({
    'error-type': error.type,
    'error-tag': error.tag,
    ...(error.appTag === undefined ? {} : { 'error-app-tag': error.appTag }),
    ...(error.path === undefined ? {} : { 'error-path': error.path }),
    'error-message': error.message,
    ...infoJson(error.info),
  }));
  return `${JSON.stringify({ 'ietf-restconf:errors': { error: list } }, null, 2)}\n`;
}

/** A missing choice is not in it: its element is of a namespace that is no module's, so that JSON has no name for it. */
function infoJson(info: ErrorInfo | undefined): Readonly<Record<string, unknown>> {
  if (info === undefined) return {};
  const members = {
    ...(info.badAttribute === undefined ? {} : { 'ietf-netconf:bad-attribute': info.badAttribute }),
    ...(info.badElement === undefined ? {} : { 'ietf-netconf:bad-element': info.badElement }),
    ...(info.badNamespace === undefined ? {} : { 'ietf-netconf:bad-namespace': info.badNamespace }),
    ...(info.sessionId === undefined ? {} : { 'ietf-netconf:session-id': info.sessionId }),
    ...info.structure,
  };
  return Object.keys(members).length === 0 ? {} : { 'error-info': members };
}

function errorsXml(errors: readonly RpcError[], schema: SchemaTree): string {
  const list = errors.map((error) => `<error>${errorXml(error, schema)}</error>`).join('');
  return `<errors xmlns="urn:ietf:params:xml:ns:yang:ietf-restconf">${list}</errors>\n`;
}

function errorXml(error: RpcError, schema: SchemaTree): string {
  const parts = [`<error-type>${error.type}</error-type>`, `<error-tag>${error.tag}</error-tag>`];
  if (error.appTag !== undefined) parts.push(`<error-app-tag>${escapeText(error.appTag)}</error-app-tag>`);
  if (error.path !== undefined) parts.push(pathXml(error.path, schema));
  parts.push(`<error-message xml:lang="en">${escapeText(error.message)}</error-message>`);
  if (error.info !== undefined) parts.push(`<error-info>${infoXml(error.info, schema)}</error-info>`);
  return parts.join('');
}

function pathXml(path: string, schema: SchemaTree): string {
  const printed = printErrorPathXml(schema, path);
  const declarations = Object.entries(printed.namespaces).map(
    ([prefix, uri]) => ` xmlns:${prefix}="${escapeText(uri)}"`,
  );
  return `<error-path${declarations.join('')}>${escapeText(printed.path)}</error-path>`;
}

function infoXml(info: ErrorInfo, schema: SchemaTree): string {
  const base = 'urn:ietf:params:xml:ns:netconf:base:1.0';
  const element = (name: string, value: string | number | undefined, namespace = base): string =>
    value === undefined ? '' : `<${name} xmlns="${namespace}">${escapeText(String(value))}</${name}>`;
  return [
    element('bad-attribute', info.badAttribute),
    element('bad-element', info.badElement),
    element('bad-namespace', info.badNamespace),
    element('missing-choice', info.missingChoice, 'urn:ietf:params:xml:ns:yang:1'),
    element('session-id', info.sessionId),
    info.structure === undefined ? '' : printStructureXml(schema, info.structure),
  ].join('');
}
