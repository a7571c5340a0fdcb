import { RpcError } from '../../yang/rpc-error.ts';
import { DONE, type Operation } from './operation.ts';
import { choiceOf, readParameters, required, requireRunning } from './parameters.ts';

const PARAMETERS = {
  target: undefined,
  'default-operation': undefined,
  'test-option': undefined,
  'error-option': undefined,
  config: undefined,
  url: undefined,
};

/** RFC 6241 §7.2. */
export const editConfig: Operation = async ({ agent, context, element }) => {
  const given = readParameters(element, PARAMETERS);
  const datastore = requireRunning(required(element, 'target', given.target));
  if (given.url !== undefined) {
    throw RpcError.notSupported('This server does not fetch configuration from a URL; send it as <config>.');
  }
  const config = required(element, 'config', given.config);
  const defaultOperation = given['default-operation'];
  const testOption = given['test-option'];
  const errorOption = given['error-option'];
  const edit = agent.yang.parseEdit(
    { format: 'element', element: config },
    defaultOperation && { defaultOperation: choiceOf(defaultOperation, ['merge', 'replace', 'none']) },
  );
  await agent.edit(context, {
    datastore,
    edit,
    ...(testOption && { testOption: choiceOf(testOption, ['test-then-set', 'set', 'test-only']) }),
    ...(errorOption && {
      errorOption: choiceOf(errorOption, ['stop-on-error', 'continue-on-error', 'rollback-on-error']),
    }),
  });
  return DONE;
};
