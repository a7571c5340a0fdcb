import type { Module } from '../yang/schema-tree.ts';
import type { YangContext } from '../yang/yang-context.ts';
import { childElement, escapeText, parseXml, type XmlElement } from '../yang/xml.ts';
import type { Framing } from './framing.ts';
import { BASE } from './namespaces.ts';

const BASE_1_0 = 'urn:ietf:params:netconf:base:1.0';
const BASE_1_1 = 'urn:ietf:params:netconf:base:1.1';

const PROTOCOL_CAPABILITIES: readonly string[] = [
  BASE_1_0,
  BASE_1_1,
  'urn:ietf:params:netconf:capability:writable-running:1.0',
  'urn:ietf:params:netconf:capability:rollback-on-error:1.0',
  'urn:ietf:params:netconf:capability:xpath:1.0',
  'urn:ietf:params:netconf:capability:notification:1.0',
  'urn:ietf:params:netconf:capability:interleave:1.0',
  'urn:ietf:params:netconf:capability:with-defaults:1.0?basic-mode=explicit&also-supported=report-all,report-all-tagged,trim',
];

/** The client's hello cannot be accepted; the session must end (RFC 6241 §8.1). */
export class BadHello extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'BadHello';
  }
}

/**
 * What the server announces: the protocol's capabilities, the YANG library, and the modules of YANG version 1; those
 * of version 1.1 are found through the library (RFC 7950 §5.6.4).
 */
export function serverCapabilities(yang: Pick<YangContext, 'schema' | 'contentId'>): readonly string[] {
  const library = yang.schema.module('ietf-yang-library');
  const revision = library?.revision ?? '2019-01-04';
  return [
    ...PROTOCOL_CAPABILITIES,
    `urn:ietf:params:netconf:capability:yang-library:1.1?revision=${revision}&content-id=${yang.contentId}`,
    ...yang.schema.modules.filter((module) => module.implemented && module.yangVersion === '1').map(moduleCapability),
  ];
}

/** RFC 6020 §5.6.4. */
function moduleCapability(module: Module): string {
  const features = module.features.filter((feature) => feature.enabled).map((feature) => feature.name);
  let uri = `${module.namespace}?module=${module.name}`;
  if (module.revision !== undefined) uri += `&revision=${module.revision}`;
  if (features.length > 0) uri += `&features=${features.join(',')}`;
  if (module.deviatedBy.length > 0) uri += `&deviations=${module.deviatedBy.join(',')}`;
  return uri;
}

export function helloText(capabilities: readonly string[], sessionId: number): string {
  const list = capabilities.map((uri) => `<capability>${escapeText(uri)}</capability>`).join('');
  return `<hello xmlns="${BASE}"><capabilities>${list}</capabilities><session-id>${sessionId}</session-id></hello>`;
}

/**
 * Reads the client's hello.
 * @returns the framing for everything after the two hellos (RFC 6242 §4.1)
 * @throws BadHello
 */
export function readHello(text: string): Framing {
  let root: XmlElement;
  try {
    root = parseXml(text);
  } catch (error) {
    throw new BadHello(error instanceof Error ? error.message : String(error));
  }
  if (root.name !== 'hello' || root.namespace !== BASE) {
    throw new BadHello(`a <hello> in the namespace ${BASE} is expected, not <${root.name}> in '${root.namespace}'`);
  }
  if (childElement(root, BASE, 'session-id') !== undefined) {
    throw new BadHello('a client must not send a session-id');
  }
  const capabilities = childElement(root, BASE, 'capabilities');
  const announced = new Set(capabilities?.children.filter(isCapability).map((child) => child.text.trim()));
  if (announced.has(BASE_1_1)) return 'chunked';
  if (announced.has(BASE_1_0)) return 'end-of-message';
  throw new BadHello(`none of the client's capabilities is ${BASE_1_0} or ${BASE_1_1}`);
}

function isCapability(element: XmlElement): boolean {
  return element.name === 'capability' && element.namespace === BASE;
}
