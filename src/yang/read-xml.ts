import { entryKey } from './data.ts';
import type { LeafValue } from './data.ts';
import type { EditNode, EditOperation, EntryEdit, LeafListEdit } from './edit.ts';
import type { InsertPosition } from './entries.ts';
import { entryStep, keyLeaf, valueContext } from './instance-path.ts';
import type { PathStep } from './instance-path.ts';
import { leafFromText } from './leaf-value.ts';
import { splitPath } from './path-syntax.ts';
import { anyFromXml } from './read-any.ts';
import { Where } from './read-where.ts';
import type { ReadOptions } from './read-where.ts';
import { RpcError } from './rpc-error.ts';
import type {
  ContainerNode,
  DataSchemaNode,
  InOutNode,
  LeafListNode,
  LeafNode,
  ListNode,
  NotificationNode,
  SchemaParent,
  SchemaTree,
} from './schema-tree.ts';
import { attributeOf } from './xml.ts';
import type { XmlElement } from './xml.ts';

const NETCONF = 'urn:ietf:params:xml:ns:netconf:base:1.0';
const YANG = 'urn:ietf:params:xml:ns:yang:1';
const WITH_DEFAULTS = 'urn:ietf:params:xml:ns:netconf:default:1.0';
const OPERATIONS: ReadonlySet<string> = new Set(['merge', 'replace', 'create', 'delete', 'remove']);

/**
 * Reads XML elements, children of `parent`, as an edit (RFC 6241 §7.2).
 * @param base the path of what the elements are in
 * @throws RpcError unknown-element, unknown-namespace, invalid-value, missing-element (keys), bad-attribute,
 *   unknown-attribute, missing-attribute
 */
export function readXml(
  schema: SchemaTree,
  parent: SchemaParent | undefined,
  elements: readonly XmlElement[],
  options: ReadOptions,
  base: readonly PathStep[] = [],
): readonly EditNode[] {
  return new XmlReader(new Where(schema, base), options).children(parent, elements, options.operation);
}

class XmlReader {
  readonly #where: Where;
  readonly #schema: SchemaTree;
  readonly #options: ReadOptions;

  constructor(where: Where, options: ReadOptions) {
    this.#where = where;
    this.#schema = where.schema;
    this.#options = options;
  }

  children(
    parent: SchemaParent | undefined,
    elements: readonly XmlElement[],
    operation: EditOperation,
  ): readonly EditNode[] {
    return elements.map((element) => {
      const node = this.#node(parent, element);
      return this.#where.within({ module: node.module, name: node.name }, () => this.#edit(node, element, operation));
    });
  }

