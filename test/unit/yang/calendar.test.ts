import { expect } from 'chai';
import { isInstant } from '../../../src/yang/calendar.ts';

describe('instants (RFC 6991, date-and-time)', () => {
  for (const text of [
    '2026-01-31T12:00:00Z',
    '2024-02-29T00:00:00Z',
    '2000-02-29T23:59:59.123456Z',
    '2016-12-31T23:59:60Z',
    '0001-01-01T00:00:00-12:00',
    '2026-12-31T23:59:59+14:00',
  ]) {
    it(`${text} is one`, () => expect(isInstant(text)).to.equal(true));
  }

  for (const text of [
    '2027-02-29T00:00:00Z',
    '1900-02-29T00:00:00Z',
    '2026-04-31T00:00:00Z',
    '2026-00-10T00:00:00Z',
    '2026-13-10T00:00:00Z',
    '2026-01-00T00:00:00Z',
    '2026-01-01T24:00:00Z',
    '2026-01-01T00:60:00Z',
    '2026-01-01T00:00:61Z',
    '2026-01-01T00:00:00+24:00',
    '2026-01-01T00:00:00+00:60',
    '2026-01-01T00:00:00',
    '2026-01-01',
    '',
  ]) {
    it(`'${text}' is none`, () => expect(isInstant(text)).to.equal(false));
  }
});
