import { valueContext, type PathStep } from '../../yang/instance-path.ts';
import { leafFromText } from '../../yang/leaf-value.ts';
import { printXml } from '../../yang/print.ts';
import { RpcError } from '../../yang/rpc-error.ts';
import type { ActionNode, LeafNode, ListNode, SchemaParent, SchemaTree } from '../../yang/schema-tree.ts';
import type { XmlElement } from '../../yang/xml.ts';
import type { Operation } from './operation.ts';

/** RFC 7950 §7.15.2: the action's element within the elements that lead to its node. */
export const action: Operation = async ({ agent, context, element }) => {
  const { schema } = agent.yang;
  const found = findAction(schema, element);
  const input = agent.yang.parseAction(found.path, found.action, {
    format: 'element',
    element: found.element,
  });
  const output = await agent.invokeAction(context, found.path, found.action, input);
  return { content: printXml(schema, output, { parent: found.action.output }) };
};

interface FoundAction {
  readonly path: readonly PathStep[];
  readonly action: ActionNode;
  readonly element: XmlElement;
}

function findAction(schema: SchemaTree, envelope: XmlElement): FoundAction {
  const path: PathStep[] = [];
  let parent: SchemaParent | undefined;
  let element = onlyChild(envelope, envelope.children);
  for (;;) {
    const module = schema.moduleByNamespace(element.namespace);
    if (module === undefined) {
      const message = `<${element.name}> is in '${element.namespace}', which is the namespace of no module here.`;
      throw RpcError.unknownNamespace(element.name, element.namespace, message);
    }
    const action = schema.action(parent, module.name, element.name);
    if (action !== undefined) return { path, action, element };
    const node = schema.child(parent, module.name, element.name);
    if (node === undefined || (node.kind !== 'container' && node.kind !== 'list')) {
      const message = `<${element.name}> is neither an action nor a container or list on the way to one.`;
      throw RpcError.unknownElement(element.name, message);
    }
    const step = { module: node.module, name: node.name };
    path.push(node.kind === 'list' ? { ...step, keys: readKeys(schema, node, element) } : step);
    const keys = node.kind === 'list' ? node.keys : [];
    const next = element.children.filter((child) => child.namespace !== module.namespace || !keys.includes(child.name));
    element = onlyChild(element, next);
    parent = node;
  }
}

function onlyChild(element: XmlElement, children: readonly XmlElement[]): XmlElement {
  const [child, second] = children;
  if (child === undefined) {
    throw RpcError.missingElement(element.name, `<${element.name}> does not lead to an action.`);
  }
  if (second !== undefined) {
    throw RpcError.badElement(second.name, `<${element.name}> must lead to one action; <${second.name}> is too much.`);
  }
  return child;
}

function readKeys(schema: SchemaTree, list: ListNode, entry: XmlElement): NonNullable<PathStep['keys']> {
  return list.keys.map((name) => {
    const leaf = schema.child(list, list.module, name);
    const given = entry.children.find((child) => child.name === name && child.namespace === entry.namespace);
    if (given === undefined || leaf?.kind !== 'leaf') {
      throw RpcError.missingElement(name, `The list entry <${entry.name}> needs its key <${name}>.`);
    }
    return { name, value: keyValue(schema, leaf, given) };
  });
}

function keyValue(
  schema: SchemaTree,
  leaf: LeafNode,
  given: XmlElement,
): NonNullable<PathStep['keys']>[number]['value'] {
  const scope = { resolve: (prefix: string) => given.scope.get(prefix) };
  const result = leafFromText(valueContext(schema, leaf.module, scope), leaf.type, given.text);
  if (result.ok) return result.value;
  const message = `'${given.text}' is no value of the key <${leaf.name}>: ${result.expected} is expected.`;
  throw RpcError.invalidValue(message, { info: { badElement: leaf.name } });
}
