import type { XmlElement } from '../yang/xml.ts';
import type { NotificationReceiver } from './streams.ts';

export type Transport = 'netconf-ssh' | 'restconf-https' | 'restconf-http' | 'local';

/** Who asks, over what, and how the answer's surroundings reach back; one per request. */
export interface RequestContext {
  /** The authenticated user's name (RFC 6241 §2.2, RFC 8040 §2.5). */
  readonly user: string;
  readonly transport: Transport;
  /** The NETCONF session-id; absent for a request that belongs to no session. */
  readonly sessionId?: number;
  /** The peer's address, without port. */
  readonly peer?: string;
  /** Aborted when the client is gone. A decision that was taken stays taken. */
  readonly signal: AbortSignal;
  /**
   * Where notifications for this client go: the NETCONF session. Absent where a subscription's notifications are fetched by a
   * request of their own (RFC 8650), which calls {@link Streams.attach}.
   */
  readonly receiver?: NotificationReceiver;
  /**
   * Runs `run` once the reply to this request has been handed to the transport, so that no notification overtakes it
   * (RFC 5277 §2.1.1, RFC 8639 §2.4.2). A transport with a `receiver` has this too.
   */
  readonly afterReply?: (run: () => void) => void;
  /**
   * The operation's element (NETCONF) or `<input>` (RESTCONF) as it came in XML: filters are anyxml and anydata, whose namespaces and
   * attributes instance data cannot hold, so the subscription operations read them here.
   */
  readonly operationElement?: XmlElement;
}
