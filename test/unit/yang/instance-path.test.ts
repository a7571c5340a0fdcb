import { expect } from 'chai';
import fc from 'fast-check';

import {
  formatApiPath,
  formatPath,
  parseApiPath,
  parsePath,
  parseXmlPath,
  schemaNodeAt,
} from '../../../src/yang/instance-path.ts';
import { RpcError } from '../../../src/yang/rpc-error.ts';
import { SchemaTree } from '../../../src/yang/schema-tree.ts';
import {
  action,
  boolean,
  container,
  identityref,
  leaf,
  leafList,
  list,
  module,
  string,
  uint32,
} from './schema-builder.ts';

const schema = new SchemaTree([
  module('m', [
    container('top', [
      list('one', ['id'], [leaf('id'), leaf('v', uint32), leaf('aug', string, { module: 'n' })], {
        actions: [action('reset')],
      }),
      list('two', ['a', 'b'], [leaf('a'), leaf('b', uint32), leafList('tag')]),
      list('kind', ['k'], [leaf('k', identityref('m:x', 'n:y'))]),
      list('row', [], [leaf('v')], { config: false }),
      leaf('up', boolean),
    ]),
  ]),
  module('n', [], { prefix: 'm' }),
]);

const two = (a: string, b: number) => [
  { module: 'm', name: 'top' },
  {
    module: 'm',
    name: 'two',
    keys: [
      { name: 'a', value: a },
      { name: 'b', value: b },
    ],
  },
];

function refusal(run: () => unknown): RpcError {
  try {
    run();
  } catch (error) {
    if (error instanceof RpcError) return error;
    throw error;
  }
  throw new Error('accepted');
}

describe('instance paths', () => {
  it('are read and written in the RFC 7951 form', () => {
    const path = parsePath(schema, `/m:top/two[b="7"][ a = 'it''s' ]`.replace("''", ''));
    expect(path).to.deep.equal(two('its', 7));
    expect(formatPath(path)).to.equal(`/m:top/two[a='its'][b='7']`);
    expect(formatPath(parsePath(schema, `/m:top/one[id='x']/n:aug`))).to.equal(`/m:top/one[id='x']/n:aug`);
    expect(formatPath(parsePath(schema, `/m:top/two[a='x'][b='1']/tag[.='t']`))).to.equal(
      `/m:top/two[a='x'][b='1']/tag[.='t']`,
    );
    expect(formatPath(parsePath(schema, '/m:top/row[3]/v'))).to.equal('/m:top/row[3]/v');
    expect(parsePath(schema, '/')).to.deep.equal([]);
    expect(formatPath([])).to.equal('/');
  });

  it('are read by namespace in XML', () => {
    const resolve = (prefix: string) => ({ q: 'urn:m', r: 'urn:n' })[prefix];
    const path = parseXmlPath(schema, `/q:top/q:kind[q:k='r:y']`, resolve);
    expect(formatPath(path)).to.equal(`/m:top/kind[k='n:y']`);
    expect(refusal(() => parseXmlPath(schema, '/zz:top', resolve)).message).to.contain('xmlns:zz');
  });

  it('give canonical key values', () => {
    expect(formatPath(parsePath(schema, `/m:top/two[a=' x '][b='007']`))).to.equal(`/m:top/two[a=' x '][b='7']`);
    expect(formatPath(parseApiPath(schema, '/m:top/kind=x').path)).to.equal(`/m:top/kind[k='m:x']`);
  });

  it('split a URL before decoding it', () => {
    expect(parseApiPath(schema, '/m:top/two=a%2Cb%2F%3D,5').path).to.deep.equal(two('a,b/=', 5));
    expect(parseApiPath(schema, 'm:top/two=,5').path).to.deep.equal(two('', 5));
    expect(parseApiPath(schema, '').path).to.deep.equal([]);
    expect(parseApiPath(schema, '/').path).to.deep.equal([]);
  });

  it('find the action at the end of a URL', () => {
    const { path, action: found } = parseApiPath(schema, '/m:top/one=x/reset');
    expect(found?.name).to.equal('reset');
    expect(formatPath(path)).to.equal(`/m:top/one[id='x']`);
  });

  it('end in a collection only where that is asked for', () => {
    expect(parseApiPath(schema, '/m:top/one', { collection: true }).path).to.deep.equal([
      { module: 'm', name: 'top' },
      { module: 'm', name: 'one' },
    ]);
    expect(refusal(() => parseApiPath(schema, '/m:top/one')).message).to.contain('one=id');
    expect(refusal(() => parseApiPath(schema, '/m:top/one/v', { collection: true })).tag).to.equal('invalid-value');
  });

  for (const [raw, tag, says] of [
    ['/top', 'unknown-element', 'm:top'],
    ['/m:top/nope', 'unknown-element', 'no node "nope" in /m:top'],
    ['/x:top', 'unknown-element', 'm:top'],
    ['/m:top/two=a', 'invalid-value', 'keys a, b; 1 value was given'],
    ['/m:top/two=a,x', 'invalid-value', 'whole number from 0 to 4294967295'],
    ['/m:top/up=true', 'invalid-value', 'no keys'],
    ['/m:top/up/x', 'invalid-value', 'no children'],
    ['/m:top/one=%zz', 'invalid-value', 'percent'],
    ['/m:top/one=%ff', 'invalid-value', 'percent'],
    ['/m:top/', 'invalid-value', 'name of a node'],
    ['//', 'invalid-value', 'name of a node'],
    ['/m:top/one=x/aug', 'unknown-element', 'n:aug'],
    ['/m:top/two=x,1/tag', 'invalid-value', 'tag=value'],
    ['/m:top/one=x/reset=1', 'invalid-value', 'no keys'],
  ] as const) {
    it(`refuse ${raw} and say what would be right`, () => {
      const error = refusal(() => parseApiPath(schema, raw));
      expect(error.tag).to.equal(tag);
      expect(error.message).to.contain(says);
    });
  }

  for (const text of [
    'm:top',
    '/m:top[',
    `/m:top/two[a='x']`,
    `/m:top/two[a='x'][b='1'][b='1']`,
    `/m:top/two[a='x'][c='1']`,
    `/m:top/one[1]`,
    `/m:top[up='true']`,
    `/m:top/one[id='x'] or 1`,
    `/m:top/one[id=x]`,
    '/m:top/one',
  ]) {
    it(`refuse ${text}`, () => expect(refusal(() => parsePath(schema, text)).tag).to.equal('invalid-value'));
  }

  it('survive being written and read, whatever the keys', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 12 });
    const awkward = fc.string({ unit: fc.constantFrom("'", '"', '/', ',', '=', '%', ']', ' ', 'a', '\u{1f600}') });
    fc.assert(
      fc.property(fc.oneof(text, awkward), fc.nat(), fc.oneof(text, awkward), (a, b, tag) => {
        const path = [...two(a, b), { module: 'm', name: 'tag', value: tag }];
        expect(parsePath(schema, formatPath(path))).to.deep.equal(path);
        expect(parseApiPath(schema, formatApiPath(path)).path).to.deep.equal(path);
      }),
    );
  });

  it('lead to their schema node', () => {
    expect(schemaNodeAt(schema, two('x', 1))?.kind).to.equal('list');
    expect(schemaNodeAt(schema, [])).to.equal(undefined);
    expect(refusal(() => schemaNodeAt(schema, [{ module: 'm', name: 'x' }])).tag).to.equal('unknown-element');
  });
});
