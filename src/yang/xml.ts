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
  /** Offsets in the source: of the `<` of the start tag, and just behind the `>` of the end tag. */
  readonly start: number;
  readonly end: number;
}

export interface XmlLimits {
  /** Deepest nesting accepted; 256 unless given. */
  readonly depth?: number;
  /** Most characters accepted; 64 Mi unless given. */
  readonly size?: number;
}

/**
 * Parses one document (no DOCTYPE, no entities but the five of XML).
 * @throws RpcError malformed-message with line and column; too-big beyond the limits
 */
export function parseXml(text: string, limits: XmlLimits = {}): XmlElement {
  throw new Error(`parseXml ${text.length} ${String(limits.depth)}`);
}

/** The element as a document of its own: its slice of the source with the namespaces in scope declared on it. */
export function toStandaloneText(element: XmlElement, source: string): string {
  throw new Error(`toStandaloneText ${element.name} ${source.length}`);
}

/** The first child of that namespace and name. */
export function childElement(element: XmlElement, namespace: string, name: string): XmlElement | undefined {
  return element.children.find((child) => child.namespace === namespace && child.name === name);
}

/** The value of an attribute; `namespace` '' for one without prefix. */
export function attributeOf(element: XmlElement, namespace: string, name: string): string | undefined {
  return element.attributes.find((one) => one.namespace === namespace && one.name === name)?.value;
}

/** Text for XML character data: `&`, `<`, `>` and carriage returns escaped. Characters XML 1.0 has no way to write become U+FFFD. */
export function escapeText(text: string): string {
  throw new Error(`escapeText ${text.length}`);
}

/** Text for a double-quoted XML attribute value. */
export function escapeAttribute(text: string): string {
  throw new Error(`escapeAttribute ${text.length}`);
}
