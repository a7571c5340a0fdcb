import { expect } from 'chai';
import { compact, errorOf, JSON_DATA, RADIO, RestconfFixture, XML_DATA } from './restconf-fixture.ts';

const RESTCONF_NAMESPACE = 'urn:ietf:params:xml:ns:yang:ietf-restconf';

describe('RFC 8040: resources and methods', function () {
  this.timeout(20_000);
  let server: RestconfFixture;

  before(async () => {
    server = await RestconfFixture.start();
  });
  after(async () => server.close());

  describe('discovery', () => {
    it('§3.1: host-meta says where the API is, in XRD', async () => {
      const answer = await server.send('GET', '/.well-known/host-meta', { Accept: 'application/xrd+xml' });
      expect(answer.status).to.equal(200);
      expect(answer.headers['content-type']).to.equal('application/xrd+xml');
      expect(compact(answer.body)).to.equal(
        '<XRD xmlns="http://docs.oasis-open.org/ns/xri/xrd-1.0"><Link rel="restconf" href="/restconf"/></XRD>',
      );
    });

    it('§3.3: the API resource in JSON', async () => {
      expect(await server.get('/restconf')).to.deep.equal({
        'ietf-restconf:restconf': { data: {}, operations: {}, 'yang-library-version': '2019-01-04' },
      });
    });

    it('§3.3: the API resource in XML', async () => {
      const answer = await server.send('GET', '/restconf', { Accept: XML_DATA });
      expect(answer.headers['content-type']).to.equal(XML_DATA);
      expect(compact(answer.body)).to.equal(
        `<restconf xmlns="${RESTCONF_NAMESPACE}"><data/><operations/><yang-library-version>2019-01-04</yang-library-version></restconf>`,
      );
    });

    it('§3.3.2: the operations', async () => {
      const { 'ietf-restconf:operations': operations } = (await server.get('/restconf/operations')) as {
        'ietf-restconf:operations': Readonly<Record<string, unknown>>;
      };
      expect(operations).to.deep.include({ 'opnfv-promise:create-reservation': [null] });
      expect(operations, 'what nothing carries out').not.to.have.property('example-radio:seek');
      expect(operations, 'what RESTCONF has methods for').not.to.have.property('ietf-netconf:edit-config');
    });

    it('§3.3.3: yang-library-version', async () => {
      expect(await server.get('/restconf/yang-library-version')).to.deep.equal({
        'ietf-restconf:yang-library-version': '2019-01-04',
      });
    });

    it('§3.7: the source of a module, with its revision', async () => {
      const answer = await server.send('GET', '/restconf/schema/example-radio@2026-11-21');
      expect(answer.headers['content-type']).to.equal('application/yang');
      expect(answer.body).to.match(/^module example-radio \{/);
    });

    it('§9.1: the capabilities', async () => {
      const path = '/restconf/data/ietf-restconf-monitoring:restconf-state/capabilities';
      const { 'ietf-restconf-monitoring:capabilities': capabilities } = (await server.get(path)) as {
        'ietf-restconf-monitoring:capabilities': { capability: string[] };
      };
      expect(capabilities.capability).to.include.members([
        'urn:ietf:params:restconf:capability:defaults:1.0?basic-mode=explicit',
        'urn:ietf:params:restconf:capability:depth:1.0',
        'urn:ietf:params:restconf:capability:fields:1.0',
        'urn:ietf:params:restconf:capability:filter:1.0',
        'urn:ietf:params:restconf:capability:replay:1.0',
        'urn:ietf:params:restconf:capability:with-defaults:1.0',
      ]);
    });

    it('§10: the library names the modules, among them additional ones', async () => {
      const path = '/restconf/data/ietf-yang-library:yang-library?fields=module-set(name;module/name)';
      expect(JSON.stringify(await server.get(path))).to.contain('"example-radio"');
    });
  });

  describe('methods', () => {
    beforeEach(() => server.tune({}));

    it('§4.1: OPTIONS says what may be done with configuration', async () => {
      const answer = await server.send('OPTIONS', RADIO);
      expect(answer.status).to.equal(200);
      expect(answer.headers['allow']).to.equal('GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS');
      expect(answer.headers['accept-patch']).to.contain(JSON_DATA).and.contain(XML_DATA);
    });

    it('§4.1: OPTIONS says what may be done with what is no data, and does nothing', async () => {
      for (const [path, allow] of [
        ['/restconf', 'GET, HEAD, OPTIONS'],
        ['/restconf/operations', 'GET, HEAD, OPTIONS'],
        ['/restconf/operations/opnfv-promise:query-capacity', 'GET, HEAD, POST, OPTIONS'],
      ] as const) {
        const answer = await server.send('OPTIONS', path);
        expect([answer.status, answer.headers['allow'], answer.body], path).to.deep.equal([200, allow, '']);
      }
    });

    it('§4.1: OPTIONS says what may be done with state', async () => {
      const answer = await server.send('OPTIONS', '/restconf/data/opnfv-promise:promise/capacity');
      expect(answer.headers['allow']).to.equal('GET, HEAD, OPTIONS');
      expect(answer.headers).not.to.have.property('accept-patch');
    });

    it('§4.2: HEAD answers as GET does, without a body', async () => {
      await server.tune({ volume: 7 });
      const get = await server.send('GET', RADIO);
      const head = await server.send('HEAD', RADIO);
      expect(head.status).to.equal(200);
      expect(head.body).to.equal('');
      for (const name of ['content-type', 'etag', 'last-modified', 'cache-control']) {
        expect(head.headers[name], name).to.equal(get.headers[name]);
      }
    });

    it('§4.3: GET in JSON: 64-bit numbers and decimals are strings, empty is [null]', async () => {
      const content = {
        volume: 7,
        serial: '18446744073709551615',
        stereo: [null],
        preset: ['b', 'a'],
        station: [{ name: 'one', frequency: '99.9' }],
      };
      await server.tune(content);
      expect(await server.get(RADIO)).to.deep.equal({ 'example-radio:radio': content });
    });

    it('§4.3: GET in XML', async () => {
      await server.tune({
        volume: 7,
        stereo: [null],
        preset: ['b', 'a'],
        station: [{ name: 'a<b', frequency: '99.9' }],
      });
      const answer = await server.send('GET', RADIO, { Accept: XML_DATA });
      expect(answer.headers['content-type']).to.equal(XML_DATA);
      expect(compact(answer.body)).to.equal(
        '<radio xmlns="urn:example:radio"><volume>7</volume><stereo/><preset>b</preset><preset>a</preset>' +
          '<station><name>a&lt;b</name><frequency>99.9</frequency></station></radio>',
      );
    });

    it('§4.3: GET of a whole list or leaf-list in JSON', async () => {
      const station = [
        { name: 'one', frequency: '99.9' },
        { name: 'two', frequency: '100.1' },
      ];
      await server.tune({ station, preset: ['b', 'a'] });
      expect(await server.get(`${RADIO}/station`)).to.deep.equal({ 'example-radio:station': station });
      expect(await server.get(`${RADIO}/station?fields=frequency&content=config`)).to.have.nested.property(
        'example-radio:station[1].frequency',
        '100.1',
      );
      expect(await server.get(`${RADIO}/preset`)).to.deep.equal({ 'example-radio:preset': ['b', 'a'] });
      expect((await server.send('GET', `${RADIO}/song`)).status, 'one without entries').to.equal(404);
    });

    it('§4.3: GET of a whole list in XML is 400 when it has several entries, and one entry otherwise', async () => {
      await server.tune({ station: [{ name: 'one', frequency: '99.9' }] });
      const one = await server.send('GET', `${RADIO}/station`, { Accept: XML_DATA });
      expect(compact(one.body)).to.equal(
        '<station xmlns="urn:example:radio"><name>one</name><frequency>99.9</frequency></station>',
      );
      await server.json('POST', RADIO, { 'example-radio:station': [{ name: 'two', frequency: '1' }] });
      const several = await server.send('GET', `${RADIO}/station`, { Accept: XML_DATA });
      expect(several.status).to.equal(400);
      expect(several.body).to.contain('<error-tag>invalid-value</error-tag>');
    });

    it('§3.5.3: a whole list can only be read', async () => {
      await server.tune({ station: [{ name: 'one', frequency: '99.9' }] });
      for (const method of ['DELETE', 'OPTIONS']) {
        const answer = await server.send(method, `${RADIO}/station`);
        expect(answer.status, method).to.equal(400);
        expect(errorOf(answer)['error-message']).to.contain('station=name');
      }
    });

    it('§4.4.1: POST creates, and Location leads to what it made', async () => {
      const body = { 'example-radio:station': [{ name: 'one', frequency: '99.9' }] };
      const answer = await server.json('POST', RADIO, body);
      expect(answer.status).to.equal(201);
      expect(answer.body).to.equal('');
      const location = answer.headers['location'] ?? '';
      expect(location).to.equal(`${server.agent.url}${RADIO}/station=one`);
      expect(await server.get(new URL(location).pathname)).to.deep.equal(body);
    });

    it('§4.4.1: POST of what exists is 409 data-exists', async () => {
      await server.tune({ station: [{ name: 'one', frequency: '99.9' }] });
      const answer = await server.json('POST', RADIO, { 'example-radio:station': [{ name: 'one', frequency: '1' }] });
      expect(answer.status).to.equal(409);
      expect(errorOf(answer)).to.include({
        'error-type': 'application',
        'error-tag': 'data-exists',
        'error-path': "/example-radio:radio/station[name='one']",
      });
    });

    it('§4.4.1: POST to the datastore creates a top-level resource', async () => {
      await server.send('DELETE', RADIO);
      const answer = await server.xml(
        'POST',
        '/restconf/data',
        '<radio xmlns="urn:example:radio"><volume>3</volume></radio>',
      );
      expect(answer.status).to.equal(201);
      expect(answer.headers['location']).to.equal(`${server.agent.url}${RADIO}`);
    });

    it('§4.4.2: POST to an operation that nothing carries out is 501', async () => {
      const answer = await server.json('POST', '/restconf/operations/example-radio:seek', {
        'example-radio:input': {},
      });
      expect(answer.status).to.equal(501);
      expect(errorOf(answer)).to.include({ 'error-tag': 'operation-not-supported' });
    });

    it('§4.5: PUT creates with 201, and replaces with 204 what was there', async () => {
      const path = `${RADIO}/station=one`;
      const entry = (more: object): object => ({ 'example-radio:station': [{ name: 'one', ...more }] });
      const created = await server.json('PUT', path, entry({ frequency: '99.9', genre: 'jazz' }));
      expect(created.status).to.equal(201);
      expect(created.headers['location']).to.equal(`${server.agent.url}${path}`);
      const replaced = await server.json('PUT', path, entry({ frequency: '100.1' }));
      expect(replaced.status).to.equal(204);
      expect(await server.get(path)).to.deep.equal(entry({ frequency: '100.1' }));
    });

    it('§4.5: PUT of the whole datastore replaces it', async () => {
      const whole = await server.get('/restconf/data?content=config');
      await server.tune({ volume: 9 });
      const answer = await server.json('PUT', '/restconf/data', whole as object);
      expect(answer.status, answer.body).to.equal(204);
      expect(await server.get('/restconf/data?content=config')).to.deep.equal(whole);
    });

    it('§4.6.1: PATCH merges with 204', async () => {
      await server.tune({ volume: 7, preset: ['a'] });
      const answer = await server.json('PATCH', RADIO, { 'example-radio:radio': { preset: ['b'], antenna: 'roof' } });
      expect(answer.status).to.equal(204);
      expect(await server.get(RADIO)).to.deep.equal({
        'example-radio:radio': { volume: 7, preset: ['a', 'b'], antenna: 'roof' },
      });
    });

    it('RFC 7950 §7.9: what is merged into one case removes the other', async () => {
      await server.tune({ antenna: 'roof' });
      await server.json('PATCH', RADIO, { 'example-radio:radio': { cable: 'long' } });
      expect(await server.get(RADIO)).to.deep.equal({ 'example-radio:radio': { cable: 'long' } });
    });

    it('§4.6: PATCH creates nothing', async () => {
      const answer = await server.json('PATCH', `${RADIO}/station=one`, { 'example-radio:station': [{ name: 'one' }] });
      expect(answer.status).to.equal(404);
      expect(errorOf(answer)).to.include({ 'error-tag': 'invalid-value' });
    });

    it('§4.6: PATCH puts something into a container that is there implicitly', async () => {
      await server.send('DELETE', RADIO);
      const answer = await server.json('PATCH', RADIO, { 'example-radio:radio': { volume: 1 } });
      expect(answer.status).to.equal(204);
      expect(await server.get(RADIO)).to.deep.equal({ 'example-radio:radio': { volume: 1 } });
    });

    it('§3.5, §4.3: a container without presence is there wherever its parent is (RFC 7950 §6.4.1)', async () => {
      await server.send('DELETE', RADIO);
      expect(await server.get(RADIO)).to.deep.equal({ 'example-radio:radio': {} });
      expect(await server.get(`${RADIO}?content=config`)).to.deep.equal({ 'example-radio:radio': {} });
      expect(await server.get(`${RADIO}?with-defaults=report-all`)).to.deep.equal({
        'example-radio:radio': { volume: 5 },
      });
      const xml = await server.send('GET', RADIO, { Accept: XML_DATA });
      expect(compact(xml.body)).to.equal('<radio xmlns="urn:example:radio"/>');
      const head = await server.send('HEAD', RADIO);
      expect(head.status).to.equal(200);
      expect(head.headers['last-modified']).to.be.a('string');
      const { etag = '' } = head.headers;
      const set = async (tag: string) =>
        await server.json('PATCH', RADIO, { 'example-radio:radio': { volume: 5 } }, { 'If-Match': tag });
      expect((await set('"another"')).status).to.equal(412);
      expect((await set(etag)).status).to.equal(204);
      expect(await server.get(`${RADIO}?with-defaults=trim`)).to.deep.equal({ 'example-radio:radio': {} });

      await server.tune({ station: [{ name: 'one', frequency: '99.9' }] });
      for (const missing of ['station=one/transmitter', 'station=two', 'station=two/transmitter', 'antenna'])
        expect((await server.send('GET', `${RADIO}/${missing}`)).status, missing).to.equal(404);
      const promise = '/restconf/data/opnfv-promise:promise';
      expect((await server.send('GET', `${promise}/capacity?content=config`)).status, 'state').to.equal(404);
      expect(await server.get(`${promise}/policy/reservation`)).to.deep.equal({ 'opnfv-promise:reservation': {} });
    });

    it('§4.7: DELETE removes with 204, and answers 404 when there is nothing', async () => {
      await server.tune({ station: [{ name: 'one', frequency: '99.9' }] });
      expect((await server.send('DELETE', `${RADIO}/station=one`)).status).to.equal(204);
      expect((await server.send('DELETE', `${RADIO}/station=one`)).status).to.equal(404);
    });

    it('RFC 7950 §9.9: an edit that would leave a reference without its target changes nothing', async () => {
      const content = {
        station: [{ name: 'one', frequency: '99.9' }],
        programme: [{ day: 'Mon', hour: 7, station: 'one' }],
      };
      await server.tune(content);
      const answer = await server.send('DELETE', `${RADIO}/station=one`);
      expect(answer.status).to.equal(409);
      expect(errorOf(answer)).to.include({ 'error-tag': 'data-missing', 'error-app-tag': 'instance-required' });
      expect(await server.get(RADIO)).to.deep.equal({ 'example-radio:radio': content });
    });
  });

  describe('§3.5.3: keys in URLs', () => {
    const names = ['with,comma', '', 'a/b', 'ü €', '100%', "it's", 'a b', 'a+b', '"quoted"', '[1]'];
    before(() => server.tune({ station: names.map((name) => ({ name, frequency: '99.9' })) }));

    for (const name of names) {
      it(`finds the entry ${JSON.stringify(name)}`, async () => {
        expect(await server.get(`${RADIO}/station=${encodeURIComponent(name)}`)).to.deep.equal({
          'example-radio:station': [{ name, frequency: '99.9' }],
        });
      });
    }

    it('gives such keys in Location as they are to be asked for', async () => {
      const made = await server.json('POST', RADIO, { 'example-radio:station': [{ name: 'new,/é', frequency: '1' }] });
      const location = new URL(made.headers['location'] ?? '');
      expect(location.pathname).to.equal(`${RADIO}/station=new%2C%2F%C3%A9`);
      expect((await server.send('GET', location.pathname)).status).to.equal(200);
    });

    it('separates the values of two keys by a comma', async () => {
      await server.tune({
        programme: [
          { day: 'Mon,Tue', hour: 7 },
          { day: '', hour: 8 },
        ],
      });
      expect(await server.get(`${RADIO}/programme=Mon%2CTue,7`)).to.deep.equal({
        'example-radio:programme': [{ day: 'Mon,Tue', hour: 7 }],
      });
      expect(await server.get(`${RADIO}/programme=,8`)).to.deep.equal({
        'example-radio:programme': [{ day: '', hour: 8 }],
      });
      const few = await server.send('GET', `${RADIO}/programme=Mon`);
      expect(few.status).to.equal(400);
      expect(errorOf(few)).to.include({ 'error-tag': 'invalid-value' });
      expect(errorOf(few)['error-message']).to.contain('day').and.contain('hour');
      const wrong = await server.send('GET', `${RADIO}/programme=Mon,24`);
      expect(wrong.status).to.equal(400);
      expect(errorOf(wrong)['error-message']).to.match(/23/);
    });

    it('names an entry of a leaf-list by its value', async () => {
      await server.tune({ preset: ['x', 'a,b'] });
      expect(await server.get(`${RADIO}/preset=a%2Cb`)).to.deep.equal({ 'example-radio:preset': ['a,b'] });
      expect((await server.send('DELETE', `${RADIO}/preset=a%2Cb`)).status).to.equal(204);
      expect(await server.get(RADIO)).to.deep.equal({ 'example-radio:radio': { preset: ['x'] } });
    });
  });

  describe('§3.4.1, §3.5.1: entity-tags and times', () => {
    beforeEach(() => server.tune({ volume: 7 }));

    it('changes them with every edit, and with nothing else', async () => {
      const first = await server.send('GET', RADIO);
      expect(first.headers['etag']).to.match(/^"[^"]+"$/);
      expect(Date.parse(first.headers['last-modified'] ?? '')).to.be.a('number').and.not.NaN;
      expect((await server.send('GET', RADIO)).headers['etag']).to.equal(first.headers['etag']);
      const edited = await server.json('PATCH', RADIO, { 'example-radio:radio': { volume: 8 } });
      expect(edited.headers['etag']).to.be.a('string').and.not.equal(first.headers['etag']);
      expect((await server.send('GET', RADIO)).headers['etag']).to.equal(edited.headers['etag']);
    });

    it('carries out an edit whose If-Match holds, and answers 412 to one whose does not', async () => {
      const { etag = '' } = (await server.send('GET', RADIO)).headers;
      const edit = (volume: number, tag: string) =>
        server.json('PATCH', RADIO, { 'example-radio:radio': { volume } }, { 'If-Match': tag });
      expect((await edit(8, etag)).status).to.equal(204);
      const late = await edit(9, etag);
      expect(late.status).to.equal(412);
      expect(errorOf(late)).to.include({ 'error-type': 'protocol', 'error-tag': 'operation-failed' });
      expect(await server.get(RADIO)).to.deep.equal({ 'example-radio:radio': { volume: 8 } });
    });

    it('creates with If-None-Match: * only what does not exist', async () => {
      const path = `${RADIO}/station=one`;
      const put = () =>
        server.json(
          'PUT',
          path,
          { 'example-radio:station': [{ name: 'one', frequency: '99.9' }] },
          { 'If-None-Match': '*' },
        );
      expect((await put()).status).to.equal(201);
      expect((await put()).status).to.equal(412);
    });

    it('answers 304 to a read of configuration that has not changed', async () => {
      const path = `${RADIO}?content=config`;
      const { etag = '', 'last-modified': time = '' } = (await server.send('GET', path)).headers;
      for (const headers of [{ 'If-None-Match': etag }, { 'If-Modified-Since': time }]) {
        const answer = await server.send('GET', path, headers);
        expect(answer.status).to.equal(304);
        expect(answer.body).to.equal('');
      }
      await server.json('PATCH', RADIO, { 'example-radio:radio': { volume: 8 } });
      expect((await server.send('GET', path, { 'If-None-Match': etag })).status).to.equal(200);
    });

    it('gives no entity-tag to state', async () => {
      const answer = await server.send('GET', '/restconf/data/opnfv-promise:promise/capacity');
      expect(answer.headers).not.to.have.property('etag');
    });
  });

  describe('§5.2, §7: encodings and errors', () => {
    for (const [accept, type] of [
      ['*/*', JSON_DATA],
      ['application/yang-data+xml', XML_DATA],
      ['application/yang-data+xml;q=0.5, application/yang-data+json', JSON_DATA],
      ['application/xml', XML_DATA],
      ['application/json', JSON_DATA],
    ] as const) {
      it(`answers Accept: ${accept} with ${type}`, async () => {
        const answer = await server.send('GET', '/restconf/data/ietf-yang-library:yang-library/content-id', {
          Accept: accept,
        });
        expect(answer.status).to.equal(200);
        expect(answer.headers['content-type']).to.equal(type);
      });
    }

    it('§7.1: an error in JSON', async () => {
      const answer = await server.json('PUT', `${RADIO}/volume`, { 'example-radio:volume': 12 }, { Accept: JSON_DATA });
      expect(answer.status).to.equal(400);
      expect(answer.headers['content-type']).to.equal(JSON_DATA);
      expect(errorOf(answer)).to.include({
        'error-type': 'application',
        'error-tag': 'invalid-value',
        'error-path': '/example-radio:radio/volume',
      });
      expect(errorOf(answer)['error-message']).to.match(/12.*11/s);
    });

    it('§7.1: an error in XML, its path with the prefixes declared', async () => {
      const answer = await server.xml('PUT', `${RADIO}/volume`, '<volume xmlns="urn:example:radio">12</volume>', {
        Accept: XML_DATA,
      });
      expect(answer.status).to.equal(400);
      expect(compact(answer.body)).to.match(
        new RegExp(
          `^<errors xmlns="${RESTCONF_NAMESPACE}"><error><error-type>application</error-type>` +
            '<error-tag>invalid-value</error-tag>' +
            '<error-path xmlns:radio="urn:example:radio">/radio:radio/radio:volume</error-path>' +
            '<error-message xml:lang="en">[^<]*12[^<]*</error-message></error></errors>$',
        ),
      );
    });
  });
});
