import { expect } from 'chai';
import fc from 'fast-check';
import {
  ALWAYS,
  BEGINNING,
  FOREVER,
  InvalidTimeError,
  containsInstant,
  containsWindow,
  describeInstant,
  describeWindow,
  durationOf,
  endFromRow,
  endToRow,
  intersect,
  matchesWindow,
  overlaps,
  parseInstant,
  printInstant,
  sameWindow,
  windowOf,
} from '../../../src/engine/window.ts';

describe('window', () => {
  describe('windowOf', () => {
    it('takes an absent end for no end', () => {
      expect(windowOf(5)).to.deep.equal({ start: 5, end: FOREVER });
      expect(windowOf(BEGINNING)).to.deep.equal(ALWAYS);
    });

    it('refuses an end that is not after the start, and says both', () => {
      const nine = parseInstant('2030-01-31T09:00:00Z');
      expect(() => windowOf(nine, nine)).to.throw(
        InvalidTimeError,
        'end 2030-01-31T09:00:00Z is not after start 2030-01-31T09:00:00Z',
      );
      expect(() => windowOf(nine, nine - 1)).to.throw(InvalidTimeError, 'end 2030-01-31T08:59:59.999Z is not after');
    });

    for (const bad of [Number.NaN, 0.5, 2 ** 53]) {
      it(`refuses ${bad} as an instant`, () => {
        expect(() => windowOf(bad)).to.throw(InvalidTimeError, `start is ${bad}`);
        expect(() => windowOf(0, bad)).to.throw(InvalidTimeError, `end is ${bad}`);
      });
    }

    it('refuses a start at the end of time and an end at its beginning', () => {
      expect(() => windowOf(FOREVER)).to.throw(InvalidTimeError, 'start is Infinity');
      expect(() => windowOf(0, BEGINNING)).to.throw(InvalidTimeError, 'end is -Infinity');
    });
  });

  describe('relations', () => {
    it('tell windows of one start and different ends apart', () => {
      expect(sameWindow({ start: 0, end: 5 }, { start: 0, end: 6 })).to.equal(false);
      expect(sameWindow({ start: 0, end: 5 }, { start: 0, end: 5 })).to.equal(true);
    });

    it('hold a start and not an end', () => {
      expect(containsInstant({ start: 1, end: 3 }, 1)).to.equal(true);
      expect(containsInstant({ start: 1, end: 3 }, 2)).to.equal(true);
      expect(containsInstant({ start: 1, end: 3 }, 3)).to.equal(false);
      expect(containsInstant({ start: 1, end: 3 }, 0)).to.equal(false);
    });

    it('do not take touching for overlapping', () => {
      expect(overlaps({ start: 1, end: 3 }, { start: 3, end: 5 })).to.equal(false);
      expect(overlaps({ start: 3, end: 5 }, { start: 1, end: 3 })).to.equal(false);
      expect(overlaps({ start: 1, end: 4 }, { start: 3, end: 5 })).to.equal(true);
      expect(intersect({ start: 1, end: 3 }, { start: 3, end: 5 })).to.equal(undefined);
    });

    it('agree with the instants in common, whatever the windows', () => {
      const windows = fc
        .tuple(fc.integer({ min: 0, max: 8 }), fc.integer({ min: 1, max: 8 }))
        .map(([start, length]) => ({ start, end: start + length }));
      const instants = Array.from({ length: 18 }, (_, at) => at);
      fc.assert(
        fc.property(windows, windows, (a, b) => {
          const common = instants.filter((at) => containsInstant(a, at) && containsInstant(b, at));
          const both = intersect(a, b);
          expect(instants.filter((at) => both !== undefined && containsInstant(both, at))).to.deep.equal(common);
          expect(overlaps(a, b)).to.equal(common.length > 0);
          expect(containsWindow(a, b)).to.equal(common.length === durationOf(b));
          expect(sameWindow(a, b)).to.equal(containsWindow(a, b) && containsWindow(b, a));
        }),
      );
    });

    it('hold for windows without an end', () => {
      expect(intersect(ALWAYS, { start: 1, end: FOREVER })).to.deep.equal({ start: 1, end: FOREVER });
      expect(containsWindow({ start: 1, end: FOREVER }, { start: 2, end: FOREVER })).to.equal(true);
      expect(containsWindow({ start: 1, end: 9 }, { start: 2, end: FOREVER })).to.equal(false);
      expect(durationOf({ start: 1, end: FOREVER })).to.equal(Infinity);
    });
  });

  describe('matchesWindow', () => {
    const query = { start: 10, end: 20 };
    const cases = [
      { subject: { start: 12, end: 18 }, what: 'lies inside', inclusive: true, exclusive: true },
      { subject: { start: 10, end: 20 }, what: 'is the same', inclusive: true, exclusive: true },
      { subject: { start: 5, end: 12 }, what: 'ends inside', inclusive: true, exclusive: false },
      { subject: { start: 18, end: 25 }, what: 'starts inside', inclusive: true, exclusive: false },
      { subject: { start: 5, end: 25 }, what: 'spans it', inclusive: true, exclusive: false },
      { subject: { start: 15, end: FOREVER }, what: 'starts inside and has no end', inclusive: true, exclusive: false },
      { subject: { start: 5, end: 10 }, what: 'ends where it starts', inclusive: false, exclusive: false },
      { subject: { start: 20, end: 25 }, what: 'starts where it ends', inclusive: false, exclusive: false },
    ];
    for (const { subject, what, inclusive, exclusive } of cases) {
      it(`for a window that ${what}: inclusive ${inclusive}, exclusive ${exclusive}`, () => {
        expect(matchesWindow(query, subject, 'inclusive')).to.equal(inclusive);
        expect(matchesWindow(query, subject)).to.equal(inclusive);
        expect(matchesWindow(query, subject, 'exclusive')).to.equal(exclusive);
      });
    }
  });

  it('writes the end of a row as null where there is none', () => {
    expect(endToRow(FOREVER)).to.equal(null);
    expect(endToRow(7)).to.equal(7);
    expect(endFromRow(null)).to.equal(FOREVER);
    expect(endFromRow(undefined)).to.equal(FOREVER);
    expect(endFromRow(0)).to.equal(0);
  });

  describe('parseInstant', () => {
    const accepted: [string, string][] = [
      ['1970-01-01T00:00:00Z', '1970-01-01T00:00:00.000Z'],
      ['2030-01-31T09:00:00+01:00', '2030-01-31T08:00:00.000Z'],
      ['2030-01-31T09:00:00-05:30', '2030-01-31T14:30:00.000Z'],
      ['2030-01-31T09:00:00-00:00', '2030-01-31T09:00:00.000Z'],
      ['2030-01-31T09:00:00.5Z', '2030-01-31T09:00:00.500Z'],
      ['2030-01-31T09:00:00.1239999Z', '2030-01-31T09:00:00.123Z'],
      ['1969-12-31T23:59:59.9999Z', '1969-12-31T23:59:59.999Z'],
      ['2028-02-29T00:00:00Z', '2028-02-29T00:00:00.000Z'],
      ['2000-02-29T00:00:00Z', '2000-02-29T00:00:00.000Z'],
      ['0099-12-31T00:00:00Z', '0099-12-31T00:00:00.000Z'],
    ];
    for (const [text, utc] of accepted) {
      it(`reads ${text}`, () => {
        expect(new Date(parseInstant(text)).toISOString()).to.equal(utc);
      });
    }

    const refusals: [string, string][] = [
      ['', 'write it as'],
      ['tomorrow', 'write it as'],
      ['2030-01-31', 'write it as'],
      ['2030-01-31T09:00:00', 'write it as'],
      ['2030-01-31 09:00:00Z', 'write it as'],
      ['2030-01-31T09:00:00.Z', 'write it as'],
      ['2030-01-31T09:00:00Z\n', 'write it as'],
      ['2030-13-01T00:00:00Z', 'the month must be 1 to 12'],
      ['2030-00-01T00:00:00Z', 'the month must be 1 to 12'],
      ['2030-02-29T00:00:00Z', 'the day must be 1 to 28 in 2030-02'],
      ['1900-02-29T00:00:00Z', 'the day must be 1 to 28 in 1900-02'],
      ['2030-04-31T00:00:00Z', 'the day must be 1 to 30 in 2030-04'],
      ['2030-06-31T00:00:00Z', 'the day must be 1 to 30 in 2030-06'],
      ['2030-09-31T00:00:00Z', 'the day must be 1 to 30 in 2030-09'],
      ['2030-11-31T00:00:00Z', 'the day must be 1 to 30 in 2030-11'],
      ['2030-01-32T00:00:00Z', 'the day must be 1 to 31 in 2030-01'],
      ['2030-01-01T24:00:00Z', 'the hour must be 0 to 23'],
      ['2030-01-01T00:60:00Z', 'the minute must be 0 to 59'],
      ['2016-12-31T23:59:60Z', 'the second must be 0 to 59; leap seconds are not counted'],
      ['2030-01-01T00:00:00+24:00', 'the hours of the offset must be 0 to 23'],
      ['2030-01-01T00:00:00+00:60', 'the minutes of the offset must be 0 to 59'],
      ['9999-12-31T23:59:59-01:00', 'in UTC it must lie in the years 0000 to 9999'],
      ['0000-01-01T00:00:00+01:00', 'in UTC it must lie in the years 0000 to 9999'],
    ];
    for (const [text, expectation] of refusals) {
      it(`refuses ${JSON.stringify(text)}`, () => {
        const rest = expectation === 'write it as' ? ' 2030-01-31T08:00:00Z or 2030-01-31T09:00:00+01:00' : '';
        expect(() => parseInstant(text))
          .to.throw(InvalidTimeError)
          .with.property('message', `'${text}' is not a date-and-time: ${expectation}${rest}`);
      });
    }

    it('reads the first and the last instant there are', () => {
      const [first, last] = ['0000-01-01T00:00:00Z', '9999-12-31T23:59:59.999Z'];
      for (const text of [first, last]) expect(printInstant(parseInstant(text))).to.equal(text);
      expect(describeInstant(parseInstant(first) - 1)).to.match(/^-\d+ ms$/);
      expect(describeInstant(parseInstant(last) + 1)).to.match(/^\d+ ms$/);
      expect(() => printInstant(parseInstant(first) - 1)).to.throw(InvalidTimeError);
      expect([describeInstant(parseInstant(first)), describeInstant(parseInstant(last))]).to.deep.equal([first, last]);
      expect(describeInstant(0.5)).to.equal('0.5 ms');
    });

    it('shows a text that is just short enough as it is', () => {
      expect(() => parseInstant('9'.repeat(64))).to.throw(InvalidTimeError, `'${'9'.repeat(64)}' is not`);
    });

    it('reads nothing but a date-and-time: not one within other text', () => {
      expect(() => parseInstant('on 2030-01-31T09:00:00Z')).to.throw(InvalidTimeError, 'write it as');
    });

    it('names itself, for whoever logs it', () => {
      expect(new InvalidTimeError('x').name).to.equal('InvalidTimeError');
    });

    it('shows only the beginning of a long text', () => {
      expect(() => parseInstant('9'.repeat(10_000))).to.throw(InvalidTimeError, `'${'9'.repeat(64)}…' is not`);
    });
  });

  describe('printInstant', () => {
    it('omits a fraction of zero', () => {
      expect(printInstant(0)).to.equal('1970-01-01T00:00:00Z');
      expect(printInstant(1)).to.equal('1970-01-01T00:00:00.001Z');
    });

    it('is of its own day, also beside one whose text is kept in the same place', () => {
      const [first, second] = [
        Date.parse('2030-01-31T00:00:00Z'),
        Date.parse('2030-01-31T00:00:00Z') + 1024 * 86_400_000,
      ];
      for (const at of [first, second, first, second])
        expect(printInstant(at)).to.equal(new Date(at).toISOString().replace('.000', ''));
    });

    it('is read back as the same instant', () => {
      const range = { min: Date.parse('0000-01-01T00:00:00Z'), max: Date.parse('9999-12-31T23:59:59.999Z') };
      fc.assert(fc.property(fc.integer(range), (at) => parseInstant(printInstant(at)) === at));
    });

    for (const bad of [FOREVER, BEGINNING, Number.NaN, 1.5, Date.parse('9999-12-31T23:59:59.999Z') + 1]) {
      it(`refuses ${bad}`, () => {
        expect(() => printInstant(bad)).to.throw(InvalidTimeError, `${bad} ms has no date-and-time`);
      });
    }
  });

  it('describes windows with an end and without', () => {
    const [start, end] = [Date.parse('2030-01-31T09:00:00Z'), Date.parse('2030-01-31T10:00:00Z')];
    expect(describeWindow({ start, end })).to.equal('2030-01-31T09:00:00Z to 2030-01-31T10:00:00Z');
    expect(describeWindow({ start, end: FOREVER })).to.equal('from 2030-01-31T09:00:00Z on');
  });

  it('describes any instant', () => {
    expect(describeInstant(FOREVER)).to.equal('forever');
    expect(describeInstant(BEGINNING)).to.equal('the beginning');
    expect(describeInstant(0)).to.equal('1970-01-01T00:00:00Z');
    expect(describeInstant(1e15)).to.equal('1000000000000000 ms');
  });
});
