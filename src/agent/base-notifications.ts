/** The events that a server gives about itself (RFC 6470), for the event log. */
import { isIP } from 'node:net';
import type { EventInput } from '../store/store.ts';
import type { Change } from '../yang/edit.ts';
import { formatPath } from '../yang/instance-path.ts';
import type { SchemaTree } from '../yang/schema-tree.ts';
import type { RequestContext } from './context.ts';
import type { Session, SessionEnd } from './sessions.ts';

const MODULE = 'ietf-netconf-notifications';

/** The most edits that a netconf-config-change lists; beyond that it lists none, which says "not known" (RFC 6470 §2.2). */
const MOST_EDITS = 50;

const OPERATIONS: Readonly<Record<Change['kind'], string>> = {
  created: 'create',
  deleted: 'delete',
  modified: 'merge',
  moved: 'merge',
};

/**
 * netconf-config-change for an edit, or undefined when its module is not served. It goes into the edit's own commit: a second one would
 * cost more, and could be lost.
 */
export function configChangeEvent(
  schema: SchemaTree,
  context: RequestContext,
  changes: readonly Change[],
  time: number,
): EventInput | undefined {
  if (schema.notification(MODULE, 'netconf-config-change') === undefined) return undefined;
  const edits =
    changes.length > MOST_EDITS
      ? []
      : changes.map(({ path, kind }) => ({ target: formatPath(path), operation: OPERATIONS[kind] }));
  const content = {
    'changed-by': session(context.user, context.sessionId, context.peer),
    datastore: 'running',
    ...(edits.length === 0 ? {} : { edit: edits }),
  };
  return { time, module: MODULE, name: 'netconf-config-change', content };
}

export function sessionStartEvent(schema: SchemaTree, opened: Session): EventInput | undefined {
  if (schema.notification(MODULE, 'netconf-session-start') === undefined) return undefined;
  const content = session(opened.user, opened.id, opened.peer);
  return { time: opened.loginTime, module: MODULE, name: 'netconf-session-start', content };
}

export function sessionEndEvent(schema: SchemaTree, end: SessionEnd, time: number): EventInput | undefined {
  if (schema.notification(MODULE, 'netconf-session-end') === undefined) return undefined;
  const content = {
    ...session(end.session.user, end.session.id, end.session.peer),
    ...(end.killedBy === undefined ? {} : { 'killed-by': end.killedBy }),
    'termination-reason': end.reason,
  };
  return { time, module: MODULE, name: 'netconf-session-end', content };
}

/** common-session-parms; session-id 0 stands for what is not a NETCONF session. */
function session(user: string, id: number | undefined, peer: string | undefined): Record<string, string | number> {
  return {
    username: user,
    'session-id': id ?? 0,
    ...(peer !== undefined && isIP(peer) !== 0 ? { 'source-host': peer } : {}),
  };
}
