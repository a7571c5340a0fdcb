/** What placement is held against: what a host admits, and whether instances can be placed at all, by trying every placement. */
import { expect } from 'chai';
import * as fc from 'fast-check';
import type { AffinityPolicy, Claim, Container, Demand } from '../../src/engine/entities.ts';
import { hostName } from '../../src/engine/hosts.ts';
import type { HostSpec } from '../unit/engine/engine-fixture.ts';

/** One machine that is to be placed. */
export interface Unit {
  readonly cores: number;
  readonly group: boolean;
  readonly trait: 'required' | 'forbidden' | 'any';
  readonly zone: 'a' | 'b' | 'any';
}

/** Some of a kind. */
export interface Asked extends Unit {
  readonly count: number;
}

export const asked = fc.record<Asked>({
  count: fc.integer({ min: 1, max: 3 }),
  cores: fc.integer({ min: 1, max: 4 }),
  group: fc.boolean(),
  trait: fc.constantFrom('required', 'forbidden', 'any', 'any'),
  zone: fc.constantFrom('a', 'b', 'any', 'any'),
});

export const policies = fc.constantFrom<AffinityPolicy>(
  'affinity',
  'anti-affinity',
  'soft-affinity',
  'soft-anti-affinity',
);

export const hosts = fc
  .array(fc.record({ cores: fc.integer({ min: 1, max: 6 }), zone: fc.constantFrom('a', 'b'), trait: fc.boolean() }), {
    minLength: 2,
    maxLength: 4,
  })
  .map((specs) =>
    specs.map(({ cores, zone, trait }, each): HostSpec => ({
      name: `h${each}`,
      cores,
      zone,
      traits: trait ? ['HW_X'] : [],
    })),
  );

export function admits(host: HostSpec, unit: Unit): boolean {
  const has = host.traits?.includes('HW_X') === true;
  if (unit.trait === 'required' && !has) return false;
  if (unit.trait === 'forbidden' && has) return false;
  return unit.zone === 'any' || host.zone === unit.zone;
}

export function demandOf(parts: readonly Asked[], policy: AffinityPolicy, extra: number): Demand {
  const containers = parts.map(({ count, cores, group, trait, zone }, index): Container => ({
    name: `c${index}`,
    count,
    size: { vcpus: cores, ram: 512, disk: 1 },
    ...(group ? { group: 'g' } : {}),
    ...(trait === 'required' ? { requiredTraits: ['HW_X'] } : {}),
    ...(trait === 'forbidden' ? { forbiddenTraits: ['HW_X'] } : {}),
    ...(zone === 'any' ? {} : { zone }),
  }));
  return { capacity: extra === 0 ? {} : { cores: extra }, containers, groups: [{ name: 'g', policy }] };
}

/**
 * Whether any assignment of units to hosts meets all conditions: every one is tried.
 * @param left cores that each host has
 * @param grouped hosts of units of the group that are placed already
 */
export function canPlace(
  units: readonly Unit[],
  policy: AffinityPolicy,
  left: ReadonlyMap<HostSpec, number>,
  grouped: readonly HostSpec[] = [],
): boolean {
  const [unit, ...others] = units;
  if (unit === undefined) return true;
  return [...left].some(([host, room]) => {
    if (!admits(host, unit) || room < unit.cores) return false;
    if (unit.group && policy === 'anti-affinity' && grouped.includes(host)) return false;
    if (unit.group && policy === 'affinity' && grouped.some((each) => each !== host)) return false;
    const after = new Map(left).set(host, room - unit.cores);
    return canPlace(others, policy, after, unit.group ? [...grouped, host] : grouped);
  });
}

/** What was placed is what was asked for, on hosts that may bear it, grouped as it should be. */
export function checkPlaced(
  all: readonly HostSpec[],
  claims: readonly Claim[],
  parts: readonly Asked[],
  policy: AffinityPolicy,
): void {
  const grouped: HostSpec[] = [];
  for (const [index, part] of parts.entries()) {
    const own = claims.filter(({ container }) => container === `c${index}`);
    expect(own).to.have.length(part.count);
    for (const claim of own) {
      const host = hostOf(all, claim);
      if (host === undefined) throw new Error('a claim has no host');
      expect(admits(host, part), 'traits and zone').to.equal(true);
      expect(claim.capacity.cores).to.equal(part.cores);
      if (part.group) grouped.push(host);
    }
  }
  const distinct = new Set(grouped).size;
  if (policy === 'affinity') expect(distinct).to.be.at.most(1);
  if (policy === 'anti-affinity') expect(distinct).to.equal(grouped.length);
}

export function hostOf(all: readonly HostSpec[], { host }: Claim): HostSpec | undefined {
  return all.find(({ name }) => host !== undefined && hostName(host) === name);
}
