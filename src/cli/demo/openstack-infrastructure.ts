import type { CloudAccess } from './clouds-yaml.ts';
import type { Consumer } from './consumer.ts';
import { all, amount, leaf, type Content } from './content.ts';
import { addProvider, makePool, providerPath, type Infrastructure, type SetUp, type Size } from './infrastructure.ts';
import { check } from './stage.ts';

/** The most that the flows take of a cloud. */
const MOST = { cores: 48, ram: 98_304, instances: 40 };
/** More than any cloud has. */
const TOO_MUCH = { cores: 1_000_000_000, ram: '1000000000000', instances: 1_000_000_000 };
/** Of what the cloud has, twelve parts are for the pool, and two are a buffer for what is announced. */
const [POOL_PARTS, ALL_PARTS] = [12, 14];

/** Registers a cloud, and brings a part of it under Promise's control. */
export function openStackSetUp(cloud: CloudAccess): SetUp {
  const { name, caCertificate, ...rest } = cloud;
  const access = { ...rest, 'ca-certificate': caCertificate };
  const given = Object.fromEntries(Object.entries(access).filter(([, value]) => value !== undefined));
  return async (consumer, title) => {
    const provider = await addProvider(consumer, {
      name: `${title} at ${name}`,
      'provider-type': 'openstack',
      ...given,
    });
    const record = await consumer.get(providerPath(provider));
    const size = await sizeOf(consumer, provider);
    const { flavor, large } = flavorsIn(record);
    const reserved = { cores: 2 * flavor.cores, ram: 2 * flavor.ram, instances: 2 };
    check(
      5 * flavor.cores <= size.cores && 5 * flavor.ram <= size.ram,
      'a flavor of which five machines fit into the pool',
      `the smallest, ${flavor.name}, with ${flavor.cores} cores and ${flavor.ram} MB`,
    );
    const [image] = all(record, 'services/image/images').map((each) => leaf(each, 'id'));
    check(image !== undefined, 'an image', 'none');
    return {
      provider,
      pool: await makePool(consumer, provider, size),
      size,
      image,
      networks: networkIn(record),
      flavor,
      ...(large === undefined ? {} : { largeFlavor: large }),
      reserved,
      noFailures: 'no host of a cloud that others use is taken down for a demonstration',
    };
  };
}

/** What a refusal says that there is. */
async function sizeOf(consumer: Consumer, source: string): Promise<Infrastructure['size']> {
  const refused = await consumer.invoke('opnfv-promise:increase-capacity', { source, capacity: TOO_MUCH });
  const there = (resource: keyof typeof MOST): number => {
    const most = leaf(refused, `most/${resource}`);
    return most === undefined ? MOST[resource] : Math.min(MOST[resource], Number(most));
  };
  // Without a limit of cores nothing says how many there are.
  const free = leaf(refused, 'most/cores') === undefined ? MOST.cores : amount(refused, 'most/cores');
  const part = Math.min(MOST.cores / POOL_PARTS, Math.floor(free / ALL_PARTS));
  check(part > 0, `at least ${ALL_PARTS} cores that are not used`, free);
  check(there('instances') >= 4, 'room for at least four servers', there('instances'));
  return { cores: POOL_PARTS * part, ram: there('ram'), instances: there('instances') };
}

type Flavor = Size & { readonly name: string };

/** The smallest flavor, and one that is too large for what is reserved for two of the smallest. */
function flavorsIn(record: Content | undefined): { readonly flavor: Flavor; readonly large: string | undefined } {
  const flavors = all(record, 'services/compute/flavors')
    .map((each) => ({ name: leaf(each, 'id') ?? '', cores: amount(each, 'vcpus'), ram: amount(each, 'ram') }))
    .sort((one, other) => one.cores - other.cores || one.ram - other.ram);
  const [flavor] = flavors;
  check(flavor !== undefined, 'a flavor', 'none');
  const large = flavors.find(({ cores, ram }) => cores > 2 * flavor.cores || ram > 2 * flavor.ram);
  return { flavor, large: large?.name };
}

/** One that does not lead outside; none where there is none. */
function networkIn(record: Content | undefined): readonly string[] {
  return all(record, 'services/network/networks')
    .filter((each) => leaf(each, 'external') !== 'true')
    .flatMap((each) => leaf(each, 'id') ?? [])
    .slice(0, 1);
}
