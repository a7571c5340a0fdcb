/**
 * Mutated input. Each is parsed, printed, freed; it may be refused, but libyang may not trap, hang, fail without a reason
 * or keep memory. FUZZ_INPUTS sets how many, FUZZ_SEED where the sequence starts.
 */
import { expect } from 'chai';
import { LibyangError } from '../src/index.ts';
import type { Context, DataTree, Tree } from '../src/index.ts';
import { inventoryJson, makeContext, namespaces, serverXml } from './support.ts';

const inputs = Number(process.env.FUZZ_INPUTS ?? 20_000);
const firstSeed = Number(process.env.FUZZ_SEED ?? 20240501);

/** A sequence of pseudo-random numbers (xorshift32): `next(n)` is below n. */
function sequence(seed: number): (limit: number) => number {
  let state = seed >>> 0 || 1;
  return (limit) => {
    state = (state ^ (state << 13)) >>> 0;
    state = (state ^ (state >>> 17)) >>> 0;
    state = (state ^ (state << 5)) >>> 0;
    return state % limit;
  };
}

const fragments = [
  ...[
    '<',
    '>',
    '&',
    '"',
    "'",
    '</',
    '/>',
    '<!--',
    '-->',
    '<![CDATA[',
    ']]>',
    '<?x',
    '?>',
    '&#0;',
    '&#x110000;',
    '&lt;',
  ],
  ...['{', '}', '[', ']', ':', ',', '\\u0000', '\\ud800', 'null', 'true', '1e309', '-0', '1e99999999', '9'.repeat(40)],
  ...[
    ' xmlns=""',
    ' xmlns:inv=""',
    'inv:',
    'example-inventory:',
    '@',
    '[name=',
    '..',
    '//',
    '*',
    '(',
    ')',
    ' or ',
    '::',
  ],
  ...[' nc:operation="delete"', ' yang:insert="first"', '\n', 'A'.repeat(300), '{"a":'.repeat(600), '<x>'.repeat(600)],
  ...['ÿ', '😀', '\ud800', '[[[[[[', '<action>', '<action xmlns="urn:ietf:params:xml:ns:yang:1">', 'text'],
];

function mutate(text: string, next: (limit: number) => number): string {
  let result = text;
  for (let left = 1 + next(4); left > 0; left -= 1) {
    const at = next(result.length + 1);
    const from = next(result.length + 1);
    switch (next(6)) {
      case 0:
        result = result.slice(0, at) + String.fromCharCode(1 + next(255)) + result.slice(at + 1);
        break;
      case 1:
        result = result.slice(0, at) + result.slice(at + 1 + next(20));
        break;
      case 2:
        result = result.slice(0, at) + (fragments[next(fragments.length)] ?? '') + result.slice(at);
        break;
      case 3:
        result = result.slice(0, at) + result.slice(from, from + next(60)) + result.slice(at);
        break;
      case 4:
        result = result.slice(0, at);
        break;
      default:
        result =
          result.slice(0, at) +
          String.fromCharCode((result.charCodeAt(at) || 65) ^ (1 << next(7)) || 65) +
          result.slice(at + 1);
    }
  }
  return result;
}

const netconf = 'urn:ietf:params:xml:ns:netconf:base:1.0';
const fullServer =
  '<port>8</port><transport>inv:tls</transport><certificate>aGVsbG8=</certificate><load>12.50</load><timeout>infinite</timeout>' +
  '<flags>up tested</flags><big>18446744073709551615</big><offset>-5</offset><since>2024-05-01T12:00:00+02:00</since><tag>z</tag>' +
  "<about>/inv:inventory/inv:server[inv:name='s1']/inv:port</about><knob/><rck:rack>r1</rck:rack>" +
  '<extra><q xmlns="urn:x"><![CDATA[a&b]]>&#x41;&amp;</q></extra>';
const fullJson = inventoryJson([
  {
    name: 's1',
    port: 8,
    '@port': { 'ietf-netconf-with-defaults:default': true },
    load: '1.25',
    tag: ['a'],
    knob: [null],
  },
  {
    name: 's2',
    offset: -5,
    about: "/example-inventory:inventory/server[name='s1']",
    flags: 'up',
    user: 'é😀\n',
    extra: { a: [1, { b: null }] },
  },
]);

interface Case {
  readonly seed: string;
  readonly run: (context: Context, text: string, next: (limit: number) => number, datastore: DataTree) => void;
}

const printAll = (tree: Tree, next: (limit: number) => number) => {
  const modes = ['explicit', 'trim', 'report-all', 'report-all-tagged', 'implicit-tagged'] as const;
  tree.print({ format: next(2) === 0 ? 'xml' : 'json', withDefaults: modes[next(5)] ?? 'explicit' });
  tree.nodes();
  tree.dispose();
};

const data =
  (format: 'xml' | 'json'): Case['run'] =>
  (context, text, next) => {
    const mode = next(4);
    const options = { format, opaque: mode === 1, parseOnly: mode === 1, strict: mode === 0, noState: mode === 2 };
    printAll(context.parseData(text, options), next);
  };

