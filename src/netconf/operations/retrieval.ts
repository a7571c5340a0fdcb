import type { GetRequest, WithDefaults } from '../../agent/requests.ts';
import { printXml } from '../../yang/print.ts';
import type { XmlElement } from '../../yang/xml.ts';
import { WITH_DEFAULTS } from '../namespaces.ts';
import { readFilter } from './filter.ts';
import type { Operation, OperationRequest, OperationResult } from './operation.ts';
import { choiceOf, readParameters, required, requireRunning } from './parameters.ts';

const MODES: readonly WithDefaults[] = ['report-all', 'trim', 'explicit', 'report-all-tagged'];

/** RFC 6241 §7.7: configuration in use and state. */
export const get: Operation = async (request) => {
  const parameters = readParameters(request.element, {
    filter: undefined,
    'with-defaults': [WITH_DEFAULTS],
  });
  return read(request, { datastore: 'operational' }, parameters.filter, parameters['with-defaults']);
};

/** RFC 6241 §7.1. */
export const getConfig: Operation = async (request) => {
  const parameters = readParameters(request.element, {
    source: undefined,
    filter: undefined,
    'with-defaults': [WITH_DEFAULTS],
  });
  const datastore = requireRunning(required(request.element, 'source', parameters.source));
  return read(request, { datastore, content: 'config' }, parameters.filter, parameters['with-defaults']);
};

async function read(
  { agent, context }: OperationRequest,
  from: GetRequest,
  filter: XmlElement | undefined,
  mode: XmlElement | undefined,
): Promise<OperationResult> {
  const withDefaults = mode === undefined ? undefined : choiceOf(mode, MODES);
  const data = await agent.get(context, {
    ...from,
    ...(filter && { filter: readFilter(filter) }),
    ...(withDefaults && { withDefaults }),
  });
  const nodes = printXml(agent.yang.schema, data, { tagDefaults: withDefaults === 'report-all-tagged' });
  return { content: enclosed('<data>', nodes, '</data>'), whenDurable: () => agent.whenDurable() };
}

function* enclosed(before: string, content: Iterable<string>, after: string): Iterable<string> {
  yield before;
  yield* content;
  yield after;
}
