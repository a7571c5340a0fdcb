import { expect } from 'chai';
import { acceptsEventStream, bodyEncoding, negotiateEncoding } from '../../../src/restconf/media-type.ts';
import { RpcError } from '../../../src/yang/rpc-error.ts';

describe('RESTCONF media types (RFC 8040 §5.2, RFC 9110 §12.5.1)', () => {
  for (const [accept, body, encoding] of [
    [undefined, undefined, 'json'],
    [undefined, 'xml', 'xml'],
    ['', 'json', 'json'],
    ['*/*', undefined, 'json'],
    ['*/*', 'xml', 'xml'],
    ['application/yang-data+xml', undefined, 'xml'],
    ['application/yang-data+json;q=0.5, application/yang-data+xml;q=0.9', undefined, 'xml'],
    ['application/yang-data+xml;q=0, */*', undefined, 'json'],
    ['text/html, application/xml;q=0.9, */*;q=0.1', undefined, 'xml'],
    ['application/*', undefined, 'json'],
    ['APPLICATION/YANG-DATA+XML', undefined, 'xml'],
  ] as const) {
    it(`answers Accept '${accept ?? ''}' after a ${body ?? 'bodyless'} request in ${encoding}`, () => {
      expect(negotiateEncoding(accept, body)).to.equal(encoding);
    });
  }

  for (const accept of ['text/html', 'application/yang-data+json;q=0', 'nonsense']) {
    it(`refuses Accept '${accept}' and says what there is`, () => {
      expect(() => negotiateEncoding(accept, undefined)).to.throw(RpcError, /application\/yang-data\+json/);
    });
  }

  it('takes the usual names of both encodings for bodies, and no others', () => {
    expect(bodyEncoding('application/yang-data+json')).to.equal('json');
    expect(bodyEncoding('application/json; charset=utf-8')).to.equal('json');
    expect(bodyEncoding('text/xml')).to.equal('xml');
    expect(() => bodyEncoding('application/x-www-form-urlencoded')).to.throw(RpcError, /yang-data\+json/);
    expect(() => bodyEncoding(undefined)).to.throw(RpcError, /no Content-Type/);
  });

  it('opens an event stream only for who names it', () => {
    expect(acceptsEventStream('text/event-stream')).to.equal(true);
    expect(acceptsEventStream('*/*')).to.equal(false);
    expect(acceptsEventStream(undefined)).to.equal(false);
  });
});
