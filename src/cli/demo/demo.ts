import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import { startPromise, type RunningPromise } from '../../app.ts';
import { loadConfig } from '../../config.ts';
import { createLogger } from '../../observe/log.ts';
import type { ExitCode } from '../main.ts';
import type { Terminal } from '../terminal.ts';
import { flows } from './flows.ts';
import { LiveStage } from './live-stage.ts';
import { NetconfClient } from './netconf-client.ts';
import { NetconfConsumer } from './netconf-consumer.ts';
import { Playbill, type StepResult } from './playbill.ts';
import { RestconfClient } from './restconf-client.ts';
import { RestconfConsumer } from './restconf-consumer.ts';
import type { Flow, Step } from './stage.ts';

const USER = 'demo';

/**
 * Starts an agent with a simulated VIM on free ports and plays the message flows against it, over NETCONF and RESTCONF in turn.
 * @returns 0 only if every step did what its flow says
 */
export async function demo(terminal: Terminal): Promise<ExitCode> {
  const playbill = new Playbill(terminal);
  const directory = await mkdtemp(join(tmpdir(), 'promise-demo-'));
  try {
    const config = loadConfig({ dataDir: directory, restconf: '127.0.0.1:0', netconf: '127.0.0.1:0' });
    playbill.line('Starting an agent with a simulated VIM …');
    const agent = await startPromise({ config, logger: createLogger('error') });
    try {
      return await play(agent, playbill);
    } finally {
      await agent.close();
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function play(agent: RunningPromise, playbill: Playbill): Promise<ExitCode> {
  const password = randomBytes(12).toString('base64url');
  const key = ssh2.utils.generateKeyPairSync('ed25519');
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
  const stage = await LiveStage.open(playbill, async (opened) => {
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
  try {
    const results: StepResult[] = [];
    for (const flow of flows(stage)) results.push(...(await playFlow(flow, stage, playbill)));
    playbill.summary(results);
    return results.every(({ failure }) => failure === undefined) ? 0 : 1;
  } finally {
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
    const failure = await playStep(step);
    if (failure === undefined) playbill.passed();
    else playbill.failed(failure);
    results.push({
      flow: flow.title,
      number: step.number,
      title: step.title,
      protocols: stage.takeProtocols(),
      milliseconds: Math.round(performance.now() - started),
      ...(failure === undefined ? {} : { failure }),
    });
  }
  return results;
}

/** @returns why the step failed; undefined when it did not */
async function playStep(step: Step): Promise<string | undefined> {
  try {
    await step.run();
    return undefined;
  } catch (error) {
    return reason(error);
  }
}

function reason(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
