import type { Data } from '../yang/data.ts';
import type { InstancePath } from '../yang/instance-path.ts';
import type { RequestContext } from './context.ts';
import type { EditOutcome, EditRequest, ReadableDatastore, Revision, WritableDatastore } from './requests.ts';

/** Who holds a datastore's lock (RFC 6241 §7.5). */
export interface DatastoreLock {
  readonly sessionId: number;
  readonly user: string;
  /** Epoch milliseconds. */
  readonly since: number;
}

/** The datastores as the agent uses them. */
export interface Datastores {
  /** The durable running configuration. */
  running(): Promise<Data>;
  /** The datastore's whole tree, unpruned, providers' Entries lazy. */
  read(context: RequestContext, datastore: ReadableDatastore): Promise<Data>;
  edit(context: RequestContext, request: EditRequest): Promise<EditOutcome>;
  lock(context: RequestContext, datastore: WritableDatastore): void;
  unlock(context: RequestContext, datastore: WritableDatastore): void;
  lockOf(datastore: WritableDatastore): DatastoreLock | undefined;
  revision(datastore: WritableDatastore, path?: InstancePath): Revision;
}
