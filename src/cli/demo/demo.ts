import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPromise, type RunningPromise } from '../../app.ts';
import { ConfigError, loadConfig, type Config } from '../../config.ts';
import { createLogger } from '../../observe/log.ts';
import { makeSshKeyPair } from '../../ssh-key-pair.ts';
import type { ExitCode } from '../main.ts';
import type { Terminal } from '../terminal.ts';
import { readClouds } from './clouds-yaml.ts';
import { dataPath } from './consumer.ts';
import { all, leaf, type Content } from './content.ts';
import { flows, mainFlows } from './flows.ts';
import { PROMISE } from './infrastructure.ts';
import { LiveStage } from './live-stage.ts';
import { NetconfClient } from './netconf-client.ts';
import { NetconfConsumer } from './netconf-consumer.ts';
import { openStackSetUp } from './openstack-infrastructure.ts';
import { Playbill, type StepResult } from './playbill.ts';
import { RestconfClient } from './restconf-client.ts';
import { RestconfConsumer } from './restconf-consumer.ts';
import { LeftOut, type Flow, type Step } from './stage.ts';

const USER = 'demo';

/** Where the flows are played: against simulated VIMs, or against a cloud. */
export interface DemoOptions {
  /** A file like OpenStack's clouds.yaml. Absent: simulated VIMs. */
  readonly openstack?: string;
  /** The cloud in it. Default: OS_CLOUD, or the only one. */
  readonly cloud?: string;
}

/** What is played, by whom, and how long something that has to come may take. */
interface Production {
  readonly flows: (stage: LiveStage) => readonly Flow[];
  readonly config: Partial<Config>;
  readonly patience: number;
  readonly vim: string;
}

/**
 * Starts an agent on free ports and plays the message flows against it, over NETCONF and RESTCONF in turn. Interrupted, or at the end,
 * it removes from a cloud what it made there.
 * @returns 0 only if every step that can be played did what its flow says
 * @throws ConfigError when the clouds file, or the options, cannot be used
 */