const cases: readonly Case[] = [
  { seed: serverXml(fullServer), run: data('xml') },
  { seed: fullJson, run: data('json') },
  {
    seed: serverXml('<port nc:operation="delete"/><tag yang:insert="after" yang:value="x">a</tag>'),
    run: (context, text, next) => printAll(context.parseEdit(text, 'xml'), next),
  },
  {
    seed: `<rpc xmlns="${netconf}" message-id="1"><add-server ${namespaces}><name>n</name><address>::1</address></add-server></rpc>`,
    run: (context, text, next, datastore) =>
      printAll(context.parseRpc(text, { format: 'xml', envelope: 'netconf', datastore }), next),
  },
  {
    seed:
      `<rpc xmlns="${netconf}" message-id="1"><action xmlns="urn:ietf:params:xml:ns:yang:1"><inventory ${namespaces}>` +
      '<server><name>s1</name><reset><delay>3</delay></reset></server></inventory></action></rpc>',
    run: (context, text, next, datastore) =>
      printAll(context.parseRpc(text, { format: 'xml', envelope: 'netconf', datastore }), next),
  },
  {
    seed: `<rpc xmlns="${netconf}" message-id="1"><edit-config><target><running/></target><config>${serverXml(fullServer)}</config></edit-config></rpc>`,
    run: (context, text, next) => printAll(context.parseRpc(text, { format: 'xml', envelope: 'netconf' }), next),
  },
  {
    seed: '{"example-inventory:input":{"name":"n","address":"10.0.0.1","like":"s1"}}',
    run: (context, text, next, datastore) =>
      printAll(
        context.parseRpc(text, {
          format: 'json',
          envelope: 'restconf',
          path: '/example-inventory:add-server',
          datastore,
        }),
        next,
      ),
  },
  {
    seed: `<rpc-reply xmlns="${netconf}" message-id="1"><id ${namespaces}>7</id><note ${namespaces}>a</note></rpc-reply>`,
    run: (context, text, next) =>
      printAll(
        context.parseReply(text, { format: 'xml', envelope: 'netconf', path: '/example-inventory:add-server' }),
        next,
      ),
  },
  {
    seed:
      '<notification xmlns="urn:ietf:params:xml:ns:netconf:notification:1.0"><eventTime>2037-07-08T00:01:00Z</eventTime>' +
      `<alarm ${namespaces}><severity>3</severity></alarm></notification>`,
    run: (context, text, next) =>
      printAll(context.parseNotification(text, { format: 'xml', envelope: 'netconf' }), next),
  },
  {
    seed: '{"ietf-restconf:notification":{"eventTime":"2024-05-01T10:00:00Z","example-inventory:alarm":{"severity":3}}}',
    run: (context, text, next) =>
      printAll(context.parseNotification(text, { format: 'json', envelope: 'restconf' }), next),
  },
  ...[
    "/example-inventory:inventory/server[name='s1']/port[. = 830 or not(../load > 3.5)]",
    "count(//example-inventory:*[starts-with(name(), 's')]) + 1",
    "derived-from-or-self(/example-inventory:inventory/server/transport, 'example-kinds:none')",
    '/example-inventory:inventory/server[position()=last()-1]/preceding-sibling::*|//tag',
    "re-match(string(.), '[a-z]+(foo|bar)*')",
    "bit-is-set(/example-inventory:inventory/server/flags, 'up') and deref(//peer)/../name",
    "translate(substring-before(normalize-space(concat('a', //name)), 'b'), 'x', 'yz')",
  ].map((seed): Case => ({
    seed,
    run: (_context, text, _next, datastore) => void datastore.evaluate(text, { budget: 20_000 }),
  })),
];

describe('fuzz', () => {
  it(`${inputs} mutated inputs neither trap nor leak nor fail without a reason`, function () {
    this.timeout(Math.max(60_000, inputs * 20));
    const context = makeContext();
    const next = sequence(firstSeed);
    const datastore = context.parseData(fullJson, { format: 'json' });
    let accepted = 0;
    let slowest = 0;
    const round = (count: number) => {
      for (let index = 0; index < count; index += 1) {
        const chosen = cases[next(cases.length)];
        if (chosen === undefined) continue;
        const text = mutate(chosen.seed, next);
        const started = performance.now();
        try {
          chosen.run(context, text, next, datastore);
          accepted += 1;
        } catch (error) {
          if (!(error instanceof LibyangError)) throw new Error(`on ${JSON.stringify(text)}`, { cause: error });
          expect(error.items, JSON.stringify(text)).not.to.be.empty;
        }
        slowest = Math.max(slowest, performance.now() - started);
      }
      datastore.count('/example-inventory:inventory');
      return context.memory().allocated;
    };
    const before = round(Math.floor(inputs / 2));
    const after = round(Math.ceil(inputs / 2));
    expect(accepted).to.be.above(inputs / 50);
    expect(slowest, 'milliseconds for one input').to.be.below(2000);
    // What stays is libyang's dictionary of strings, which is given back with the trees; some slack for its table.
    expect(after - before).to.be.below(64 * 1024);
    context.dispose();
  });
});
