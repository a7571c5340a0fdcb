import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { generate } from '../../src/codegen/files.ts';
import { loadSchema } from '../../src/codegen/load.ts';
import type { LoadedSchema } from '../../src/codegen/load.ts';
import { announcedFeatures, paths, rpcs } from '../../src/generated/opnfv-promise.ts';
import { rpcs as simulatorRpcs } from '../../src/generated/promise-simulator.ts';
import { formatPath } from '../../src/yang/instance-path.ts';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', '..');

describe('code generation', () => {
  let schema: LoadedSchema;

  before(function () {
    this.timeout(20_000);
    schema = loadSchema(path.join(root, 'dist', 'yang'));
  });

  it('gives what is in src/generated, and the same each time', async () => {
    const files = generate(schema);
    expect(files).to.deep.equal(generate(schema));
    expect((await readdir(path.join(root, 'src', 'generated'))).sort()).to.deep.equal(
      files.map(({ name }) => name).sort(),
    );
    for (const { name, text } of files) {
      expect(await readFile(path.join(root, 'src', 'generated', name), 'utf8'), name).to.equal(text);
    }
  });

  it('asks for handlers of exactly the RPCs that the announced features bring', () => {
    expect(announcedFeatures).to.deep.equal([
      'reservation-service',
      'multi-provider',
      'pre-emption',
      'offers',
      'flexible-window',
      'end-policy',
      'quotas',
      'explain',
      'over-commit',
      'placement',
      'recurrence',
      'maintenance',
    ]);
    expect(Object.keys(rpcs)).to.deep.equal([
      'add-provider',
      'remove-provider',
      'increase-capacity',
      'decrease-capacity',
      'query-capacity',
      'create-reservation',
      'update-reservation',
      'cancel-reservation',
      'query-reservation',
      'request-offer',
      'accept-offer',
      'decline-offer',
      'create-instance',
      'destroy-instance',
      'create-allocation',
      'destroy-allocation',
      'extend-volume',
      'attach-resource',
      'detach-resource',
      'explain',
    ]);
    expect(simulatorRpcs).to.include.keys('fail-host', 'set-times').and.have.property('set-times').that.deep.equals({
      module: 'promise-simulator',
      name: 'set-times',
      path: '/promise-simulator:set-times',
    });
  });

  it('finds the features behind nodes by compiling with and without each', () => {
    expect(schema.featuresOf('/opnfv-promise:create-reservation')).to.equal(undefined);
    expect(schema.featuresOf('/opnfv-promise:create-reservation/input/recurrence')).to.equal(undefined);
    expect(schema.featuresOf('/opnfv-promise:create-reservation/output/moved')).to.equal(undefined);
    // One of the features that bring it is announced.
    expect(schema.featuresOf('/opnfv-promise:create-reservation/output/search-complete')).to.equal(undefined);
    expect(schema.featuresOf('/opnfv-promise:capacity-event/promise-thresholds:threshold')).to.deep.equal([
      'promise-thresholds:thresholds',
    ]);
  });

  it('makes paths from keys', () => {
    const reservation = paths['/opnfv-promise:promise/reservations/reservation']('a b');
    expect(formatPath(reservation)).to.equal("/opnfv-promise:promise/reservations/reservation[id='a b']");
    const adjustment = paths['/opnfv-promise:promise/pools/pool/adjustment']('p1', 'a1');
    expect(formatPath(adjustment)).to.equal("/opnfv-promise:promise/pools/pool[id='p1']/adjustment[id='a1']");
  });

  it('writes 64-bit integers as strings, identities with their modules, enumerations as literals, and says what a feature guards', () => {
    const text = generate(schema).find(({ name }) => name === 'opnfv-promise.ts')?.text ?? '';
    expect(text).to.include('readonly ram?: string;').and.to.include('readonly cores?: number;');
    expect(text)
      .to.include("| 'opnfv-promise:insufficient-capacity'")
      .and.to.include("| 'promise-simulator:simulated'");
    expect(text).to.match(/export type Result =\n.*\n? {2}\/\*\* The request was carried out[^|]*\| 'ok'/);
    expect(text).to.include('readonly reservation?: readonly Reservation[] | Entries<Reservation>;');
    expect(text).to.match(/@feature promise-thresholds:thresholds\n[^;]*readonly 'promise-thresholds:threshold'\?:/);
    expect(text).to.include("readonly 'promise-simulator:simulation'?: ProviderSimulation;");
  });
});
