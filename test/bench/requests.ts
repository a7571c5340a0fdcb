import { randomFrom } from './statistics.ts';

/** The pool that all reservations are asked from. */
export const POOL = 'bench';
export const PROVIDER = 'bench';

const HOUR = 3_600_000;
const YEAR = 365 * 24 * HOUR;

/** What is asked for: 2 cores, 4 GiB and one port, for up to 16 hours within the year that begins with the next hour. */
export interface Wanted {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

export const CAPACITY = { cores: 2, ram: '4096', ports: 1 } as const;

/** Requests that differ in their windows, the same for the same number of them within an hour. */
export function wanted(count: number): readonly Wanted[] {
  const random = randomFrom(20300131);
  const first = (Math.floor(Date.now() / HOUR) + 1) * HOUR;
  return Array.from({ length: count }, (_, index) => {
    const start = first + Math.floor((random() * YEAR) / 1000) * 1000;
    const end = start + (1 + Math.floor(random() * 16 * 3600)) * 1000;
    return { name: `bench-${String(index).padStart(6, '0')}`, start, end };
  });
}

/** The input of create-reservation (RFC 7951). */
export function jsonInput({ name, start, end }: Wanted): Record<string, unknown> {
  return { name, start: at(start), end: at(end), capacity: CAPACITY, pools: [POOL] };
}

/** The operation's element, as NETCONF has it. */
export function xmlOperation({ name, start, end }: Wanted): string {
  const { cores, ram, ports } = CAPACITY;
  return (
    '<create-reservation xmlns="urn:opnfv:promise">' +
    `<name>${name}</name><start>${at(start)}</start><end>${at(end)}</end>` +
    `<capacity><cores>${cores}</cores><ram>${ram}</ram><ports>${ports}</ports></capacity>` +
    `<pools>${POOL}</pools></create-reservation>`
  );
}

/** Configuration that the requests find room in, however many they are: a simulated provider and one pool of it. */
export function infrastructure(): Record<string, unknown> {
  const ports = 60_000;
  const capacity = { cores: 64_000, ram: '262144000', ports };
  const simulation = {
    host: [{ name: 'host', count: 64, vcpus: 1024, ram: '4194304', disk: 10_000 }],
    // Without it, a simulated provider has the ports of a small tenant.
    limits: { ports },
  };
  const provider = {
    id: PROVIDER,
    name: PROVIDER,
    'provider-type': 'promise-simulator:simulated',
    'promise-simulator:simulation': simulation,
  };
  return {
    'opnfv-promise:promise': {
      providers: { provider: [provider] },
      pools: { pool: [{ id: POOL, source: PROVIDER, capacity }] },
    },
  };
}

function at(instant: number): string {
  return new Date(instant).toISOString().replace('.000Z', 'Z');
}
