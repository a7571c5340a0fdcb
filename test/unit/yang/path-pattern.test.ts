import { expect } from 'chai';
import { parsePath } from '../../../src/yang/instance-path.ts';
import { isWithin, parsePathPattern } from '../../../src/yang/path-pattern.ts';
import { RpcError } from '../../../src/yang/rpc-error.ts';
import { testContext } from '../agent/agent-fixture.ts';

describe('a pattern of paths', () => {
  const { schema } = testContext();
  const pattern = (text: string) => parsePathPattern(schema, text, { USER: "o'hara" });
  const within = (text: string, path: string): boolean => isWithin(pattern(text), parsePath(schema, path));

  it('stands for all instances where keys are left out', () => {
    expect(within('/agent-test:shop/item', "/agent-test:shop/item[id='a']/price")).to.equal(true);
    expect(pattern('/agent-test:shop/item').checks).to.deep.equal([]);
    expect(pattern('/')).to.deep.equal({ steps: [], node: undefined, checks: [] });
  });

  it('stands for one instance where they are given, whatever the quotes', () => {
    for (const id of [`'a'`, `"a"`, `concat('a')`]) {
      const text = `/agent-test:shop/item[ id = ${id} ]`;
      expect(within(text, "/agent-test:shop/item[id='a']/price")).to.equal(true);
      expect(within(text, "/agent-test:shop/item[id='b']")).to.equal(false);
    }
    const session = "/ietf-netconf-monitoring:netconf-state/sessions/session[session-id='07']";
    expect(within(session, "/ietf-netconf-monitoring:netconf-state/sessions/session[session-id='7']")).to.equal(true);
  });

  it('may leave out some of several keys', () => {
    const schemas = '/ietf-netconf-monitoring:netconf-state/schemas/schema';
    const one = `${schemas}[identifier='a'][version=''][format='ietf-netconf-monitoring:yang']`;
    expect(within(`${schemas}[version='']`, one)).to.equal(true);
    expect(within(`${schemas}[version='1']`, one)).to.equal(false);
  });

  it('has the value of a variable where that is named', () => {
    expect(within('/agent-test:shop/item[id=$USER]', `/agent-test:shop/item[id="o'hara"]`)).to.equal(true);
    const session = '/ietf-netconf-monitoring:netconf-state/sessions/session';
    expect(within(`${session}[session-id=$USER]`, `${session}[session-id='7']`)).to.equal(false);
    expect(within("/agent-test:shop/item[id='$USER']", `/agent-test:shop/item[id="o'hara"]`)).to.equal(false);
  });

  it('may name a value of a leaf-list, and an action', () => {
    const tag = '/agent-test:shop/settings/tag';
    expect(within(`${tag}[.='a']`, `${tag}[.='a']`)).to.equal(true);
    expect(within(`${tag}[.='a']`, `${tag}[.='b']`)).to.equal(false);
    expect(pattern('/agent-test:shop/item/restock').node).to.include({ kind: 'action', name: 'restock' });
  });

  it('is refused where it names nothing, saying what would be right', () => {
    for (const [text, expected] of [
      ['/agent-test:shop/nothing', 'There is no node "nothing" in /agent-test:shop.'],
      ['/shop', 'The first name of a path needs its module'],
      ['/agent-test:shop/item/restock/more', 'is an action and has no children'],
      ['/agent-test:shop/name/more', 'is a leaf and has no children'],
      ['/agent-test:shop/item[1]', "predicates for its keys alone: [id='…']"],
      ["/agent-test:shop/item[price='1']", 'predicates for its keys alone'],
      ["/agent-test:shop/settings/tag[x='1']", "[.='value'] or no predicate"],
      ["/agent-test:shop[x='1']", 'takes no predicate'],
      ["/ietf-netconf-monitoring:netconf-state/sessions/session[session-id='x']", 'is not a value of session-id'],
    ] as const) {
      expect(() => pattern(text), text).to.throw(RpcError, expected);
    }
  });
});
