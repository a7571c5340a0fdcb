import { DONE, type Operation } from './operation.ts';
import { readParameters, required, requireRunning } from './parameters.ts';

/** RFC 6241 §7.5. */
export const lock: Operation = ({ agent, context, element }) => {
  const { target } = readParameters(element, { target: undefined });
  agent.lock(context, requireRunning(required(element, 'target', target)));
  return DONE;
};

/** RFC 6241 §7.6. */
export const unlock: Operation = ({ agent, context, element }) => {
  const { target } = readParameters(element, { target: undefined });
  agent.unlock(context, requireRunning(required(element, 'target', target)));
  return DONE;
};
