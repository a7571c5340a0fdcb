/** A provider with a policy of pre-emption, for tests of who gives way. */
import type { Allocation, PreEmption, Priority, Reservation } from '../../../src/engine/entities.ts';
import { DEFAULT_POLICY } from '../../../src/engine/entities.ts';
import type { AllocationEvent, ReservationEvent } from '../../../src/engine/events.ts';
import { Engine, HOUR, NOW } from './engine-fixture.ts';

/** A provider with a pool of so many cores, under a policy. */
export class Lab extends Engine {
  readonly lab: string;

  constructor(preEmption: PreEmption, cores = 8) {
    super();
    this.lab = this.provider([{ name: 'h1', cores: 5000 }], 'lab', preEmption);
    this.pool(this.lab, { cores, ram: 5_000_000, instances: 50 });
  }

  ask(cores: number, priority: Priority, from: number | undefined, hours = 1) {
    const start = from === undefined ? {} : { start: NOW + from * HOUR };
    const end = (from === undefined ? this.now : NOW + from * HOUR) + hours * HOUR;
    return this.do('createReservation', {
      ...start,
      end,
      priority,
      demand: { capacity: { cores, ram: cores * 1024 } },
    });
  }

  grant(cores: number, priority: Priority, from: number | undefined, hours = 1): string {
    const result = this.ask(cores, priority, from, hours);
    if (result.outcome === 'refused') throw new Error(result.refusal.message);
    this.now += 1;
    return result.reservation.id;
  }

  /** A machine of four cores. */
  boot(reservation?: string) {
    const input = { name: 'vm', image: 'cirros', flavor: 'large' };
    return this.do('createInstance', reservation === undefined ? input : { ...input, reservation });
  }

  booted(reservation?: string): string {
    const result = this.boot(reservation);
    if (result.outcome === 'refused') throw new Error(result.refusal.message);
    const { id } = result.allocation;
    this.do('serverAccepted', { allocation: id, server: `server-${id}` });
    this.do('vmStateReported', { allocation: id, vmState: 'ACTIVE' });
    this.now += 1;
    return id;
  }

  gone(allocation: string): void {
    this.do('serverGone', { allocation });
  }

  status(id: string): Reservation['status'] | undefined {
    return this.head.reservations.get(id)?.status;
  }

  state(id: string): Allocation['vmState'] | undefined {
    return this.head.allocations.get(id)?.vmState;
  }

  /** Sets the policy for lost capacity. */
  favour(): void {
    const entry = { ...DEFAULT_POLICY, onCapacityLoss: 'favour-priority' as const };
    this.do('applyConfiguration', { changes: [{ put: 'policy', entry }] });
  }

  preempted(): ReservationEvent[] {
    return this.events
      .filter((event) => event.kind === 'reservation-event')
      .filter(({ cause }) => cause === 'preempted');
  }

  withdrawn(): AllocationEvent[] {
    return this.events
      .filter((event) => event.kind === 'allocation-event')
      .filter(({ cause }) => cause === 'preempted');
  }
}
