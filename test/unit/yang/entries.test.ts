import { expect } from 'chai';
import fc from 'fast-check';

import { EntryMap, keyOf } from '../../../src/yang/entries.ts';
import type { Data } from '../../../src/yang/data.ts';
import { leaf, list, string, uint32 } from './schema-builder.ts';

const byKey = list('l', ['id'], [leaf('id'), leaf('v')]);
const byNumber = list('n', ['id'], [leaf('id', uint32)]);
const byPair = list('p', ['a', 'b'], [leaf('a', string), leaf('b', uint32)]);
const ordered = list('o', ['id'], [leaf('id'), leaf('v')], { orderedBy: 'user' });

const entry = (id: string, v = ''): Data => ({ id, v });
const ids = (entries: EntryMap): unknown[] => [...entries].map((one) => one['id']);

describe('EntryMap', () => {
  it('keeps system-ordered entries in key order, numbers by their value', () => {
    expect(ids(EntryMap.from(byKey, [entry('b'), entry('a'), entry('c')]))).to.deep.equal(['a', 'b', 'c']);
    expect(ids(EntryMap.from(byNumber, [{ id: 10 }, { id: 9 }, { id: 100 }]))).to.deep.equal([9, 10, 100]);
  });

  it('finds entries by all their keys', () => {
    const pairs = EntryMap.from(byPair, [
      { a: 'x,1', b: 2 },
      { a: 'x', b: 12 },
    ]);
    expect(pairs.get(keyOf(byPair, { a: 'x', b: 12 }))).to.deep.equal({ a: 'x', b: 12 });
    expect(pairs.has(keyOf(byPair, { a: 'x', b: 2 }))).to.equal(false);
    expect(pairs.size).to.equal(2);
  });

  it('leaves earlier versions as they were', () => {
    const before = EntryMap.from(
      byKey,
      Array.from({ length: 1000 }, (_, at) => entry(`e${at}`)),
    );
    const after = before.with('e5', entry('e5', 'new')).without('e6');
    expect(before.get('e5')).to.deep.equal(entry('e5'));
    expect(before.has('e6')).to.equal(true);
    expect(after.get('e5')).to.deep.equal(entry('e5', 'new'));
    expect(after.size).to.equal(999);
    expect([...after.differences(before)]).to.deep.equal([
      { key: 'e5', before: entry('e5'), after: entry('e5', 'new') },
      { key: 'e6', before: entry('e6') },
    ]);
  });

  it('is the same object when nothing changes', () => {
    const a = entry('a');
    for (const of of [byKey, ordered]) {
      const map = EntryMap.from(of, [a]);
      expect(map.with('a', a)).to.equal(map);
      expect(map.without('b')).to.equal(map);
    }
  });

  it('puts user-ordered entries where it is told', () => {
    const map = EntryMap.from(ordered, [entry('a'), entry('b'), entry('c')]);
    expect(ids(map.with('x', entry('x')))).to.deep.equal(['a', 'b', 'c', 'x']);
    expect(ids(map.with('x', entry('x'), { at: 'first' }))).to.deep.equal(['x', 'a', 'b', 'c']);
    expect(ids(map.with('x', entry('x'), { at: 'before', key: 'b' }))).to.deep.equal(['a', 'x', 'b', 'c']);
    expect(ids(map.with('a', entry('a'), { at: 'after', key: 'b' }))).to.deep.equal(['b', 'a', 'c']);
    expect(ids(map.with('b', entry('b', 'new')))).to.deep.equal(['a', 'b', 'c']);
    expect(ids(map.with('b', entry('b'), { at: 'before', key: 'b' }))).to.deep.equal(['a', 'b', 'c']);
    expect(() => map.with('x', entry('x'), { at: 'after', key: 'nowhere' })).to.throw('nowhere');
  });

  it('follows an array through any moves, insertions and removals', () => {
    const step = fc.record({
      id: fc.integer({ min: 0, max: 6 }).map(String),
      to: fc.oneof(
        fc.constantFrom('first' as const, 'last' as const, 'stay' as const, 'remove' as const),
        fc.integer({ min: 0, max: 6 }).map(String),
      ),
      after: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        let map = EntryMap.empty(ordered);
        let model: string[] = [];
        for (const { id, to, after } of steps) {
          const rest = model.filter((one) => one !== id);
          if (to === 'remove') {
            map = map.without(id);
            model = rest;
          } else if (to === 'stay') {
            map = map.with(id, entry(id));
            if (!model.includes(id)) model = [...model, id];
          } else if (to === 'first' || to === 'last') {
            map = map.with(id, entry(id), { at: to });
            model = to === 'first' ? [id, ...rest] : [...rest, id];
          } else if (model.includes(to)) {
            map = map.with(id, entry(id), { at: after ? 'after' : 'before', key: to });
            if (to !== id) rest.splice(rest.indexOf(to) + (after ? 1 : 0), 0, id);
            model = to === id ? model : rest;
          }
          expect(ids(map)).to.deep.equal(model);
        }
      }),
    );
  });

  it('has room between two entries for any number of others', () => {
    let map = EntryMap.from(ordered, [entry('a'), entry('z')]);
    for (let at = 0; at < 200; at++) map = map.with(`i${at}`, entry(`i${at}`), { at: 'before', key: 'z' });
    for (let at = 0; at < 200; at++) map = map.with(`j${at}`, entry(`j${at}`), { at: 'after', key: 'a' });
    const got = ids(map);
    expect(got.slice(0, 2)).to.deep.equal(['a', 'j199']);
    expect(got.slice(-2)).to.deep.equal(['i199', 'z']);
  });
});
