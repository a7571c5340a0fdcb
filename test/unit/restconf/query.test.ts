import { expect } from 'chai';
import { parseEditQuery, parseReadQuery, parseStreamQuery, refuseQuery } from '../../../src/restconf/query.ts';
import { RpcError } from '../../../src/yang/rpc-error.ts';

const refusal = (run: () => unknown): RpcError => {
  try {
    run();
  } catch (error) {
    if (error instanceof RpcError) return error;
    throw error;
  }
  throw new Error('it was accepted');
};

describe('RESTCONF query parameters (RFC 8040 §4.8)', () => {
  it('reads those of GET', () => {
    expect(parseReadQuery('content=config&depth=2&fields=pool(id%3Bname)&with-defaults=trim')).to.deep.equal({
      content: 'config',
      depth: 2,
      fields: 'pool(id;name)',
      withDefaults: 'trim',
    });
    expect(parseReadQuery('')).to.deep.equal({});
    expect(parseReadQuery('depth=unbounded')).to.deep.equal({});
  });

  it('reads insert and point', () => {
    expect(parseEditQuery('insert=after&point=%2Fexample-jukebox%3Ajukebox%2Fplaylist%3DFoo')).to.deep.equal({
      insert: { at: 'after', point: '/example-jukebox:jukebox/playlist=Foo' },
    });
    expect(parseEditQuery('insert=first')).to.deep.equal({ insert: { at: 'first' } });
  });

  it('reads start-time, stop-time and filter of a stream', () => {
    const query = 'start-time=2026-01-31T12:00:00%2B01:00&stop-time=2026-01-31T12:00:00.500Z&filter=%2Fa';
    expect(parseStreamQuery(query)).to.deep.equal({
      filter: '/a',
      startTime: Date.UTC(2026, 0, 31, 11),
      stopTime: Date.UTC(2026, 0, 31, 12, 0, 0, 500),
    });
  });

  for (const [what, run, element] of [
    ['an unknown parameter', () => parseReadQuery('depht=1'), 'depht'],
    ['a parameter of another method', () => parseReadQuery('insert=first'), 'insert'],
    ['a repeated parameter', () => parseReadQuery('depth=1&depth=1'), 'depth'],
    ['a depth of 0', () => parseReadQuery('depth=0'), 'depth'],
    ['a depth of 65536', () => parseReadQuery('depth=65536'), 'depth'],
    ['a depth that is no number', () => parseReadQuery('depth=1.5'), 'depth'],
    ['an unknown content', () => parseReadQuery('content=state'), 'content'],
    ['an unknown with-defaults', () => parseReadQuery('with-defaults='), 'with-defaults'],
    ['a broken percent-encoding', () => parseReadQuery('fields=%zz'), 'fields'],
    ['insert=before without point', () => parseEditQuery('insert=before'), 'point'],
    ['point with insert=first', () => parseEditQuery('insert=first&point=/a'), 'point'],
    ['stop-time without start-time', () => parseStreamQuery('stop-time=2026-01-31T12:00:00Z'), 'stop-time'],
    ['a time without a zone', () => parseStreamQuery('start-time=2026-01-31T12:00:00'), 'start-time'],
    ['a time that does not exist', () => parseStreamQuery('start-time=2026-13-31T12:00:00Z'), 'start-time'],
    ['any parameter where none is taken', () => refuseQuery('a=b', 'this resource'), 'a'],
  ] as const) {
    it(`refuses ${what} as invalid-value, naming it`, () => {
      const error = refusal(run);
      expect([error.tag, error.type, error.info?.badElement]).to.deep.equal(['invalid-value', 'protocol', element]);
      expect(error.message).to.contain(element);
    });
  }
});
