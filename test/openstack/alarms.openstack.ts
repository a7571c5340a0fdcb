import { expect } from 'chai';
import { z } from 'zod';
import type { Subscribed } from '../../src/cli/demo/consumer.ts';
import { leaf } from '../../src/cli/demo/content.ts';
import { removeServers, serversOf, until } from './cloud.ts';
import { OpenStackClient } from './control-plane/client.ts';
import { PromiseUnderTest, demanded, told } from './promise.ts';

const alarms = z.array(
  z.object({ name: z.string(), state: z.string(), alarm_actions: z.array(z.string()), repeat_actions: z.boolean() }),
);

/** Well below the time after which Promise would look by itself. */
const SOON_MS = 20_000;

describe("Aodh's alarms tell Promise what becomes of servers (allocation flow, steps 6, 7 and 10)", () => {
  let promise: PromiseUnderTest;
  let provider: string;
  let events: Subscribed;
  const alarmsOfProvider = async (): Promise<z.infer<typeof alarms>> =>
    (await (await OpenStackClient.login('demo')).ask('alarm', 'GET', '/alarms', alarms)).filter(
      ({ name }) => name === `promise-${provider}`,
    );
  const boot = async (name: string): Promise<{ readonly instance: string; readonly server: string }> => {
    const answer = await promise.createInstance(provider, name);
    const instance = demanded(leaf(answer, 'instance-id'), 'an instance-id');
    const event = await told(events.inbox, { 'instance-id': instance, 'vm-state': 'ACTIVE' });
    return { instance, server: demanded(leaf(event, 'server'), 'a server') };
  };

  before(async () => {
    await removeServers('demo');
    promise = await PromiseUnderTest.start();
    ({ provider } = await promise.setUp('demo', { cores: 10, ram: '20480', instances: 5 }));
    events = await promise.subscribe('allocation-event');
  });
  after(async () => {
    await promise.close();
    await removeServers('demo');
  });

  it('makes one alarm in Aodh, which goes off when a server becomes ACTIVE (6, 7a)', async () => {
    const [before, ...others] = await alarmsOfProvider();
    expect(others).to.deep.equal([]);
    expect(before).to.deep.include({ state: 'insufficient data', repeat_actions: true });
    const { instance, server } = await boot('vm-alarm');
    const [after] = await alarmsOfProvider();
    expect(after?.state).to.equal('alarm');
    await promise.destroyInstance(instance);
    const event = await told(events.inbox, { 'instance-id': instance, cause: 'destroyed' });
    expect(leaf(event, 'server')).to.equal(server);
  });

  it('hears at once of a server that fails long after it was built (7a, 7b)', async () => {
    const { instance, server } = await boot('vm-fails');
    const admin = await OpenStackClient.login('admin');
    const body = { 'os-resetState': { state: 'error' } };
    await admin.ask('compute', 'POST', `/servers/${server}/action`, z.unknown(), body);
    const began = Date.now();
    await told(events.inbox, { 'instance-id': instance, 'vm-state': 'ERROR' });
    expect(Date.now() - began).to.be.below(SOON_MS);
    await promise.destroyInstance(instance);
    await told(events.inbox, { 'instance-id': instance, cause: 'destroyed' });
  });

  it('hears at once of a server that somebody else deletes (10a, 10b)', async () => {
    const { instance, server } = await boot('vm-taken');
    const owner = await OpenStackClient.login('demo');
    await owner.request('compute', 'DELETE', `/servers/${server}`);
    const began = Date.now();
    await told(events.inbox, { 'instance-id': instance, cause: 'destroyed' });
    expect(Date.now() - began).to.be.below(SOON_MS);
    // Nova lists it as DELETED for a moment.
    await until(async () => (await serversOf('demo')).length === 0);
  });

  it('removes the alarm when it stops, and makes it again when it starts', async () => {
    await promise.stop();
    expect(await alarmsOfProvider()).to.deep.equal([]);
    await promise.open();
    events = await promise.subscribe('allocation-event');
    await until(async () => (await alarmsOfProvider()).length === 1);
    const { instance } = await boot('vm-again');
    await promise.destroyInstance(instance);
    await told(events.inbox, { 'instance-id': instance, cause: 'destroyed' });
  });
});
