import type { Data, LeafValue, Value } from './data.ts';
import type { EditNode } from './edit.ts';
import { formatPath } from './instance-path.ts';
import type { PathStep } from './instance-path.ts';
import { RpcError } from './rpc-error.ts';
import type { SchemaParent, SchemaTree } from './schema-tree.ts';

/**
 * The data that edits without operations of their own describe: the content of an operation's input, lists as arrays.
 * @param base the path of what the edits are in, for errors
 * @throws RpcError bad-element for a node that is there twice
 */
export function contentOfEdits(
  schema: SchemaTree,
  parent: SchemaParent | undefined,
  edits: readonly EditNode[],
  base: readonly PathStep[],
): Data {
  const members: Record<string, Value> = {};
  const module = schema.moduleOf(parent);
  for (const edit of edits) {
    const { node } = edit;
    const member = schema.memberName(node, module);
    const path = [...base, { module: node.module, name: node.name }];
    const before = members[member];
    if (node.kind === 'list' || node.kind === 'leaf-list') {
      // Only entries were put into the member of a list, only leaf values into that of a leaf-list.
      const others = (before ?? []) as readonly Data[] & readonly LeafValue[];
      members[member] = [...others, instanceOf(schema, edit, path)] as readonly Data[] | readonly LeafValue[];
    } else if (before === undefined) {
      members[member] = instanceOf(schema, edit, path);
    } else {
      const text = `${node.name} is there twice; give it once.`;
      throw RpcError.badElement(node.name, text, { path: formatPath(path) });
    }
  }
  return members;
}

function instanceOf(schema: SchemaTree, edit: EditNode, path: readonly PathStep[]): Value {
  if ('keys' in edit) {
    const keys = edit.node.keys.map((name, at) => [name, edit.keys[at]]);
    return { ...(Object.fromEntries(keys) as Data), ...contentOfEdits(schema, edit.node, edit.children, path) };
  }
  if ('children' in edit) return contentOfEdits(schema, edit.node, edit.children, path);
  // The value of a leaf, or any JSON of an anydata node, which is kept as it is.
  const value = 'value' in edit ? (edit.value as Value | undefined) : undefined;
  if (value !== undefined) return value;
  throw new Error(`the edit of ${edit.node.path} has no value`);
}
