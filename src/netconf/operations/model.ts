import { printXml } from '../../yang/print.ts';
import { RpcError } from '../../yang/rpc-error.ts';
import type { Operation } from './operation.ts';

/** An RPC of a YANG module (RFC 7950 §7.14), whatever the module. */
export const modelRpc: Operation = async ({ agent, context, element }) => {
  const { schema } = agent.yang;
  const { namespace, name } = element;
  const module = schema.moduleByNamespace(namespace);
  if (module === undefined) {
    const where = namespace === '' ? 'in no namespace' : `in the namespace ${namespace}`;
    const message = `No module of this server is ${where}, so <${name}> is no operation.`;
    throw RpcError.unknownNamespace(name, namespace, message, { type: 'protocol' });
  }
  const rpc = schema.rpc(module.name, name);
  if (rpc === undefined) {
    const message = `The module ${module.name} has no operation <${name}>.`;
    throw RpcError.unknownElement(name, message, { type: 'protocol' });
  }
  const input = await agent.parseRpcInput(rpc, { format: 'element', element });
  const output = await agent.invoke(context, rpc, input);
  return { content: printXml(schema, output, { parent: rpc.output }) };
};
