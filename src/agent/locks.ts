import type { Clock } from '../engine/clock.ts';
import { RpcError } from '../yang/rpc-error.ts';
import type { RequestContext } from './context.ts';
import type { DatastoreLock } from './datastores.ts';
import type { WritableDatastore } from './requests.ts';
import type { SessionRegistry } from './sessions.ts';

/** Global locks of datastores (RFC 6241 §7.5), released when their session ends. */
export class Locks {
  readonly #clock: Clock;
  readonly #locks = new Map<WritableDatastore, DatastoreLock>();

  constructor(clock: Clock, sessions: SessionRegistry) {
    this.#clock = clock;
    sessions.listen({ ended: ({ session }) => this.#release(session.id) });
  }

  get(datastore: WritableDatastore): DatastoreLock | undefined {
    return this.#locks.get(datastore);
  }

  /** @throws RpcError lock-denied, also to the holder (RFC 6241 §7.5); operation-not-supported without a session */
  lock(context: RequestContext, datastore: WritableDatastore): void {
    const held = this.#locks.get(datastore);
    if (held !== undefined) {
      throw RpcError.lockDenied(
        held.sessionId,
        `The ${datastore} datastore is locked by session ${held.sessionId} (user ${held.user}); it can be locked again when that session unlocks it or ends.`,
      );
    }
    const { sessionId, user } = context;
    if (sessionId === undefined) {
      throw RpcError.notSupported('A lock belongs to a NETCONF session, and this request has none.');
    }
    this.#locks.set(datastore, { sessionId, user, since: this.#clock.now() });
  }

  /** @throws RpcError operation-failed when this session does not hold the lock */
  unlock(context: RequestContext, datastore: WritableDatastore): void {
    const held = this.#locks.get(datastore);
    if (held === undefined) {
      throw RpcError.operationFailed(`The ${datastore} datastore is not locked.`, { type: 'protocol' });
    }
    if (held.sessionId !== context.sessionId) {
      throw RpcError.operationFailed(
        `The lock of the ${datastore} datastore is held by session ${held.sessionId}; only that session can release it.`,
        { type: 'protocol' },
      );
    }
    this.#locks.delete(datastore);
  }

  /** @throws RpcError in-use when another session holds the lock; a request without a session never holds one (RFC 8040 §1.4) */
  checkWritable(context: RequestContext, datastore: WritableDatastore): void {
    const held = this.#locks.get(datastore);
    if (held === undefined || held.sessionId === context.sessionId) return;
    throw RpcError.inUse(
      `The ${datastore} datastore is locked by session ${held.sessionId} (user ${held.user}); try again when it has been unlocked.`,
    );
  }

  #release(sessionId: number): void {
    for (const [datastore, held] of this.#locks) if (held.sessionId === sessionId) this.#locks.delete(datastore);
  }
}
