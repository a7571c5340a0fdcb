import { RpcError } from '../yang/rpc-error.ts';
import { attributeOf, escapeAttribute, parseXml, type XmlAttribute, type XmlElement } from '../yang/xml.ts';
import { asciiXml } from './ascii.ts';
import { BASE } from './namespaces.ts';

/** What a message was, with the start tag of the reply that belongs to it, whether it could be read or not. */
export interface ReadMessage {
  readonly replyTag: string;
  /** The one child of a correct `<rpc>` (RFC 6241 §4.1), or what is wrong. */
  readonly result: { readonly operation: XmlElement } | { readonly error: unknown };
}

const NO_ATTRIBUTES: readonly XmlAttribute[] = [];

/** Reads a message that should be an `<rpc>`. Names are compared by namespace, whatever the prefixes. */
export function readRpc(source: string): ReadMessage {
  let root: XmlElement;
  try {
    root = parseXml(source);
  } catch (error) {
    return { replyTag: unreadableReplyTag(source), result: { error } };
  }
  const replyTag = rpcReplyTag(root.name === 'rpc' ? root.attributes : NO_ATTRIBUTES);
  try {
    return { replyTag, result: { operation: checkedOperation(root) } };
  } catch (error) {
    return { replyTag, result: { error } };
  }
}

/** @throws RpcError when the element is not an `<rpc>` with a message-id and one operation */
function checkedOperation(root: XmlElement): XmlElement {
  if (root.name !== 'rpc') {
    throw RpcError.malformedMessage(`An <rpc> is expected after the hello, not <${root.name}>.`);
  }
  if (root.namespace !== BASE) {
    const where = root.namespace === '' ? 'no namespace' : `the namespace ${root.namespace}`;
    throw RpcError.unknownNamespace('rpc', root.namespace, `<rpc> is in ${where}; it must be in ${BASE}.`, {
      type: 'rpc',
    });
  }
  if (attributeOf(root, '', 'message-id') === undefined) {
    throw RpcError.missingAttribute(
      'rpc',
      'message-id',
      '<rpc> needs a message-id; the operation was not carried out.',
    );
  }
  const [operation, second] = root.children;
  if (operation === undefined) throw RpcError.malformedMessage('The <rpc> holds no operation.');
  if (second !== undefined) {
    throw RpcError.malformedMessage(
      `The <rpc> holds more than one operation (<${operation.name}>, <${second.name}>); none was carried out.`,
    );
  }
  return operation;
}

/**
 * The start tag of a reply: always in the base namespace, with the request's attributes and the namespaces that these
 * need (RFC 6241 §4.2).
 */
function rpcReplyTag(attributes: readonly XmlAttribute[]): string {
  const namespaces = new Map<string, string>();
  let text = '';
  for (const { prefix, name, namespace, value } of attributes) {
    if (prefix !== '' && prefix !== 'xml') namespaces.set(prefix, namespace);
    text += ` ${prefix === '' ? name : `${prefix}:${name}`}="${asciiXml(escapeAttribute(value))}"`;
  }
  const declarations = [...namespaces].map(([prefix, uri]) => ` xmlns:${prefix}="${escapeAttribute(uri)}"`).join('');
  return `<rpc-reply xmlns="${BASE}"${declarations}${text}>`;
}

/** How far into a message its start tag is looked for. */
const HEAD_LENGTH = 2048;

/** Finds the message-id where the message cannot be parsed, so that the client can tell which request failed. */
export function unreadableReplyTag(message: string): string {
  const head = message.slice(0, HEAD_LENGTH);
  const startTag = /^\s*(?:<[?!][^>[]*(?:\[[^\]]*\])?[^>]*>\s*)*<(?:[\w.-]+:)?rpc\s([^>]*)/.exec(head)?.[1] ?? '';
  const id = /(?:^|\s)message-id\s*=\s*(?:"([^"<&]*)"|'([^'<&]*)')/.exec(startTag);
  const value = id?.[1] ?? id?.[2];
  return value === undefined
    ? rpcReplyTag(NO_ATTRIBUTES)
    : `<rpc-reply xmlns="${BASE}" message-id="${escapeAttribute(value)}">`;
}

/** A whole reply; one without content says `<ok/>` (RFC 6241 §4.4). */
export function* replyText(replyTag: string, content: Iterable<string>): Generator<string, void, undefined> {
  yield replyTag;
  let empty = true;
  for (const piece of content) {
    if (piece !== '') empty = false;
    yield asciiXml(piece);
  }
  if (empty) yield '<ok/>';
  yield '</rpc-reply>';
}
