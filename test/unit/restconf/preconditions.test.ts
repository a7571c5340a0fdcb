import { expect } from 'chai';
import { HttpError } from '../../../src/restconf/errors.ts';
import { editPrecondition, isNotModified, revisionHeaders } from '../../../src/restconf/preconditions.ts';
import { RpcError } from '../../../src/yang/rpc-error.ts';

const MODIFIED = Date.UTC(2026, 0, 31, 12, 0, 0, 250);
const revision = { etag: 'r7', lastModified: MODIFIED };

describe('RESTCONF preconditions (RFC 8040 §3.4.1, RFC 9110 §13)', () => {
  it('prints the revision as ETag and Last-Modified', () => {
    expect(revisionHeaders(revision)).to.deep.equal({ ETag: '"r7"', 'Last-Modified': 'Sat, 31 Jan 2026 12:00:00 GMT' });
  });

  for (const [headers, exists] of [
    [{ 'if-match': '"r7"' }, true],
    [{ 'if-match': '"r1", "r7"' }, true],
    [{ 'if-match': '*' }, true],
    [{ 'if-none-match': '*' }, false],
    [{ 'if-none-match': '"r1"' }, true],
    [{ 'if-unmodified-since': 'Sat, 31 Jan 2026 12:00:00 GMT' }, true],
    [{ 'if-match': '"r7"', 'if-unmodified-since': 'Fri, 30 Jan 2026 12:00:00 GMT' }, true],
  ] as const) {
    it(`lets an edit with ${JSON.stringify(headers)} pass when the resource ${exists ? 'exists' : 'is absent'}`, () => {
      const check = editPrecondition(headers);
      expect(check).not.to.equal(undefined);
      check?.({ exists, implicit: false, revision });
    });
  }

  for (const [headers, exists] of [
    [{ 'if-match': '"r6"' }, true],
    [{ 'if-match': '"r7"' }, false],
    [{ 'if-match': '*' }, false],
    [{ 'if-none-match': '*' }, true],
    [{ 'if-none-match': '"r7"' }, true],
    [{ 'if-unmodified-since': 'Fri, 30 Jan 2026 12:00:00 GMT' }, true],
  ] as const) {
    it(`answers 412 to an edit with ${JSON.stringify(headers)} when the resource ${exists ? 'exists' : 'is absent'}`, () => {
      try {
        editPrecondition(headers)?.({ exists, implicit: false, revision });
      } catch (error) {
        expect(error).to.be.instanceOf(HttpError);
        expect(error).to.include({ status: 412 });
        return;
      }
      expect.fail('the edit was let pass');
    });
  }

  it('takes the entity-tag of a container that is there implicitly, and lets it be created', () => {
    const implicit = { exists: false, implicit: true, revision };
    for (const headers of [{ 'if-match': '"r7"' }, { 'if-match': '*' }, { 'if-none-match': '*' }])
      expect(() => editPrecondition(headers)?.(implicit), JSON.stringify(headers)).not.to.throw();
    expect(() => editPrecondition({ 'if-match': '"r6"' })?.(implicit)).to.throw(HttpError);
  });

  it('has nothing to check without headers', () => {
    expect(editPrecondition({})).to.equal(undefined);
  });

  it('never takes a date that it cannot read for a condition that holds', () => {
    expect(() => editPrecondition({ 'if-unmodified-since': 'yesterday' })).to.throw(RpcError, /HTTP date/);
  });

  it('answers a conditional read of what did not change with 304', () => {
    expect(isNotModified({ 'if-none-match': '"r7"' }, revision)).to.equal(true);
    expect(isNotModified({ 'if-none-match': 'W/"r7"' }, revision)).to.equal(true);
    expect(isNotModified({ 'if-none-match': '"r6"' }, revision)).to.equal(false);
    expect(isNotModified({ 'if-modified-since': 'Sat, 31 Jan 2026 12:00:00 GMT' }, revision)).to.equal(true);
    expect(isNotModified({ 'if-modified-since': 'Sat, 31 Jan 2026 11:59:59 GMT' }, revision)).to.equal(false);
    expect(isNotModified({}, revision)).to.equal(false);
  });
});
