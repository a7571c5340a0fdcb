import { allocationFlow } from './allocation-flow.ts';
import { capacityFlow } from './capacity-flow.ts';
import { earlyCapacityFlow, earlyReservationFlow } from './early-flows.ts';
import { reservationFlow } from './reservation-flow.ts';
import { setUpInfrastructure, type SetUp } from './infrastructure.ts';
import type { Flow, Stage } from './stage.ts';

/** The message flows that Promise is for, in the order in which they are played, with VIMs that `setUp` registers. */
export function mainFlows(stage: Stage, setUp: SetUp): readonly Flow[] {
  return [capacityFlow(stage, setUp), reservationFlow(stage, setUp), allocationFlow(stage, setUp)];
}

/** All flows, those of the early versions too, with simulated VIMs. */
export function flows(stage: Stage): readonly Flow[] {
  return [...mainFlows(stage, setUpInfrastructure), earlyCapacityFlow(stage), earlyReservationFlow(stage)];
}
