import { canonicalInstant, isInstantType } from './calendar.ts';
import type { LeafValue } from './data.ts';
import { valueContext } from './instance-path.ts';
import { leafFromJson, leafFromText } from './leaf-value.ts';
import type { NameScope } from './leaf-value.ts';
import type { SchemaTree, Type } from './schema-tree.ts';
import type { TypedefOrigins } from './typedef-origin.ts';
import { xpathSort } from './xpath-names.ts';
import { xsdPattern } from './xsd-pattern.ts';

/**
 * How values of one type are read and proven valid. `undefined` says that a value is not proven: it may be wrong, or of a form
 * that only libyang judges.
 */
export interface LeafPlan {
  /** The canonical value of an RFC 7951 value. */
  readonly fromJson: (value: unknown) => LeafValue | undefined;
  /** The canonical value of a lexical form, as in XML. */
  readonly fromText: (text: string, scope: NameScope) => LeafValue | undefined;
  /** The order that system-ordered values are put in; absent where it is libyang's to tell. */
  readonly compare?: (a: LeafValue, b: LeafValue) => number;
}

type Base<B extends Type['base']> = Extract<Type, { readonly base: B }>;

const SMALL_INTEGERS: Readonly<Partial<Record<Type['base'], readonly [min: number, max: number]>>> = {
  int8: [-128, 127],
  int16: [-32768, 32767],
  int32: [-2147483648, 2147483647],
  uint8: [0, 255],
  uint16: [0, 65535],
  uint32: [0, 4294967295],
};

/**
 * Characters that YANG allows (RFC 7950 §14) and that all engines of regular expressions and orders of text agree on: without
 * the planes beyond the first, the private ones and the controls. One of them is one UTF-16 unit.
 */
const AGREED = /^[\t\n\r\x20-\x7e\u00a0-\ud7ff]*$/;
/** The same for texts that are matched against patterns: their classes differ beyond ASCII, and `.` of libyang takes a carriage return. */
const AGREED_IN_PATTERNS = /^[\t\n\x20-\x7e]*$/;

/** @returns undefined for a type whose values only libyang proves */
export function planLeaf(
  schema: SchemaTree,
  origins: TypedefOrigins,
  module: string,
  type: Type,
): LeafPlan | undefined {
  switch (type.base) {
    case 'int8':
    case 'int16':
    case 'int32':
    case 'uint8':
    case 'uint16':
    case 'uint32':
      return smallInteger(type);
    case 'uint64':
    case 'int64':
      return { ...general(schema, module, type), compare: compareWide };
    case 'string':
      if (isInstantType(type)) return { fromJson: textOnly(canonicalInstant), fromText: canonicalInstant };
      return origins.isPlainString(type) && xpathSort(type) === undefined ? plainString(type) : undefined;
    case 'enumeration':
      return enumeration(type);
    case 'boolean':
    case 'empty':
    case 'decimal64':
    case 'bits':
    case 'identityref':
      return general(schema, module, type);
    case 'leafref':
      return type.requireInstance ? undefined : planLeaf(schema, origins, module, type.target);
    default:
      return undefined;
  }
}

/** Types that libyang reads as `leaf-value.ts` does. */
function general(schema: SchemaTree, module: string, type: Type): LeafPlan {
  const inJson = valueContext(schema, module, 'json');
  return {
    fromJson: (value) => {
      const result = leafFromJson(inJson, type, value);
      return result.ok ? result.value : undefined;
    },
    fromText: (text, scope) => {
      const result = leafFromText(valueContext(schema, module, scope), type, text);
      return result.ok ? result.value : undefined;
    },
  };
}

function smallInteger(type: Extract<Type, { readonly ranges: unknown }>): LeafPlan {
  const ranges = type.ranges.map(({ min, max }) => [Number(min), Number(max)] as const);
  const all = SMALL_INTEGERS[type.base];
  const bounds = ranges.length > 0 ? ranges : all === undefined ? [] : [all];
  // The sum makes zero of a negative zero.
  const within = (value: number): number | undefined =>
    bounds.some(([min, max]) => value >= min && value <= max) ? value + 0 : undefined;
  return {
    fromJson: (value) => (typeof value === 'number' && Number.isInteger(value) ? within(value) : undefined),
    fromText: (text) => (/^\s*[+-]?\d+\s*$/.test(text) ? within(Number(text)) : undefined),
    compare: (a, b) => Number(a) - Number(b),
  };
}

/** Values of 64-bit integers are canonical decimal strings. */
function compareWide(a: LeafValue, b: LeafValue): number {
  const difference = BigInt(String(a)) - BigInt(String(b));
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

function plainString(type: Base<'string'>): LeafPlan | undefined {
  const patterns: { readonly expression: RegExp; readonly invert: boolean }[] = [];
  for (const { pattern, invert } of type.patterns) {
    const expression = xsdPattern(pattern);
    if (expression === undefined) return undefined;
    patterns.push({ expression, invert });
  }
  const lengths = type.lengths.map(({ min, max }) => [Number(min), Number(max)] as const);
  const agreed = patterns.length > 0 ? AGREED_IN_PATTERNS : AGREED;
  return asText((text) => {
    if (!agreed.test(text)) return undefined;
    if (lengths.length > 0 && !lengths.some(([min, max]) => text.length >= min && text.length <= max)) return undefined;
    return patterns.every(({ expression, invert }) => expression.test(text) !== invert) ? text : undefined;
  });
}

function enumeration(type: Base<'enumeration'>): LeafPlan {
  const values = new Map<LeafValue, number>(type.enums.map(({ name, value }) => [name, value]));
  return {
    ...asText((text) => (values.has(text) ? text : undefined)),
    // libyang puts greater values first.
    compare: (a, b) => (values.get(b) ?? 0) - (values.get(a) ?? 0),
  };
}

/** Types whose values are JSON strings of the same form as the text of XML, in the order of their characters. */
function asText(read: (text: string) => string | undefined): LeafPlan {
  return {
    fromJson: textOnly(read),
    fromText: read,
    compare: (a, b) => (a < b ? -1 : a > b ? 1 : 0),
  };
}

function textOnly(read: (text: string) => string | undefined): LeafPlan['fromJson'] {
  return (value) => (typeof value === 'string' ? read(value) : undefined);
}
