/** What no request may ask for, and what is said of it. */
import { expect } from 'chai';
import type { Container, Demand } from '../../../src/engine/entities.ts';
import { InvalidRequest, OwnedByOther, UnknownEntry } from '../../../src/engine/requests.ts';
import {
  MOST_ADJUSTMENTS,
  MOST_INSTANCES,
  MOST_OF_A_RESOURCE,
  checkAdjustments,
  checkCapacity,
  checkDemand,
  checkOwner,
  checkPools,
  checkSpan,
} from '../../../src/engine/validation.ts';
import { Engine, HOUR, NOW } from './engine-fixture.ts';

/** What is said of something, with the field that it is said of; undefined: nothing. */
function said(check: () => void): string | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    if (!(error instanceof InvalidRequest)) throw error;
    return `${error.field}: ${error.message}`;
  }
}

describe('an amount', () => {
  it('is a whole number, not below zero and not too large', () => {
    for (const cores of [0, 1, MOST_OF_A_RESOURCE]) expect(said(() => checkCapacity({ cores }))).to.equal(undefined);
    expect(said(() => checkCapacity({}))).to.equal(undefined);
    for (const cores of [-1, 0.5, NaN, MOST_OF_A_RESOURCE + 1, Infinity])
      expect(said(() => checkCapacity({ ram: 1, cores }))).to.equal(
        `capacity/cores: cores is ${cores}; it must be a whole number from 0 to 1099511627776.`,
      );
  });
});

describe('a pool', () => {
  it('has no more adjustments than it may', () => {
    const most = Array<object>(MOST_ADJUSTMENTS).fill({});
    expect(said(() => checkAdjustments('p', most, 'start'))).to.equal(undefined);
    expect(said(() => checkAdjustments('p', [...most, {}], 'start'))).to.equal(
      "start: The pool 'p' would have 1001 changes for a time; one pool may have 1000.",
    );
  });
});

describe('a request', () => {
  const web = (count: number, more: Partial<Container> = {}): Container => ({
    name: 'web',
    count,
    size: { vcpus: 1, ram: 1 },
    ...more,
  });
  const asked = (demand: Partial<Demand>) => said(() => checkDemand({ capacity: {}, ...demand }));

  it('asks for something: capacity, elements or instances', () => {
    const nothing =
      'capacity: A reservation has to ask for something: a resource in capacity above zero, a container or an element.';
    expect(asked({})).to.equal(nothing);
    expect(asked({ capacity: { cores: 0 }, elements: [], containers: [] })).to.equal(nothing);
    expect(asked({ capacity: { cores: 1 } })).to.equal(undefined);
    expect(asked({ elements: ['a'] })).to.equal(undefined);
    expect(asked({ containers: [web(1)] })).to.equal(undefined);
    expect(asked({ capacity: { cores: -1 }, elements: ['a'] })).to.match(/^capacity\/cores: cores is -1;/);
  });

  it('puts containers into groups that it has', () => {
    const groups = [{ name: 'g', policy: 'affinity' as const }];
    expect(asked({ containers: [web(1, { group: 'g' }), web(1)], groups })).to.equal(undefined);
    const unknown = `container/group: The container 'web' belongs to the group 'h', which is none of the affinity groups of the request.`;
    expect(asked({ containers: [web(1), web(1, { group: 'h' })], groups })).to.equal(unknown);
    expect(asked({ containers: [web(1, { group: 'h' })] })).to.equal(unknown);
  });

  it('asks for one instance of each container or more, and not for too many in all', () => {
    expect(asked({ containers: [web(MOST_INSTANCES)] })).to.equal(undefined);
    expect(asked({ containers: [web(MOST_INSTANCES), web(1)] })).to.equal(
      'container/count: 10001 instances are asked for; one reservation may have 10000.',
    );
    for (const count of [0, -1, 1.5])
      expect(asked({ containers: [web(1), web(count, { name: 'db' })] })).to.equal(
        "container/count: The container 'db' needs a count of 1 or more.",
      );
  });

  it('names pools that are there, for the whole and for containers', () => {
    const engine = new Engine();
    const pool = engine.pool(engine.provider(), { cores: 1 });
    expect(said(() => checkPools(engine.head, {}))).to.equal(undefined);
    expect(
      said(() => checkPools(engine.head, { pools: [pool], containers: [web(1), web(1, { pools: [pool] })] })),
    ).to.equal(undefined);
    const unknown = "pools: There is no pool 'none'.";
    expect(said(() => checkPools(engine.head, { pools: [pool, 'none'] }))).to.equal(unknown);
    expect(said(() => checkPools(engine.head, { containers: [web(1, { pools: ['none'] })] }))).to.equal(unknown);
    expect(() => checkPools(engine.head, { pools: ['none'] }))
      .to.throw(UnknownEntry)
      .with.property('entry', 'pool');
  });
});

describe('a span', () => {
  it('ends after its start, or after now, and has not passed', () => {
    const span = (start: number | undefined, end: number | undefined) => said(() => checkSpan(start, end, NOW));
    expect(span(NOW - HOUR, undefined)).to.equal(undefined);
    expect(span(NOW - HOUR, NOW + 1)).to.equal(undefined);
    expect(span(undefined, NOW + 1)).to.equal(undefined);
    expect(span(NOW + 2, NOW + 2)).to.equal(
      'end: The end 2030-01-01T00:00:00.002Z is not after the start 2030-01-01T00:00:00.002Z.',
    );
    expect(span(undefined, NOW)).to.equal(
      'end: The end 2030-01-01T00:00:00Z is not after the start 2030-01-01T00:00:00Z.',
    );
    expect(span(NOW - HOUR, NOW)).to.equal('end: The end 2030-01-01T00:00:00Z has passed; it is 2030-01-01T00:00:00Z.');
  });
});

describe('an entry', () => {
  it('is changed by the side that made it', () => {
    checkOwner('pool', { id: 'p', origin: 'rpc' }, 'rpc');
    checkOwner('pool', { id: 'p', origin: 'config' }, 'config');
    expect(() => checkOwner('pool', { id: 'p', origin: 'config' }, 'rpc')).to.throw(
      OwnedByOther,
      "The pool 'p' was made by configuration",
    );
    expect(() => checkOwner('provider', { id: 'q', origin: 'rpc' }, 'config')).to.throw(
      OwnedByOther,
      "The provider 'q' was made by an RPC",
    );
  });
});
