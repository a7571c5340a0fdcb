import { expect } from 'chai';
import type { ReservationStatus, VmState } from '../../../src/engine/entities.ts';
import { RESERVATION_TRANSITIONS, next, takesOver } from '../../../src/engine/lifecycle.ts';
import type { ReservationTrigger } from '../../../src/engine/lifecycle.ts';

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

  it('lead by each trigger to its status, wherever it means something', () => {
    const leads: readonly (readonly [ReservationTrigger, ReservationStatus, readonly ReservationStatus[]])[] = [
      ['grant', 'scheduled', ['pending']],
      ['grant-now', 'active', ['pending']],
      ['reject', 'rejected', ['pending']],
      ['start', 'active', ['scheduled']],
      ['end', 'ended', ['scheduled', 'active', 'degraded']],
      ['expire', 'expired', ['scheduled', 'active', 'degraded']],
      ['cancel', 'cancelled', ['pending', 'scheduled', 'active', 'degraded']],
      ['degrade', 'degraded', ['scheduled', 'active']],
      ['restore', 'scheduled', ['degraded']],
      ['restore-now', 'active', ['degraded']],
      ['preempt', 'preempted', ['scheduled', 'active', 'degraded']],
      ['fail', 'failed', ['pending', 'scheduled', 'active', 'degraded']],
    ];
    for (const [trigger, to, from] of leads) {
      for (const status of from) expect(next(status, trigger), `${status} by ${trigger}`).to.equal(to);
    }
    expect(next('pending', 'end')).to.equal('rejected');
    expect(next('pending', 'start')).to.equal(undefined);
  });

  it('take over every state that a VIM tells of a machine', () => {
    const told: readonly VmState[] = [
      ...(['ERROR', 'UNKNOWN', 'SHUTOFF', 'PAUSED', 'SUSPENDED', 'RESCUED', 'RESIZE', 'VERIFY_RESIZE'] as const),
      ...(['MIGRATING', 'REBOOT', 'REBUILD', 'SHELVED', 'SHELVED_OFFLOADED', 'SOFT_DELETED'] as const),
    ];
    for (const state of told) expect(takesOver('ACTIVE', state), state).to.equal(true);
    for (const state of ['INITIALIZED', 'DELETING', 'DELETED'] as const)
      expect(takesOver('ACTIVE', state), state).to.equal(false);
    expect(takesOver('UNKNOWN', 'BUILD'), 'nothing was known of it').to.equal(true);
  });
});
