import { printXml } from '../../yang/print.ts';
import { RpcError } from '../../yang/rpc-error.ts';
import type { RpcNode, SchemaTree } from '../../yang/schema-tree.ts';
import type { XmlElement } from '../../yang/xml.ts';
import type { Operation, ServedAgent } from './operation.ts';

/** An RPC of a YANG module (RFC 7950 §7.14), whatever the module. What {@link isDecision} has been decided when this returns. */
export const modelRpc: Operation = async ({ agent, context, element }) => {
  const { schema } = agent.yang;
  const rpc = rpcOf(schema, element);
  const output = await agent.request(context, rpc, { format: 'element', element });
  return { content: printXml(schema, output, { parent: rpc.output }) };
};

/** Whether an operation's element stands for an RPC that is one decision. */
export function isDecision(agent: ServedAgent, { namespace, name }: XmlElement): boolean {
  const rpc = agent.yang.schema.rpcByNamespace(namespace, name);
  return rpc !== undefined && agent.isDecision(rpc);
}

function rpcOf(schema: SchemaTree, { namespace, name }: XmlElement): RpcNode {
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
  return rpc;
}
