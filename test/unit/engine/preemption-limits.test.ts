/** How far the search for those who give way goes, among more than it looks at. */
import { expect } from 'chai';
import { HIGH, LOW, NORMAL } from '../../../src/engine/entities.ts';
import { DISPLACEMENT_STEPS } from '../../../src/engine/preemption.ts';
import { HOUR, NOW } from './engine-fixture.ts';
import { Lab } from './preemption-lab.ts';

describe('pre-emption by priority, among many', () => {
  it('looks at no more than its steps, and says so', () => {
    const lab = new Lab('priority', DISPLACEMENT_STEPS + 2);
    lab.checked = false;
    for (let count = 0; count < DISPLACEMENT_STEPS + 2; count++) lab.grant(1, LOW, 10);
    lab.checked = true;
    const all = lab.ask(DISPLACEMENT_STEPS + 2, HIGH, 10);
    expect(all.outcome === 'refused' && all.refusal.searchComplete).to.equal(false);
    const some = lab.ask(3, HIGH, 10);
    expect(some.outcome === 'granted' && some.displaced?.reservations.length).to.equal(3);
    expect(some.outcome === 'granted' && some.displaced?.complete).to.equal(false);
  });
});

describe('machines without a reservation, among many', () => {
  it('look at no more than the steps, and say so', () => {
    const lab = new Lab('priority', DISPLACEMENT_STEPS + 4);
    lab.checked = false;
    lab.grant(4, HIGH, 1);
    for (let each = 0; each < DISPLACEMENT_STEPS; each++) lab.grant(1, each === 0 ? HIGH : LOW, 1);
    const extra = lab.do('createReservation', {
      start: NOW + HOUR,
      end: NOW + 2 * HOUR,
      priority: LOW,
      demand: { capacity: { cores: 0, ram: 1 } },
    });
    expect(extra.outcome).to.equal('granted');
    const result = lab.do('createInstance', { name: 'vm', image: 'cirros', flavor: 'large', priority: NORMAL });
    if (result.outcome === 'refused') throw new Error(result.refusal.message);
    expect(result.displaced?.complete).to.equal(false);
    expect(result.displaced?.reservations).to.have.length(4);
  });
});