  #node(parent: SchemaParent | undefined, element: XmlElement): DataSchemaNode {
    const { name, namespace } = element;
    const node = this.#schema.childByNamespace(parent, namespace, name);
    if (node !== undefined) return node;
    if (namespace === '') {
      const reason = `<${name}> is in no namespace; its xmlns declaration is probably missing.`;
      throw this.#where.unknownNamespace(parent, name, namespace, reason);
    }
    if (namespace === NETCONF) {
      const reason = `<${name}> is in the namespace of NETCONF itself, inherited from an element around it; its own xmlns declaration is probably missing.`;
      throw this.#where.unknownNamespace(parent, name, namespace, reason);
    }
    if (this.#schema.moduleByNamespace(namespace) === undefined) {
      const reason = `No module here has the namespace "${namespace}" of <${name}>.`;
      throw this.#where.unknownNamespace(parent, name, namespace, reason);
    }
    throw this.#where.unknownElement(parent, name);
  }

  #edit(node: DataSchemaNode, element: XmlElement, inherited: EditOperation): EditNode {
    if (this.#options.config && !node.config) throw this.#where.stateData(node);
    const operation = this.#attributes(element) ?? inherited;
    switch (node.kind) {
      case 'container':
        return { node, operation, children: this.#content(node, element, operation) };
      case 'list':
        return this.#entry(node, element, operation);
      case 'leaf': {
        const value = this.#leaf(node, element, operation);
        return value === undefined ? { node, operation } : { node, operation, value };
      }
      case 'leaf-list':
        return this.#leafListEntry(node, element, operation);
      default:
        return { node, operation, value: anyFromXml(this.#schema, element, node.module) };
    }
  }

  #content(
    node: ContainerNode | ListNode | InOutNode | NotificationNode,
    element: XmlElement,
    operation: EditOperation,
  ): readonly EditNode[] {
    const text = element.text.trim();
    if (text !== '') {
      throw this.#where.wrongForm(`<${element.name}> holds elements, not the text "${text.slice(0, 40)}".`);
    }
    return this.children(node, element.children, operation);
  }

  #entry(node: ListNode, element: XmlElement, operation: EditOperation): EntryEdit {
    const namespace = this.#schema.namespaceOf(node.module);
    const isKey = (child: XmlElement): boolean => child.namespace === namespace && node.keys.includes(child.name);
    const keys = node.keys.map((name) => this.#key(node, element, name));
    if (keys.length > 0) this.#where.refine(entryStep(node, keys));
    const others = { ...element, children: element.children.filter((child) => !isKey(child)) };
    const children = this.#content(node, others, operation);
    const insert = this.#insert(node, element);
    return insert === undefined ? { node, operation, keys, children } : { node, operation, keys, children, insert };
  }

  #key(node: ListNode, element: XmlElement, name: string): LeafValue {
    const leaf = keyLeaf(this.#schema, node, name);
    const namespace = this.#schema.namespaceOf(node.module);
    const [child, ...more] = element.children.filter((one) => one.namespace === namespace && one.name === name);
    if (child === undefined) {
      const stray = element.children.find((one) => one.name === name);
      if (stray !== undefined) this.#node(node, stray);
      throw this.#where.missingKey(node, name, node.keys);
    }
    if (more.length > 0) throw this.#where.wrongForm(`The key ${name} is there twice; an entry has each key once.`);
    return this.#where.within({ module: leaf.module, name }, () => {
      const operation = this.#attributes(child);
      if (operation === 'delete' || operation === 'remove') {
        throw this.#where.wrongForm(
          `${name} is a key and cannot be deleted; put operation="${operation}" on its entry.`,
        );
      }
      return this.#value(leaf, child);
    });
  }

  #leaf(node: LeafNode, element: XmlElement, operation: EditOperation): LeafValue | undefined {
    const deleting = operation === 'delete' || operation === 'remove';
    return deleting && element.children.length === 0 ? undefined : this.#value(node, element);
  }

  #leafListEntry(node: LeafListNode, element: XmlElement, operation: EditOperation): LeafListEdit {
    const value = this.#value(node, element);
    const insert = this.#insert(node, element);
    return insert === undefined ? { node, operation, value } : { node, operation, value, insert };
  }

  #value(node: LeafNode | LeafListNode, element: XmlElement): LeafValue {
    const [child] = element.children;
    if (child !== undefined) {
      throw this.#where.wrongForm(`${node.name} is a ${node.kind} and holds a value, not the element <${child.name}>.`);
    }
    return this.#read(node, element.text, element);
  }

  #read(node: LeafNode | LeafListNode, text: string, element: XmlElement): LeafValue {
    const context = valueContext(this.#schema, node.module, { resolve: (prefix) => element.scope.get(prefix) });
    const result = leafFromText(context, node.type, text);
    if (!result.ok) throw this.#where.wrongValue(node, `"${text}"`, result.expected);
    const value = this.#options.canonical ? this.#schema.canonical(node, result.value) : result.value;
    if (value === undefined) throw this.#where.wrongForm(`"${text}" is not a value of ${node.name}.`);
    return value;
  }

  /** Checks an element's attributes; gives its operation, if it has one. */
  #attributes(element: XmlElement): EditOperation | undefined {
    for (const { namespace, name } of element.attributes) {
      const known =
        (namespace === NETCONF && name === 'operation') ||
        (namespace === YANG && ['insert', 'key', 'value'].includes(name));
      if (namespace === WITH_DEFAULTS || (known && this.#options.attributes)) continue;
      throw this.#unknownAttribute(element, namespace, name);
    }
    const operation = attributeOf(element, NETCONF, 'operation');
    if (operation === undefined) return undefined;
    if (OPERATIONS.has(operation)) {
      // One of the set's values.
      return operation as EditOperation;
    }
    throw RpcError.badAttribute(
      element.name,
      'operation',
      `"${operation}" is not an operation; it must be one of ${[...OPERATIONS].join(', ')}.`,
      { type: 'protocol', path: this.#where.path },
    );
  }

  #unknownAttribute(element: XmlElement, namespace: string, name: string): RpcError {
    const wants = name === 'operation' ? NETCONF : ['insert', 'key', 'value'].includes(name) ? YANG : undefined;
    const hint =
      wants === undefined || !this.#options.attributes || namespace === wants
        ? ''
        : ` The one of that name is in the namespace "${wants}".`;
    return new RpcError({
      type: 'protocol',
      tag: 'unknown-attribute',
      message: `<${element.name}> has an attribute "${name}" that means nothing here.${hint}`,
      path: this.#where.path,
      info: { badElement: element.name, badAttribute: name },
    });
  }

  /** The insert, key and value attributes (RFC 7950 §7.7.9, §7.8.6). */
  #insert(node: ListNode | LeafListNode, element: XmlElement): InsertPosition | undefined {
    const at = attributeOf(element, YANG, 'insert');
    if (at === undefined) return undefined;
    const refuse = (attribute: string, message: string): RpcError =>
      RpcError.badAttribute(element.name, attribute, message, { type: 'protocol', path: this.#where.path });
    if (node.orderedBy !== 'user') {
      throw refuse('insert', `${node.name} is ordered by the system; "insert" is for those that the user orders.`);
    }
    if (at === 'first' || at === 'last') return { at };
    if (at !== 'before' && at !== 'after') {
      throw refuse('insert', `"${at}" is no place; it must be first, last, before or after.`);
    }
    const attribute = node.kind === 'list' ? 'key' : 'value';
    const text = attributeOf(element, YANG, attribute);
    if (text === undefined) {
      throw RpcError.missingAttribute(
        element.name,
        attribute,
        `insert="${at}" needs the attribute "${attribute}" to say which entry.`,
        { type: 'protocol', path: this.#where.path },
      );
    }
    return {
      at,
      key: node.kind === 'list' ? this.#anchorKey(node, text, element) : entryKey([this.#read(node, text, element)]),
    };
  }

  /** The key attribute: the predicates of an instance-identifier, `[ex:name='x']`. */
  #anchorKey(node: ListNode, text: string, element: XmlElement): string {
    const [step] = splitPath(`/${node.name}${text}`);
    const values = node.keys.map((name) => {
      const predicate = step?.predicates.find((one) => one.kind === 'key' && one.name === name);
      if (predicate?.kind !== 'key') {
        const form = node.keys.map((key) => `[${key}='…']`).join('');
        const message = `"${text}" does not name an entry; it must be ${form}, names with prefixes.`;
        throw RpcError.badAttribute(element.name, 'key', message, { type: 'protocol', path: this.#where.path });
      }
      return this.#read(keyLeaf(this.#schema, node, name), predicate.value, element);
    });
    return entryKey(values);
  }
}
