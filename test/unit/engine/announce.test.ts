/** What events tell beside their cause: how it is just then, in the windows that are still to come. */
import { expect } from 'chai';
import type { CapacityEvent, DomainEvent, ReservationEvent } from '../../../src/engine/events.ts';
import { displacedBy } from '../../../src/engine/announce.ts';
import { DAY, Engine, HOUR, NOW, inventoryOf } from './engine-fixture.ts';

const T = NOW + DAY;

class Lab extends Engine {
  readonly source: string;

  constructor() {
    super();
    this.source = this.provider([{ name: 'h', cores: 8 }]);
    this.has(8);
  }

  /** What contact finds: so many cores, and a volume or none. */
  has(cores: number, volume = true): void {
    const data = { kind: 'volume', id: 'v1', name: 'data', sizeGb: 1 } as const;
    const inventory = inventoryOf([{ name: 'h', cores }], { volumes: 5 }, volume ? [data] : []);
    this.do('updateProvider', { id: this.source, status: 'up', inventory });
  }

  since(): DomainEvent[] {
    return this.events.splice(0);
  }

  ofReservations(cause: ReservationEvent['cause']): ReservationEvent[] {
    return this.since().filter(
      (event): event is ReservationEvent => event.kind === 'reservation-event' && event.cause === cause,
    );
  }

  ofCapacity(cause: CapacityEvent['cause']): CapacityEvent[] {
    return this.since().filter(
      (event): event is CapacityEvent => event.kind === 'capacity-event' && event.cause === cause,
    );
  }
}

describe('the event of a reservation', () => {
  let lab: Lab;

  beforeEach(() => {
    lab = new Lab();
    lab.pool(lab.source, { cores: 8, ram: 8192, volumes: 5 });
    lab.since();
  });

  it('of a grant tells what may be allocated, and nothing of what was before', () => {
    const demand = { capacity: { cores: 2 } };
    lab.reserve({ start: T, end: T + HOUR, demand });
    const [granted] = lab.ofReservations('created');
    expect(granted).to.deep.include({ remaining: { cores: 2 }, allocations: [] });
    expect(granted).not.to.have.any.keys('oldStatus', 'occurrence', 'remainingInstances', 'missing', 'shortfalls');
  });

  it('tells how many instances of its containers are left, and which window it is about', () => {
    const containers = [{ name: 'web', count: 2, size: { flavor: 'small' } }];
    const recurrence = { frequency: 'daily', interval: 1, count: 2 } as const;
    lab.reserve({ start: T, end: T + HOUR, recurrence, demand: { capacity: {}, containers } });
    const [granted] = lab.ofReservations('created');
    expect(granted?.occurrence).to.equal(1);
    expect([...(granted?.remainingInstances ?? [])]).to.deep.equal([['web', 2]]);
    lab.advance(DAY);
    const [started] = lab.ofReservations('started');
    expect(started).to.deep.include({ oldStatus: 'scheduled', occurrence: 1 });
    expect([...(started?.remainingInstances ?? [])]).to.deep.equal([['web', 2]]);
  });

  it('tells what a degraded one lacks, and which elements, and nothing of it once it is restored', () => {
    const id = lab.reserve({ start: T, end: T + HOUR, demand: { capacity: { cores: 6 }, elements: ['v1'] } });
    lab.has(4, false);
    const [degraded] = lab.ofReservations('degraded');
    expect(degraded).to.deep.include({
      oldStatus: 'scheduled',
      missing: { cores: 2 },
      missingElements: [`element/${lab.source}/volume/v1`],
    });
    expect(degraded?.shortfalls?.map(({ missing }) => missing)).to.deep.equal([{ cores: 2 }]);
    lab.has(8);
    expect(lab.head.reservations.get(id)?.status).to.equal('scheduled');
    const [restored] = lab.ofReservations('restored');
    expect(restored).not.to.have.any.keys('missing', 'shortfalls', 'missingElements');
  });

  it('of one that gave way tells to whom', () => {
    expect(displacedBy({ id: 'r' })).to.deep.equal({ by: 'r' });
    expect(displacedBy({ id: 'm', tenant: 'blue', what: 'machine' })).to.deep.equal({
      by: 'm',
      byWhat: 'machine',
      byTenant: 'blue',
    });
  });
});

describe('the event of capacity', () => {
  let lab: Lab;
  const demand = { capacity: { cores: 2 } };

  beforeEach(() => {
    lab = new Lab();
  });

  it('of a reservation tells when, and what is reserved then', () => {
    lab.pool(lab.source, { cores: 8 });
    lab.since();
    lab.reserve({ start: T, end: T + HOUR, demand });
    const [ahead] = lab.ofCapacity('reserved');
    expect(ahead).to.deep.include({ start: T, end: T + HOUR });
    expect(ahead?.capacity).to.deep.include({ reserved: { cores: 2 }, available: { cores: 6 } });
    expect(ahead).not.to.have.any.keys('zone', 'host', 'maintenance', 'period', 'count');
    lab.reserve({ end: T, demand });
    const [now] = lab.ofCapacity('reserved');
    expect(now).to.deep.include({ end: T }).and.not.to.have.property('start');
  });

  it('of what recurs tells the windows that are still to come', () => {
    const pool = lab.pool(lab.source, { cores: 8 }, 'nova');
    lab.since();
    const recurrence = { frequency: 'daily', interval: 1, count: 4 } as const;
    const id = lab.reserve({ start: T, end: T + HOUR, recurrence, demand });
    expect(lab.ofCapacity('reserved')).to.have.length(1);
    lab.advance(DAY + 2 * HOUR);
    lab.since();
    lab.do('cancelReservation', { id });
    const [released] = lab.ofCapacity('released');
    expect(released).to.deep.include({ pool, zone: 'nova', start: T + DAY, end: T + DAY + HOUR });
    expect(released).to.deep.include({ period: DAY, count: 3 });
  });

  it('of the last window that is to come tells it alone', () => {
    lab.pool(lab.source, { cores: 8 });
    const recurrence = { frequency: 'daily', interval: 1, count: 2 } as const;
    const id = lab.reserve({ start: T, end: T + HOUR, recurrence, demand });
    lab.advance(DAY + 2 * HOUR);
    lab.since();
    lab.do('cancelReservation', { id });
    const [released] = lab.ofCapacity('released');
    expect(released).to.deep.include({ start: T + DAY, end: T + DAY + HOUR });
    expect(released).not.to.have.any.keys('period', 'count');
  });
});
