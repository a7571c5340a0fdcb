/** Requests with several parts: elements, instances and capacity are granted together, or not at all. */
import { expect } from 'chai';
import type { Container, Demand, Id } from '../../../src/engine/entities.ts';
import { hostName } from '../../../src/engine/hosts.ts';
import type { CreateReservation, Refusal } from '../../../src/engine/requests.ts';
import { DAY, Engine, HOUR, NOW, inventoryOf } from './engine-fixture.ts';

const T = NOW + DAY;
const WINDOW = { start: T, end: T + HOUR };
const FAST = ['HW_FAST'];
const HOSTS = [
  { name: 'fast', cores: 8, traits: FAST },
  { name: 'slow', cores: 16 },
];

function container(name: string, vcpus: number, more: Partial<Container> = {}): Container {
  return { name, count: 1, size: { vcpus, ram: 512 }, ...more };
}

/** What is asked for needs the fast host; on it is what could as well be on the slow one. */
class Lab extends Engine {
  readonly source = this.provider(HOSTS);

  constructor() {
    super();
    const volume = { kind: 'volume', id: 'v1', name: 'data', sizeGb: 10 } as const;
    this.do('updateProvider', { id: this.source, inventory: inventoryOf(HOSTS, {}, [volume]) });
  }

  entry(id: string, cores: number): void {
    const capacity = { cores, ram: 8192, instances: 8 };
    this.do('applyConfiguration', {
      changes: [{ put: 'pool', entry: { id, source: this.source, capacity, adjustments: [] } }],
    });
  }

  held(demand: Partial<Demand>, window = WINDOW): Id {
    const id = this.reserve({ ...window, demand: { capacity: {}, ...demand } });
    this.now += 1;
    return id;
  }

  ask(demand: Partial<Demand>, more: Partial<CreateReservation> = {}): Refusal | readonly [number, string[]] {
    const result = this.do('createReservation', {
      ...(more.flexible === undefined ? WINDOW : {}),
      ...more,
      demand: { capacity: {}, ...demand },
    });
    return result.outcome === 'refused'
      ? result.refusal
      : [(result.reservation.startsAt - T) / HOUR, this.hosts(result.reservation.id)];
  }

  refusal(demand: Partial<Demand>, more: Partial<CreateReservation> = {}): Refusal {
    const answer = this.ask(demand, more);
    if ('reason' in answer) return answer;
    throw new Error('it was granted');
  }

  hosts(id: Id): string[] {
    return this.reservation(id).claims.map(({ host, node }) => `${node.slice(5)}${host ? `@${hostName(host)}` : ''}`);
  }
}

const wanted = container('new', 8, { requiredTraits: FAST });

describe('a request for instances and capacity', () => {
  it('has the capacity beside those who are placed anew, where they go', () => {
    const lab = new Lab();
    lab.entry('p1', 12);
    lab.entry('p2', 12);
    const other = lab.held({ containers: [container('x', 8)] });
    expect(lab.hosts(other)).to.deep.equal(['p1@fast']);
    const pools = ['p1'];
    expect(lab.ask({ pools, containers: [wanted], capacity: { cores: 4 } })).to.deep.equal([0, ['p1', 'p1@fast']]);
    expect(lab.hosts(other)).to.deep.equal(['p2@slow']);
    expect(lab.refusal({ pools: ['p2'], capacity: { cores: 5 } }).most).to.deep.equal({ cores: 4 });
  });

  it('is told what is short of the capacity, and how much of it could be had', () => {
    const lab = new Lab();
    lab.entry('p1', 12);
    const refusal = lab.refusal({ containers: [wanted], capacity: { cores: 5 } });
    expect(refusal).to.deep.include({ reason: 'insufficient-capacity', most: { cores: 4 } });
    expect(refusal).to.not.have.property('nextWindow');
    expect(lab.refusal({ elements: ['v1'], capacity: { cores: 13 } }).most).to.deep.equal({ cores: 12 });
    lab.held({ capacity: { cores: 12 } });
    expect(lab.refusal({ elements: ['v1'], capacity: { cores: 1 } })).to.not.have.property('most');
  });

  it('is offered no window in which one part alone would fit', () => {
    const lab = new Lab();
    lab.entry('p1', 12);
    lab.held({ capacity: { cores: 12 } });
    lab.held({ elements: ['v1'] }, { start: T + HOUR, end: T + 300 * DAY });
    const policy = { ...lab.head.policy, maxFutureStartRange: 100 };
    lab.do('applyConfiguration', { changes: [{ put: 'policy', entry: policy }] });
    expect(lab.refusal({ capacity: { cores: 1 } }).nextWindow).to.deep.equal({ start: T + HOUR, end: T + 2 * HOUR });
    expect(lab.refusal({ elements: ['v1'], capacity: { cores: 1 } })).to.not.have.property('nextWindow');
  });
});

