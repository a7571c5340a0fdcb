/** What was allocated, as it is recorded, for tests of what follows from a record alone: a machine and a volume. */
import type { MachineAllocation, ResourceAllocation } from '../../../src/engine/entities.ts';

const ALLOCATED = {
  id: 'a',
  name: 'a',
  backing: 'own',
  pool: 'pool',
  provider: 'p',
  priority: 3,
  vmState: 'ACTIVE',
  server: 's1',
  token: 't',
  capacity: { cores: 1 },
  startsAt: 0,
  claims: [{ id: '1', node: 'pool/pool', start: 0, capacity: { cores: 1 } }],
  owner: 'alice',
  createdOn: 1,
  modifiedOn: 1,
} as const;

export const MACHINE: MachineAllocation = { ...ALLOCATED, flavor: 'small', networks: [] };
export const VOLUME: ResourceAllocation = { ...ALLOCATED, resource: { kind: 'volume', sizeGb: 10 } };
