import type { ActionNode, RpcNode, SchemaParent, SchemaTree, Type } from '../yang/schema-tree.ts';

const known = new WeakMap<RpcNode | ActionNode, boolean>();

/**
 * Whether the input of an operation holds references that must lead to instances: only then is it worth handing the
 * configuration to validation (RFC 7950 §6.4.1, the accessible tree).
 */
export function refersToInstances(schema: SchemaTree, operation: RpcNode | ActionNode): boolean {
  let refers = known.get(operation);
  if (refers === undefined) {
    refers = anyReference(schema, operation.input);
    known.set(operation, refers);
  }
  return refers;
}

function anyReference(schema: SchemaTree, parent: SchemaParent): boolean {
  return schema.children(parent).some((node) => {
    if (node.kind === 'container' || node.kind === 'list') return anyReference(schema, node);
    return (node.kind === 'leaf' || node.kind === 'leaf-list') && isReference(node.type);
  });
}

function isReference(type: Type): boolean {
  switch (type.base) {
    case 'leafref':
    case 'instance-identifier':
      return type.requireInstance;
    case 'union':
      return type.types.some(isReference);
    default:
      return false;
  }
}
