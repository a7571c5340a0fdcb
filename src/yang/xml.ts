import { SaxesParser, type SaxesTagNS } from 'saxes';
import { RpcError } from './rpc-error.ts';

/** An attribute with its namespace; `namespace` is empty for an attribute without prefix. */
export interface XmlAttribute {
  readonly namespace: string;
  readonly name: string;
  readonly prefix: string;
  readonly value: string;
}

/** An element of a parsed document. Comments and processing instructions are left out, CDATA is text. */
export interface XmlElement {
  /** Namespace URI; empty when the element is in no namespace. */
  readonly namespace: string;
  readonly name: string;
  readonly prefix: string;
  /** All attributes but namespace declarations, in document order. */
  readonly attributes: readonly XmlAttribute[];
  readonly children: readonly XmlElement[];
  /** The character data directly in this element, concatenated; white space is kept. */
  readonly text: string;
  /** Every prefix in scope with its namespace; the default namespace has the prefix ''. */
  readonly scope: ReadonlyMap<string, string>;
}

export interface XmlLimits {
  /** Deepest nesting accepted; 256 unless given. Resolving prefixes costs time quadratic in it. */
  readonly depth?: number;
  /** Most characters accepted; 64 Mi unless given. */
  readonly size?: number;
}

const DEFAULT_DEPTH = 256;
const DEFAULT_SIZE = 64 * 1024 * 1024;
const XMLNS = 'http://www.w3.org/2000/xmlns/';
/** The bindings every document starts with (Namespaces in XML 1.0 §3). */
const ROOT_SCOPE: ReadonlyMap<string, string> = new Map([
  ['', ''],
  ['xml', 'http://www.w3.org/XML/1998/namespace'],
]);

/** An element while it is being read. */
interface OpenElement {
  readonly namespace: string;
  readonly name: string;
  readonly prefix: string;
  readonly attributes: readonly XmlAttribute[];
  readonly children: XmlElement[];
  text: string;
  readonly scope: ReadonlyMap<string, string>;
}

/**
 * Parses one document (no DOCTYPE, hence no entities but the five of XML).
 * @throws RpcError malformed-message with line and column; too-big beyond the limits
 */
export function parseXml(text: string, limits: XmlLimits = {}): XmlElement {
  const maxDepth = limits.depth ?? DEFAULT_DEPTH;
  const maxSize = limits.size ?? DEFAULT_SIZE;
  if (text.length > maxSize) {
    throw RpcError.tooBig(`The XML message has ${text.length} characters; at most ${maxSize} are accepted.`);
  }
  const parser = new SaxesParser({ xmlns: true });
  const open: OpenElement[] = [];
  let root: XmlElement | undefined;

  const refuse = (reason: string): RpcError =>
    RpcError.malformedMessage(`Malformed XML at line ${parser.line}, column ${parser.columnIndex + 1}: ${reason}.`);

  parser.on('error', (error) => {
    // The parser puts its own position in front of its message; ours says the same in words.
    throw refuse(error.message.replace(/^\d+:\d+: /, '').replace(/\.$/, ''));
  });
  parser.on('doctype', () => {
    throw refuse('a DOCTYPE is not accepted; send the document without one');
  });
  parser.on('opentag', (tag) => {
    if (open.length >= maxDepth) {
      throw RpcError.tooBig(
        `The XML message is nested deeper than ${maxDepth} elements at line ${parser.line}; that is not accepted.`,
      );
    }
    const element: OpenElement = {
      namespace: tag.uri,
      name: tag.local,
      prefix: tag.prefix,
      attributes: attributesIn(tag),
      children: [],
      text: '',
      scope: extendScope(open.at(-1)?.scope ?? ROOT_SCOPE, tag.ns),
    };
    open.push(element);
  });
  const addText = (piece: string): void => {
    const element = open.at(-1);
    if (element !== undefined) element.text += piece;
  };
  parser.on('text', addText);
  parser.on('cdata', addText);
  parser.on('closetag', () => {
    const element = open.pop();
    if (element === undefined) return;
    const parent = open.at(-1);
    if (parent === undefined) root = element;
    else parent.children.push(element);
  });
  parser.write(text).close();
  if (root === undefined) throw refuse('the document has no element');
  return root;
}

const NO_ATTRIBUTES: readonly XmlAttribute[] = [];

function attributesIn({ attributes }: SaxesTagNS): readonly XmlAttribute[] {
  let found: XmlAttribute[] | undefined;
  for (const given in attributes) {
    const attribute = attributes[given];
    if (attribute === undefined || attribute.uri === XMLNS) continue;
    const { uri, local, prefix, value } = attribute;
    (found ??= []).push({ namespace: uri, name: local, prefix, value });
  }
  return found ?? NO_ATTRIBUTES;
}

function extendScope(
  outer: ReadonlyMap<string, string>,
  declared: Readonly<Record<string, string>>,
): ReadonlyMap<string, string> {
  let scope: Map<string, string> | undefined;
  for (const prefix in declared) (scope ??= new Map(outer)).set(prefix, declared[prefix] ?? '');
  return scope ?? outer;
}

/** The first child of that namespace and name. */
export function childElement(element: XmlElement, namespace: string, name: string): XmlElement | undefined {
  return element.children.find((child) => child.namespace === namespace && child.name === name);
}

/** The value of an attribute; `namespace` '' for one without prefix. */
export function attributeOf(element: XmlElement, namespace: string, name: string): string | undefined {
  return element.attributes.find((one) => one.namespace === namespace && one.name === name)?.value;
}

const TEXT_ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '\r': '&#13;' };
const ATTRIBUTE_ESCAPES: Readonly<Record<string, string>> = {
  ...TEXT_ESCAPES,
  '"': '&quot;',
  '\n': '&#10;',
  '\t': '&#9;',
};
/** What XML 1.0 §2.2 has no way to write, not even as a character reference: most controls, lone surrogates, U+FFFE, U+FFFF. */
const UNWRITABLE = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}/gu;
const NEEDS_TEXT_ESCAPE = /[&<>\r]/;
/** What most texts are: ASCII that both text and attribute values hold as it is. */
const PLAIN = /^[ !#-%'-;=?-~]*$/;

/**
 * Text as XML character data: `&`, `<`, `>` and carriage returns escaped. Characters that XML 1.0 has no way to write
 * become U+FFFD.
 */
export function escapeText(text: string): string {
  if (PLAIN.test(text)) return text;
  const writable = text.replace(UNWRITABLE, '\ufffd');
  if (!NEEDS_TEXT_ESCAPE.test(writable)) return writable;
  return writable.replace(/[&<>\r]/g, (character) => TEXT_ESCAPES[character] ?? character);
}

/** Text as a double-quoted XML attribute value; white space is kept by character references. */
export function escapeAttribute(text: string): string {
  if (PLAIN.test(text)) return text;
  return text
    .replace(UNWRITABLE, '\ufffd')
    .replace(/[&<>"\r\n\t]/g, (character) => ATTRIBUTE_ESCAPES[character] ?? character);
}
