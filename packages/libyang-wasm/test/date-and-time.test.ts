import { expect } from 'chai';
import fc from 'fast-check';
import type { Context } from '../src/index.ts';
import { importModule, makeContext, refused, refusedFirst } from './support.ts';

const text = `module example-times {
  yang-version 1.1;
  namespace "urn:example:times";
  prefix t;
  import ietf-yang-types { prefix yang; }
  container times {
    list sample {
      key "at";
      unique "seen";
      leaf at { type yang:date-and-time; }
      leaf seen { type yang:date-and-time; }
    }
    leaf-list sorted { type yang:date-and-time; }
    leaf either { type union { type uint8; type yang:date-and-time; } }
  }
}`;

const YEAR_0000 = Date.parse('0000-01-01T00:00:00Z');
const YEAR_9999 = Date.parse('9999-12-31T23:59:59Z');
const milliseconds = fc.integer({ min: YEAR_0000 / 1000, max: YEAR_9999 / 1000 }).map((seconds) => seconds * 1000);

/** A second as a date and time of an offset, by JavaScript's calendar. */
function written(instant: number, offset: string): string {
  return `${new Date(instant).toISOString().slice(0, 19)}${offset}`;
}

describe('date-and-time', () => {
  let context: Context;
  before(() => {
    context = makeContext({
      modules: [{ name: 'example-times' }],
      importModule: (request) =>
        request.module === 'example-times' ? { text, format: 'yang' } : importModule(request),
    });
  });
  after(() => context.dispose());

  const canonical = (value: string): string => context.validateValue('/example-times:times/sample/at', value);
  const times = (content: object): string => JSON.stringify({ 'example-times:times': content });
  const read = (content: object): unknown =>
    (
      JSON.parse(context.convert(times(content), { format: 'json' }, { format: 'json' })) as Readonly<
        Record<string, unknown>
      >
    )['example-times:times'];

  describe('is printed in UTC', () => {
    for (const [value, expected] of [
      ['2024-05-01T12:00:00Z', '2024-05-01T12:00:00+00:00'],
      ['2038-01-19T03:14:07Z', '2038-01-19T03:14:07+00:00'],
      ['2038-01-19T03:14:08Z', '2038-01-19T03:14:08+00:00'],
      ['2040-02-29T23:30:00-01:00', '2040-03-01T00:30:00+00:00'],
      ['1970-01-01T00:00:00Z', '1970-01-01T00:00:00+00:00'],
      ['1969-12-31T23:59:59Z', '1969-12-31T23:59:59+00:00'],
      ['1901-12-13T20:45:51Z', '1901-12-13T20:45:51+00:00'],
      ['1600-12-31T23:59:59Z', '1600-12-31T23:59:59+00:00'],
      ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00+00:00'],
      ['0001-01-01T00:00:00+00:01', '0000-12-31T23:59:00+00:00'],
      ['0000-02-29T00:00:00Z', '0000-02-29T00:00:00+00:00'],
      ['9999-12-31T23:59:59Z', '9999-12-31T23:59:59+00:00'],
      ['2100-02-28T23:59:59-00:01', '2100-03-01T00:00:59+00:00'],
      ['2000-02-29T00:00:00+14:00', '2000-02-28T10:00:00+00:00'],
      ['2026-01-01T00:00:00+23:59', '2025-12-31T00:01:00+00:00'],
      ['2026-01-01T00:00:00-23:59', '2026-01-01T23:59:00+00:00'],
      ['2026-01-01T00:00:00-00:30', '2026-01-01T00:30:00+00:00'],
      ['2026-01-01T00:00:00+05:45', '2025-12-31T18:15:00+00:00'],
      ['2040-01-01T00:00:00.250+01:00', '2039-12-31T23:00:00.250+00:00'],
      ['1950-01-01T00:00:00.000000001Z', '1950-01-01T00:00:00.000000001+00:00'],
      ['2016-12-31T23:59:60Z', '2017-01-01T00:00:00+00:00'],
    ] as const) {
      it(value, () => expect(canonical(value)).to.equal(expected));
    }

    it('with the offset -00:00 when that is not known', () => {
      expect(canonical('2040-01-01T00:00:00.5-00:00')).to.equal('2040-01-01T00:00:00.5-00:00');
    });

    it('as JavaScript has it, whatever the second, the offset and the fraction', () => {
      fc.assert(
        fc.property(
          milliseconds,
          fc.integer({ min: -23 * 60 - 59, max: 23 * 60 + 59 }),
          fc.option(fc.stringMatching(/^[0-9]{1,12}$/), { nil: undefined }),
          (local, minutes, digits) => {
            const instant = local - minutes * 60_000;
            fc.pre(instant >= YEAR_0000 && instant <= YEAR_9999);
            const clock = new Date(Math.abs(minutes) * 60_000).toISOString().slice(11, 16);
            const fraction = digits === undefined ? '' : `.${digits}`;
            const value = written(local, `${fraction}${minutes < 0 ? '-' : '+'}${clock}`);
            const expected = written(instant, `${fraction}+00:00`);
            expect(canonical(value)).to.equal(expected);
            expect(read({ either: value })).to.deep.equal({ either: expected });
          },
        ),
        { numRuns: 2000 },
      );
    });

    it('in a union too, and in XML', () => {
      expect(read({ either: '2040-01-01T00:00:00+01:00' })).to.deep.equal({ either: '2039-12-31T23:00:00+00:00' });
      expect(
        context.convert(
          '<times xmlns="urn:example:times"><either>2040-01-01T00:00:00+01:00</either></times>',
          { format: 'xml' },
          { format: 'xml' },
        ),
      ).to.contain('<either>2039-12-31T23:00:00+00:00</either>');
    });
  });

  describe('is refused', () => {
    for (const value of [
      '',
      'tomorrow',
      '2026-01-01',
      '2026-01-01T00:00:00',
      '2026-01-01 00:00:00Z',
      '2026-01-01t00:00:00z',
      '2026-01-01T00:00:00.Z',
      '2026-01-01T00:00:00Z ',
      ' 2026-01-01T00:00:00Z',
      '2026-01-01T00:00:00Zulu',
      '2026-01-01T00:00:00+0100',
      '2026-01-01T00:00:00+01:000',
      '20260-01-01T00:00:00Z',
      '-026-01-01T00:00:00Z',
      '2026-00-10T00:00:00Z',
      '2026-13-10T00:00:00Z',
      '2026-01-00T00:00:00Z',
      '2026-01-32T00:00:00Z',
      '2026-02-29T00:00:00Z',
      '2100-02-29T00:00:00Z',
      '2026-04-31T00:00:00Z',
      '2026-01-01T24:00:00Z',
      '2026-01-01T00:60:00Z',
      '2026-01-01T00:00:61Z',
      '2026-01-01T00:00:00+24:00',
      '2026-01-01T00:00:00-24:00',
      '2026-01-01T00:00:00+00:60',
      '0000-01-01T00:00:00+00:01',
      '9999-12-31T23:59:59-00:01',
    ]) {
      it(`'${value}'`, () => {
        expect(refused(() => canonical(value))).to.have.lengthOf.at.least(1);
        expect(refusedFirst(() => read({ sorted: [value] }))).to.include({ code: 'invalid', validationCode: 'data' });
      });
    }

    it('on every day that JavaScript does not know, and on no other', () => {
      const digits = (value: number, width: number): string => String(value).padStart(width, '0');
      fc.assert(
        fc.property(
          fc.integer({ min: 0, max: 9999 }),
          fc.integer({ min: 1, max: 12 }),
          fc.integer({ min: 28, max: 31 }),
          (year, month, day) => {
            const value = `${digits(year, 4)}-${digits(month, 2)}-${digits(day, 2)}T12:00:00`;
            const exists = new Date(Date.parse(`${value}Z`)).toISOString().startsWith(value);
            if (exists) expect(canonical(`${value}Z`)).to.equal(`${value}+00:00`);
            else expect(refused(() => canonical(`${value}Z`))).to.have.lengthOf.at.least(1);
          },
        ),
        { numRuns: 1000 },
      );
    });
  });

  it('is equal to itself at another offset: as a key and where values are unique', () => {
    const [key] = refused(() =>
      context.convert(
        times({ sample: [{ at: '2040-01-01T00:00:00Z' }, { at: '2040-01-01T01:00:00+01:00' }] }),
        { format: 'json' },
        { format: 'json' },
      ),
    );
    expect(key?.message).to.contain('Duplicate instance');
    const [unique] = refused(() =>
      read({
        sample: [
          { at: '2040-01-01T00:00:00Z', seen: '1850-06-01T00:00:00-02:00' },
          { at: '2040-01-02T00:00:00Z', seen: '1850-06-01T02:00:00Z' },
        ],
      }),
    );
    expect(unique?.appTag).to.equal('data-not-unique');
  });

  it('is another value 2^32 seconds later', () => {
    const sample = [{ at: '1950-01-01T00:00:00Z' }, { at: '2086-02-07T06:28:16Z' }];
    expect(read({ sample })).to.deep.equal({
      sample: [{ at: '1950-01-01T00:00:00+00:00' }, { at: '2086-02-07T06:28:16+00:00' }],
    });
  });

  it('is sorted by instants, however far apart', () => {
    fc.assert(
      fc.property(fc.uniqueArray(milliseconds, { maxLength: 20 }), (instants) => {
        const ordered = instants.toSorted((a, b) => a - b).map((instant) => written(instant, '+00:00'));
        const sorted = instants.map((instant) => written(instant, 'Z'));
        expect(read({ sorted })).to.deep.equal(instants.length === 0 ? undefined : { sorted: ordered });
      }),
    );
  });
});
