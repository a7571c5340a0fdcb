import type { Instance } from './condition.ts';
import { entryKey } from './data.ts';
import type { Data, LeafValue, Value } from './data.ts';
import { isData } from './entries.ts';
import type { Choice, Condition, Inner, Place } from './input-plan.ts';
import type { LeafPlan } from './leaf-plan.ts';
import { isObject } from './read-json.ts';
import { keyValues } from './entries.ts';
import type { XmlElement } from './xml.ts';

/**
 * How an encoding holds data. `undefined` everywhere says that it is not proven to be right.
 * @typeParam Raw one instance as it came
 * @typeParam Found all that a parent has of one node
 */
interface Notation<Raw, Found> {
  /** What there is of each place of a parent, by index. */
  readonly members: (inner: Inner, raw: Raw) => readonly (Found | undefined)[] | undefined;
  readonly one: (found: Found) => Raw | undefined;
  readonly all: (found: Found) => readonly Raw[] | undefined;
  readonly leaf: (plan: LeafPlan, raw: Raw) => LeafValue | undefined;
}

const jsonNotation: Notation<unknown, unknown> = {
  members: (inner, raw) => {
    if (!isObject(raw)) return undefined;
    const found = new Array<unknown>(inner.size);
    for (const member of Object.keys(raw)) {
      const place = inner.byMember.get(member);
      if (place === undefined || found[place.index] !== undefined) return undefined;
      found[place.index] = raw[member];
    }
    return found;
  },
  one: (found) => found,
  all: (found) => (Array.isArray(found) ? (found as readonly unknown[]) : undefined),
  leaf: (plan, raw) => plan.fromJson(raw),
};

const xmlNotation: Notation<XmlElement, readonly XmlElement[]> = {
  members: (inner, { attributes, text, children }) =>
    attributes.length === 0 && text.trim() === '' ? elementsOf(inner, children) : undefined,
  one: ([element, another]) => (another === undefined ? element : undefined),
  all: (found) => found,
  leaf: (plan, { attributes, children, text, scope }) =>
    attributes.length === 0 && children.length === 0
      ? plan.fromText(text, { resolve: (prefix) => scope.get(prefix) })
      : undefined,
};

function elementsOf(inner: Inner, elements: readonly XmlElement[]): (XmlElement[] | undefined)[] | undefined {
  const found = new Array<XmlElement[] | undefined>(inner.size);
  for (const element of elements) {
    const place = inner.byElement.get(element.namespace)?.get(element.name);
    if (place === undefined) return undefined;
    const before = found[place.index];
    if (before === undefined) found[place.index] = [element];
    else before.push(element);
  }
  return found;
}

/** A parent that nothing is in, for what stands for it then. */
export const emptyNotation: Notation<undefined, never> = {
  members: () => [],
  one: () => undefined,
  all: () => [],
  leaf: () => undefined,
};

/**
 * The validated input of an operation with its defaults, if the plan proves it.
 * @param content the object in `{"module:input": …}`
 */
export function provenFromJson(plan: Inner, content: unknown): Data | undefined {
  return checked(plan, buildMembers(jsonNotation, plan, content));
}

/** As {@link provenFromJson}. @param elements the children of the operation's element */
export function provenFromXml(plan: Inner, elements: readonly XmlElement[]): Data | undefined {
  const found = elementsOf(plan, elements);
  return found === undefined ? undefined : checked(plan, build(xmlNotation, plan, found));
}

/** What a parent holds, completed and in canonical form; conditions are not looked at. */
export function buildMembers<Raw, Found>(notation: Notation<Raw, Found>, inner: Inner, raw: Raw): Data | undefined {
  const found = notation.members(inner, raw);
  return found === undefined ? undefined : build(notation, inner, found);
}

type Members = Record<string, Value>;

function build<Raw, Found>(
  notation: Notation<Raw, Found>,
  inner: Inner,
  found: readonly (Found | undefined)[],
): Data | undefined {
  const members: Members = {};
  return addContent(notation, inner.content, found, members) ? members : undefined;
}

/** @returns whether all of it is proven */
function addContent<Raw, Found>(
  notation: Notation<Raw, Found>,
  content: readonly (Place | Choice)[],
  found: readonly (Found | undefined)[],
  members: Members,
): boolean {
  for (const item of content) {
    const proven =
      item.kind === 'choice'
        ? addChoice(notation, item, found, members)
        : addPlace(notation, item, found[item.index], members);
    if (!proven) return false;
  }
  return true;
}

function addChoice<Raw, Found>(
  notation: Notation<Raw, Found>,
  choice: Choice,
  found: readonly (Found | undefined)[],
  members: Members,
): boolean {
  let chosen = undefined;
  for (const one of choice.cases) {
    if (!one.indexes.some((index) => found[index] !== undefined)) continue;
    if (chosen !== undefined) return false;
    chosen = one;
  }
  if (choice.unproven) return chosen === undefined && !choice.mandatory && choice.defaultCase === undefined;
  chosen ??= choice.defaultCase;
  return chosen === undefined ? !choice.mandatory : addContent(notation, chosen.content, found, members);
}

