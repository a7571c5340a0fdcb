/** The data and the operation of ietf-netconf-monitoring (RFC 6022). */
import type { Data } from '../yang/data.ts';
import { entryKey } from '../yang/data.ts';
import { RpcError } from '../yang/rpc-error.ts';
import type { Module, SchemaTree } from '../yang/schema-tree.ts';
import type { YangContext } from '../yang/yang-context.ts';
import type { DataProvider } from './data-providers.ts';
import type { Datastores } from './datastores.ts';
import { dateAndTime } from './date-and-time.ts';
import { BuiltEntries } from './lazy-entries.ts';
import type { OperationHandler } from './operations.ts';
import type { ServerFacts } from './server-facts.ts';
import type { Session, SessionCounters, SessionRegistry } from './sessions.ts';

const MODULE = 'ietf-netconf-monitoring';

/** The formats that schemas can be had in, as identities of ietf-netconf-monitoring. */
const FORMATS = ['yang', 'yin'] as const;
type Format = (typeof FORMATS)[number];

export interface MonitoringOptions {
  readonly yang: YangContext;
  readonly sessions: SessionRegistry;
  readonly datastores: Datastores;
  readonly facts: ServerFacts;
}

/** One module or submodule, as the schemas list names it. */
interface Schema {
  readonly identifier: string;
  /** The revision date; empty when there is none. */
  readonly version: string;
  readonly namespace: string;
}

/** `netconf-state`. */
export function netconfStateProvider(options: MonitoringOptions): DataProvider {
  const schemas = schemaEntries(options.yang.schema);
  return {
    node: `${MODULE}:netconf-state`,
    read: () => ({
      capabilities: { capability: [...(options.facts.netconfCapabilities?.() ?? [])] },
      datastores: { datastore: [runningDatastore(options.datastores)] },
      schemas: { schema: schemas },
      sessions: { session: sessionEntries(options.sessions) },
      statistics: statistics(options.sessions),
    }),
  };
}

/** RFC 6022 §3.1. @throws RpcError invalid-value when there is none; operation-failed with app-tag data-not-unique for several */
export function getSchemaOperation(yang: YangContext): OperationHandler {
  const known = schemasOf(yang.schema);
  return (_context, input) => {
    const { identifier, version, format } = textMembers(input);
    const wanted = formatOf(format ?? 'yang');
    const named = known.filter((schema) => schema.identifier === identifier);
    const found = version === undefined ? named : named.filter((schema) => schema.version === version);
    const [first, ...others] = found;
    if (first === undefined) throw noSuchSchema(identifier ?? '', version ?? '', named);
    if (others.length > 0) {
      throw RpcError.operationFailed(
        `There are several revisions of ${first.identifier}: ${found.map((schema) => schema.version).join(', ')}; say which in version.`,
        { appTag: 'data-not-unique' },
      );
    }
    const text = yang.moduleText(first.identifier, first.version === '' ? undefined : first.version, wanted);
    if (text === undefined) {
      throw RpcError.invalidValue(`${first.identifier} cannot be had in the format ${wanted}.`, {
        info: { badElement: 'format' },
      });
    }
    return { data: text };
  };
}

/** All three are text, as the schema has it. */
function textMembers(input: Data): Partial<Record<'identifier' | 'version' | 'format', string>> {
  return Object.fromEntries(Object.entries(input).filter(([, value]) => typeof value === 'string'));
}

function noSuchSchema(identifier: string, version: string, named: readonly Schema[]): RpcError {
  const message =
    named.length === 0
      ? `There is no schema '${identifier}'; netconf-state/schemas lists them.`
      : `There is no revision '${version}' of ${identifier}, but ${named.map((schema) => schema.version || 'one without revision').join(', ')}.`;
  return RpcError.invalidValue(message, { info: { badElement: named.length === 0 ? 'identifier' : 'version' } });
}

function formatOf(identity: string): Format {
  const name = identity.replace(`${MODULE}:`, '');
  const format = FORMATS.find((one) => one === name);
  if (format !== undefined) return format;
  throw RpcError.invalidValue(`Schemas can be had in the formats ${FORMATS.join(' and ')}, not '${name}'.`, {
    info: { badElement: 'format' },
  });
}

function schemasOf(schema: SchemaTree): readonly Schema[] {
  return schema.modules.flatMap((module) => [
    asSchema(module, module),
    ...module.submodules.map((submodule) => asSchema(submodule, module)),
  ]);
}

function asSchema(
  { name, revision }: { readonly name: string; readonly revision?: string },
  { namespace }: Module,
): Schema {
  return { identifier: name, version: revision ?? '', namespace };
}

function schemaEntries(schema: SchemaTree): BuiltEntries<Schema & { readonly format: string }> {
  const entries = new Map<string, Schema & { readonly format: string }>();
  for (const one of schemasOf(schema)) {
    for (const name of FORMATS) {
      const format = `${MODULE}:${name}`;
      entries.set(entryKey([one.identifier, one.version, format]), { ...one, format });
    }
  }
  return new BuiltEntries(entries, ({ identifier, version, format, namespace }) => ({
    identifier,
    version,
    format,
    namespace,
    location: ['NETCONF'],
  }));
}

function runningDatastore(datastores: Datastores): Data {
  const lock = datastores.lockOf('running');
  if (lock === undefined) return { name: 'running' };
  const globalLock = { 'locked-by-session': lock.sessionId, 'locked-time': dateAndTime(lock.since) };
  return { name: 'running', locks: { 'global-lock': globalLock } };
}

function sessionEntries(sessions: SessionRegistry): BuiltEntries<Session> {
  const byId = new Map(sessions.list().map((session) => [entryKey([session.id]), session]));
  return new BuiltEntries(byId, (session) => ({
    'session-id': session.id,
    transport: `${MODULE}:netconf-ssh`,
    username: session.user,
    ...(session.peer === undefined ? {} : { 'source-host': session.peer }),
    'login-time': dateAndTime(session.loginTime),
    ...counters(session.counters),
  }));
}

function statistics({ statistics: totals }: SessionRegistry): Data {
  return {
    'netconf-start-time': dateAndTime(totals.startTime),
    'in-bad-hellos': totals.inBadHellos,
    'in-sessions': totals.inSessions,
    'dropped-sessions': totals.droppedSessions,
    ...counters(totals),
  };
}

function counters({ inRpcs, inBadRpcs, outRpcErrors, outNotifications }: Readonly<SessionCounters>): Data {
  return {
    'in-rpcs': inRpcs,
    'in-bad-rpcs': inBadRpcs,
    'out-rpc-errors': outRpcErrors,
    'out-notifications': outNotifications,
  };
}
