/** How decisions are explained: what was granted, by which pools and hosts, what the others lack, and why something was refused. */
import { expect } from 'chai';
import { explainAllocation, explainDecision, explainReservation } from '../../../src/engine/explain.ts';
import type { Explanation } from '../../../src/engine/explain.ts';
import { UnknownEntry } from '../../../src/engine/requests.ts';
import type { CreateInstance } from '../../../src/engine/requests.ts';
import type { VimElement } from '../../../src/vim/vim.ts';
import { DAY, Engine, HOUR, NOW, inventoryOf } from './engine-fixture.ts';

const T = NOW + DAY;
const WINDOW = { start: T, end: T + HOUR };
const GRANTED = 'Granted on 2030-01-01T00:00:00Z in the pool';
const FIRST = ', the first in the order of ids that fits the whole request.';
const AS_IT_IS = ' What the other pools lack is as it is now.';

/** Two pools of four and six cores, on a host each. */
class Lab extends Engine {
  readonly source = this.provider([
    { name: 'h1', cores: 8, zone: 'z1' },
    { name: 'h2', cores: 8, zone: 'z2' },
  ]);
  readonly small = this.pool(this.source, { cores: 4, ram: 4096, instances: 4 }, 'z1');
  readonly large = this.pool(this.source, { cores: 6, ram: 6144, instances: 6 }, 'z2');

  explained(id: string): Explanation {
    const before = JSON.stringify([...(this.head.nodes.get(`pool/${this.small}`)?.free.steps(WINDOW) ?? [])]);
    const found = explainReservation(this.head, id, this.now);
    const after = JSON.stringify([...(this.head.nodes.get(`pool/${this.small}`)?.free.steps(WINDOW) ?? [])]);
    expect(after).to.equal(before);
    return found;
  }

  machine(more: Partial<CreateInstance> = {}): string {
    const result = this.do('createInstance', { name: 'vm', image: 'cirros', flavor: 'small', ...more });
    if (result.outcome === 'refused') throw new Error(result.refusal.message);
    return result.allocation.id;
  }
}

