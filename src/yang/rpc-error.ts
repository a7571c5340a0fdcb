import type { Data } from './data.ts';

/** The layer an error arose in (RFC 6241 §4.3). */
export type ErrorType = 'transport' | 'rpc' | 'protocol' | 'application';

/** Every error-tag of RFC 6241 appendix A. */
export type ErrorTag =
  | 'in-use'
  | 'invalid-value'
  | 'too-big'
  | 'missing-attribute'
  | 'bad-attribute'
  | 'unknown-attribute'
  | 'missing-element'
  | 'bad-element'
  | 'unknown-element'
  | 'unknown-namespace'
  | 'access-denied'
  | 'lock-denied'
  | 'resource-denied'
  | 'rollback-failed'
  | 'data-exists'
  | 'data-missing'
  | 'operation-not-supported'
  | 'operation-failed'
  | 'partial-operation'
  | 'malformed-message';

/**
 * What error-info holds: the children that RFC 6241 appendix A requires of a tag, and structured data of a module
 * (`sx:structure` content, RFC 7951 member names).
 */
export interface ErrorInfo {
  readonly badElement?: string;
  readonly badAttribute?: string;
  readonly badNamespace?: string;
  /** Name of a mandatory choice of which there is nothing (RFC 7950 §15.6). */
  readonly missingChoice?: string;
  /** The session that holds the lock; 0 for one that is not a NETCONF session. */
  readonly sessionId?: number;
  readonly structure?: Data;
}

export interface RpcErrorFields {
  readonly type: ErrorType;
  readonly tag: ErrorTag;
  readonly message: string;
  readonly severity?: 'error' | 'warning';
  readonly appTag?: string;
  /** Instance path in its RFC 7951 form, e.g. `/opnfv-promise:promise/pools/pool[id='p1']`; renderers translate it. */
  readonly path?: string;
  readonly info?: ErrorInfo;
  readonly cause?: unknown;
}

/**
 * The one error that protocol servers render: an `<rpc-error>` (RFC 6241 §4.3) or an entry of `ietf-restconf:errors`
 * (RFC 8040 §7.1). Several at once are an {@link RpcErrors}.
 */
export class RpcError extends Error {
  readonly type: ErrorType;
  readonly tag: ErrorTag;
  readonly severity: 'error' | 'warning';
  readonly appTag: string | undefined;
  readonly path: string | undefined;
  readonly info: ErrorInfo | undefined;

  constructor(fields: RpcErrorFields) {
    super(fields.message, fields.cause === undefined ? undefined : { cause: fields.cause });
    this.name = 'RpcError';
    this.type = fields.type;
    this.tag = fields.tag;
    this.severity = fields.severity ?? 'error';
    this.appTag = fields.appTag;
    this.path = fields.path;
    this.info = fields.info;
  }

  /**
   * Whatever was thrown, as errors that may be shown to a client. A bug becomes `operation-failed` with a fixed
   * message, so that nothing internal leaks; the cause is kept for the log.
   */
  static from(thrown: unknown): readonly RpcError[] {
    if (thrown instanceof RpcErrors) return thrown.errors;
    if (thrown instanceof RpcError) return [thrown];
    return [
      new RpcError({
        type: 'application',
        tag: 'operation-failed',
        message: 'The server failed to carry out the operation; its log has the reason.',
        cause: thrown,
      }),
    ];
  }

  static invalidValue(message: string, more: Partial<RpcErrorFields> = {}): RpcError {
    return new RpcError({ type: 'application', tag: 'invalid-value', message, ...more });
  }

  static missingElement(element: string, message: string, more: Partial<RpcErrorFields> = {}): RpcError {
    return new RpcError({
      type: 'application',
      tag: 'missing-element',
      message,
      info: { badElement: element },
      ...more,
    });
  }

  static badElement(element: string, message: string, more: Partial<RpcErrorFields> = {}): RpcError {
    return new RpcError({ type: 'application', tag: 'bad-element', message, info: { badElement: element }, ...more });
  }

  static unknownElement(element: string, message: string, more: Partial<RpcErrorFields> = {}): RpcError {
    return new RpcError({
      type: 'application',
      tag: 'unknown-element',
      message,
      info: { badElement: element },
      ...more,
    });
  }

  static unknownNamespace(
    element: string,
    namespace: string,
    message: string,
    more: Partial<RpcErrorFields> = {},
  ): RpcError {
    const info = { badElement: element, badNamespace: namespace };
    return new RpcError({ type: 'application', tag: 'unknown-namespace', message, info, ...more });
  }

  static missingAttribute(
    element: string,
    attribute: string,
    message: string,
    more: Partial<RpcErrorFields> = {},
  ): RpcError {
    const info = { badElement: element, badAttribute: attribute };
    return new RpcError({ type: 'rpc', tag: 'missing-attribute', message, info, ...more });
  }

  static badAttribute(
    element: string,
    attribute: string,
    message: string,
    more: Partial<RpcErrorFields> = {},
  ): RpcError {
    const info = { badElement: element, badAttribute: attribute };
    return new RpcError({ type: 'rpc', tag: 'bad-attribute', message, info, ...more });
  }

  static accessDenied(message: string, more: Partial<RpcErrorFields> = {}): RpcError {
    return new RpcError({ type: 'protocol', tag: 'access-denied', message, ...more });
  }

  /** @param sessionId the session that holds the lock, 0 if it is not a NETCONF session */
  static lockDenied(sessionId: number, message: string, more: Partial<RpcErrorFields> = {}): RpcError {
    return new RpcError({ type: 'protocol', tag: 'lock-denied', message, info: { sessionId }, ...more });
  }

  static inUse(message: string, more: Partial<RpcErrorFields> = {}): RpcError {
    return new RpcError({ type: 'protocol', tag: 'in-use', message, ...more });
  }

  static resourceDenied(message: string, more: Partial<RpcErrorFields> = {}): RpcError {
    return new RpcError({ type: 'application', tag: 'resource-denied', message, ...more });
  }

  static dataExists(message: string, more: Partial<RpcErrorFields> = {}): RpcError {
    return new RpcError({ type: 'application', tag: 'data-exists', message, ...more });
  }

  static dataMissing(message: string, more: Partial<RpcErrorFields> = {}): RpcError {
    return new RpcError({ type: 'application', tag: 'data-missing', message, ...more });
  }

  static notSupported(message: string, more: Partial<RpcErrorFields> = {}): RpcError {
    return new RpcError({ type: 'protocol', tag: 'operation-not-supported', message, ...more });
  }

  static operationFailed(message: string, more: Partial<RpcErrorFields> = {}): RpcError {
    return new RpcError({ type: 'application', tag: 'operation-failed', message, ...more });
  }

  static malformedMessage(message: string, more: Partial<RpcErrorFields> = {}): RpcError {
    return new RpcError({ type: 'rpc', tag: 'malformed-message', message, ...more });
  }

  static tooBig(message: string, more: Partial<RpcErrorFields> = {}): RpcError {
    return new RpcError({ type: 'protocol', tag: 'too-big', message, ...more });
  }
}

/** Several errors of one request, in document order; never empty. */
export class RpcErrors extends Error {
  readonly errors: readonly [RpcError, ...RpcError[]];

  constructor(errors: readonly [RpcError, ...RpcError[]]) {
    super(errors.map((error) => error.message).join('\n'));
    this.name = 'RpcErrors';
    this.errors = errors;
  }
}
