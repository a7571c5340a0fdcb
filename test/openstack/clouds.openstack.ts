import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { LocalClient } from '../../src/agent/local-client.ts';
import { SYSTEM_USER } from '../../src/users.ts';
import { describeCloudsSideBySide } from '../contract/clouds.ts';
import { removeServers, serversOf, until } from './cloud.ts';
import { PromiseUnderTest, cloudOf } from './promise.ts';
import { TlsTerminator } from './tls-terminator.ts';

const MACHINE = { flavor: 'm1.tiny', image: 'cirros', networks: ['private'] };
const REGION = 'West';
const INTERFACE = 'internal';

describe('OpenStack behind TLS, and beside it another cloud that has nothing in common with it', function () {
  this.timeout(300_000);

  describeCloudsSideBySide(async () => {
    await removeServers('demo');
    const terminator = await TlsTerminator.open();
    const other = await OtherCloud.start();
    const promise = await PromiseUnderTest.start({ openstack: {} });
    const account = { region: 'RegionOne', interface: 'public', 'ca-certificate': terminator.authority };
    return {
      steady: {
        account: { ...cloudOf('demo'), ...account, name: 'real', endpoint: terminator.keystone },
        machine: MACHINE,
        servers: async () => (await serversOf('demo')).map(({ name }) => name),
      },
      shaky: {
        account: other.account,
        machine: MACHINE,
        servers: () => other.tell('servers'),
        goDown: async () => {
          await other.tell('down');
        },
        comeBack: async () => {
          await other.tell('up');
        },
      },
      client: () => new LocalClient(promise.system.agent, SYSTEM_USER, { validateReplies: true }),
      async restart() {
        await promise.stop();
        await promise.open();
      },
      until,
      async close() {
        await promise.close();
        await terminator.close();
        other.close();
        await removeServers('demo');
      },
    };
  });
});

const started = z.object({ endpoint: z.string(), certificate: z.string() });
const told = z.object({ servers: z.array(z.string()) });

/** The stand-in of the unit tests in a process of its own. */
class OtherCloud {
  readonly #process: ChildProcess;
  readonly #started: z.infer<typeof started>;

  private constructor(child: ChildProcess, said: z.infer<typeof started>) {
    this.#process = child;
    this.#started = said;
  }

  static async start(): Promise<OtherCloud> {
    const program = fileURLToPath(new URL('stand-in-process.ts', import.meta.url));
    const child = fork(program, [REGION, INTERFACE], { execArgv: ['--import', 'tsx'] });
    const [said] = (await once(child, 'message')) as [unknown];
    return new OtherCloud(child, started.parse(said));
  }

  get account() {
    return {
      name: 'other',
      'provider-type': 'openstack',
      endpoint: this.#started.endpoint,
      region: REGION,
      interface: INTERFACE,
      'ca-certificate': this.#started.certificate,
      username: 'admin',
      password: 'secret of the other',
      tenant: { name: 'admin' },
    };
  }

  /** @returns the names of its servers, once what it is told is done */
  async tell(what: 'down' | 'up' | 'servers'): Promise<readonly string[]> {
    const answer = once(this.#process, 'message');
    this.#process.send(what);
    // Cast: the first argument of the event is the message.
    const [said] = (await answer) as [unknown];
    return told.parse(said).servers;
  }

  close(): void {
    this.#process.disconnect();
  }
}
