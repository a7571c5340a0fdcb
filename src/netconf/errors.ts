import { printErrorPathXml, printStructureXml } from '../yang/print.ts';
import type { ErrorInfo, ErrorTag, RpcError } from '../yang/rpc-error.ts';
import type { SchemaTree } from '../yang/schema-tree.ts';
import { escapeAttribute, escapeText } from '../yang/xml.ts';
import { YANG } from './namespaces.ts';

export interface ErrorRendering {
  readonly schema: SchemaTree;
  /** False for a session of base:1.0, which does not know `malformed-message` (RFC 6241 appendix A). */
  readonly malformedMessage: boolean;
  /** Name of the operation that failed; absent when the message could not be read. */
  readonly operation?: string;
}

/**
 * One `<rpc-error>` (RFC 6241 §4.3) for a reply whose default namespace is the base namespace.
 */
export function renderRpcError(error: RpcError, options: ErrorRendering): string {
  const parts = [
    element('error-type', error.type),
    element('error-tag', tagOf(error.tag, options)),
    element('error-severity', error.severity),
  ];
  if (error.appTag !== undefined) parts.push(element('error-app-tag', error.appTag));
  if (error.path !== undefined) parts.push(errorPath(inMessage(error.path, options.operation), options.schema));
  parts.push(`<error-message xml:lang="en">${escapeText(error.message)}</error-message>`);
  const info = error.info === undefined ? '' : errorInfo(error.info, options.schema);
  if (info !== '') parts.push(`<error-info>${info}</error-info>`);
  return `<rpc-error>${parts.join('')}</rpc-error>`;
}

function tagOf(tag: ErrorTag, options: ErrorRendering): ErrorTag {
  return tag === 'malformed-message' && !options.malformedMessage ? 'operation-failed' : tag;
}

/** In NETCONF the input of an operation is its element; `input` is what RESTCONF calls it (RFC 8040 §3.6.1). */
function inMessage(path: string, operation: string | undefined): string {
  return operation === undefined ? path : path.replace(/^(\/[^/:[]+):input(?=[/[]|$)/, `$1:${operation}`);
}

function errorPath(path: string, schema: SchemaTree): string {
  const printed = printErrorPathXml(schema, path);
  const declarations = Object.entries(printed.namespaces)
    .map(([prefix, namespace]) => ` xmlns:${prefix}="${escapeAttribute(namespace)}"`)
    .join('');
  return `<error-path${declarations}>${escapeText(printed.path)}</error-path>`;
}

function errorInfo(info: ErrorInfo, schema: SchemaTree): string {
  let text = '';
  if (info.badAttribute !== undefined) text += element('bad-attribute', info.badAttribute);
  if (info.badElement !== undefined) text += element('bad-element', info.badElement);
  if (info.badNamespace !== undefined) text += element('bad-namespace', info.badNamespace);
  if (info.missingChoice !== undefined) text += element('missing-choice', info.missingChoice, YANG);
  if (info.sessionId !== undefined) text += element('session-id', String(info.sessionId));
  if (info.structure !== undefined) text += printStructureXml(schema, info.structure);
  return text;
}

function element(name: string, content: string, namespace?: string): string {
  const declared = namespace === undefined ? '' : ` xmlns="${namespace}"`;
  return `<${name}${declared}>${escapeText(content)}</${name}>`;
}
