import { expect } from 'chai';
import { RESERVATION_TRANSITIONS, next, takesOver } from '../../../src/engine/lifecycle.ts';

describe('life cycles', () => {
  it('lead nowhere from a final status, and always to an end from the others', () => {
    const final = Object.entries(RESERVATION_TRANSITIONS).filter(
      ([, transitions]) => Object.keys(transitions).length === 0,
    );
    expect(final.map(([status]) => status)).to.have.members([
      'rejected',
      'ended',
      'expired',
      'cancelled',
      'preempted',
      'failed',
    ]);
    for (const status of ['pending', 'scheduled', 'active', 'degraded'] as const) {
      expect(next(status, 'cancel'), status).to.equal('cancelled');
      expect(next(status, 'end'), status).to.be.oneOf(['ended', 'rejected']);
    }
  });

  it('restore a degraded reservation to where its window is', () => {
    expect([next('degraded', 'restore'), next('degraded', 'restore-now')]).to.deep.equal(['scheduled', 'active']);
    expect(next('degraded', 'start')).to.equal(undefined);
  });

  it('keep a machine that is being deleted so, whatever late reports say, unless the deletion failed', () => {
    expect(takesOver('DELETING', 'ACTIVE')).to.equal(false);
    expect(takesOver('DELETING', 'ERROR')).to.equal(true);
    expect(takesOver('BUILD', 'ACTIVE')).to.equal(true);
    expect(takesOver('ACTIVE', 'ACTIVE')).to.equal(false);
    expect(takesOver('ACTIVE', 'INITIALIZED')).to.equal(false);
    expect(takesOver('INITIALIZED', 'BUILD')).to.equal(true);
    expect(takesOver('ACTIVE', 'BUILD'), 'a sweep that was overtaken by an event').to.equal(false);
  });
});
