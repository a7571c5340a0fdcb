/** What allocations are and use in the VIM, as elements, which others may have reserved. */
import { expect } from 'chai';
import { elementMade, elementsUsed, usesOfMachine, usesOfResource } from '../../../src/engine/allocated-elements.ts';
import type { MachineAllocation, ResourceAllocation } from '../../../src/engine/entities.ts';
import type { VimResourceSpec } from '../../../src/vim/vim.ts';
import { NOW } from './engine-fixture.ts';

const ALLOCATED = {
  id: 'a1',
  name: 'mine',
  provider: 'p',
  pool: 'c',
  backing: 'own',
  priority: 2,
  vmState: 'ACTIVE',
  token: 't1',
  capacity: { ports: 1 },
  startsAt: NOW,
  claims: [],
  owner: 'alice',
  createdOn: NOW,
  modifiedOn: NOW,
} as const;

function made(resource: VimResourceSpec, more: Partial<ResourceAllocation> = {}): ResourceAllocation {
  return { ...ALLOCATED, server: 'r1', resource, ...more };
}

const PORT = { kind: 'port', network: 'n1' } as const;
const FLOATING = { kind: 'floating-ip', network: 'n2' } as const;
const MACHINE: MachineAllocation = { ...ALLOCATED, flavor: 'small', image: 'cirros', networks: ['n1'] };

describe('what was made for an allocation', () => {
  it('is a volume or network by its id, name and size', () => {
    expect(elementMade(made({ kind: 'volume', sizeGb: 7 }))).to.deep.equal({
      kind: 'volume',
      id: 'r1',
      name: 'mine',
      sizeGb: 7,
    });
    expect(elementMade(made({ kind: 'network', subnets: [] }))).to.deep.equal({
      kind: 'network',
      id: 'r1',
      name: 'mine',
      external: false,
    });
  });

  it('is a port or floating IP with the address that the VIM gave it', () => {
    const port = { kind: 'port', id: 'r1', name: 'mine', network: 'n1' };
    expect(elementMade(made(PORT))).to.deep.equal({ ...port, addresses: [] });
    expect(elementMade(made(PORT, { address: '10.0.0.9' }))).to.deep.equal({ ...port, addresses: ['10.0.0.9'] });
    const floating = { kind: 'floating-ip', id: 'r1', name: '', network: 'n2' };
    expect(elementMade(made(FLOATING))).to.deep.equal({ ...floating, address: '' });
    expect(elementMade(made(FLOATING, { address: '203.0.113.9' }))).to.deep.equal({
      ...floating,
      address: '203.0.113.9',
    });
  });

  it('is no element where it is a router, a machine, or not there yet', () => {
    expect(elementMade(made({ kind: 'router', networks: ['n1'] }))).to.equal(undefined);
    expect(elementMade({ ...MACHINE, server: 'm1' })).to.equal(undefined);
    expect(elementMade({ ...ALLOCATED, resource: PORT })).to.equal(undefined);
  });
});

describe('what an allocation uses', () => {
  it('is of a machine its networks, ports and volumes, the one that it starts from among them', () => {
    expect(usesOfMachine({ networks: [] })).to.deep.equal([]);
    expect(usesOfMachine({ networks: ['n1', 'n2'], ports: ['p1'], volumes: ['v1'], bootVolume: 'v0' })).to.deep.equal([
      { kind: 'network', id: 'n1' },
      { kind: 'network', id: 'n2' },
      { kind: 'port', id: 'p1' },
      { kind: 'volume', id: 'v0' },
      { kind: 'volume', id: 'v1' },
    ]);
    expect(usesOfMachine({ networks: [], volumes: ['v1'] })).to.deep.equal([{ kind: 'volume', id: 'v1' }]);
  });

  it('is of a port or floating IP its network, its address where one is asked for, and the port to which it leads', () => {
    expect(usesOfResource(PORT)).to.deep.equal([{ kind: 'network', id: 'n1' }]);
    expect(usesOfResource({ ...PORT, address: '10.0.0.9' })).to.deep.equal([
      { kind: 'network', id: 'n1' },
      { kind: 'address', network: 'n1', address: '10.0.0.9' },
    ]);
    expect(usesOfResource(FLOATING)).to.deep.equal([{ kind: 'network', id: 'n2' }]);
    expect(usesOfResource({ ...FLOATING, address: '203.0.113.9', port: 'p1' })).to.deep.equal([
      { kind: 'network', id: 'n2' },
      { kind: 'address', network: 'n2', address: '203.0.113.9' },
      { kind: 'port', id: 'p1' },
    ]);
  });

  it('is of a router the networks that it joins; a volume or network uses nothing', () => {
    expect(usesOfResource({ kind: 'router', networks: ['n1', 'n2'] })).to.deep.equal([
      { kind: 'network', id: 'n1' },
      { kind: 'network', id: 'n2' },
    ]);
    expect(usesOfResource({ kind: 'volume', sizeGb: 1 })).to.deep.equal([]);
    expect(usesOfResource({ kind: 'network', subnets: [{ cidr: '10.0.0.0/24' }] })).to.deep.equal([]);
  });

  it('is told by the ids of elements, of an address in its one spelling, and is nothing where it could not be made', () => {
    expect(elementsUsed(MACHINE)).to.deep.equal(['element/p/network/n1']);
    const port = made({ ...PORT, address: '2001:DB8:0::9' });
    expect(elementsUsed(port)).to.deep.equal(['element/p/network/n1', 'element/p/address/n1/2001:db8::9']);
    expect(elementsUsed({ ...port, capacity: {} })).to.deep.equal([]);
  });
});
