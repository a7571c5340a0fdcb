/** explain: how a decision came about. */
import { explainAllocation, explainDecision, explainReservation } from '../../engine/explain.ts';
import type { Considered, Explanation } from '../../engine/explain.ts';
import { InvalidRequest } from '../../engine/requests.ts';
import type { Shortage } from '../../engine/requests.ts';
import type { Head } from '../../engine/state.ts';
import { printInstant } from '../../engine/window.ts';
import type { Instant } from '../../engine/window.ts';
import type { ExplainInput, ExplainOutput, Handlers } from '../../generated/opnfv-promise.ts';
import type { RequestContext } from '../context.ts';
import type { PromiseEngine } from './promise-domain.ts';
import { endOut, listIn, present, reasonOut } from './promise-values.ts';

export function explainHandlers(engine: PromiseEngine): Pick<Handlers<RequestContext>, 'explain'> {
  return {
    explain: async (context, input) =>
      explanationOut(await engine.read((head, now) => look(engine, context, head, input, now))),
  };
}

function look(
  engine: PromiseEngine,
  context: RequestContext,
  head: Head,
  input: ExplainInput,
  now: Instant,
): Explanation {
  const viewer = engine.viewer(context);
  const { 'reservation-id': reservation, 'instance-id': instance, decision } = input;
  if (reservation !== undefined) return explainReservation(head, reservation, now, viewer);
  if (instance !== undefined) return explainAllocation(head, instance, now, viewer);
  const decided = engine.decision(context, Number(decision));
  if (decided !== undefined) return explainDecision(head, decided, now, viewer);
  throw new InvalidRequest(
    'decision',
    `The decision ${decision ?? ''} is not on record; the latest ones since the start of the server are.`,
  );
}

function explanationOut({ reason, message, considered, hosts, room = {} }: Explanation): ExplainOutput {
  return present({
    reason: reasonOut(reason),
    message,
    considered: considered.length === 0 ? undefined : considered.map(consideredOut),
    hosts: hosts?.map(({ examples, ...group }) => ({ ...group, example: examples })),
    'displaced-reservations': listIn(room.reservations),
    'displaced-instances': listIn(room.machines),
    moved: listIn(room.moved),
  });
}

function consideredOut({ pool, host = '', chosen, shortages, lacking, lackingTraits }: Considered) {
  return present({
    pool,
    host,
    chosen,
    'lacking-traits': listIn(lackingTraits),
    lacking: listIn(lacking),
    shortage: listIn(shortages.map(shortageOut)),
  });
}

function shortageOut({ resource, from, to, missing }: Shortage) {
  return present({ resource, from: printInstant(from), to: endOut(to), missing: String(missing) });
}
