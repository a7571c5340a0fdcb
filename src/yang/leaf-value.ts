import { AN_INSTANT, canonicalInstant, isInstantType } from './calendar.ts';
import type { LeafValue } from './data.ts';
import type { SchemaTree, Type } from './schema-tree.ts';
import { mapPrefixes, withoutRepeatedModules, xpathSort } from './xpath-names.ts';
import { xsdPattern } from './xsd-pattern.ts';

/** Either the canonical RFC 7951 value, or what would be right, as the end of a sentence: `a number from 1 to 9`. */
export type LeafResult =
  { readonly ok: true; readonly value: LeafValue } | { readonly ok: false; readonly expected: string };

/** How names in a value are qualified: with module names (RFC 7951), or with the XML prefixes in scope. */
export type NameScope = 'json' | { readonly resolve: (prefix: string) => string | undefined };

/** What reading a value needs to know besides its type. `instance-path.ts` makes it. */
export interface ValueContext {
  readonly schema: SchemaTree;
  /** The module of the leaf: an identity without module name is in it. */
  readonly module: string;
  readonly scope: NameScope;
  /** The RFC 7951 form of an instance-identifier. @throws RpcError when it is none */
  readonly canonicalPath: (text: string) => string;
}

type Base<B extends Type['base']> = Extract<Type, { readonly base: B }>;
type IntegerType = Extract<Type, { readonly base: `${'u' | ''}int${number}` }>;
/** The types whose lexical form is the same in XML, JSON strings and paths. */
type TextType = Exclude<Type, IntegerType | Base<'leafref'> | Base<'union'>>;

const INTEGER_BOUNDS: Readonly<Record<IntegerType['base'], readonly [min: bigint, max: bigint]>> = {
  int8: [-128n, 127n],
  int16: [-32768n, 32767n],
  int32: [-2147483648n, 2147483647n],
  int64: [-9223372036854775808n, 9223372036854775807n],
  uint8: [0n, 255n],
  uint16: [0n, 65535n],
  uint32: [0n, 4294967295n],
  uint64: [0n, 18446744073709551615n],
};

function accept(value: LeafValue): LeafResult {
  return { ok: true, value };
}

function refusal({ scope }: ValueContext, type: Type): LeafResult {
  return { ok: false, expected: describeType(type, scope === 'json' ? 'json' : 'xml') };
}

function isInteger(type: Type): type is IntegerType {
  return type.base in INTEGER_BOUNDS;
}

/**
 * Reads the lexical form of a value (XML text, a key in a URL or path) as a type's canonical value. White space around
 * numbers, booleans, identities and the like is not significant; in strings and enumerations it is.
 */
export function leafFromText(context: ValueContext, type: Type, text: string): LeafResult {
  if (isInteger(type)) return integer(context, type, text);
  switch (type.base) {
    case 'leafref':
      return leafFromText(context, type.target, text);
    case 'union':
      return firstOf(context, type, (member) => leafFromText(context, member, text));
    default:
      return fromText(context, type, text);
  }
}

/** Reads an RFC 7951 value: a JSON number where §6.1 wants a number, a JSON string where it wants a string. */
export function leafFromJson(context: ValueContext, type: Type, value: unknown): LeafResult {
  const refuse = (): LeafResult => refusal(context, type);
  if (type.base === 'leafref') return leafFromJson(context, type.target, value);
  if (type.base === 'union') return firstOf(context, type, (member) => leafFromJson(context, member, value));
  if (isInteger(type) && !isWide(type)) {
    return typeof value === 'number' && Number.isInteger(value) ? integer(context, type, String(value)) : refuse();
  }
  if (type.base === 'boolean') return typeof value === 'boolean' ? accept(value) : refuse();
  if (type.base === 'empty') {
    return Array.isArray(value) && value.length === 1 && value[0] === null ? accept([null]) : refuse();
  }
  return typeof value === 'string' ? leafFromText(context, type, value) : refuse();
}

/** 64-bit integers are JSON strings (RFC 7951 §6.1). */
function isWide(type: IntegerType): boolean {
  return type.base === 'int64' || type.base === 'uint64';
}

function firstOf(context: ValueContext, type: Base<'union'>, read: (member: Type) => LeafResult): LeafResult {
  for (const member of type.types) {
    const result = read(member);
    if (result.ok) return result;
  }
  return refusal(context, type);
}

function integer(context: ValueContext, type: IntegerType, text: string): LeafResult {
  const digits = text.trim();
  if (!/^[+-]?\d+$/.test(digits)) return refusal(context, type);
  const value = BigInt(digits.replace(/^\+/, ''));
  const [min, max] = INTEGER_BOUNDS[type.base];
  if (value < min || value > max || !withinRanges(value, type.ranges, BigInt)) {
    return refusal(context, type);
  }
  return accept(isWide(type) ? value.toString() : Number(value));
}