describe('an explanation', () => {
  it('of a reservation says which pool bears it, and what the others lack of it now', () => {
    const lab = new Lab();
    const { small, large } = lab;
    const id = lab.reserve({ ...WINDOW, demand: { capacity: { cores: 5 } } });
    expect(lab.explained(id)).to.deep.equal({
      message: `${GRANTED} '${large}'${FIRST}${AS_IT_IS}`,
      considered: [
        { pool: small, chosen: false, shortages: [{ pool: small, resource: 'cores', from: T, missing: 1 }] },
        { pool: large, chosen: true, shortages: [] },
      ],
    });
    const one = lab.reserve({ ...WINDOW, demand: { capacity: { cores: 1 }, pools: [small] } });
    expect(lab.explained(one)).to.deep.equal({
      message: `${GRANTED} '${small}'${FIRST}`,
      considered: [{ pool: small, chosen: true, shortages: [] }],
    });
    expect(() => lab.explained('none'))
      .to.throw(UnknownEntry, "There is no reservation 'none'.")
      .with.property('field', 'reservation-id');
    expect(() => explainReservation(lab.head, one, NOW, { confinedTo: 'red' })).to.throw(UnknownEntry);
  });

  it('of one in several pools says that none has the whole, and of each its part alone', () => {
    const lab = new Lab();
    const { small, large } = lab;
    const id = lab.reserve({ ...WINDOW, demand: { capacity: { cores: 8 } } });
    expect(lab.explained(id)).to.deep.equal({
      message: `Granted on 2030-01-01T00:00:00Z in the pools '${small}', '${large}' together, since none fits the whole request alone.`,
      considered: [small, large].map((pool) => ({ pool, chosen: true, shortages: [] })),
    });
    lab.do('decreaseCapacity', { pool: small, capacity: { cores: 3 }, force: true });
    const found = lab.explained(id);
    expect(found.reason).to.equal('capacity-withdrawn');
    expect(found.message).to.equal(
      `Capacity was lost; the reservation cannot be kept in full at present. Granted on 2030-01-01T00:00:00Z in the pools '${small}', '${large}' together, since none fits the whole request alone.`,
    );
    expect(found.considered[0]?.shortages).to.deep.equal([{ pool: small, resource: 'cores', from: T, missing: 3 }]);
  });

  it('of instances names the hosts that bear them, and puts the others together', () => {
    const lab = new Lab();
    const { small, large } = lab;
    const containers = [{ name: 'web', count: 2, size: { vcpus: 2, ram: 512 } }];
    const id = lab.reserve({ ...WINDOW, demand: { capacity: {}, containers } });
    const found = lab.explained(id);
    expect(found.considered).to.deep.equal([
      { pool: small, chosen: true, shortages: [] },
      { pool: large, chosen: false, shortages: [] },
      { pool: small, host: 'h1', chosen: true, shortages: [] },
    ]);
    expect(found.hosts).to.deep.equal([
      { container: 'web', pool: small, lacking: "in the zone 'z2'", count: 1, examples: ['h2'] },
      { container: 'web', pool: large, lacking: 'nothing: another host was preferred', count: 1, examples: ['h2'] },
    ]);
  });

  it('of what recurs is of the window in progress, or the next', () => {
    const lab = new Lab();
    const recurrence = { frequency: 'daily', interval: 1, count: 3 } as const;
    const id = lab.reserve({ ...WINDOW, recurrence, demand: { capacity: { cores: 1 } } });
    const of = (number: number) =>
      `${GRANTED} '${lab.small}'${FIRST}${AS_IT_IS} This is of window ${number} of 3; each was admitted like this one, all of them or none.`;
    expect(lab.explained(id).message).to.equal(of(1));
    lab.advance(DAY + HOUR);
    expect(lab.explained(id).message).to.equal(of(2));
  });

  it('of what holds nothing says so, and why', () => {
    const lab = new Lab();
    const asked = { ...WINDOW, demand: { capacity: { cores: 11 } }, deferred: true };
    const pending = lab.do('createReservation', asked);
    if (pending.outcome !== 'pending') throw new Error(pending.outcome);
    const { id } = pending.reservation;
    expect(lab.explained(id)).to.deep.equal({ message: 'It is recorded and not decided on yet.', considered: [] });
    lab.advance(0);
    const rejected = lab.explained(id);
    expect(rejected.reason).to.equal('insufficient-capacity');
    expect(rejected.message).to.match(/^Not free throughout .*: 11 cores asked for, 10 free in 2 pools\.$/);
    const over = lab.reserve({ ...WINDOW, demand: { capacity: { cores: 1 } } });
    lab.advance(DAY + HOUR);
    const ended = lab.explained(over);
    expect(ended).to.include({ reason: 'window-over', message: 'Its status is ended.' });
    // What was granted then is not of now.
    expect(ended.considered.flatMap(({ shortages }) => shortages)).to.deep.equal([]);
  });

  it('of a machine says what it consumes, where, and what went wrong', () => {
    const lab = new Lab();
    const { small, large } = lab;
    const reservation = lab.reserve({ end: T, demand: { capacity: { cores: 1, ram: 512, instances: 1 } } });
    const backed = lab.machine({ reservation });
    const own = lab.machine({ zone: 'z2' });
    const explained = (id: string): Explanation => explainAllocation(lab.head, id, lab.now);
    expect(explained(backed)).to.deep.equal({
      message: `It consumes a part of what the reservation '${reservation}' holds in the pool '${small}'.`,
      considered: [
        { pool: small, chosen: true, shortages: [] },
        { pool: small, host: 'h1', chosen: true, shortages: [] },
      ],
    });
    const alone =
      'It was made without a reservation, in the first pool in the order of ids that has what it needs from then on without end.';
    expect(explained(own)).to.deep.equal({
      message: `${alone}${AS_IT_IS}`,
      considered: [
        { pool: large, chosen: true, shortages: [] },
        { pool: large, host: 'h2', chosen: true, shortages: [] },
      ],
    });
    lab.do('serverAccepted', { allocation: backed, server: 's1' });
    lab.do('vmStateReported', { allocation: backed, vmState: 'ERROR', fault: { message: 'no valid host' } });
    expect(explained(backed).message).to.match(/'\. The provider says: no valid host\.$/);
    lab.advance(DAY);
    expect(explained(backed).message).to.equal(
      `Its reservation '${reservation}' is over; it holds what it needs in the pool '${small}' itself.${AS_IT_IS} The provider says: no valid host.`,
    );
    expect(explained(backed).considered.map(({ pool, chosen }) => [pool, chosen])).to.deep.include.members([
      [small, true],
      [large, false],
    ]);
    expect(() => explained('none'))
      .to.throw(UnknownEntry, "There is no allocation 'none'.")
      .with.property('field', 'instance-id');
  });

  it('of a decision is what it says of that which came of it', () => {
    const lab = new Lab();
    const refused = lab.do('createReservation', { ...WINDOW, demand: { capacity: { cores: 11, ram: 20_000 } } });
    if (refused.outcome !== 'refused') throw new Error(refused.outcome);
    const of = (decided: Parameters<typeof explainDecision>[1]): Explanation =>
      explainDecision(lab.head, decided, lab.now);
    const { refusal } = refused;
    const refusalSaid = of({ refusal });
    expect(refusalSaid).to.include({ reason: 'insufficient-capacity', message: refusal.message });
    expect(of({ refusal: { reason: 'insufficient-capacity', message: 'no', shortages: [] } }).considered).to.deep.equal(
      [],
    );
    expect(refusalSaid.considered.map(({ pool, chosen, shortages }) => [pool, chosen, shortages.length])).to.deep.equal(
      [
        [lab.small, false, 2],
        [lab.large, false, 2],
      ],
    );
    const containers = [{ name: 'web', count: 1, size: { vcpus: 9, ram: 1 } }];
    const unplaced = lab.do('createReservation', { ...WINDOW, demand: { capacity: {}, containers } });
    if (unplaced.outcome !== 'refused') throw new Error(unplaced.outcome);
    const hosts = of({ refusal: unplaced.refusal }).considered.flatMap(({ host, chosen, shortages }) =>
      host === undefined ? [] : [[host, chosen, shortages.length]],
    );
    // Each of the two as it is seen from either pool.
    expect(hosts.sort()).to.deep.equal(['h1', 'h1', 'h2', 'h2'].map((host) => [host, false, 0]));
    const granted = lab.do('createReservation', { ...WINDOW, demand: { capacity: { cores: 1 } } });
    if (granted.outcome !== 'granted') throw new Error(granted.outcome);
    const { reservation } = granted;
    expect(of({ reservation })).to.deep.equal(lab.explained(reservation.id));
    const offered = lab.do('requestOffer', { ...WINDOW, demand: { capacity: { cores: 1 } }, holdFor: HOUR });
    if (offered.outcome === 'refused') throw new Error(offered.outcome);
    expect(of({ offer: offered.offer }).message).to.equal(`${GRANTED} '${lab.small}'${FIRST}${AS_IT_IS}`);
    const made = lab.do('createInstance', { name: 'vm', image: 'cirros', flavor: 'small' });
    if (made.outcome === 'refused') throw new Error(made.refusal.message);
    expect(of({ allocation: made.allocation })).to.deep.equal(explainAllocation(lab.head, made.allocation.id, lab.now));
  });

  it('of what has all of a pool does not count that against it', () => {
    const of = (lab: Lab, decided: Parameters<typeof explainDecision>[1]): unknown =>
      explainDecision(lab.head, decided, lab.now).considered.find(({ chosen }) => chosen)?.shortages;
    const lab = new Lab();
    const demand = { capacity: { cores: 4 } };
    const granted = lab.do('createReservation', { ...WINDOW, demand });
    if (granted.outcome !== 'granted') throw new Error(granted.outcome);
    expect(of(lab, granted)).to.deep.equal([]);
    lab.do('cancelReservation', { id: granted.reservation.id });
    const offered = lab.do('requestOffer', { ...WINDOW, demand, holdFor: HOUR });
    if (offered.outcome === 'refused') throw new Error(offered.outcome);
    expect(of(lab, offered)).to.deep.equal([]);
    lab.do('declineOffer', { id: offered.offer.id });
    const made = lab.do('createInstance', { name: 'vm', image: 'cirros', flavor: 'large' });
    if (made.outcome === 'refused') throw new Error(made.refusal.message);
    expect(of(lab, made)).to.deep.equal([]);
  });

  it('of a decision on what is gone since is of what was decided', () => {
    const lab = new Lab();
    const asked = { ...WINDOW, demand: { capacity: { cores: 1 } } };
    const granted = lab.do('createReservation', asked);
    const offered = lab.do('requestOffer', { ...asked, holdFor: HOUR });
    const made = lab.do('createInstance', { name: 'vm', image: 'cirros', flavor: 'small' });
    if (granted.outcome !== 'granted' || offered.outcome === 'refused' || made.outcome === 'refused')
      throw new Error('refused');
    const decisions = [granted, offered, made];
    const before = decisions.map((each) => explainDecision(lab.head, each, lab.now));
    const empty = new Lab();
    // The same pools, and nothing was decided there.
    expect(decisions.map((each) => explainDecision(empty.head, each, lab.now))).to.deep.equal(before);
  });

  it('of a decision on instances that have moved since does not count their present host against them', () => {
    const engine = new Engine();
    const hosts = [
      { name: 'h1', cores: 8 },
      { name: 'h2', cores: 8 },
    ];
    const source = engine.provider(hosts);
    const pool = engine.pool(source, { cores: 16, ram: 16_384, instances: 4 });
    const containers = [{ name: 'web', count: 1, size: { vcpus: 8, ram: 512 } }];
    const granted = engine.do('createReservation', { ...WINDOW, demand: { capacity: {}, containers } });
    if (granted.outcome !== 'granted') throw new Error(granted.outcome);
    const hostOf = (): string | undefined => engine.reservation(granted.reservation.id).claims[0]?.host;
    const first = hostOf();
    const [name = ''] = /h[12]$/.exec(first ?? '') ?? [];
    const other = name === 'h1' ? 'h2' : 'h1';
    const down = hosts.map((each) => (each.name === name ? { ...each, state: 'down' as const } : each));
    engine.do('updateProvider', { id: source, status: 'up', inventory: inventoryOf(down) });
    expect(hostOf()).to.match(new RegExp(`${other}$`));
    const found = explainDecision(engine.head, granted, engine.now);
    expect(found.considered).to.deep.include({ pool, host: name, chosen: true, shortages: [] });
    expect(found.hosts?.map(({ examples, lacking }) => [examples, lacking])).to.deep.equal([
      [[other], 'nothing: another host was preferred'],
    ]);
  });

  it('of a machine leaves out the pools of other providers, and says what the others lack later', () => {
    const lab = new Lab();
    const elsewhere = lab.pool(lab.provider(), { cores: 10, ram: 10_240, instances: 10 });
    const id = lab.machine({ provider: lab.source });
    lab.reserve({ ...WINDOW, demand: { capacity: { cores: 6 }, pools: [lab.large] } });
    const { considered } = explainAllocation(lab.head, id, lab.now);
    expect(considered.map(({ pool, host }) => host ?? pool)).to.deep.equal([lab.small, lab.large, 'h1']);
    expect(considered.map(({ pool }) => pool)).to.not.include(elsewhere);
    expect(considered[1]?.shortages).to.deep.equal([
      { pool: lab.large, resource: 'cores', from: T, to: T + HOUR, missing: 1 },
    ]);
  });

  it('of a machine whose host is not known names none', () => {
    const engine = new Engine();
    const source = engine.provider([]);
    engine.do('updateProvider', {
      id: source,
      status: 'up',
      inventory: inventoryOf([], { cores: 10, memoryMb: 10_240 }),
    });
    const pool = engine.pool(source, { cores: 4, ram: 4096, instances: 4 });
    const made = engine.do('createInstance', { name: 'vm', image: 'cirros', flavor: 'small' });
    if (made.outcome === 'refused') throw new Error(made.refusal.message);
    const { considered } = explainAllocation(engine.head, made.allocation.id, engine.now);
    expect(considered).to.deep.equal([{ pool, chosen: true, shortages: [] }]);
  });

  it('of a reservation that is over names no hosts that were not chosen', () => {
    const lab = new Lab();
    const containers = [{ name: 'web', count: 1, size: { vcpus: 2, ram: 512 } }];
    const id = lab.reserve({ ...WINDOW, demand: { capacity: {}, containers } });
    expect(lab.explained(id)).to.have.property('hosts');
    lab.advance(DAY + HOUR);
    expect(lab.explained(id)).to.not.have.property('hosts');
  });

  it('names at most so many hosts, and each with its pool', () => {
    const engine = new Engine();
    const hosts = Array.from({ length: 70 }, (_, index) => ({ name: `h${index}`, cores: 1 }));
    const source = engine.provider(hosts);
    const pool = engine.pool(source, { cores: 70, ram: 70 * 1024, instances: 70 });
    const of = (count: number): Explanation => {
      const containers = [{ name: 'web', count, size: { vcpus: 1, ram: 1 } }];
      const id = engine.reserve({ ...WINDOW, demand: { capacity: {}, containers } });
      const found = explainReservation(engine.head, id, engine.now);
      engine.do('cancelReservation', { id });
      return found;
    };
    const listed = ({ considered }: Explanation): number => considered.filter(({ host }) => host !== undefined).length;
    expect([of(3), of(64), of(70)].map(listed)).to.deep.equal([3, 64, 64]);
    expect(of(70)).to.not.have.property('hosts');
    expect(of(3).considered.map((each) => each.pool)).to.deep.equal([pool, pool, pool, pool]);
  });

  describe('of elements', () => {
    const volumes = (count: number): VimElement[] =>
      Array.from({ length: count }, (_, index) => ({ kind: 'volume', id: `v${index}`, name: '', sizeGb: 1 }));
    const lacking = 'which its VIM does not have now';

    class Cloud extends Engine {
      readonly source = this.provider();
      readonly home = this.pool(this.source, { cores: 8, ram: 1024, gigabytes: 10, volumes: 40 });

      has(elements: readonly VimElement[]): void {
        const inventory = inventoryOf([{ name: 'h1', cores: 100 }], {}, elements);
        this.do('updateProvider', { id: this.source, status: 'up', inventory });
      }

      message(id: string): string {
        return explainReservation(this.head, id, this.now).message;
      }
    }

    it('names them, the pool they are from, and those that are gone', () => {
      const cloud = new Cloud();
      cloud.has(volumes(2));
      const only = cloud.reserve({ ...WINDOW, demand: { capacity: {}, elements: ['v0'] } });
      const held = (volume: string): string => `It holds the volume '${volume}' of the pool '${cloud.home}'`;
      expect(cloud.message(only)).to.equal(`Granted on 2030-01-01T00:00:00Z. ${held('v0')}.`);
      expect(explainReservation(cloud.head, only, cloud.now).considered).to.deep.equal([
        { pool: cloud.home, chosen: true, shortages: [] },
      ]);
      const both = cloud.reserve({ ...WINDOW, demand: { capacity: { cores: 8 }, elements: ['v1'] } });
      expect(cloud.message(both)).to.equal(`${GRANTED} '${cloud.home}'${FIRST} ${held('v1')}.`);
      cloud.has(volumes(1));
      expect(cloud.message(both)).to.contain(` ${held('v1')}, ${lacking}.`);
      expect(cloud.message(only)).to.not.contain(lacking);
    });

    it('names the first of many', () => {
      const cloud = new Cloud();
      cloud.has(volumes(17));
      const of = (count: number): string => {
        const elements = volumes(count).map(({ id }) => id);
        const id = cloud.reserve({ ...WINDOW, demand: { capacity: {}, elements } });
        const message = cloud.message(id);
        cloud.do('cancelReservation', { id });
        return message;
      };
      expect(of(16).match(/the volume/g)).to.have.length(16);
      expect(of(16)).to.match(/'\.$/).and.not.contain('more');
      expect(of(17).match(/the volume/g)).to.have.length(16);
      expect(of(17)).to.match(/', and 1 more\.$/);
    });
  });
});
