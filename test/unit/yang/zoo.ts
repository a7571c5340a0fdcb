/** Two modules that have something of everything, loaded into a context that the tests of a run share. */
import { fileURLToPath } from 'node:url';

import { RpcError, RpcErrors } from '../../../src/yang/rpc-error.ts';
import { YangContext } from '../../../src/yang/yang-context.ts';

const modules = fileURLToPath(new URL('modules', import.meta.url));

export function loadZoo(): YangContext {
  return YangContext.load({
    directories: [modules],
    modules: [
      { name: 'zoo', features: [] },
      { name: 'farm', features: [] },
      { name: 'ietf-netconf', features: ['*'] },
    ],
  });
}

let shared: YangContext | undefined;

/** The context that no test changes. */
export function zoo(): YangContext {
  shared ??= loadZoo();
  return shared;
}

/** What a refusal says; the first of several. */
export function refusal(run: () => unknown): RpcError {
  try {
    run();
  } catch (error) {
    if (error instanceof RpcError) return error;
    if (error instanceof RpcErrors) return error.errors[0];
    throw error;
  }
  throw new Error('accepted');
}

/** Data as plain JSON values, entries as arrays. */
export function plain(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_key, one: unknown) =>
      typeof one === 'object' && one !== null && Symbol.iterator in one ? [...(one as Iterable<unknown>)] : one,
    ),
  ) as unknown;
}
