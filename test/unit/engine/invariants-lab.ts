/** An engine whose state is spoilt on purpose, by changes that no command makes. */
import type { Allocation, Container, Demand, Id, Offer, Reservation } from '../../../src/engine/entities.ts';
import { violations } from '../../../src/engine/invariants.ts';
import type { Rule } from '../../../src/engine/invariants.ts';
import { apply } from '../../../src/engine/state.ts';
import { DAY, Engine, HOUR, NOW } from './engine-fixture.ts';

export const T = NOW + DAY;
export const HOSTS = [
  { name: 'h1', cores: 8, zone: 'z1' },
  { name: 'h2', cores: 8, zone: 'z2' },
];

/** An engine with a pool of 10 cores, on two hosts of 8. */
export class Doubted extends Engine {
  readonly source = this.provider(HOSTS);
  readonly pool1 = this.pool(this.source, { cores: 10, ram: 10_240, instances: 10 });

  web(count: number, more: Partial<Container> = {}, demand: Partial<Demand> = {}): Id {
    const containers = [{ name: 'web', count, size: { vcpus: 2, ram: 1024 }, ...more }];
    return this.reserve({ start: T, end: T + HOUR, demand: { capacity: {}, containers, ...demand } });
  }

  cores(cores: number, more: object = {}): Id {
    return this.reserve({ start: T, end: T + HOUR, demand: { capacity: { cores } }, ...more });
  }

  machine(reservation?: Id): Id {
    const result = this.do('createInstance', {
      name: 'vm',
      image: 'cirros',
      flavor: 'small',
      ...(reservation === undefined ? {} : { reservation }),
    });
    if (result.outcome === 'refused') throw new Error(result.refusal.message);
    return result.allocation.id;
  }

  /** Puts a reservation in the place of one, as no command would. */
  spoil(id: Id, change: (before: Reservation) => Partial<Reservation>): void {
    const before = this.reservation(id);
    apply(this.head, { kind: 'reservation', id, body: { ...before, ...change(before) } });
  }

  spoilMachine(id: Id, change: Partial<Allocation>): void {
    const before = this.head.allocations.get(id);
    // Cast: what kind of allocation it is does not change.
    apply(this.head, { kind: 'allocation', id, body: { ...before, ...change } as Allocation });
  }

  spoilOffer(id: Id, change: (before: Offer) => Partial<Offer>): void {
    const before = this.head.offers.get(id);
    if (before === undefined) throw new Error(`no offer ${id}`);
    apply(this.head, { kind: 'offer', id, body: { ...before, ...change(before) } });
  }

  offer(cores: number): Id {
    return this.requestOffer({
      start: T,
      end: T + HOUR,
      demand: { capacity: { cores } },
      holdFor: 2 * HOUR,
    });
  }

  found(rule?: Rule): string[] {
    return violations(this.head, this.now)
      .filter((each) => rule === undefined || each.rule === rule)
      .map(({ where, message }) => `${where} ${message}`);
  }
}
