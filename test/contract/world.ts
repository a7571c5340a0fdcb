import { expect } from 'chai';
import { ErrorAnswer, type Consumer, type Subscribed } from '../../src/cli/demo/consumer.ts';
import { all, amount, leaf, type Content, type Json } from '../../src/cli/demo/content.ts';
import { at, setUpInfrastructure, type Infrastructure } from '../../src/cli/demo/infrastructure.ts';
import type { AgentUnderTest } from './agent-under-test.ts';

let infrastructures = 0;

/** What a scenario acts in: an agent through one consumer, and its own infrastructure once asked for. */
export class World {
  readonly agent: AgentUnderTest;
  readonly consumer: Consumer;
  #infrastructure: Infrastructure | undefined;

  constructor(agent: AgentUnderTest, consumer: Consumer) {
    this.agent = agent;
    this.consumer = consumer;
  }

  async open(): Promise<this> {
    infrastructures += 1;
    this.#infrastructure = await setUpInfrastructure(this.consumer, `vim-${infrastructures}`);
    return this;
  }

  get vim(): Infrastructure {
    if (this.#infrastructure === undefined) throw new Error('the world was not opened');
    return this.#infrastructure;
  }

  get now(): number {
    return this.agent.clock.now();
  }

  async ok(rpc: string, input: Json): Promise<Content> {
    const answer = await this.consumer.invoke(`opnfv-promise:${rpc}`, input);
    expect(leaf(answer, 'result'), leaf(answer, 'message')).to.equal('ok');
    return answer;
  }

  async conflict(rpc: string, input: Json, reason: string): Promise<Content> {
    const answer = await this.consumer.invoke(`opnfv-promise:${rpc}`, input);
    expect(leaf(answer, 'result')).to.equal('conflict');
    expect(leaf(answer, 'reason')).to.equal(reason);
    expect(leaf(answer, 'message')).to.be.a('string').and.not.equal('');
    return answer;
  }

  async reserve(more: Json = {}): Promise<string> {
    const capacity = { cores: 4, ram: '8192', instances: 2 };
    const answer = await this.ok('create-reservation', { pools: [this.vim.pool], capacity, ...more });
    return text(answer, 'reservation-id');
  }

  instance(more: Json = {}): Json {
    return { 'provider-id': this.vim.provider, name: 'vm', image: 'cirros', flavor: 'm1.small', ...more };
  }

  async available(from?: number, to?: number): Promise<number> {
    const window = from === undefined || to === undefined ? {} : { window: { start: at(from), end: at(to) } };
    const answer = await this.consumer.invoke('opnfv-promise:query-capacity', { pools: [this.vim.pool], ...window });
    return amount(answer, 'capacity/available/cores');
  }

  async events(event: string, name: string, value: string): Promise<Subscribed> {
    return await this.consumer.subscribe({ filter: { event: `opnfv-promise:${event}`, leaf: [name, value] } });
  }

  async event({ inbox }: Subscribed, cause: string): Promise<Content> {
    return (await this.agent.arrived(inbox, ({ event }) => leaf(event, 'cause') === cause)).event;
  }
}

export function text(content: Content | undefined, path: string): string {
  const found = leaf(content, path);
  expect(found, path).to.be.a('string').and.not.equal('');
  return found ?? '';
}

export function ids(answer: Content, list: string): readonly string[] {
  return all(answer, list).map((entry) => leaf(entry, 'id') ?? '');
}

export async function refused(work: Promise<unknown>): Promise<ErrorAnswer> {
  try {
    await work;
  } catch (error) {
    if (error instanceof ErrorAnswer) return error;
    throw error;
  }
  throw new Error('an error was expected');
}
