import { expect } from 'chai';
import type { Consumer } from '../../src/cli/demo/consumer.ts';
import { amount, leaf } from '../../src/cli/demo/content.ts';
import { at, HOUR, POOL_CORES, setUpInfrastructure, type Infrastructure } from '../../src/cli/demo/infrastructure.ts';
import { randomFrom } from '../bench/statistics.ts';
import { AgentUnderTest, START } from '../contract/agent-under-test.ts';
import { netconf, restconfJson, restconfXml } from '../contract/bindings.ts';

/** Clients of all kinds in turn, each with a connection of its own. */
const BINDINGS = [restconfJson, netconf, restconfXml, netconf];

/** What a client asked for, and whether it was granted. */
interface Asked {
  readonly cores: number;
  readonly granted: boolean;
}

describe('clients that ask at once for the last units', function () {
  this.timeout(60_000);
  let agent: AgentUnderTest;
  let vim: Infrastructure;
  const consumers: Consumer[] = [];
  const random = randomFrom(64);
  let windows = 0;

  before(async () => {
    agent = await AgentUnderTest.start();
    for (let i = 0; i < 64; i++) {
      const bind = BINDINGS[i % BINDINGS.length] ?? restconfJson;
      consumers.push(await bind(agent));
    }
    const [first] = consumers;
    if (first !== undefined) vim = await setUpInfrastructure(first, 'crowded');
  });
  after(async () => {
    for (const consumer of consumers) await consumer.close();
    await agent.close();
  });

  /** A window that nothing is reserved in. */
  function freshWindow(): { readonly start: string; readonly end: string } {
    windows += 1;
    const start = START + windows * 2 * HOUR;
    return { start: at(start), end: at(start + HOUR) };
  }

  async function reserve(consumer: Consumer, window: object, cores: number): Promise<Asked> {
    const answer = await consumer.invoke('opnfv-promise:create-reservation', {
      pools: [vim.pool],
      capacity: { cores },
      ...window,
    });
    const result = leaf(answer, 'result');
    expect(result).to.be.oneOf(['ok', 'conflict']);
    expect(leaf(answer, 'reservation-id') !== undefined).to.equal(result === 'ok');
    return { cores, granted: result === 'ok' };
  }

  /** What is free in the window at its tightest. */
  async function free(window: { readonly start: string; readonly end: string }): Promise<number> {
    const [consumer] = consumers;
    const answer = await consumer?.invoke('opnfv-promise:query-capacity', { pools: [vim.pool], window });
    return amount(answer, 'capacity/available/cores');
  }

  function granted(asked: readonly Asked[]): number {
    return asked.reduce((sum, one) => sum + (one.granted ? one.cores : 0), 0);
  }

  for (const clients of [8, 64]) {
    it(`${clients} clients, one unit each, and fewer units than clients: each unit goes to one`, async () => {
      for (let round = 0; round < 6; round++) {
        const window = freshWindow();
        const left = 1 + Math.floor(random() * Math.min(clients - 1, POOL_CORES - 1));
        for (const consumer of consumers.slice(round, round + 1)) await reserve(consumer, window, POOL_CORES - left);
        const asked = await Promise.all(consumers.slice(0, clients).map((consumer) => reserve(consumer, window, 1)));
        expect(granted(asked), `of ${left} units, in round ${round}`).to.equal(left);
        expect(await free(window)).to.equal(0);
      }
    });

    it(`${clients} clients, some units each: what is granted fits, and what is refused would not have`, async () => {
      for (let round = 0; round < 6; round++) {
        const window = freshWindow();
        const amounts = Array.from({ length: clients }, () => 1 + Math.floor(random() * 12));
        const asked = await Promise.all(
          consumers.slice(0, clients).map((consumer, index) => reserve(consumer, window, amounts[index] ?? 1)),
        );
        const left = POOL_CORES - granted(asked);
        expect(left, 'what is left').to.be.at.least(0);
        expect(await free(window)).to.equal(left);
        for (const { cores, granted: got } of asked)
          if (!got) expect(cores, 'a refused amount').to.be.greaterThan(left);
      }
    });

    it(`${clients} clients whose windows overlap: no instant is booked twice`, async () => {
      for (let round = 0; round < 3; round++) {
        windows += 3;
        const begin = START + windows * 2 * HOUR;
        const spans = Array.from({ length: clients }, () => {
          const first = Math.floor(random() * 8);
          return { first, last: first + 1 + Math.floor(random() * 4) };
        });
        const QUARTER = HOUR / 4;
        const asked = await Promise.all(
          consumers.slice(0, clients).map((consumer, index) => {
            const { first, last } = spans[index] ?? { first: 0, last: 1 };
            const window = { start: at(begin + first * QUARTER), end: at(begin + last * QUARTER) };
            return reserve(consumer, window, 10);
          }),
        );
        for (let quarter = 0; quarter < 12; quarter++) {
          const booked = asked.filter(
            ({ granted: got }, index) =>
              got && (spans[index]?.first ?? 0) <= quarter && quarter < (spans[index]?.last ?? 0),
          );
          const held = granted(booked);
          expect(held, `held in quarter ${quarter}`).to.be.at.most(POOL_CORES);
          const window = { start: at(begin + quarter * QUARTER), end: at(begin + (quarter + 1) * QUARTER) };
          expect(await free(window)).to.equal(POOL_CORES - held);
        }
      }
    });
  }
});
