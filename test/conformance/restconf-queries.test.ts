import { expect } from 'chai';
import { errorOf, RADIO, RestconfFixture } from './restconf-fixture.ts';

describe('RFC 8040 §4.8: query parameters', function () {
  this.timeout(20_000);
  let server: RestconfFixture;

  before(async () => {
    server = await RestconfFixture.start();
  });
  after(async () => server.close());

  const radio = async (query: string): Promise<unknown> =>
    ((await server.get(`${RADIO}?${query}`)) as { 'example-radio:radio': unknown })['example-radio:radio'];

  describe('§4.8.1: content', () => {
    const PROVIDERS = '/restconf/data/opnfv-promise:promise/providers';
    before(async () => {
      const provider = { id: 'p1', name: 'one', 'provider-type': 'promise-simulator:simulated' };
      await server.json('PATCH', '/restconf/data/opnfv-promise:promise', {
        'opnfv-promise:promise': { providers: { provider: [provider] } },
      });
      await server.agent.until(
        async () =>
          JSON.stringify(await server.get(`${PROVIDERS}/provider=p1/status`)).includes('"up"') ? true : undefined,
        'the contact with the provider',
      );
    });
    const provider = async (content: string): Promise<Readonly<Record<string, unknown>>> => {
      const body = (await server.get(`${PROVIDERS}/provider=p1?content=${content}`)) as {
        'opnfv-promise:provider': Readonly<Record<string, unknown>>[];
      };
      return body['opnfv-promise:provider'][0] ?? {};
    };

    it('config: what clients wrote', async () => {
      expect(await provider('config')).to.deep.equal({
        id: 'p1',
        name: 'one',
        'provider-type': 'promise-simulator:simulated',
      });
    });

    it('nonconfig: state, with the keys that lead to it', async () => {
      const found = await provider('nonconfig');
      expect(found).to.include({ id: 'p1', status: 'up' });
      expect(found).not.to.have.any.keys('name', 'provider-type');
    });

    it('all: both', async () => {
      expect(await provider('all')).to.include({ name: 'one', status: 'up' });
    });
  });

  describe('§4.8.2: depth', () => {
    before(() => server.tune({ volume: 7, station: [{ name: 'one', frequency: '1.0', transmitter: { height: 9 } }] }));
    for (const [depth, expected] of [
      ['1', {}],
      ['2', { volume: 7, station: [{}] }],
      ['3', { volume: 7, station: [{ name: 'one', frequency: '1.0', transmitter: {} }] }],
      ['unbounded', { volume: 7, station: [{ name: 'one', frequency: '1.0', transmitter: { height: 9 } }] }],
    ] as const) {
      it(`depth=${depth}`, async () => {
        const found = (await radio(`depth=${depth}`)) as { station?: readonly object[] };
        // A list entry at the limit may be shown with its keys or without.
        const shown = depth === '2' ? { ...found, station: [{}] } : found;
        expect(shown).to.deep.equal(expected);
        if (depth === '2')
          expect(found.station?.[0] ?? {}).to.satisfy((entry: object) => Object.keys(entry).length <= 1);
      });
    }
  });

  describe('§4.8.3: fields', () => {
    before(() =>
      server.tune({
        volume: 7,
        preset: ['a'],
        station: [
          { name: 'one', frequency: '1', genre: 'jazz', transmitter: { height: 9 } },
          { name: 'two', frequency: '2' },
        ],
      }),
    );
    for (const [fields, expected] of [
      ['volume', { volume: 7 }],
      ['volume;preset', { volume: 7, preset: ['a'] }],
      ['station(name;genre)', { station: [{ name: 'one', genre: 'jazz' }, { name: 'two' }] }],
      ['station/name', { station: [{ name: 'one' }, { name: 'two' }] }],
      ['station(transmitter/height)', { station: [{ transmitter: { height: 9 } }] }],
      ['station/transmitter;volume', { volume: 7, station: [{ transmitter: { height: 9 } }] }],
    ] as const) {
      it(`fields=${fields}`, async () => {
        const found = (await radio(`fields=${encodeURIComponent(fields)}`)) as Record<string, unknown>;
        expect(withoutKeys(found, expected)).to.deep.equal(expected);
      });
    }

    // §4.8.2: the selected nodes and their ancestors are of depth 1.
    for (const [query, expected] of [
      ['fields=volume;station/transmitter/height&depth=1', { volume: 7, station: [{ transmitter: { height: 9 } }] }],
      ['fields=station(genre;transmitter)&depth=1', { station: [{ genre: 'jazz', transmitter: {} }] }],
      ['fields=station(genre;transmitter)&depth=2', { station: [{ genre: 'jazz', transmitter: { height: 9 } }] }],
      ['fields=station&depth=2', { station: [{ frequency: '1.0', genre: 'jazz', transmitter: {} }] }],
    ] as const) {
      it(query, async () => {
        const found = (await radio(query)) as { readonly station: readonly object[] };
        const [{ name, ...first } = { name: undefined }] = found.station as readonly { readonly name: unknown }[];
        expect(name).to.equal('one');
        expect({ ...found, station: [first] }).to.deep.equal(expected);
      });
    }
  });

  describe('§4.8.5, §4.8.6: insert and point', () => {
    const song = (id: string): object => ({ 'example-radio:song': [{ id }] });
    const order = async (): Promise<readonly string[]> =>
      ((await radio('fields=song/id')) as { song: { id: string }[] }).song.map(({ id }) => id);
    beforeEach(() => server.tune({ song: [{ id: 'a' }, { id: 'b' }], preset: ['x', 'y'] }));

    for (const [query, expected] of [
      ['', ['a', 'b', 'new']],
      ['?insert=last', ['a', 'b', 'new']],
      ['?insert=first', ['new', 'a', 'b']],
      [`?insert=before&point=${encodeURIComponent('/example-radio:radio/song=b')}`, ['a', 'new', 'b']],
      [`?insert=after&point=${encodeURIComponent('/example-radio:radio/song=a')}`, ['a', 'new', 'b']],
    ] as const) {
      it(`POST${decodeURIComponent(query)}`, async () => {
        const answer = await server.json('POST', `${RADIO}${query}`, song('new'));
        expect(answer.status, answer.body).to.equal(201);
        expect(await order()).to.deep.equal(expected);
      });
    }

    it('PUT moves an entry that exists', async () => {
      const point = encodeURIComponent('/example-radio:radio/song=a');
      const answer = await server.json('PUT', `${RADIO}/song=b?insert=before&point=${point}`, song('b'));
      expect(answer.status, answer.body).to.equal(204);
      expect(await order()).to.deep.equal(['b', 'a']);
    });

    it('POST of an entry of a leaf-list', async () => {
      const point = encodeURIComponent('/example-radio:radio/preset=y');
      const answer = await server.json('POST', `${RADIO}?insert=before&point=${point}`, {
        'example-radio:preset': ['new'],
      });
      expect(answer.status, answer.body).to.equal(201);
      expect(await radio('fields=preset')).to.deep.equal({ preset: ['x', 'new', 'y'] });
    });

    it('refuses a point that does not exist', async () => {
      const point = encodeURIComponent('/example-radio:radio/song=nobody');
      const answer = await server.json('POST', `${RADIO}?insert=before&point=${point}`, song('new'));
      expect(answer.status).to.equal(400);
      expect(errorOf(answer)['error-message']).to.contain('nobody');
      expect(await order()).to.deep.equal(['a', 'b']);
    });
  });

  describe('§4.8.9: with-defaults', () => {
    before(() =>
      server.tune({
        station: [
          { name: 'one', frequency: '1', genre: 'mixed' },
          { name: 'two', frequency: '2' },
        ],
      }),
    );

    it('explicit, and without the parameter: what was set', async () => {
      const expected = {
        station: [
          { name: 'one', frequency: '1.0', genre: 'mixed' },
          { name: 'two', frequency: '2.0' },
        ],
      };
      expect(await radio('with-defaults=explicit')).to.deep.equal(expected);
      expect(await radio('')).to.deep.equal(expected);
    });

    it('report-all: defaults too', async () => {
      expect(await radio('with-defaults=report-all')).to.deep.equal({
        volume: 5,
        station: [
          { name: 'one', frequency: '1.0', genre: 'mixed' },
          { name: 'two', frequency: '2.0', genre: 'mixed' },
        ],
      });
    });

    it('trim: nothing that is the default', async () => {
      expect(await radio('with-defaults=trim')).to.deep.equal({
        station: [
          { name: 'one', frequency: '1.0' },
          { name: 'two', frequency: '2.0' },
        ],
      });
    });

    it('report-all-tagged: defaults are marked', async () => {
      expect(await radio('with-defaults=report-all-tagged')).to.deep.include({
        volume: 5,
        '@volume': { 'ietf-netconf-with-defaults:default': true },
      });
    });
  });
});

/** The keys of list entries may come along with what was asked for. */
function withoutKeys(found: Record<string, unknown>, expected: object): unknown {
  const { station } = found as { station?: Record<string, unknown>[] };
  const wanted = (expected as { station?: readonly object[] }).station;
  if (station === undefined || wanted === undefined || wanted.some((entry) => 'name' in entry)) return found;
  const bare = station.map(({ name: _, ...rest }) => rest).filter((entry) => Object.keys(entry).length > 0);
  return { ...found, station: bare };
}
