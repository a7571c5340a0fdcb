import type { Clock } from '../engine/clock.ts';
import { RpcError } from '../yang/rpc-error.ts';
import type { Transport } from './context.ts';

/** Why a session ended (RFC 6470 §2.2, leaf termination-reason). */
export type SessionEndReason = 'closed' | 'killed' | 'dropped' | 'timeout' | 'bad-hello' | 'other';

/** Counters of RFC 6022 §2.1.5, of one session or of all. */
export interface SessionCounters {
  inRpcs: number;
  inBadRpcs: number;
  outRpcErrors: number;
  outNotifications: number;
}

export interface SessionDetails {
  readonly user: string;
  readonly transport: Transport;
  /** The peer's address, without port. */
  readonly peer?: string;
  /** Ends the transport at once, with nothing more than was sent already; called when another session kills this one. */
  readonly kill: () => void;
}

/** An open NETCONF session. The protocol server counts; everybody else reads. */
export interface Session {
  /** From 1 up, never used twice by one process (RFC 6241 §8.1). */
  readonly id: number;
  readonly user: string;
  readonly transport: Transport;
  readonly peer?: string;
  /** Epoch milliseconds. */
  readonly loginTime: number;
  /** Count with {@link SessionRegistry.count}, which keeps the totals too. */
  readonly counters: Readonly<SessionCounters>;
  /** Ends the session for every owner of its state: locks, subscriptions. Only the first call counts. */
  close(reason: SessionEndReason): void;
}

export interface SessionEnd {
  readonly session: Session;
  readonly reason: SessionEndReason;
  /** The session that killed it; absent unless `reason` is `killed`, and when not a NETCONF session did it. */
  readonly killedBy?: number;
}

/** Told of sessions as they come and go; must not throw. */
export interface SessionListener {
  started?(session: Session): void;
  ended?(end: SessionEnd): void;
}

/** Totals since the start of the server (RFC 6022 §2.1.5). */
export interface SessionStatistics extends SessionCounters {
  /** Epoch milliseconds. */
  readonly startTime: number;
  inBadHellos: number;
  inSessions: number;
  droppedSessions: number;
}

/** The open sessions: their ids, their end, their counters. */
export class SessionRegistry {
  readonly #clock: Clock;
  readonly #sessions = new Map<number, Session & { readonly counters: SessionCounters; readonly kill: () => void }>();
  readonly #listeners: SessionListener[] = [];
  readonly #statistics: SessionStatistics;
  #lastId = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#statistics = {
      startTime: clock.now(),
      inBadHellos: 0,
      inSessions: 0,
      droppedSessions: 0,
      inRpcs: 0,
      inBadRpcs: 0,
      outRpcErrors: 0,
      outNotifications: 0,
    };
  }

  /** Opens a session; the server's hello carries its id. */
  open(details: SessionDetails): Session {
    const id = ++this.#lastId;
    const { user, transport, peer, kill } = details;
    const session = {
      id,
      user,
      transport,
      ...(peer === undefined ? {} : { peer }),
      loginTime: this.#clock.now(),
      counters: { inRpcs: 0, inBadRpcs: 0, outRpcErrors: 0, outNotifications: 0 },
      kill,
      close: (reason: SessionEndReason): void => this.#end(id, reason, undefined),
    };
    this.#sessions.set(id, session);
    this.#statistics.inSessions++;
    for (const listener of [...this.#listeners]) listener.started?.(session);
    return session;
  }

  /**
   * Kills another session (RFC 6241 §7.9): its state is released, then its transport ended.
   * @param by the session that asks; undefined for a client without one
   * @throws RpcError invalid-value for an id that is not open, or one's own
   */
  kill(id: number, by: number | undefined): void {
    if (id === by) {
      throw RpcError.invalidValue('A session cannot kill itself: use close-session.', { type: 'protocol' });
    }
    const session = this.#sessions.get(id);
    if (session === undefined) {
      throw RpcError.invalidValue(`There is no session ${id}; netconf-state/sessions lists the open ones.`, {
        type: 'protocol',
      });
    }
    this.#end(id, 'killed', by);
    session.kill();
  }

  get(id: number): Session | undefined {
    return this.#sessions.get(id);
  }

  /** The open sessions, oldest first. */
  list(): readonly Session[] {
    return [...this.#sessions.values()];
  }

  /** Adds one to a counter of an open session and to its total. */
  count(id: number, counter: keyof SessionCounters): void {
    this.#statistics[counter]++;
    const session = this.#sessions.get(id);
    if (session !== undefined) session.counters[counter]++;
  }

  /** A hello that could not be accepted (RFC 6022 §2.1.5, in-bad-hellos). */
  countBadHello(): void {
    this.#statistics.inBadHellos++;
  }

  get statistics(): Readonly<SessionStatistics> {
    return this.#statistics;
  }

  listen(listener: SessionListener): void {
    this.#listeners.push(listener);
  }

  #end(id: number, reason: SessionEndReason, killedBy: number | undefined): void {
    const session = this.#sessions.get(id);
    if (session === undefined) return;
    this.#sessions.delete(id);
    if (reason === 'dropped' || reason === 'timeout') this.#statistics.droppedSessions++;
    const end: SessionEnd = { session, reason, ...(killedBy === undefined ? {} : { killedBy }) };
    for (const listener of [...this.#listeners]) listener.ended?.(end);
  }
}
