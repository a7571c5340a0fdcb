import { expect } from 'chai';
import { notificationTest } from '../../../src/agent/notification-filter.ts';
import { RpcError, RpcErrors } from '../../../src/yang/rpc-error.ts';
import { testContext } from './agent-fixture.ts';

const MODULE = 'agent-test';
const NAMESPACE = 'urn:example:agent-test';
const closing = { seq: 1, time: 0, module: MODULE, name: 'closing', content: {} };
const sale = { ...closing, name: 'sale' };
const foreign = { ...closing, module: 'another-module' };

describe('an XPath filter of notifications', () => {
  const filters: readonly [string, string, Readonly<Record<string, string>>, boolean, boolean][] = [
    ['the name, with the module as prefix', `/${MODULE}:closing`, {}, true, false],
    ['the name, with white space', `\n /${MODULE}:closing `, {}, true, false],
    ['the name, with a prefix that the client declared', '/t:closing', { t: NAMESPACE }, true, false],
    ['another name', `/${MODULE}:sale`, {}, false, true],
    ['one of two names', `/${MODULE}:closing | /${MODULE}:sale`, {}, true, true],
    ['any name', '/*', {}, true, true],
  ];
  for (const [what, expression, namespaces, closes, sells] of filters) {
    it(`by ${what}`, () => {
      const selects = notificationTest(testContext(), { type: 'xpath', expression, namespaces });
      expect([selects(closing), selects(sale)]).to.deep.equal([closes, sells]);
    });
  }

  it('by a name takes no notification of the same name from another module', () => {
    const filter = { type: 'xpath', expression: `/${MODULE}:closing`, namespaces: {} } as const;
    expect(notificationTest(testContext(), filter)(foreign)).to.equal(false);
  });

  it('is not evaluated over a notification where its name says all', () => {
    let evaluated = 0;
    const { schema } = testContext();
    const yang = { schema, xpathTest: () => ++evaluated > 0 };
    const selects = notificationTest(yang, { type: 'xpath', expression: `/${MODULE}:closing`, namespaces: {} });
    expect([selects(closing), selects(sale), evaluated]).to.deep.equal([true, false, 1]);
  });

  for (const expression of ['/nowhere:closing', `/${MODULE}:9closing`, `/${MODULE}:`]) {
    it(`is refused when it is ${expression}`, () => {
      expect(() => notificationTest(testContext(), { type: 'xpath', expression, namespaces: {} }))
        .to.throw(Error)
        .that.satisfies((error: unknown) => error instanceof RpcError || error instanceof RpcErrors);
    });
  }
});
