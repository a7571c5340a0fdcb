import { RpcError } from '../../yang/rpc-error.ts';
import type { XmlElement } from '../../yang/xml.ts';
import { BASE, NOTIFICATION, YANG } from '../namespaces.ts';
import { action } from './action.ts';
import { editConfig } from './edit.ts';
import { lock, unlock } from './locks.ts';
import { modelRpc } from './model.ts';
import type { Operation } from './operation.ts';
import { get, getConfig } from './retrieval.ts';
import { closeSession, killSession } from './session-control.ts';
import { createSubscription } from './subscription.ts';

const BASE_OPERATIONS: ReadonlyMap<string, Operation> = new Map([
  ['get', get],
  ['get-config', getConfig],
  ['edit-config', editConfig],
  ['lock', lock],
  ['unlock', unlock],
  ['close-session', closeSession],
  ['kill-session', killSession],
  ...['copy-config', 'delete-config', 'commit', 'discard-changes', 'cancel-commit', 'validate'].map(
    (name): [string, Operation] => [name, unsupported(name)],
  ),
]);

/**
 * The operation that an element of a message stands for. Operations of the protocol have their own code, all others are RPCs
 * of YANG modules.
 */
export function operationFor(element: XmlElement): Operation {
  if (element.namespace === BASE) return BASE_OPERATIONS.get(element.name) ?? unknown;
  if (element.namespace === NOTIFICATION && element.name === 'create-subscription') return createSubscription;
  if (element.namespace === YANG && element.name === 'action') return action;
  return modelRpc;
}

function unsupported(name: string): Operation {
  return () => {
    const message = `This server does not support <${name}>: its capabilities are in its hello. Change <running> with <edit-config>.`;
    throw RpcError.notSupported(message);
  };
}

const unknown: Operation = ({ element }) => {
  const known = [...BASE_OPERATIONS.keys()].slice(0, 7).join(', ');
  const message = `NETCONF has no operation <${element.name}>. If it is a module's, it must be in that module's namespace; NETCONF's own are ${known}.`;
  throw RpcError.unknownElement(element.name, message, { type: 'protocol' });
};
