import { fileURLToPath } from 'node:url';

import { expect } from 'chai';
import fc from 'fast-check';

import { servedModules } from '../../src/yang-modules.ts';
import type { Data } from '../../src/yang/data.ts';
import { operationContent, InputPlans } from '../../src/yang/operation-input.ts';
import { printXml } from '../../src/yang/print.ts';
import { RpcError, RpcErrors } from '../../src/yang/rpc-error.ts';
import type { RpcNode } from '../../src/yang/schema-tree.ts';
import { YangContext, type Encoded } from '../../src/yang/yang-context.ts';
import { operationInput } from './operation-inputs.ts';

const WITH_DEFAULTS = 'urn:ietf:params:xml:ns:netconf:default:1.0';

/** How many inputs there were, and what became of them. */
interface Tally {
  valid: number;
  proven: number;
}

function encodedJson(rpc: RpcNode, members: object): Encoded {
  return { format: 'json', text: JSON.stringify({ [`${rpc.module}:input`]: members }) };
}

/** The members as elements; undefined for none, and where they are of forms that XML has no way to write. */
function encodedXml(yang: YangContext, rpc: RpcNode, members: Data): Encoded | undefined {
  const { schema } = yang;
  try {
    const content = [...printXml(schema, members, { parent: rpc.input })].join('');
    if (content === '') return undefined;
    return { format: 'xml', text: `<${rpc.name} xmlns="${schema.namespaceOf(rpc.module)}">${content}</${rpc.name}>` };
  } catch {
    return undefined;
  }
}

/** What libyang alone says: annotations (RFC 7952, RFC 6243) mean nothing in an input, but no plan knows them. */
function judged(yang: YangContext, rpc: RpcNode, source: Encoded): Data | undefined {
  const text =
    source.format === 'json'
      ? source.text.replace(/\{"[^"]*":\{/, '$&"@":{},').replace(/,\}/, '}')
      : source.text.replace(/(?<=<[^>]*><[^\s/>]*)(?=[\s/>])/, ` xmlns:wd="${WITH_DEFAULTS}" wd:default="false"`);
  expect(text).to.not.equal(source.text);
  try {
    return yang.parseRpcInput(rpc, { format: source.format, text });
  } catch (error) {
    if (error instanceof RpcError || error instanceof RpcErrors) return undefined;
    throw error;
  }
}

function proven(yang: YangContext, plans: InputPlans, rpc: RpcNode, source: Encoded): Data | undefined {
  try {
    return plans.proven(rpc, operationContent(yang.schema, rpc, source));
  } catch (error) {
    if (error instanceof RpcError) return undefined;
    throw error;
  }
}

function agreement(yang: YangContext, plans: InputPlans, rpc: RpcNode, runs: number): Tally {
  const tally: Tally = { valid: 0, proven: 0 };
  fc.assert(
    fc.property(operationInput(yang.schema, rpc.input), (members) => {
      // The drawn members are as clients send them, whatever they are.
      const sources = [encodedJson(rpc, members), encodedXml(yang, rpc, members as Data)];
      for (const source of sources) {
        if (source === undefined) continue;
        const data = proven(yang, plans, rpc, source);
        const expected = judged(yang, rpc, source);
        if (expected !== undefined) tally.valid += 1;
        if (data === undefined) continue;
        expect(data, source.text).to.deep.equal(expected);
        tally.proven += 1;
      }
    }),
    { numRuns: runs },
  );
  return tally;
}

/** A set of modules, with the share of valid inputs that has to be proven: what is not may be right all the same. */
interface Case {
  readonly of: string;
  readonly load: () => YangContext;
  readonly share: number;
}

const CASES: readonly Case[] = [
  {
    of: 'everything that types and structures can be',
    load: () =>
      YangContext.load({
        directories: [fileURLToPath(new URL('../unit/yang/modules', import.meta.url))],
        modules: [{ name: 'inputs', features: [] }],
      }),
    share: 0.4,
  },
  { of: 'the modules that are served', load: () => YangContext.load(servedModules([], true)), share: 0.8 },
];

describe('an input that is proven valid without libyang', function () {
  this.timeout(60_000);

  for (const { of, load, share } of CASES) {
    it(`is what libyang makes of it, for operations of ${of}`, () => {
      const yang = load();
      const plans = new InputPlans(yang.schema, (name) => yang.moduleText(name, undefined, 'yang'));
      const rpcs = yang.schema.modules.flatMap((module) => (module.implemented ? module.rpcs : []));
      const all = rpcs.map((rpc) => agreement(yang, plans, rpc, 150));
      const valid = all.reduce((sum, tally) => sum + tally.valid, 0);
      const provenOnes = all.reduce((sum, tally) => sum + tally.proven, 0);
      expect(provenOnes / valid).to.be.within(share, 1);
      yang.close();
    });
  }

  it('may hold a carriage return where a pattern says what it may not be', () => {
    const yang = CASES[0]?.load();
    const rpc = yang?.schema.rpc('inputs', 'all-types');
    if (yang === undefined || rpc === undefined) throw new Error('the module has no all-types');
    const plans = new InputPlans(yang.schema, (name) => yang.moduleText(name, undefined, 'yang'));
    for (const text of ['a\rc', 'a\nc', 'a\tc', 'abc', 'a\r\nc']) {
      const source = encodedJson(rpc, { 'no-pair': text });
      const data = proven(yang, plans, rpc, source);
      if (data !== undefined) expect(data, JSON.stringify(text)).to.deep.equal(judged(yang, rpc, source));
    }
    yang.close();
  });

  it('may be of any year that can be written', () => {
    const yang = YangContext.load(servedModules([], true));
    const rpc = yang.schema.rpc('opnfv-promise', 'create-reservation');
    if (rpc === undefined) throw new Error('the module has no create-reservation');
    const input = { start: '2040-02-29T00:00:00Z', end: '9999-12-31T23:59:59+01:00', elements: ['one'] };
    for (const source of [encodedJson(rpc, input), encodedXml(yang, rpc, input)]) {
      expect(source && yang.parseRpcInput(rpc, source)).to.include({
        start: '2040-02-29T00:00:00+00:00',
        end: '9999-12-31T22:59:59+00:00',
      });
    }
    yang.close();
  });
});
