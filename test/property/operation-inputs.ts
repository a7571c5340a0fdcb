/** Inputs of operations, drawn from the schema: mostly right, now and then wrong in ways that clients are. */
import fc from 'fast-check';

import type { DataSchemaNode, SchemaNode, SchemaParent, SchemaTree, Type } from '../../src/yang/schema-tree.ts';
import { xsdPattern } from '../../src/yang/xsd-pattern.ts';

type Members = Readonly<Record<string, unknown>>;

/** What no type has, or only few. */
const ODD: fc.Arbitrary<unknown> = fc.constantFrom<unknown>(
  null,
  '',
  ' ',
  0,
  -1,
  1.5,
  1e20,
  300,
  '7',
  ' 7 ',
  '+7',
  true,
  'true',
  [null],
  [],
  {},
  'never',
  'alone',
  'ä',
  'a\u0000',
  '\u{1f600}',
  '2027-02-29T00:00:00Z',
);

const INSTANT = fc
  .record({
    at: fc.date({ min: new Date('0000-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true }),
    fraction: fc.constantFrom('', '', '.5', '.250', '.0000001'),
    zone: fc.constantFrom('Z', 'Z', '+00:00', '-00:00', '+01:00', '-23:59', '+14:00'),
    leap: fc.integer({ min: 0, max: 19 }).map((one) => one === 0),
  })
  .map(({ at, fraction, zone, leap }) => {
    const text = at.toISOString().slice(0, 19);
    return `${leap ? `${text.slice(0, 17)}60` : text}${fraction}${zone}`;
  });

const TEXTS = fc.oneof(
  { weight: 40, arbitrary: fc.constantFrom('a', 'b', 'never', 'alone', 'A b', 'zone', 'start', 'ab-12', 'x:y/z', 'ä') },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme-composite', minLength: 1, maxLength: 10 }) },
);

/** The input of an operation, as the members of a JSON object. */
export function operationInput(schema: SchemaTree, parent: SchemaParent): fc.Arbitrary<Members> {
  const { presence, wrong } = { presence: 3, wrong: 60 };
  return membersOf(parent, parent.children);

  function membersOf(within: SchemaParent, nodes: readonly SchemaNode[]): fc.Arbitrary<Members> {
    const parts = nodes.map((node) => partOf(within, node));
    return fc.tuple(...parts).map((all) => Object.assign({}, ...all) as Members);
  }

  function partOf(within: SchemaParent, node: SchemaNode): fc.Arbitrary<Members> {
    if (node.kind === 'case') return membersOf(within, node.children);
    if (node.kind === 'choice') {
      const one = fc.oneof(...node.cases.map((each) => membersOf(within, each.children)));
      const two = fc.tuple(one, one).map(([a, b]) => ({ ...a, ...b }));
      const absent = { weight: node.mandatory ? 1 : 10, arbitrary: fc.constant({}) };
      return fc.oneof({ weight: 20, arbitrary: one }, { weight: 1, arbitrary: two }, absent);
    }
    const qualified = `${node.module}:${node.name}`;
    const member =
      node.module === schema.moduleOf(within) ? fc.constantFrom(node.name, qualified) : fc.constant(qualified);
    const present = fc.tuple(member, valueOf(node)).map(([name, value]) => ({ [name]: value }));
    const needed = node.mandatory || (node.kind === 'leaf' && node.isKey);
    return fc.oneof(
      { weight: needed ? 60 : 1, arbitrary: present },
      { weight: needed ? 1 : presence, arbitrary: fc.constant({}) },
    );
  }

  function valueOf(node: DataSchemaNode): fc.Arbitrary<unknown> {
    const right = rightValue(node);
    return fc.oneof({ weight: wrong, arbitrary: right }, { weight: 1, arbitrary: ODD });
  }

  function rightValue(node: DataSchemaNode): fc.Arbitrary<unknown> {
    switch (node.kind) {
      case 'leaf':
        return leafValue(schema, node.type);
      case 'leaf-list':
        return fc.array(leafValue(schema, node.type), { maxLength: 4 });
      case 'container':
        return membersOf(node, node.children);
      case 'list':
        return fc.array(membersOf(node, node.children), { maxLength: 4 });
      default:
        return fc.constant({ 'x:y': 1 });
    }
  }
}

function leafValue(schema: SchemaTree, type: Type): fc.Arbitrary<unknown> {
  switch (type.base) {
    case 'leafref':
      return leafValue(schema, type.target);
    case 'union':
      return fc.oneof(...type.types.map((one) => leafValue(schema, one)));
    case 'boolean':
      return fc.boolean();
    case 'empty':
      return fc.constant([null]);
    case 'enumeration':
      return fc.constantFrom(...type.enums.map((one) => one.name));
    case 'bits':
      return fc.shuffledSubarray(type.bits.map((bit) => bit.name)).map((names) => names.join(' '));
    case 'identityref':
      return fc.constantFrom(...type.values.flatMap((name) => [name, name.slice(name.indexOf(':') + 1)]));
    case 'decimal64':
      return fc.constantFrom('0', '-0', '1', '1.50', '-0.25', '2.4', '+1.1', '-1.00', '7');
    case 'binary':
      return fc.constantFrom('', 'QQ==', 'AAAA', 'QR==');
    case 'instance-identifier':
      return fc.constant('/ietf-yang-library:yang-library');
    case 'string':
      return text(type);
    case 'int64':
    case 'uint64':
      return fc.constantFrom('0', '1', '2', '10', '9007199254740993', '18446744073709551615', '+3', '007');
    default:
      return integer(type);
  }
}

function integer(type: Extract<Type, { readonly ranges: unknown }>): fc.Arbitrary<number> {
  const min = Number(type.ranges[0]?.min ?? 0);
  const max = Number(type.ranges.at(-1)?.max ?? 100);
  return fc.oneof(fc.constantFrom(min, min + 1, max), fc.integer({ min: Math.max(min, 1), max: Math.min(max, 12) }));
}

function text(type: Extract<Type, { readonly base: 'string' }>): fc.Arbitrary<string> {
  if (type.typedef?.endsWith('date-and-time') === true) return INSTANT;
  if (type.typedef?.endsWith('mac-address') === true) return fc.constantFrom('0A:00:00:00:00:01', 'aa:bb:cc:dd:ee:ff');
  if (type.typedef?.endsWith('network') === true) return fc.constantFrom('10.1.2.3/8', '10.0.0.0/8');
  const [first, ...others] = type.patterns.flatMap(({ pattern, invert }) => (invert ? [] : [xsdPattern(pattern)]));
  if (first === undefined || others.length > 0) return TEXTS;
  return fc.stringMatching(first).map((one) => one.slice(0, Number(type.lengths.at(-1)?.max ?? 64)));
}
