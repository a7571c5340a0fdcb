import { expect } from 'chai';
import { Locks } from '../../../src/agent/locks.ts';
import { SessionRegistry } from '../../../src/agent/sessions.ts';
import type { Session, SessionEnd } from '../../../src/agent/sessions.ts';
import { ManualClock } from '../../../src/engine/clock.ts';
import { contextOf, errorOf, START } from './stream-fixture.ts';

describe('sessions', () => {
  const clock = new ManualClock(START);
  let sessions: SessionRegistry;
  let killed: string[];
  const open = (user: string): Session =>
    sessions.open({ user, transport: 'netconf-ssh', peer: '192.0.2.1', kill: () => killed.push(user) });
  beforeEach(() => {
    sessions = new SessionRegistry(clock);
    killed = [];
  });

  it('have ids from 1 that are not used again', () => {
    expect(open('ann').id).to.equal(1);
    sessions.get(1)?.close('closed');
    expect(open('bob').id).to.equal(2);
    expect(sessions.list().map(({ user }) => user)).to.deep.equal(['bob']);
  });

  it('end once, whatever ends them first', () => {
    const ends: SessionEnd[] = [];
    sessions.listen({ ended: (end) => ends.push(end) });
    const session = open('ann');
    const { id } = open('bob');
    sessions.kill(session.id, id);
    session.close('dropped');
    expect(ends.map(({ reason, killedBy }) => [reason, killedBy])).to.deep.equal([['killed', id]]);
    expect(killed).to.deep.equal(['ann']);
    expect(sessions.statistics.droppedSessions).to.equal(0);
  });

  it('cannot kill themselves, nor what is not there', () => {
    const { id } = open('ann');
    for (const target of [id, 99]) expect(errorOf(() => sessions.kill(target, id)).tag).to.equal('invalid-value');
    expect(sessions.get(id)).to.not.equal(undefined);
  });

  it('count for themselves and for the whole server', () => {
    const session = open('ann');
    sessions.count(session.id, 'inRpcs');
    sessions.count(open('bob').id, 'inRpcs');
    open('eve').close('timeout');
    sessions.countBadHello();
    expect(session.counters.inRpcs).to.equal(1);
    expect(sessions.statistics).to.include({ inRpcs: 2, inSessions: 3, droppedSessions: 1, inBadHellos: 1 });
  });
});

describe('locks', () => {
  const clock = new ManualClock(START);
  const sessions = new SessionRegistry(clock);
  const open = () => sessions.open({ user: 'ann', transport: 'netconf-ssh', kill: () => undefined });
  let locks: Locks;
  beforeEach(() => {
    locks = new Locks(clock, sessions);
  });

  it('shut out every other session and every request without one', () => {
    const { id } = open();
    locks.lock(contextOf('ann', id), 'running');
    locks.checkWritable(contextOf('ann', id), 'running');
    for (const other of [contextOf('ann', open().id), contextOf('ann')]) {
      expect(errorOf(() => locks.checkWritable(other, 'running')).tag).to.equal('in-use');
    }
  });

  it('are denied while held, naming the holder, to the holder too', () => {
    const { id } = open();
    locks.lock(contextOf('ann', id), 'running');
    for (const asking of [id, open().id]) {
      const error = errorOf(() => locks.lock(contextOf('ann', asking), 'running'));
      expect([error.tag, error.info?.sessionId]).to.deep.equal(['lock-denied', id]);
    }
  });

  it('are released by their holder alone', () => {
    const { id } = open();
    expect(errorOf(() => locks.unlock(contextOf('ann', id), 'running')).tag).to.equal('operation-failed');
    locks.lock(contextOf('ann', id), 'running');
    expect(errorOf(() => locks.unlock(contextOf('ann', open().id), 'running')).tag).to.equal('operation-failed');
    locks.unlock(contextOf('ann', id), 'running');
    expect(locks.get('running')).to.equal(undefined);
  });

  for (const ending of ['close', 'drop', 'kill'] as const) {
    it(`end with their session: ${ending}`, () => {
      const session = open();
      locks.lock(contextOf('ann', session.id), 'running');
      if (ending === 'kill') sessions.kill(session.id, undefined);
      else session.close(ending === 'close' ? 'closed' : 'dropped');
      locks.lock(contextOf('ann', open().id), 'running');
    });
  }

  it('need a session', () => {
    expect(errorOf(() => locks.lock(contextOf('ann'), 'running')).tag).to.equal('operation-not-supported');
  });
});
