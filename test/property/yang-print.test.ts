import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { expect } from 'chai';
import fc from 'fast-check';
import { Context, loadLibyang } from 'libyang-wasm';

import type { Data } from '../../src/yang/data.ts';
import { printJson, printXml } from '../../src/yang/print.ts';
import { plain, zoo } from '../unit/yang/zoo.ts';

const directory = new URL('../unit/yang/modules/', import.meta.url);

/** libyang on its own, to judge what the printers print. */
function referee(): Context {
  return new Context(loadLibyang(), {
    modules: [{ name: 'zoo' }, { name: 'farm' }],
    importModule: ({ module }) => {
      const own = ['zoo', 'farm'].includes(module);
      const file = own ? new URL(`${module}.yang`, directory) : undefined;
      const types = module.endsWith('-types')
        ? new URL(`../../packages/libyang-wasm/modules/${module}@2013-07-15.yang`, import.meta.url)
        : undefined;
      const found = file ?? types;
      return found === undefined ? undefined : { text: readFileSync(fileURLToPath(found), 'utf8'), format: 'yang' };
    },
  });
}

const animal = fc.constantFrom('zoo:cat', 'farm:cow');
// Whatever XML can hold; libyang takes tabs, line ends and printable characters.
const text = fc
  .string({ unit: 'grapheme', maxLength: 12 })

  .map((one) =>
    one.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ufffe\uffff]|\p{Surrogate}|\p{Cn}/gu, ''),
  );
const decimal = (digits: number, max: number) =>
  fc.integer({ min: 0, max: max * 10 ** digits }).map((value) => {
    const fraction = String(value % 10 ** digits)
      .padStart(digits, '0')
      .replace(/0+$/, '');
    return `${Math.floor(value / 10 ** digits)}.${fraction === '' ? '0' : fraction}`;
  });
const key = fc.string({
  unit: fc.constantFrom('a', 'b', '"', ' ', '/', ']', '&', '\u{1f600}'),
  minLength: 1,
  maxLength: 4,
});

const inmate = fc.record(
  { kind: animal, number: fc.integer({ min: 0, max: 65535 }), weight: decimal(3, 900) },
  { requiredKeys: ['kind', 'number'] },
);
const cage = fc.record(
  {
    id: key,
    label: text,
    kind: animal,
    inmate: fc.uniqueArray(inmate, { selector: (one) => `${one.kind} ${one.number}`, minLength: 1, maxLength: 4 }),
    'farm:straw': fc.boolean(),
    food: fc.uniqueArray(text, { minLength: 1 }),
  },
  { requiredKeys: ['id'] },
);
const zooData = fc.record(
  {
    name: fc.constantFrom('berlin', 'x-1'),
    fill: fc.integer({ min: 0, max: 100 }),
    visitors: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String),
    debt: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
    price: decimal(2, 100),
    open: fc.boolean(),
    'closed-today': fc.constant([null]),
    days: fc.constantFrom('', 'mon', 'mon sun', 'tue sun'),
    logo: fc.uint8Array({ maxLength: 8 }).map((bytes) => Buffer.from(bytes).toString('base64')),
    mascot: animal,
    star: key.map((id) => `/zoo:zoo/cage[id=${id.includes("'") ? `"${id}"` : `'${id}'`}]/farm:straw`),
    mixed: fc.oneof(fc.integer({ min: 0, max: 255 }), animal, fc.constantFrom('none', 'xyz', "/zoo:zoo/cage[id='a']")),
    address: fc.uniqueArray(fc.constantFrom('fe80::1', '10.0.0.1', '::'), { minLength: 1 }),
    route: fc.uniqueArray(text, { minLength: 1 }),
    tour: fc.record({ language: text }),
    heating: fc.boolean(),
    shop: fc.record({ owner: text }),
    cage: fc.uniqueArray(cage, { selector: (one) => one.id, minLength: 1, maxLength: 4 }),
    'farm:milk': decimal(1, 50),
    'farm:barn': fc.record({ doors: fc.integer({ min: 0, max: 255 }) }),
  },
  { requiredKeys: [] },
);

describe('printed data', () => {
  it('are what was to be printed, for libyang and for the readers, in both encodings', function () {
    this.timeout(60_000);
    const context = zoo();
    const judge = referee();
    fc.assert(
      fc.property(zooData, (content) => {
        const data = context.parseData({ format: 'json', text: JSON.stringify({ 'zoo:zoo': content }) });
        const expected = plain(data);
        const xml = [...printXml(context.schema, data)].join('');
        const json = [...printJson(context.schema, data)].join('');
        expect(JSON.parse(json)).to.deep.equal(expected);
        const judged = (print: string, format: 'xml' | 'json'): unknown =>
          sorted(JSON.parse(judge.convert(print, { format, parseOnly: true }, { format: 'json' })));
        expect(judged(xml, 'xml')).to.deep.equal(sorted(expected));
        expect(judged(json, 'json')).to.deep.equal(sorted(expected));
        const again = context.parseData({ format: 'xml', text: `<config>${xml}</config>` });
        expect(plain(again)).to.deep.equal(expected);
      }),
      { numRuns: 300 },
    );
    judge.dispose();
  });
});

describe('completed data', () => {
  it('have the defaults that libyang finds', function () {
    this.timeout(60_000);
    const context = zoo();
    const judge = referee();
    fc.assert(
      fc.property(zooData, (content) => {
        const data = context.parseData({ format: 'json', text: JSON.stringify({ 'zoo:zoo': content }) });
        if (data['zoo:zoo'] === undefined) return;
        const judged = judge.convert(
          [...printJson(context.schema, data)].join(''),
          { format: 'json', validate: { operational: true } },
          { format: 'json', withDefaults: 'report-all' },
        );
        expect(sorted(plain(context.addDefaults(data)))).to.deep.equal(sorted(JSON.parse(judged)));
      }),
      { numRuns: 200 },
    );
    judge.dispose();
  });
});

/** With system-ordered values in one order, and without the module names that libyang leaves out of identities. */
function sorted(value: unknown): unknown {
  const top = (value as Data)['zoo:zoo'] as unknown as Record<string, unknown> | undefined;
  if (top === undefined) return {};
  const order = (list: unknown, by: (one: Record<string, unknown>) => string): unknown =>
    Array.isArray(list) ? [...(list as Record<string, unknown>[])].sort((a, b) => (by(a) < by(b) ? -1 : 1)) : list;
  return qualify({
    ...top,
    ...(top['cage'] === undefined ? {} : { cage: order(cages(top['cage'] as Data[]), (one) => String(one['id'])) }),
    ...(top['address'] === undefined ? {} : { address: order(top['address'], String) }),
  });
}

function cages(all: readonly Data[]): unknown {
  return all.map((one) => (Array.isArray(one['food']) ? { ...one, food: [...(one['food'] as string[])].sort() } : one));
}

/** libyang leaves the module out of identities of the leaf's own module (RFC 7951 §6.8 allows both). */
function qualify(value: unknown): unknown {
  if (value === 'cat') return 'zoo:cat';
  if (Array.isArray(value)) return value.map(qualify);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, qualify(one)]));
}
