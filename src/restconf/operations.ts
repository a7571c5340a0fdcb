import type { InstancePath } from '../yang/instance-path.ts';
import { printJson, printXml } from '../yang/print.ts';
import { RpcError } from '../yang/rpc-error.ts';
import type { ActionNode, InOutNode, RpcNode } from '../yang/schema-tree.ts';
import { escapeText } from '../yang/xml.ts';
import type { Data } from '../yang/data.ts';
import type { Encoded } from '../yang/yang-context.ts';
import { HttpError, methodNotAllowed, notFound } from './errors.ts';
import { encodedBody, replyEncoding, type Exchange } from './exchange.ts';
import { YANG_DATA } from './media-type.ts';
import { refuseQuery } from './query.ts';
import type { Reply } from './reply.ts';
import { ROOT, subscriptionLocation } from './resource.ts';

const RESTCONF_NAMESPACE = 'urn:ietf:params:xml:ns:yang:ietf-restconf';
const ESTABLISH = 'ietf-subscribed-notifications:establish-subscription';

/** Operations of NETCONF itself, which RESTCONF replaces by methods: they are no operation resources. */
const PROTOCOL_MODULES: ReadonlySet<string> = new Set(['ietf-netconf', 'notifications']);

/** `{+restconf}/operations` (RFC 8040 §3.3.2): the operations that this server carries out. */
export function operationsReply(exchange: Exchange): Reply {
  requireMethod(exchange, ['GET', 'HEAD', 'OPTIONS']);
  refuseQuery(exchange.query, 'this resource');
  const encoding = replyEncoding(exchange);
  const { agent } = exchange;
  const rpcs = agent.yang.schema.modules.flatMap((module) =>
    module.implemented ? module.rpcs.filter((rpc) => isOperation(exchange, rpc)) : [],
  );
  const body =
    encoding === 'json'
      ? `${JSON.stringify({ 'ietf-restconf:operations': Object.fromEntries(rpcs.map((rpc) => [qualified(rpc), [null]])) }, null, 2)}\n`
      : `<operations xmlns="${RESTCONF_NAMESPACE}">${rpcs.map((rpc) => emptyElement(exchange, rpc)).join('')}</operations>\n`;
  return { status: 200, headers: { 'Content-Type': YANG_DATA[encoding], 'Cache-Control': 'no-cache' }, body: [body] };
}

/** An operation resource (RFC 8040 §3.6, §4.4.2). */
export async function operationReply(exchange: Exchange, rpc: RpcNode): Promise<Reply> {
  if (PROTOCOL_MODULES.has(rpc.module))
    throw notFound(`There is no operation resource ${qualified(rpc)}: see ${ROOT}/operations.`);
  if (!exchange.agent.serves(rpc)) {
    const message = `Nothing carries out ${qualified(rpc)} here, although its module is served: see ${ROOT}/operations.`;
    throw new HttpError(501, RpcError.notSupported(message));
  }
  requireMethod(exchange, ['POST', 'OPTIONS', 'GET', 'HEAD']);
  refuseQuery(exchange.query, 'an operation');
  const { agent, context } = exchange;
  if (exchange.method !== 'POST') {
    const encoding = replyEncoding(exchange);
    const body =
      encoding === 'json' ? `${JSON.stringify({ [qualified(rpc)]: [null] })}\n` : `${emptyElement(exchange, rpc)}\n`;
    return { status: 200, headers: { 'Content-Type': YANG_DATA[encoding] }, body: [body] };
  }
  const output = await agent.request(context, rpc, inputBody(exchange, rpc));
  return outputReply(exchange, rpc, withSubscriptionUri(rpc, output));
}

/** An action (RFC 8040 §3.6): POST to the path of its node. */
export async function actionReply(exchange: Exchange, path: InstancePath, action: ActionNode): Promise<Reply> {
  requireMethod(exchange, ['POST', 'OPTIONS']);
  refuseQuery(exchange.query, 'an action');
  const { agent, context } = exchange;
  const input = agent.yang.parseAction(path, action, inputBody(exchange, action));
  return outputReply(exchange, action, await agent.invokeAction(context, path, action, input));
}

function isOperation(exchange: Exchange, rpc: RpcNode): boolean {
  return exchange.agent.serves(rpc) && !PROTOCOL_MODULES.has(rpc.module);
}

function inputBody(exchange: Exchange, operation: RpcNode | ActionNode): Encoded {
  const body = encodedBody(exchange);
  if (body !== undefined) {
    if (body.format === 'xml') requireInput(body.text);
    return body;
  }
  // No body is an input without children (RFC 8040 §3.6.1); what is mandatory is then missed by validation.
  return { format: 'json', text: JSON.stringify({ [`${operation.module}:input`]: {} }) };
}

/** The name of the root element, after the XML declaration and comments. */
const ROOT_NAME = /^\s*(?:<\?[^>]*>\s*|<!--[^]*?-->\s*)*<(?:[^\s:>/]+:)?([^\s:>/]+)/;

/** Over RESTCONF it is `<input>` and not the operation's own element (RFC 8040 §3.6.1). */
function requireInput(text: string): void {
  const root = ROOT_NAME.exec(text)?.[1];
  if (root === undefined || root === 'input' || root.startsWith('!')) return;
  throw RpcError.unknownElement(root, `The content must be <input>, not <${root}>.`);
}

function outputReply(exchange: Exchange, operation: RpcNode | ActionNode, output: Data): Reply {
  if (Object.keys(output).length === 0) return { status: 204, headers: {} };
  const encoding = replyEncoding(exchange);
  const body = outputBody(exchange, operation, operation.output, output, encoding === 'json');
  return { status: 200, headers: { 'Content-Type': YANG_DATA[encoding], 'Cache-Control': 'no-cache' }, body };
}

function* outputBody(
  { agent }: Exchange,
  operation: RpcNode | ActionNode,
  parent: InOutNode,
  output: Data,
  json: boolean,
): Generator<string> {
  const { schema } = agent.yang;
  if (json) {
    yield `{"${operation.module}:output": `;
    yield* printJson(schema, output, { parent, pretty: true });
    yield '}\n';
    return;
  }
  const namespace = schema.module(operation.module)?.namespace ?? '';
  yield `<output xmlns="${escapeText(namespace)}">\n`;
  yield* printXml(schema, output, { parent, pretty: true, within: operation.module });
  yield '</output>\n';
}

/** Over RESTCONF the answer says where the subscription's notifications are (RFC 8650 §3.3). */
function withSubscriptionUri(rpc: RpcNode, output: Data): Data {
  if (qualified(rpc) !== ESTABLISH || typeof output['id'] !== 'number') return output;
  return { ...output, 'ietf-restconf-subscribed-notifications:uri': subscriptionLocation(output['id']) };
}

function requireMethod(exchange: Exchange, allowed: readonly string[]): void {
  if (!allowed.includes(exchange.method)) throw methodNotAllowed(exchange.method, allowed);
}

function qualified(operation: RpcNode | ActionNode): string {
  return `${operation.module}:${operation.name}`;
}

function emptyElement({ agent }: Exchange, rpc: RpcNode): string {
  const namespace = agent.yang.schema.module(rpc.module)?.namespace;
  if (namespace === undefined) throw RpcError.operationFailed(`The module ${rpc.module} is not loaded.`);
  return `<${rpc.name} xmlns="${escapeText(namespace)}"/>`;
}
