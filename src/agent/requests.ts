import type { EditTree } from '../yang/edit.ts';
import type { InstancePath } from '../yang/instance-path.ts';
import type { RpcError } from '../yang/rpc-error.ts';
import type { XmlElement } from '../yang/xml.ts';

/** Datastores that can be read (RFC 8342); `operational` is configuration in use together with state. */
export type ReadableDatastore = 'running' | 'operational';

/** Datastores that can be edited and locked. */
export type WritableDatastore = 'running';

/** Which nodes a read keeps (RFC 8040 §4.8.1). */
export type ContentSelection = 'config' | 'nonconfig' | 'all';

/** RFC 6243 §3. */
export type WithDefaults = 'report-all' | 'trim' | 'explicit' | 'report-all-tagged';

/**
 * A filter on data or on notifications.
 * - `subtree`: the element whose children are the filter's containment, selection and match nodes (RFC 6241 §6)
 * - `xpath`: an XPath 1.0 expression; `namespaces` maps its prefixes to namespace URIs (RFC 6241 §8.9.5.1)
 */
export type Filter =
  | { readonly type: 'subtree'; readonly element: XmlElement }
  | {
      readonly type: 'xpath';
      readonly expression: string;
      readonly namespaces: Readonly<Record<string, string>>;
    };

/** A read of a datastore. All members narrow the result together. */
export interface GetRequest {
  readonly datastore: ReadableDatastore;
  /** Default `all`. */
  readonly content?: ContentSelection;
  /** Only this data resource and what is below it; absent for the datastore. */
  readonly target?: InstancePath;
  readonly filter?: Filter;
  /** A fields expression relative to the target (RFC 8040 §4.8.3). */
  readonly fields?: string;
  /** Levels below and including the target, at least 1 (RFC 8040 §4.8.2); absent for no limit. */
  readonly depth?: number;
  /** Default `explicit`: what was set by clients (RFC 6243 §3.3). */
  readonly withDefaults?: WithDefaults;
}

/** The revision of configuration, for ETag and Last-Modified (RFC 8040 §3.4.1 and §3.5.1). */
export interface Revision {
  /** Opaque, without quotes. */
  readonly etag: string;
  /** Epoch milliseconds. */
  readonly lastModified: number;
}

/** What a precondition is checked against: the target resource as it is when the edit's turn has come. */
export interface CurrentResource {
  /** Whether the target exists in the configuration. */
  readonly exists: boolean;
  /**
   * The target is there for what is to be put into it, whether it holds anything or not: a container without presence whose
   * parent exists (RFC 7950 §7.5.1).
   */
  readonly implicit: boolean;
  /** What the target belongs to that is no configuration, such as an entry that an RPC made; absent when nothing does. */
  readonly madeOtherwise?: RpcError;
  /** Of the target, or, if it does not exist, of the nearest ancestor that does. */
  readonly revision: Revision;
}

/** An edit of a configuration datastore. */
export interface EditRequest {
  readonly datastore: WritableDatastore;
  readonly edit: EditTree;
  /** The resource that `precondition` and the outcome speak of; the datastore if absent. */
  readonly target?: InstancePath;
  /**
   * `stop-on-error` (default) and `rollback-on-error`: all or nothing. `continue-on-error`: each list entry for itself, and
   * the errors together (RFC 6241 §7.2).
   */
  readonly errorOption?: 'stop-on-error' | 'continue-on-error' | 'rollback-on-error';
  /**
   * `test-only` checks and refuses as the edit would, and changes nothing. Running is valid at all times (RFC 7950 §8.3),
   * so `set` is validated too.
   */
  readonly testOption?: 'test-then-set' | 'set' | 'test-only';
  /**
   * Runs inside the transaction, before anything else is looked at; what it throws is the answer (If-Match and the like,
   * RFC 8040 §3.4.1). It is handed the state that the edit will be applied to.
   */
  readonly precondition?: (current: CurrentResource) => void;
}

export interface EditOutcome extends Revision {
  /** The target did not exist before and does now. */
  readonly created: boolean;
  /** Whether the configuration differs from what it was. */
  readonly changed: boolean;
}
