import { expect } from 'chai';
import { impliedValue } from '../../../src/yang/defaults.ts';
import type { Data, Value } from '../../../src/yang/data.ts';
import { zoo } from './zoo.ts';

/** What a child of the zoo is that is not there, beside others. */
function implied(module: string, name: string, siblings: Data = {}): Value | undefined {
  const { schema } = zoo();
  const parent = schema.child(undefined, 'zoo', 'zoo');
  if (parent?.kind !== 'container') throw new Error('there is no zoo');
  const node = schema.child(parent, module, name);
  if (node === undefined) throw new Error(`the zoo has no ${name}`);
  return impliedValue(schema, siblings, parent, node);
}

describe('nodes that are there implicitly', () => {
  it('are containers without presence, and values that have a default', () => {
    expect(implied('farm', 'barn')).to.deep.equal({});
    expect(implied('zoo', 'fill')).to.equal(50);
    const { schema } = zoo();
    const [zooNode, office] = ['zoo', 'office'].map((name) => schema.child(undefined, 'zoo', name));
    if (zooNode === undefined || office === undefined) throw new Error('the zoo has changed');
    expect(impliedValue(schema, {}, undefined, office)).to.deep.equal({});
    if (zooNode.kind !== 'container') throw new Error('the zoo is a container');
    const cage = schema.child(zooNode, 'zoo', 'cage');
    const food = cage?.kind === 'list' ? schema.child(cage, 'zoo', 'food') : undefined;
    if (cage?.kind !== 'list' || food === undefined) throw new Error('the cages have changed');
    expect(impliedValue(schema, { id: 'a' }, cage, food)).to.deep.equal(['hay', 'bread']);
  });

  it('are not those with presence, without default, or lists', () => {
    for (const name of ['shop', 'name', 'address', 'cage', 'notes'])
      expect(implied('zoo', name), name).to.equal(undefined);
  });

  it('are in the case that has data, else in the default one', () => {
    expect(implied('zoo', 'hours')).to.equal(12);
    expect(implied('zoo', 'lights')).to.equal(undefined);
    expect(implied('zoo', 'hours', { heating: true })).to.equal(undefined);
    expect(implied('zoo', 'lights', { heating: true })).to.equal(true);
    expect(implied('zoo', 'tour')).to.equal(undefined);
    expect(implied('zoo', 'tour', { map: 'old' })).to.equal(undefined);
  });

  it('are left to the conditions that they are under', () => {
    const { schema } = zoo();
    const office = schema.child(undefined, 'zoo', 'office');
    if (office?.kind !== 'container') throw new Error('the zoo has no office');
    const lamps = schema.child(office, 'zoo', 'lamps');
    if (lamps === undefined) throw new Error('the office has no lamps');
    expect(impliedValue(schema, { lit: true }, office, lamps)).to.equal(undefined);
  });
});
