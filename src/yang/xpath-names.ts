import type { Type } from './schema-tree.ts';

/**
 * Typedefs whose values are XPath: names in them have prefixes in XML and module names in JSON. `path` ones are instance
 * paths, in which a name of its parent's module has no module name in JSON.
 */
const XPATH_TYPEDEFS: ReadonlyMap<string, 'expression' | 'path'> = new Map([
  ['ietf-yang-types:xpath1.0', 'expression'],
  ['ietf-netconf-acm:node-instance-identifier', 'path'],
]);

/** Whether values of a type are XPath, and of which sort. */
export function xpathSort(type: Type): 'expression' | 'path' | undefined {
  return type.typedef === undefined ? undefined : XPATH_TYPEDEFS.get(type.typedef);
}

/** String literals, which are left as they are, and qualified names; an axis (`child::`) is none. */
const QUALIFIED_NAME = /"[^"]*"|'[^']*'|([A-Za-z_][\w.-]*):(?!:)([A-Za-z_][\w.-]*|\*)/g;
/** String literals, variables, and the names of steps and predicates of an instance path. */
const PATH_NAME = /"[^"]*"|'[^']*'|\$[A-Za-z_][\w.-]*|([A-Za-z_][\w.-]*:)?([A-Za-z_][\w.-]*)/g;

/** The expression with every prefix replaced; undefined when `map` has nothing for one. */
export function mapPrefixes(expression: string, map: (prefix: string) => string | undefined): string | undefined {
  const unknown: string[] = [];
  const text = expression.replace(QUALIFIED_NAME, (whole: string, prefix: string | undefined, name: string) => {
    if (prefix === undefined) return whole;
    const mapped = map(prefix);
    if (mapped === undefined) unknown.push(prefix);
    return `${mapped ?? prefix}:${name}`;
  });
  return unknown.length === 0 ? text : undefined;
}

/** An instance path with module names only where the module changes (RFC 7951 §6.11). */
export function withoutRepeatedModules(path: string): string {
  let current: string | undefined;
  return path.replace(PATH_NAME, (whole: string, qualifier: string | undefined, name: string | undefined) => {
    if (name === undefined || qualifier === undefined) return whole;
    const repeated = qualifier === current;
    current = qualifier;
    return repeated ? name : whole;
  });
}

/** The reverse of {@link withoutRepeatedModules}: every name with its module. */
export function withAllModules(path: string): string {
  let current = '';
  return path.replace(PATH_NAME, (whole: string, qualifier: string | undefined, name: string | undefined) => {
    if (name === undefined) return whole;
    current = qualifier ?? current;
    return current + name;
  });
}
