import type { LeafValue } from './data.ts';
import type { SchemaTree, Type } from './schema-tree.ts';

/** Either the canonical RFC 7951 value, or what is wrong and what would be right, as the end of a sentence. */
export type LeafResult =
  { readonly ok: true; readonly value: LeafValue } | { readonly ok: false; readonly problem: string };

/** How names in a value are qualified: with module names (RFC 7951), or with the XML prefixes in scope. */
export type NameScope = 'json' | { readonly resolve: (prefix: string) => string | undefined };

/**
 * Reads the lexical form of a value (XML text, a key in a URL or path) as a type's canonical value.
 * White space around numbers, booleans, identities and the like is not significant; in strings it is.
 */
export function leafFromText(schema: SchemaTree, type: Type, text: string, scope: NameScope): LeafResult {
  throw new Error(`leafFromText ${text} ${type.base} ${schema.modules.length} ${typeof scope}`);
}

/** Reads an RFC 7951 value: a number where §6.1 wants a number, a string where it wants a string. */
export function leafFromJson(schema: SchemaTree, type: Type, value: unknown): LeafResult {
  throw new Error(`leafFromJson ${typeof value} ${type.base} ${schema.modules.length}`);
}

/** What values a type has, for messages: `a number from 1 to 65535`, `one of "up", "down"`. */
export function describeType(type: Type): string {
  throw new Error(`describeType ${type.base}`);
}

/** The canonical lexical form, as in a path predicate or XML text of types without prefixes. */
export function leafText(value: LeafValue): string {
  if (typeof value === 'object') return '';
  return String(value);
}