function withinRanges(
  value: bigint,
  ranges: readonly { readonly min: string; readonly max: string }[],
  scale: (bound: string) => bigint,
): boolean {
  return ranges.length === 0 || ranges.some(({ min, max }) => value >= scale(min) && value <= scale(max));
}

function fromText(context: ValueContext, type: TextType, text: string): LeafResult {
  const trimmed = text.trim();
  const refuse = (): LeafResult => refusal(context, type);
  switch (type.base) {
    case 'string':
      if (xpathSort(type) !== undefined) return xpath(context, type, text);
      if (isInstantType(type)) return instant(text) ?? refuse();
      return fitsLength(type, text) && matchesPatterns(type, text) ? accept(text) : refuse();
    case 'enumeration':
      return type.enums.some((one) => one.name === text) ? accept(text) : refuse();
    case 'boolean':
      return trimmed === 'true' || trimmed === 'false' ? accept(trimmed === 'true') : refuse();
    case 'empty':
      return trimmed === '' ? accept([null]) : refuse();
    case 'decimal64':
      return decimal64(type, trimmed) ?? refuse();
    case 'binary':
      return binary(type, text) ?? refuse();
    case 'bits':
      return bits(type, trimmed) ?? refuse();
    case 'identityref':
      return identityref(context, type, trimmed) ?? refuse();
    case 'instance-identifier':
      return instanceIdentifier(context, trimmed);
  }
}

function instant(text: string): LeafResult | undefined {
  const canonical = canonicalInstant(text);
  return canonical === undefined ? undefined : accept(canonical);
}

/** A length is counted in characters, not UTF-16 units (RFC 7950 §9.4.4). */
function fitsLength(type: Base<'string'>, text: string): boolean {
  return type.lengths.length === 0 || withinRanges(BigInt(Array.from(text).length), type.lengths, BigInt);
}

function matchesPatterns(type: Base<'string'>, text: string): boolean {
  return type.patterns.every(({ pattern, invert }) => (xsdPattern(pattern)?.test(text) ?? !invert) !== invert);
}

function decimal64(type: Base<'decimal64'>, text: string): LeafResult | undefined {
  const match = /^([+-]?)(\d+)(?:\.(\d+))?$/.exec(text);
  if (match === null) return undefined;
  const fraction = (match[3] ?? '').replace(/0+$/, '');
  if (fraction.length > type.fractionDigits) return undefined;
  const scale = (bound: string): bigint => scaled(bound, type.fractionDigits);
  const value = scale(text);
  const [min, max] = INTEGER_BOUNDS.int64;
  if (value < min || value > max || !withinRanges(value, type.ranges, scale)) return undefined;
  const whole = BigInt(match[2] ?? '0');
  return accept(`${value < 0n ? '-' : ''}${whole}.${fraction === '' ? '0' : fraction}`);
}

/** A decimal number times 10^digits. */
function scaled(text: string, digits: number): bigint {
  const [whole = '0', fraction = ''] = text.replace(/^[+-]/, '').split('.');
  const magnitude = BigInt(whole + fraction.slice(0, digits).padEnd(digits, '0'));
  return text.startsWith('-') ? -magnitude : magnitude;
}

function binary(type: Base<'binary'>, text: string): LeafResult | undefined {
  const base64 = text.replace(/\s+/g, '');
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(base64)) return undefined;
  const padding = base64.endsWith('==') ? 2 : base64.endsWith('=') ? 1 : 0;
  const octets = BigInt((base64.length / 4) * 3 - padding);
  return withinRanges(octets, type.lengths, BigInt) ? accept(base64) : undefined;
}

function bits(type: Base<'bits'>, text: string): LeafResult | undefined {
  const names = new Set(text === '' ? [] : text.split(/\s+/));
  const known = type.bits.filter((bit) => names.has(bit.name));
  if (known.length !== names.size) return undefined;
  return accept(
    known
      .toSorted((a, b) => a.position - b.position)
      .map((bit) => bit.name)
      .join(' '),
  );
}

function identityref(context: ValueContext, type: Base<'identityref'>, text: string): LeafResult | undefined {
  const colon = text.indexOf(':');
  const qualifier = text.slice(0, Math.max(colon, 0));
  const name = text.slice(colon + 1);
  const qualified = `${moduleNamed(context, qualifier) ?? ''}:${name}`;
  return type.values.includes(qualified) ? accept(qualified) : undefined;
}