function addPlace<Raw, Found>(
  notation: Notation<Raw, Found>,
  place: Place,
  found: Found | undefined,
  members: Members,
): boolean {
  if (found === undefined) {
    if (place.absence === 'unproven') return false;
    if (place.absence.value !== undefined) members[place.member] = place.absence.value;
    return true;
  }
  const value = valueOf(notation, place, found);
  if (value === undefined) return false;
  if (place.kind === 'container' && !place.node.presence) {
    // Whether an empty container chooses its case is libyang's to say.
    if (place.inCase && isAsAbsent(place, value)) return false;
    if (isData(value) && Object.keys(value).length === 0) return true;
  }
  members[place.member] = value;
  return true;
}

function isAsAbsent({ absence }: Place, value: Value): boolean {
  return absence !== 'unproven' && JSON.stringify(absence.value ?? {}) === JSON.stringify(value);
}

function valueOf<Raw, Found>(notation: Notation<Raw, Found>, place: Place, found: Found): Value | undefined {
  switch (place.kind) {
    case 'leaf': {
      const one = notation.one(found);
      return one === undefined ? undefined : notation.leaf(place.plan, one);
    }
    case 'leaf-list':
      return leafListOf(notation, place, found);
    case 'container': {
      const one = notation.one(found);
      return one === undefined ? undefined : buildMembers(notation, place.inner, one);
    }
    case 'list':
      return entriesOf(notation, place, found);
    case 'unproven':
      return undefined;
  }
}

function leafListOf<Raw, Found>(
  notation: Notation<Raw, Found>,
  { node, plan }: Extract<Place, { kind: 'leaf-list' }>,
  found: Found,
): readonly LeafValue[] | undefined {
  const all = notation.all(found);
  if (all === undefined || !isAllowedNumber(node, all.length)) return undefined;
  const values: LeafValue[] = [];
  for (const one of all) {
    const value = notation.leaf(plan, one);
    if (value === undefined) return undefined;
    values.push(value);
  }
  if (values.length < 2 || node.orderedBy === 'user') return values;
  return plan.compare === undefined ? undefined : values.sort(plan.compare);
}

function entriesOf<Raw, Found>(
  notation: Notation<Raw, Found>,
  place: Extract<Place, { kind: 'list' }>,
  found: Found,
): readonly Data[] | undefined {
  const { node, inner } = place;
  const all = notation.all(found);
  if (all === undefined || !isAllowedNumber(node, all.length)) return undefined;
  const entries: Data[] = [];
  for (const one of all) {
    const entry = buildMembers(notation, inner, one);
    if (entry === undefined) return undefined;
    entries.push(entry);
  }
  if (entries.length < 2) return entries;
  if (node.unique.length > 0 || hasRepeatedKey(place, entries)) return undefined;
  return node.orderedBy === 'user' || node.keys.length === 0 ? entries : inOrder(place, entries);
}

/** A list without entries, written out, is left to libyang. */
function isAllowedNumber(node: { readonly minElements: number; readonly maxElements?: number }, count: number) {
  return count > 0 && count >= node.minElements && count <= (node.maxElements ?? Infinity);
}

function hasRepeatedKey({ node }: Extract<Place, { kind: 'list' }>, entries: readonly Data[]): boolean {
  if (node.keys.length === 0) return false;
  const keys = new Set(entries.map((entry) => entryKey(keyValues(node, entry) ?? [])));
  return keys.size < entries.length;
}

function inOrder({ keys }: Extract<Place, { kind: 'list' }>, entries: Data[]): readonly Data[] | undefined {
  const orders: ((a: Data, b: Data) => number)[] = [];
  for (const { name, plan } of keys) {
    const { compare } = plan;
    if (compare === undefined) return undefined;
    // Key leafs have leaf values.
    orders.push((a, b) => compare(a[name] as LeafValue, b[name] as LeafValue));
  }
  return entries.sort((a, b) => {
    for (const order of orders) {
      const result = order(a, b);
      if (result !== 0) return result;
    }
    return 0;
  });
}

function checked(plan: Inner, data: Data | undefined): Data | undefined {
  return data !== undefined && conditionsHold(plan, { node: plan.node, value: data }) ? data : undefined;
}

function conditionsHold(inner: Inner, instance: Instance): boolean {
  if (!inner.musts.every((must) => must(instance))) return false;
  return inner.conditional.every((place) => {
    // The value of an inner node is its members.
    const value = (instance.value as Data)[place.member];
    return value === undefined || holdIn(place, value, instance);
  });
}

function holdIn(place: Place, value: Value, parent: Instance): boolean {
  const { node } = place;
  switch (place.kind) {
    case 'leaf':
      return allHold(place.musts, { node, value, parent });
    case 'container':
      return conditionsHold(place.inner, { node, value, parent });
    // Lists and leaf-lists were built as arrays.
    case 'leaf-list':
      return (value as readonly LeafValue[]).every((each) => allHold(place.musts, { node, value: each, parent }));
    case 'list':
      return (value as readonly Data[]).every((each) => conditionsHold(place.inner, { node, value: each, parent }));
    case 'unproven':
      return true;
  }
}

function allHold(musts: readonly Condition[], instance: Instance): boolean {
  return musts.every((must) => must(instance));
}
