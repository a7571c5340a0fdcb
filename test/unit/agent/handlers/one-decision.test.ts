import { expect } from 'chai';
import type { Json } from '../../../../src/agent/local-client.ts';
import type { RequestContext } from '../../../../src/agent/context.ts';
import { at, PromiseFixture } from './promise-fixture.ts';

describe('RPCs that are one decision', () => {
  let promise: PromiseFixture;

  beforeEach(async () => {
    promise = await new PromiseFixture().start();
  });
  afterEach(() => promise.close());

  it('have been decided when the request returns, and decide nothing after that', async () => {
    const { provider, pool } = await promise.pool();
    const terms = { start: at(1), end: at(2), capacity: { cores: 1 }, pools: [pool] };
    const reserved = String((await promise.rpc('create-reservation', terms))['reservation-id']);
    const offer = { ...terms, 'hold-for': 600 };
    const offered = async (): Promise<string> => String((await promise.rpc('request-offer', offer))['offer-id']);
    const inputs: Readonly<Record<string, Json>> = {
      'create-reservation': terms,
      'update-reservation': { 'reservation-id': reserved, end: at(3) },
      'cancel-reservation': { 'reservation-id': reserved },
      'request-offer': offer,
      'accept-offer': { 'offer-id': await offered() },
      'decline-offer': { 'offer-id': await offered() },
      'increase-capacity': { source: provider, capacity: { cores: 0 } },
      'decrease-capacity': { source: provider, capacity: { cores: 1 }, force: true },
    };
    await promise.settle();
    const { agent } = promise.created;
    const rpcs = promise.yang.schema.modules.flatMap((module) => module.rpcs).filter((rpc) => agent.isDecision(rpc));
    expect(rpcs.map(({ name }) => name)).to.have.members(Object.keys(inputs));

    const { ledger } = promise;
    const update = ledger.update.bind(ledger);
    let decisions = 0;
    ledger.update = (decide) => {
      decisions += 1;
      return update(decide);
    };
    for (const rpc of rpcs) {
      decisions = 0;
      const text = JSON.stringify({ 'opnfv-promise:input': inputs[rpc.name] });
      const answer = agent.request(CONTEXT, rpc, { format: 'json', text });
      expect(decisions, rpc.name).to.equal(1);
      expect(await answer, rpc.name).to.have.property('result');
      expect(decisions, rpc.name).to.equal(1);
    }
  });
});

const CONTEXT: RequestContext = { user: 'ann', transport: 'local', signal: new AbortController().signal };