function moduleNamed(context: ValueContext, qualifier: string): string | undefined {
  if (context.scope === 'json') return qualifier === '' ? context.module : qualifier;
  const namespace = context.scope.resolve(qualifier);
  if (namespace === undefined || namespace === '') return undefined;
  return context.schema.moduleByNamespace(namespace)?.name;
}

/** XPath of XML, its prefixes replaced by module names. */
function xpath(context: ValueContext, type: Base<'string'>, text: string): LeafResult {
  if (context.scope === 'json') return accept(text);
  const translated = mapPrefixes(text, (prefix) => moduleNamed(context, prefix));
  if (translated === undefined) {
    return { ok: false, expected: 'an XPath expression whose prefixes are declared, with namespaces of modules here' };
  }
  return accept(xpathSort(type) === 'path' ? withoutRepeatedModules(translated) : translated);
}

function instanceIdentifier(context: ValueContext, text: string): LeafResult {
  try {
    return accept(context.canonicalPath(text));
  } catch (error) {
    const reason = error instanceof Error ? ` (${error.message.replace(/\.$/, '')})` : '';
    return { ok: false, expected: `the path of an instance${reason}` };
  }
}

/** How values are written. */
type Notation = 'json' | 'xml';

/** What is said of one notation, unless the value is known to have come in the other. */
const only = (wanted: Notation, given: Notation | undefined, hint: string): string =>
  given === undefined || given === wanted ? `, in ${wanted.toUpperCase()} ${hint}` : '';

/** What values a type has, for messages: `a whole number from 1 to 65535 (uint16), in JSON without quotes`, `one of "up", "down"`. */
export function describeType(type: Type, notation?: Notation): string {
  const inJson = (hint: string): string => only('json', notation, hint);
  if (isInteger(type)) return describeInteger(type, inJson);
  switch (type.base) {
    case 'decimal64':
      return `a decimal number with at most ${type.fractionDigits} fraction digits${describeRanges(type.ranges)}${inJson('as a string')}`;
    case 'string':
      return describeString(type);
    case 'binary':
      return `base64 text${type.lengths.length === 0 ? '' : ` of ${intervals(type.lengths)} octets`}`;
    case 'boolean':
      return `true or false${inJson('without quotes')}`;
    case 'empty':
      return `no value${inJson('[null]')}`;
    case 'enumeration':
      return `one of ${quoted(type.enums.map((one) => one.name))}`;
    case 'bits':
      return `any of ${quoted(type.bits.map((one) => one.name))}, separated by spaces`;
    case 'identityref': {
      const prefixed = only('xml', notation, "with a prefix declared for its module's namespace");
      return `one of the identities ${quoted(type.values)}${prefixed}`;
    }
    case 'instance-identifier':
      return 'the path of an instance';
    case 'leafref':
      return describeType(type.target, notation);
    case 'union':
      return [...new Set(type.types.map((member) => describeType(member, notation)))].join('; or ');
  }
}

function describeInteger(type: IntegerType, inJson: (hint: string) => string): string {
  const [min, max] = INTEGER_BOUNDS[type.base];
  const ranges = type.ranges.length === 0 ? [{ min: String(min), max: String(max) }] : type.ranges;
  const json = inJson(isWide(type) ? 'as a string, since it has 64 bits' : 'without quotes');
  return `a whole number${describeRanges(ranges)} (${type.base})${json}`;
}

function describeString(type: Base<'string'>): string {
  if (isInstantType(type)) return AN_INSTANT;
  const length = type.lengths.length === 0 ? '' : ` of ${intervals(type.lengths)} characters`;
  const patterns = type.patterns.map(({ pattern, invert }) => `${invert ? 'not ' : ''}matching ${pattern}`);
  return `a string${length}${patterns.length === 0 ? '' : ` ${patterns.join(' and ')}`}`;
}

function describeRanges(ranges: readonly { readonly min: string; readonly max: string }[]): string {
  return ranges.length === 0 ? '' : ` from ${intervals(ranges)}`;
}

function intervals(all: readonly { readonly min: string; readonly max: string }[]): string {
  return all.map(({ min, max }) => (min === max ? min : `${min} to ${max}`)).join(' or ');
}

/** At most a dozen names: an error is read by a person. */
function quoted(names: readonly string[]): string {
  const shown = names.slice(0, 12).map((name) => `"${name}"`);
  return shown.join(', ') + (names.length > shown.length ? `, … (${names.length} in all)` : '');
}

/** The lexical form of a value without prefixes, as in a path predicate or a URL. */
export function leafText(value: LeafValue): string {
  return typeof value === 'object' ? '' : String(value);
}
