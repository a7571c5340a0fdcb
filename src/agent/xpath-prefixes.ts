import type { SchemaTree } from '../yang/schema-tree.ts';

/**
 * The prefixes of an XPath filter as module names. Module names are prefixes of their own modules (RFC 8040 §4.8.4) unless the
 * client declared them otherwise; when it declared none, that is what an empty result means.
 * @param namespaces namespace URI by prefix
 */
export function filterPrefixes(
  schema: SchemaTree,
  namespaces: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  if (Object.keys(namespaces).length === 0) return {};
  const prefixes: Record<string, string> = {};
  for (const module of schema.modules) if (module.implemented) prefixes[module.name] = module.name;
  for (const [prefix, namespace] of Object.entries(namespaces)) {
    if (prefix === '') continue;
    const module = schema.moduleByNamespace(namespace);
    if (module !== undefined) prefixes[prefix] = module.name;
    // A namespace in scope that is no module's (that of the message, say) matters only to an expression that uses it.
    else Reflect.deleteProperty(prefixes, prefix);
  }
  return prefixes;
}
