import type { Filter } from '../../agent/requests.ts';
import { RpcError } from '../../yang/rpc-error.ts';
import { attributeOf, type XmlElement } from '../../yang/xml.ts';
import { BASE } from '../namespaces.ts';

/**
 * A `<filter>` parameter (RFC 6241 §6 and §8.9.5).
 * @throws RpcError missing-attribute (select), bad-attribute (type)
 */
export function readFilter(element: XmlElement): Filter {
  const type = filterAttribute(element, 'type') ?? 'subtree';
  if (type === 'subtree') return { type, element };
  if (type !== 'xpath') {
    const message = `A filter's type is 'subtree' or 'xpath', not '${type}'.`;
    throw RpcError.badAttribute(element.name, 'type', message, { type: 'protocol' });
  }
  const expression = filterAttribute(element, 'select');
  if (expression === undefined) {
    const message = 'A filter of type xpath needs its expression in the attribute select.';
    throw RpcError.missingAttribute(element.name, 'select', message, { type: 'protocol' });
  }
  return { type, expression, namespaces: Object.fromEntries([...element.scope].filter(([prefix]) => prefix !== '')) };
}

/** The attributes have no namespace by RFC 6241; several clients qualify them all the same. */
function filterAttribute(element: XmlElement, name: string): string | undefined {
  return attributeOf(element, '', name) ?? attributeOf(element, BASE, name);
}
