import type { EditNode, EditTree } from '../yang/edit.ts';

/**
 * An edit as the smallest edits that make sense alone, for error-option continue-on-error (RFC 6241 §7.2): one for each list
 * entry, leaf or subtree below containers that are only on the way.
 */
export function* eachEntryForItself(edit: EditTree): Iterable<EditTree> {
  if (edit.operation === 'replace') {
    yield edit;
    return;
  }
  for (const child of edit.children) {
    for (const part of parts(child)) yield { operation: edit.operation, children: [part] };
  }
}

function* parts(edit: EditNode): Iterable<EditNode> {
  const onTheWay = edit.node.kind === 'container' && (edit.operation === 'merge' || edit.operation === 'none');
  if (!onTheWay || !('children' in edit) || edit.children.length === 0) {
    yield edit;
    return;
  }
  for (const child of edit.children) {
    for (const part of parts(child)) yield { ...edit, children: [part] };
  }
}
