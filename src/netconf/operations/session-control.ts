import { RpcError } from '../../yang/rpc-error.ts';
import { DONE, type Operation } from './operation.ts';
import { readParameters, required } from './parameters.ts';

const MAX_SESSION_ID = 4294967295;

/** RFC 6241 §7.8. */
export const closeSession: Operation = ({ element }) => {
  readParameters(element, {});
  return { content: [], closesSession: true };
};

/** RFC 6241 §7.9. */
export const killSession: Operation = ({ agent, context, element }) => {
  const parameters = readParameters(element, { 'session-id': undefined });
  const text = required(element, 'session-id', parameters['session-id']).text.trim();
  const id = /^\d{1,10}$/.test(text) ? Number(text) : 0;
  if (id < 1 || id > MAX_SESSION_ID) {
    const message = `<session-id> must be a number from 1 to ${MAX_SESSION_ID}, not '${text}'.`;
    throw RpcError.invalidValue(message, { type: 'protocol', info: { badElement: 'session-id' } });
  }
  agent.killSession(context, id);
  return DONE;
};
