import { expect } from 'chai';
import { servedModules } from '../../../src/yang-modules.ts';
import { printXml } from '../../../src/yang/print.ts';
import { YangContext } from '../../../src/yang/yang-context.ts';

describe('XML of operations (RFC 7950 §7.14.4)', () => {
  const { schema } = YangContext.load(servedModules([], false));
  const output = schema.rpc('opnfv-promise', 'create-reservation')?.output;

  it('has the children of an output in the order of the schema, at every level', () => {
    const given = {
      'reservation-id': 'r1',
      refusal: { most: { instances: 2, cores: 1 } },
      message: 'text',
      result: 'ok',
    };
    const xml = output === undefined ? '' : [...printXml(schema, given, { parent: output })].join('');
    const names = [...xml.matchAll(/<([a-z-]+)/g)].map(([, name]) => name);
    const expected = ['result', 'message', 'refusal', 'most', 'cores', 'instances', 'reservation-id'];
    const inSchema = (output === undefined ? [] : schema.children(output)).map(({ name }) => name);
    const top = ['result', 'message', 'refusal', 'reservation-id'].sort(
      (a, b) => inSchema.indexOf(a) - inSchema.indexOf(b),
    );
    expect(names.filter((name) => top.includes(name ?? ''))).to.deep.equal(top);
    expect([...names].sort()).to.deep.equal([...expected].sort());
    expect(names.indexOf('cores')).to.be.lessThan(names.indexOf('instances'));
  });
});
