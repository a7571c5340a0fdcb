import { expect } from 'chai';
import { readable } from '../../../src/cli/demo/wire.ts';

describe('messages as the demonstration shows them', () => {
  it('indents XML, one line for each leaf', () => {
    expect(readable('<a xmlns="urn:a"><b>1</b><c/><d><e>x y</e></d></a>')).to.deep.equal([
      '<a xmlns="urn:a">',
      '  <b>1</b>',
      '  <c/>',
      '  <d>',
      '    <e>x y</e>',
      '  </d>',
      '</a>',
    ]);
  });

  it('keeps the head of an HTTP message and indents its body', () => {
    expect(readable('POST /x\nAccept: y\n\n{"a":{"b":1}}')).to.deep.equal([
      'POST /x',
      'Accept: y',
      '{',
      '  "a": {',
      '    "b": 1',
      '  }',
      '}',
    ]);
  });

  it('shows a message without a body', () => {
    expect(readable('204 No Content\n')).to.deep.equal(['204 No Content']);
  });

  it('cuts long messages and long lines, and says by how much', () => {
    const lines = readable(
      JSON.stringify(Array.from({ length: 100 }, (_, index) => index)).replace('[', '{"a":[') + '}',
    );
    expect(lines).to.have.length(16);
    expect(lines.at(-1)).to.equal('… 89 more lines');
    expect(readable(`<a>${'x'.repeat(500)}</a>`)[0]).to.match(/^<a>x+…$/);
  });
});
