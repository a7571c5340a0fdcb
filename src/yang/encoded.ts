import { parseXml } from './xml.ts';
import type { XmlElement } from './xml.ts';

/** A message body as it came. */
export interface Encoded {
  readonly format: 'xml' | 'json';
  readonly text: string;
}

/** An element of a message that has been parsed already. */
export interface ParsedElement {
  readonly format: 'element';
  readonly element: XmlElement;
}

/** @throws RpcError malformed-message, too-big */
export function rootOf(source: Encoded | ParsedElement): XmlElement {
  return source.format === 'element' ? source.element : parseXml(source.text);
}
