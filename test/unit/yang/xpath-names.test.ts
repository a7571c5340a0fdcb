import { expect } from 'chai';

import { mapPrefixes, withAllModules, withoutRepeatedModules } from '../../../src/yang/xpath-names.ts';

describe('names in XPath', () => {
  it('get other prefixes outside of strings and axes', () => {
    const to = (prefix: string) => ({ a: 'x', b: 'y' })[prefix];
    expect(mapPrefixes(`/a:t/child::b:*[a:k='a:v' or contains(b:q, "b:w")]`, to)).to.equal(
      `/x:t/child::y:*[x:k='a:v' or contains(y:q, "b:w")]`,
    );
    expect(mapPrefixes('/c:t', to)).to.equal(undefined);
  });

  it('lose and regain the modules that follow from their parents', () => {
    const full = `/a:t/a:l[a:k='a:v']/b:x/b:y`;
    expect(withoutRepeatedModules(full)).to.equal(`/a:t/l[k='a:v']/b:x/y`);
    expect(withAllModules(`/a:t/l[k='a:v']/b:x/y`)).to.equal(full);
    const variable = `/a:t/a:l[a:k=$USER]`;
    expect(withoutRepeatedModules(variable)).to.equal('/a:t/l[k=$USER]');
    expect(withAllModules('/a:t/l[k=$USER]')).to.equal(variable);
  });
});