export async function demo(terminal: Terminal, options: DemoOptions = {}): Promise<ExitCode> {
  const production = productionOf(options);
  const playbill = new Playbill(terminal);
  const directory = await mkdtemp(join(tmpdir(), 'promise-demo-'));
  try {
    const config = loadConfig({ dataDir: directory, restconf: '127.0.0.1:0', netconf: '127.0.0.1:0' });
    playbill.line(`Starting an agent with ${production.vim} …`);
    const agent = await startPromise({ config: { ...config, ...production.config }, logger: createLogger('error') });
    try {
      return await play(agent, playbill, production);
    } finally {
      await agent.close();
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function productionOf({ openstack, cloud }: DemoOptions): Production {
  if (openstack === undefined) {
    if (cloud !== undefined) throw new ConfigError('--cloud names a cloud in a file: give that with --openstack');
    return { flows, config: {}, patience: 10_000, vim: 'a simulated VIM' };
  }
  const access = readClouds(openstack, cloud ?? process.env['OS_CLOUD']);
  return {
    flows: (stage) => mainFlows(stage, openStackSetUp(access)),
    config: { simulator: { enabled: false, provider: false } },
    patience: 120_000,
    vim: `the cloud '${access.name}' at ${access.endpoint}`,
  };
}

async function play(agent: RunningPromise, playbill: Playbill, production: Production): Promise<ExitCode> {
  const password = randomBytes(12).toString('base64url');
  const key = makeSshKeyPair('ed25519');
  await agent.users.add(USER, { password, key: key.public });
  const [url = ''] = agent.restconf;
  playbill.line(`RESTCONF at ${url}, user ${USER} with a password`);
  playbill.line(`NETCONF at ${agent.netconf.host}:${agent.netconf.port}, user ${USER} with an Ed25519 key`);

  const restconf = (stage: LiveStage, protocol: string): RestconfClient =>
    new RestconfClient({
      url,
      certificate: agent.credentials.certificate,
      username: USER,
      password,
      traffic: (direction, text) => stage.show(protocol, direction, text),
    });
  const netconf = (stage: LiveStage): Promise<NetconfClient> =>
    NetconfClient.connect({
      ...agent.netconf,
      username: USER,
      privateKey: key.private,
      traffic: (direction, text) => {
        if (!/^\s*<hello\b/.test(text)) stage.show('NETCONF', direction, text);
      },
    });
  const stage = await LiveStage.open(playbill, production.patience, async (opened) => {
    const json = restconf(opened, 'RESTCONF, JSON');
    const xml = restconf(opened, 'RESTCONF, XML');
    return {
      consumers: [
        await NetconfConsumer.open(() => netconf(opened)),
        new RestconfConsumer(json, 'json'),
        new RestconfConsumer(xml, 'xml'),
      ],
      close: () => {
        json.close();
        xml.close();
      },
    };
  });
  const interruption = new Interruption((why) => stage.end(why));
  try {
    const results: StepResult[] = [];
    for (const flow of production.flows(stage)) {
      try {
        results.push(...(await interruption.before(playFlow(flow, stage, playbill))));
      } catch (error) {
        if (error instanceof Interrupted) playbill.line(error.message);
        throw error;
      } finally {
        await stage.quietly(() => removeMachines(stage, playbill));
      }
    }
    playbill.summary(results);
    return results.every(({ failure }) => failure === undefined) ? 0 : 1;
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    return 1;
  } finally {
    interruption.end();
    await stage.close();
  }
}

async function playFlow(flow: Flow, stage: LiveStage, playbill: Playbill): Promise<StepResult[]> {
  playbill.flow(flow.title);
  try {
    await stage.quietly(() => flow.prepare());
  } catch (error) {
    playbill.failed(`the preparation failed: ${reason(error)}`);
  }
  stage.takeProtocols();
  const results: StepResult[] = [];
  for (const step of flow.steps) {
    playbill.step(step.number, step.title);
    const started = performance.now();
    const outcome = await playStep(step);
    if (outcome === 'passed') playbill.passed();
    else if ('leftOut' in outcome) playbill.leftOut(outcome.leftOut);
    else playbill.failed(outcome.failure);
    results.push({
      flow: flow.title,
      number: step.number,
      title: step.title,
      protocols: stage.takeProtocols(),
      milliseconds: Math.round(performance.now() - started),
      ...(outcome === 'passed' ? {} : outcome),
    });
  }
  return results;
}

/** @returns how it went: why it failed, or why it cannot be played here */
async function playStep(step: Step): Promise<'passed' | { readonly failure: string } | { readonly leftOut: string }> {
  try {
    await step.run();
    return 'passed';
  } catch (error) {
    return error instanceof LeftOut ? { leftOut: error.message } : { failure: reason(error) };
  }
}

/** Has the machines of a flow deleted, and waits until they are gone; names those that stay. */
async function removeMachines(stage: LiveStage, playbill: Playbill): Promise<void> {
  const consumer = stage.stagehand();
  const remove = async (): Promise<readonly Content[]> => {
    const machines = all(await consumer.get(dataPath(PROMISE, 'allocations')), 'allocation');
    for (const machine of machines) {
      if (leaf(machine, 'vm-state') === 'DELETING') continue;
      await consumer.invoke('opnfv-promise:destroy-instance', { 'instance-id': leaf(machine, 'id') ?? '' });
    }
    return machines;
  };
  let left: readonly Content[] = [];
  try {
    await stage.eventually(
      'all machines gone',
      async () => (left = await remove()),
      (machines) => machines.length === 0,
    );
  } catch (error) {
    const names = left.map(
      (each) => `${leaf(each, 'name') ?? ''} (${leaf(each, 'instance-ref/server') ?? 'not built'})`,
    );
    playbill.line(`These could not be removed: ${names.join(', ')}: ${reason(error)}`);
  }
}

class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

/** An interrupt from the terminal: what is being played ends, what it made is removed; another one ends at once. */
class Interruption {
  readonly #come: Promise<never>;
  #end: () => void = () => undefined;

  constructor(end: (why: Interrupted) => void) {
    this.#come = new Promise((_, reject) => {
      const interrupt = (name: NodeJS.Signals): void => {
        this.end();
        const why = new Interrupted(`Ended by ${name}; what was made is removed. Once more ends at once.`);
        end(why);
        reject(why);
      };
      for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, interrupt);
      this.#end = () => {
        for (const name of ['SIGINT', 'SIGTERM'] as const) process.off(name, interrupt);
      };
    });
    this.#come.catch(() => undefined);
  }

  /** @throws Interrupted when it comes first */
  before<T>(work: Promise<T>): Promise<T> {
    work.catch(() => undefined);
    return Promise.race([work, this.#come]);
  }

  end(): void {
    this.#end();
  }
}

function reason(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
