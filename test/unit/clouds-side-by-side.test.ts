import { setTimeout as wait } from 'node:timers/promises';
import { LocalClient } from '../../src/agent/local-client.ts';
import { startPromise } from '../../src/app.ts';
import type { RunningPromise } from '../../src/app.ts';
import { loadConfig } from '../../src/config.ts';
import { ManualClock } from '../../src/engine/clock.ts';
import { silentLogger } from '../../src/observe/log.ts';
import { SYSTEM_USER } from '../../src/users.ts';
import { describeCloudsSideBySide } from '../contract/clouds.ts';
import type { CloudBeside } from '../contract/clouds.ts';
import { temporaryDirectory } from './store/temporary-directory.ts';
import { makeAuthority } from './vim/openstack/authority.ts';
import { StandIn } from './vim/openstack/stand-in.ts';

/** How often, and how far, Promise's time is moved on, milliseconds. */
const PUMP = { every: 2, by: 20 };

describe('Clouds that answer as OpenStack does, side by side', function () {
  this.timeout(120_000);

  describeCloudsSideBySide(async () => {
    const directory = temporaryDirectory();
    const clock = new ManualClock(Date.parse('2027-03-01T08:00:00Z'));
    const pump = setInterval(() => clock.advance(PUMP.by), PUMP.every);
    const config = loadConfig({ dataDir: directory.path, restconf: '127.0.0.1:0', netconf: '127.0.0.1:0' });
    const open = (): Promise<RunningPromise> =>
      startPromise({
        config: { ...config, simulator: { enabled: false, provider: false } },
        logger: silentLogger,
        clock,
        random: () => 0.5,
      });
    const east = await cloudIn('East', 'public');
    const west = await cloudIn('West', 'internal');
    let promise = await open();
    return {
      steady: east.beside,
      shaky: {
        ...west.beside,
        goDown: () => west.standIn.close(),
        comeBack: () => west.standIn.comeBack(),
      },
      client: () => new LocalClient(promise.agent, SYSTEM_USER, { validateReplies: true }),
      async restart() {
        await promise.close();
        promise = await open();
      },
      async until(condition) {
        for (let turn = 0; turn < 4_000; turn += 1) {
          if (await condition()) return;
          await wait(10);
        }
        throw new Error('it never came to hold');
      },
      async close() {
        await promise.close();
        await east.standIn.close();
        clearInterval(pump);
        directory.remove();
      },
    };
  });
});

async function cloudIn(
  region: string,
  face: 'public' | 'internal',
): Promise<{ readonly standIn: StandIn; readonly beside: CloudBeside }> {
  const authority = await makeAuthority(region);
  const standIn = await StandIn.start(authority);
  standIn.place({ region, interface: face });
  const account = {
    name: region,
    'provider-type': 'openstack',
    endpoint: standIn.endpoint,
    region,
    interface: face,
    'ca-certificate': authority.cert,
    username: 'admin',
    password: `secret of ${region}`,
    tenant: { name: 'admin' },
  };
  return {
    standIn,
    beside: {
      account,
      machine: { flavor: 'm1.tiny', image: 'cirros', networks: ['private'] },
      servers: () => Promise.resolve(standIn.servers()),
    },
  };
}
