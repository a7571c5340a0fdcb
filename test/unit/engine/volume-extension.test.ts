import { expect } from 'chai';
import { remainingOf } from '../../../src/engine/claims.ts';
import { DEFAULT_POLICY } from '../../../src/engine/entities.ts';
import { capacityAt } from '../../../src/engine/queries.ts';
import { UnknownEntry } from '../../../src/engine/requests.ts';
import { DAY, Engine, HOUR, NOW } from './engine-fixture.ts';
import { POOL, PORT, VOLUME, engineWith, machine, make, record, refusal, resourceOf, there } from './resource-lab.ts';

describe('extending volumes', () => {
  const extend = (engine: Engine, id: string, sizeGb: number): string => {
    const result = engine.do('extendVolume', { id, sizeGb });
    return result.outcome === 'refused' ? result.refusal.reason : 'none';
  };
  const words = (engine: Engine, id: string, sizeGb: number): string | undefined => {
    const result = engine.do('extendVolume', { id, sizeGb });
    return result.outcome === 'refused' ? result.refusal.message : undefined;
  };
  const available = (engine: Engine): number | undefined => capacityAt(engine.head, NOW).available.gigabytes;

  it('holds what is added from the request on, and is told when it is done', () => {
    const engine = engineWith();
    const id = there(engine, VOLUME);
    const before = available(engine) ?? 0;
    engine.told();
    expect(extend(engine, id, 30)).to.equal('none');
    expect(resourceOf(engine, id)).to.deep.include({
      extension: { sizeGb: 30 },
      capacity: { gigabytes: 30, volumes: 1 },
    });
    expect([available(engine), engine.head.intents.has(id)]).to.deep.equal([before - 20, true]);
    expect(extend(engine, id, 30), 'the same again').to.equal('none');
    expect(extend(engine, id, 40), 'while it is extended').to.equal('resource-not-ready');
    expect(engine.do('volumeSized', { allocation: id, sizeGb: 10 }).outcome).to.equal('ignored');
    expect(engine.do('extensionFailed', { allocation: id, sizeGb: 40, fault: { message: 'no' } }).outcome).to.equal(
      'ignored',
    );
    expect(engine.do('extensionAccepted', { allocation: id, sizeGb: 40 }).outcome).to.equal('ignored');
    engine.do('extensionAccepted', { allocation: id, sizeGb: 30 });
    expect(extend(engine, id, 30), 'and again').to.equal('none');
    expect(resourceOf(engine, id).extension).to.deep.equal({ sizeGb: 30, accepted: true });
    expect(engine.head.intents.has(id)).to.equal(true);
    engine.do('volumeSized', { allocation: id, sizeGb: 30 });
    expect(resourceOf(engine, id).resource).to.deep.equal({ kind: 'volume', sizeGb: 30 });
    expect(resourceOf(engine, id)).to.not.have.property('extension');
    expect([available(engine), engine.head.intents.has(id)]).to.deep.equal([before - 20, false]);
    expect(engine.told()).to.deep.equal([
      'allocation extension-requested ACTIVE',
      'capacity allocated',
      'allocation extended ACTIVE',
    ]);
    engine.do('destroyAllocation', { id });
    engine.do('serverGone', { allocation: id });
    expect(available(engine)).to.equal(before + 10);
  });

  it('takes what is added from the reservation, and no more than that holds', () => {
    const engine = engineWith();
    const reservation = engine.reserve({ demand: { capacity: { gigabytes: 25 } } });
    const id = there(engine, VOLUME, { reservation });
    const before = available(engine);
    const result = engine.do('extendVolume', { id, sizeGb: 26 });
    expect(result.outcome === 'refused' && result.refusal).to.deep.include({
      reason: 'exceeds-reservation',
      message: "Extending the volume 'volume' needs 16 gigabytes; of the reservation there remain 15 gigabytes.",
    });
    expect(extend(engine, id, 25)).to.equal('none');
    expect(remainingOf(engine.head, engine.reservation(reservation))).to.deep.equal({ gigabytes: 0 });
    expect(refusal(engine, VOLUME, { reservation })).to.equal('exceeds-reservation');
    engine.do('extensionFailed', { allocation: id, sizeGb: 25, fault: { message: 'no room' } });
    expect(remainingOf(engine.head, engine.reservation(reservation))).to.deep.equal({ gigabytes: 15 });
    expect(available(engine)).to.equal(before);
  });

  it('without a reservation takes only what no reservation needs at any time, and no quota forbids', () => {
    const engine = engineWith();
    const id = there(engine, VOLUME);
    engine.reserve({ start: NOW + DAY, end: NOW + 2 * DAY, demand: { capacity: { gigabytes: 80 } } });
    const result = engine.do('extendVolume', { id, sizeGb: 21 });
    expect(result.outcome === 'refused' && result.refusal.message).to.match(
      /Extending the volume 'volume' needs 11 gigabytes without end; not reserved are 10 gigabytes /,
    );
    const quotas = [{ name: 'storage', capacity: { gigabytes: 95 } }];
    engine.do('applyConfiguration', { changes: [{ put: 'policy', entry: { ...DEFAULT_POLICY, quotas } }] });
    expect(extend(engine, id, 20), 'the reservation counts too').to.equal('quota-exceeded');
    expect(extend(engine, id, 15), 'just fits').to.equal('none');
  });

  it('is taken from the pool of the volume alone', () => {
    const engine = engineWith({ ...POOL, gigabytes: 12 });
    const [provider = ''] = [...engine.head.providers.keys()];
    const id = there(engine, VOLUME);
    engine.pool(provider, { gigabytes: 50 }, 'nova');
    expect(extend(engine, id, 20)).to.equal('insufficient-capacity');
    expect(extend(engine, id, 12)).to.equal('none');
  });

  it('that failed is told with the reason, gives back what was held, and can be tried again or forgotten', () => {
    const engine = engineWith();
    const id = there(engine, VOLUME);
    const before = available(engine);
    engine.told();
    extend(engine, id, 30);
    engine.do('extensionFailed', { allocation: id, sizeGb: 30, fault: { message: 'no room' } });
    expect(available(engine)).to.equal(before);
    expect(resourceOf(engine, id).extension).to.deep.equal({
      sizeGb: 30,
      fault: { message: 'no room', occurredOn: NOW },
    });
    expect(engine.told()).to.deep.equal([
      'allocation extension-requested ACTIVE',
      'capacity allocated',
      'allocation extension-failed ACTIVE',
      'capacity freed',
    ]);
    expect(extend(engine, id, 30)).to.equal('none');
    expect(resourceOf(engine, id).extension).to.deep.equal({ sizeGb: 30 });
    engine.do('extensionFailed', { allocation: id, sizeGb: 30, fault: { message: 'no room' } });
    expect(extend(engine, id, 10), 'the size that it has').to.equal('none');
    expect(resourceOf(engine, id)).to.not.have.property('extension');
  });

  it('answers with the volume as it is then', () => {
    const engine = engineWith();
    const id = there(engine, VOLUME);
    const answered = (command: 'extendVolume', sizeGb: number): void => {
      const result = engine.do(command, { id, sizeGb });
      expect(result).to.deep.equal({ outcome: 'accepted', allocation: record(engine, id) });
    };
    const recorded = (outcome: unknown): void => {
      expect(outcome).to.deep.equal({ outcome: 'recorded', allocation: record(engine, id) });
    };
    answered('extendVolume', 10);
    answered('extendVolume', 20);
    answered('extendVolume', 20);
    recorded(engine.do('extensionAccepted', { allocation: id, sizeGb: 20 }));
    recorded(engine.do('volumeSized', { allocation: id, sizeGb: 20 }));
    answered('extendVolume', 30);
    recorded(engine.do('extensionFailed', { allocation: id, sizeGb: 30, fault: { message: 'no room' } }));
  });

  it('goes on when it grows beside Promise to less than was asked for', () => {
    const engine = engineWith();
    const id = there(engine, VOLUME);
    extend(engine, id, 30);
    engine.do('volumeSized', { allocation: id, sizeGb: 20 });
    expect(resourceOf(engine, id)).to.deep.include({
      resource: { kind: 'volume', sizeGb: 20 },
      extension: { sizeGb: 30 },
      capacity: { gigabytes: 30, volumes: 1 },
    });
    expect(engine.head.intents.has(id)).to.equal(true);
  });

  it('is nothing that the VIM can speak of where none was asked for', () => {
    const engine = engineWith();
    for (const allocation of [there(engine, VOLUME), there(engine, PORT), machine(engine), 'gone']) {
      const fault = { message: 'no room' };
      expect(engine.do('extensionFailed', { allocation, sizeGb: 20, fault }).outcome).to.equal('ignored');
      expect(engine.do('extensionAccepted', { allocation, sizeGb: 20 }).outcome).to.equal('ignored');
      expect(engine.do('volumeSized', { allocation, sizeGb: 5 }).outcome).to.equal('ignored');
    }
  });

  it('is taken from the pool once the reservation is over, and refused from when its end is there', () => {
    const engine = engineWith();
    const reservation = engine.reserve({ end: NOW + HOUR, demand: { capacity: { gigabytes: 30 } } });
    const id = there(engine, VOLUME, { reservation });
    // Late by an instant: the end is there, and nothing is done about it yet.
    engine.now += HOUR;
    const result = engine.do('extendVolume', { id, sizeGb: 20 });
    expect(result.outcome === 'refused' && result.refusal).to.deep.include({
      reason: 'reservation-over',
      message: `The reservation '${reservation}' is over: its status is active.`,
    });
    engine.advance(0);
    expect(record(engine, id)).to.deep.include({ backing: 'own', reservation });
    expect(extend(engine, id, 20)).to.equal('none');
    expect(record(engine, id).claims[0]?.capacity).to.deep.include({ gigabytes: 20, volumes: 1 });
  });

  it('is no reservation more to a quota, and never on loan', () => {
    const engine = engineWith(POOL, 'best-effort');
    const id = there(engine, VOLUME);
    engine.reserve({ demand: { capacity: { gigabytes: 1 } } });
    const quotas = [{ name: 'one', reservations: 1, capacity: {} }];
    engine.do('applyConfiguration', { changes: [{ put: 'policy', entry: { ...DEFAULT_POLICY, quotas } }] });
    expect(extend(engine, id, 20)).to.equal('none');
    expect(record(engine, id).claims.map(({ onLoan }) => onLoan)).to.deep.equal([undefined]);
  });

  it('that failed restores who was degraded by it', () => {
    const engine = engineWith();
    const [provider = ''] = [...engine.head.providers.keys()];
    const pool = [...engine.head.pools.keys()].join();
    const id = there(engine, VOLUME);
    extend(engine, id, 30);
    const late = engine.reserve({ start: NOW + HOUR, end: NOW + DAY, demand: { capacity: { gigabytes: 70 } } });
    engine.do('decreaseCapacity', { source: provider, pool, capacity: { gigabytes: 20 }, force: true });
    expect(engine.reservation(late).status).to.equal('degraded');
    engine.told();
    engine.do('extensionFailed', { allocation: id, sizeGb: 30, fault: { message: 'no room' } });
    expect(engine.reservation(late).status).to.equal('scheduled');
    expect(engine.told()).to.include('reservation restored scheduled');
  });

  it('wants a volume that is there, and a size that is not smaller', () => {
    const engine = engineWith();
    const id = there(engine, VOLUME);
    expect(extend(engine, id, 9)).to.equal('cannot-shrink');
    expect(extend(engine, there(engine, PORT), 20)).to.equal('unknown-resource');
    expect(extend(engine, machine(engine), 20)).to.equal('unknown-resource');
    expect(extend(engine, make(engine, VOLUME), 20)).to.equal('resource-not-ready');
    expect(() => extend(engine, 'none', 20))
      .to.throw(UnknownEntry, "There is no allocation 'none'.")
      .that.includes({ field: 'allocation-id' });
    const port = there(engine, PORT);
    expect(words(engine, port, 20)).to.equal(`The allocation '${port}' is no volume.`);
    expect(words(engine, id, 9)).to.equal(`The volume '${id}' has 10 GB, and is not made smaller than that.`);
    extend(engine, id, 20);
    expect(words(engine, id, 30)).to.equal(
      `The volume '${id}' is being extended to 20 GB; extend it again when it is.`,
    );
    engine.do('vmStateReported', { allocation: id, vmState: 'ERROR' });
    expect(extend(engine, id, 20)).to.equal('resource-not-ready');
  });

  it('is refused while the provider is away', () => {
    const engine = engineWith();
    const id = there(engine, VOLUME);
    const [provider = ''] = [...engine.head.providers.keys()];
    engine.do('updateProvider', { id: provider, status: 'down', statusMessage: 'away' });
    expect(extend(engine, id, 20)).to.equal('provider-unavailable');
  });

  it('goes on when the reservation ends, and holds all of it for good', () => {
    const engine = engineWith();
    const reservation = engine.reserve({ end: NOW + HOUR, demand: { capacity: { gigabytes: 30 } } });
    const id = there(engine, VOLUME, { reservation });
    extend(engine, id, 30);
    engine.advance(HOUR);
    expect(record(engine, id).claims[0]?.capacity).to.deep.include({ gigabytes: 30 });
    engine.do('extensionFailed', { allocation: id, sizeGb: 30, fault: { message: 'no room' } });
    expect(record(engine, id).claims[0]?.capacity).to.deep.include({ gigabytes: 10 });
  });

  it('beside Promise is counted, and makes others give way where there is no room for it', () => {
    const engine = engineWith();
    const reservation = engine.reserve({ demand: { capacity: { gigabytes: 20 } } });
    const id = there(engine, VOLUME, { reservation });
    const late = engine.reserve({ start: NOW + HOUR, end: NOW + DAY, demand: { capacity: { gigabytes: 80 } } });
    engine.do('volumeSized', { allocation: id, sizeGb: 25 });
    expect(record(engine, id)).to.deep.include({ backing: 'own', capacity: { gigabytes: 25, volumes: 1 } });
    expect(engine.reservation(late)).to.deep.include({ status: 'degraded', reason: 'capacity-withdrawn' });
    extend(engine, id, 40);
    engine.do('destroyAllocation', { id });
    expect(engine.do('volumeSized', { allocation: id, sizeGb: 40 }).outcome, 'on its way out').to.equal('ignored');
    expect(engine.do('volumeSized', { allocation: 'gone', sizeGb: 40 }).outcome).to.equal('ignored');
  });
});
