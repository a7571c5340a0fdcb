/** What the engine throws, as errors that clients understand. */
import { InvalidConfiguration, InvalidRequest, OwnedByOther, UnknownEntry } from '../../engine/requests.ts';
import type { ConfigRefusal } from '../../engine/configuration-change.ts';
import { paths } from '../../generated/opnfv-promise.ts';
import { formatPath } from '../../yang/instance-path.ts';
import { RpcError } from '../../yang/rpc-error.ts';

const OWNED_PATHS = {
  provider: paths['/opnfv-promise:promise/providers/provider'],
  pool: paths['/opnfv-promise:promise/pools/pool'],
  reservation: paths['/opnfv-promise:promise/reservations/reservation'],
  maintenance: paths['/opnfv-promise:promise/policy/maintenance'],
} as const satisfies Record<ConfigRefusal['entry'], unknown>;

/** The path of a provider, pool, reservation or time out of service in the datastore. */
export function entryPath(entry: ConfigRefusal['entry'], id: string): string {
  return formatPath(OWNED_PATHS[entry](id));
}

/**
 * An error of the engine as an RpcError; anything else as it is.
 * @param path of what was asked, to which the engine's field is relative
 */
export function asRpcError(error: unknown, path: string): unknown {
  if (error instanceof UnknownEntry) {
    return RpcError.invalidValue(error.message, { path: `${path}/${error.field}`, appTag: `unknown-${error.entry}` });
  }
  if (error instanceof InvalidConfiguration) {
    return RpcError.invalidValue(error.message, { path: `${entryPath(error.entry, error.id)}/${error.field}` });
  }
  if (error instanceof InvalidRequest) return RpcError.invalidValue(error.message, { path: `${path}/${error.field}` });
  return error instanceof OwnedByOther ? ownedError(error) : error;
}

export function ownedError({ entry, id, owner, message }: OwnedByOther): RpcError {
  return RpcError.resourceDenied(message, { appTag: `owned-by-${owner}`, path: entryPath(entry, id) });
}

/** The path by which errors name the input of an RPC. */
export function inputPath(module: string): string {
  return `/${module}:input`;
}

/** The handlers with what the engine throws translated; the input's leafs are named by path, `/module:input/leaf` (RFC 8040 §3.6.3). */
export function translatingErrors<Handlers extends object>(module: string, handlers: Handlers): Handlers {
  const path = inputPath(module);
  const translated = Object.entries(handlers).map(([name, handler]) => [
    name,
    async (...args: readonly unknown[]): Promise<unknown> => {
      try {
        // Cast: the values of handlers are functions.
        return await (handler as (...args: readonly unknown[]) => unknown)(...args);
      } catch (error) {
        throw asRpcError(error, path);
      }
    },
  ]);
  // Cast: each handler has been wrapped in one that takes and returns the same.
  return Object.fromEntries(translated) as Handlers;
}
