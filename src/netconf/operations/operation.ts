import type { Agent } from '../../agent/agent.ts';
import type { RequestContext } from '../../agent/context.ts';
import type { XmlElement } from '../../yang/xml.ts';

/** What the protocol server needs of the agent. */
export type ServedAgent = Pick<
  Agent,
  | 'yang'
  | 'get'
  | 'whenDurable'
  | 'edit'
  | 'lock'
  | 'unlock'
  | 'killSession'
  | 'request'
  | 'isDecision'
  | 'invokeAction'
> & {
  readonly sessions: Pick<Agent['sessions'], 'open' | 'count' | 'countBadHello'>;
  readonly streams: Pick<Agent['streams'], 'subscribe'>;
};

/** A request as an operation gets it: who asks, and the operation's element within the message. */
export interface OperationRequest {
  readonly agent: ServedAgent;
  readonly context: SessionContext;
  readonly element: XmlElement;
}

/** The context of a request that came in a session: everything that is optional elsewhere is there. */
export type SessionContext = RequestContext & Required<Pick<RequestContext, 'sessionId' | 'receiver' | 'afterReply'>>;

export interface OperationResult {
  /** The children of `<rpc-reply>`, made as they are sent; none stand for `<ok/>`. */
  readonly content: Iterable<string>;
  /** To be awaited before what was made of the content is sent: it shows state that may not be durable yet. */
  readonly whenDurable?: () => Promise<void>;
  /** Ends the session after the reply (close-session). */
  readonly closesSession?: boolean;
}

/** @throws RpcError or RpcErrors, which become the reply */
export type Operation = (request: OperationRequest) => OperationResult | Promise<OperationResult>;

/** `<ok/>` */
export const DONE: OperationResult = { content: [] };
