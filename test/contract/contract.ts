import type { Consumer } from '../../src/cli/demo/consumer.ts';
import { flows } from '../../src/cli/demo/flows.ts';
import type { Stage } from '../../src/cli/demo/stage.ts';
import { AgentUnderTest } from './agent-under-test.ts';
import type { Binding } from './bindings.ts';
import { editScenarios } from './edit-scenarios.ts';
import { furtherScenarios } from './further-scenarios.ts';
import { resourceScenarios } from './resource-scenarios.ts';
import { scenarios } from './scenarios.ts';
import { World } from './world.ts';

/** Everything that holds through every binding: the scenarios TC-01 to TC-16, and each numbered step of the message flows. */
export function contract(title: string, bind: Binding): void {
  describe(`the contract through ${title}`, function () {
    this.timeout(20_000);
    let agent: AgentUnderTest;
    let consumer: Consumer;

    before(async () => {
      agent = await AgentUnderTest.start();
      consumer = await bind(agent);
    });
    after(async () => {
      await consumer.close();
      await agent.close();
    });

    const world = (): World => new World(agent, consumer);
    describe('scenarios', () => scenarios(world));
    describe('beyond the scenarios', () => {
      furtherScenarios(world);
      resourceScenarios(world);
      editScenarios(world);
    });
    messageFlows(
      () => agent,
      () => consumer,
    );
  });
}

function messageFlows(agent: () => AgentUnderTest, consumer: () => Consumer): void {
  const stage: Stage = {
    consumer,
    now: () => agent().clock.now(),
    reach: (instant) => agent().reach(instant),
    notified: ({ inbox }, test) => agent().arrived(inbox, ({ event }) => test(event)),
    eventually: async (what, read, test) =>
      (
        await agent().until(async () => {
          const value = await read();
          return test(value) ? { value } : undefined;
        }, what)
      ).value,
    tell: () => undefined,
  };
  for (const flow of flows(stage)) {
    describe(`the message flow: ${flow.title}`, () => {
      before(() => flow.prepare());
      for (const step of flow.steps) it(`step ${step.number}: ${step.title}`, () => step.run());
    });
  }
}