describe('others are placed anew', () => {
  const later = { start: T + HOUR, end: T + 2 * HOUR };
  let lab: Lab;
  let other: Id;

  beforeEach(() => {
    lab = new Lab();
    lab.pool(lab.source, {});
    other = lab.held({ containers: [container('x', 8)] }, later);
    expect(lab.reservation(other).claims.map(({ host }) => host && hostName(host))).to.deep.equal(['fast']);
  });

  it('for what is asked for at a time', () => {
    expect(lab.ask({ containers: [wanted] }, later)).to.have.deep.property('0', 1);
    expect(lab.reservation(other).claims.map(({ host }) => host && hostName(host))).to.deep.equal(['slow']);
  });

  it('for no later start that a refusal names', () => {
    // Here it is held whole, and by nobody who could go.
    lab.held({ elements: ['fast'] });
    expect(lab.refusal({ containers: [wanted] }).nextWindow).to.deep.equal({ start: T + 2 * HOUR, end: T + 3 * HOUR });
  });

  it('for no later start of several parts, each of which finds a place by itself', () => {
    const two = [container('a', 4, { requiredTraits: FAST }), container('b', 4, { requiredTraits: FAST })];
    lab.held({ elements: ['fast'] });
    const after = { start: T + 2 * HOUR, end: T + 3 * HOUR };
    expect(lab.refusal({ containers: two }).nextWindow).to.deep.equal(after);
    const recurrence = { frequency: 'daily', interval: 1, count: 2 } as const;
    expect(lab.refusal({ containers: two }, { ...later, recurrence }).nextWindow).to.deep.equal(after);
    const bounds = { earliestStart: later.start, latestEnd: later.end, duration: HOUR };
    expect(lab.refusal({ containers: two }, { flexible: bounds })).to.have.property('container');
    expect(lab.ask({ containers: two }, later)).to.have.property('0', 1);
  });

  it('for no start within bounds, and bounds that leave no other say so', () => {
    lab.held({ elements: ['fast'] });
    const flexible = (end: number): Partial<CreateReservation> => ({
      flexible: { earliestStart: T, latestEnd: T + end * HOUR, duration: HOUR },
    });
    const refusal = lab.refusal({ containers: [wanted] }, flexible(2));
    expect(refusal).to.have.property('container', 'new');
    expect(lab.ask({ containers: [wanted] }, flexible(3))).to.have.property('0', 2);
  });

  it('for nothing that recurs', () => {
    const recurrence = { frequency: 'daily', interval: 1, count: 2 } as const;
    const refusal = lab.refusal({ containers: [wanted] }, { ...later, recurrence });
    expect(refusal.message).to.match(/^1 of the 2 windows cannot be had/);
    expect(refusal.nextWindow).to.deep.equal({ start: T + 2 * HOUR, end: T + 3 * HOUR });
  });
});

describe('the search for a later window of several parts', () => {
  const two = [container('a', 4, { requiredTraits: FAST }), container('b', 4, { requiredTraits: FAST })];

  /** What is said where the parts find places only some hours later, and something changes at each hour before. */
  const found = (hours: number): Pick<Refusal, 'nextWindow' | 'searchedUntil'> => {
    const lab = new Lab();
    lab.checked = false;
    lab.pool(lab.source, {});
    lab.held({ containers: [container('x', 4, { requiredTraits: FAST })] }, { start: T, end: T + hours * HOUR });
    for (let hour = 0; hour < hours; hour++)
      lab.held({ capacity: { cores: 1 + (hour % 2) } }, { start: T + hour * HOUR, end: T + (hour + 1) * HOUR });
    const { nextWindow, searchedUntil } = lab.refusal({ containers: two });
    return {
      ...(nextWindow === undefined ? {} : { nextWindow }),
      ...(searchedUntil === undefined ? {} : { searchedUntil }),
    };
  };

  it('tries a hundred starts, and says how far it came', () => {
    const start = T + 100 * HOUR;
    expect(found(100)).to.deep.equal({ nextWindow: { start, end: start + HOUR } });
    expect(found(101)).to.deep.equal({ searchedUntil: start });
  });
});
