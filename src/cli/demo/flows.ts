import { allocationFlow } from './allocation-flow.ts';
import { capacityFlow } from './capacity-flow.ts';
import { earlyCapacityFlow, earlyReservationFlow } from './early-flows.ts';
import { reservationFlow } from './reservation-flow.ts';
import type { Flow, Stage } from './stage.ts';

/** The message flows that Promise is for, in the order in which they are played. */
export function flows(stage: Stage): readonly Flow[] {
  return [
    capacityFlow(stage),
    reservationFlow(stage),
    allocationFlow(stage),
    earlyCapacityFlow(stage),
    earlyReservationFlow(stage),
  ];
}
