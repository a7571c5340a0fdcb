import { LibyangError, MemoryLimitError, TrapError, XPathBudgetError } from 'libyang-wasm';
import type { ErrorItem } from 'libyang-wasm';

import { parsePath, schemaNodeAt } from './instance-path.ts';
import { describeType } from './leaf-value.ts';
import { RpcError, RpcErrors } from './rpc-error.ts';
import type { ErrorInfo, ErrorTag } from './rpc-error.ts';
import { splitPath } from './path-syntax.ts';
import type { ChoiceNode, DataSchemaNode, SchemaNode, SchemaParent, SchemaTree } from './schema-tree.ts';

/** What libyang was doing: it decides what a missing node is, and what its paths mean. */
export interface LibyangTask {
  readonly schema: SchemaTree;
  /** The operation's path as libyang has it, and as errors show it (`/m:input`, or the same), and what its nodes are below. */
  readonly operation?: { readonly from: string; readonly to: string; readonly parent: SchemaParent };
}

interface Mapping {
  /** The form of libyang's message; its groups are handed to `message` and `info`. */
  readonly form: RegExp;
  readonly tag: ErrorTag;
  readonly appTag?: string;
  /** Of data in an operation, where it is another: a mandatory node of an input is a missing element. */
  readonly operationTag?: ErrorTag;
  readonly message: (groups: readonly string[], at: string, node: SchemaParent | DataSchemaNode | undefined) => string;
  readonly info?: (groups: readonly string[]) => ErrorInfo;
}

/** Which NETCONF error each of libyang's is: RFC 7950 §8.3 and §15, RFC 6241 appendix A. */
const MAPPINGS: readonly Mapping[] = [
  {
    form: /^Mandatory node "([^"]*)"/,
    tag: 'data-missing',
    operationTag: 'missing-element',
    message: ([name], at) => `${at} lacks "${name}", which is mandatory.`,
    info: ([name = '']) => ({ badElement: name }),
  },
  {
    form: /^Mandatory choice "([^"]*)"/,
    tag: 'data-missing',
    appTag: 'missing-choice',
    message: ([name = ''], at, node) =>
      `${at} has nothing of the choice "${name}", which is mandatory${alternatives(node, name)}.`,
    info: ([name = '']) => ({ missingChoice: name }),
  },
  {
    form: /^Unique data leaf\(s\) "([^"]*)" not satisfied in "(.*)" and "(.*)"\.$/,
    tag: 'operation-failed',
    appTag: 'data-not-unique',
    message: ([leafs, one, other]) => `${one} and ${other} have the same ${leafs}, which must be unique.`,
  },
  {
    form: /^Too many "([^"]*)"/,
    tag: 'operation-failed',
    appTag: 'too-many-elements',
    message: ([name], _at, node) => `There are too many entries of "${name}"${bound(node, 'max')}.`,
  },
  {
    form: /^Too few "([^"]*)"/,
    tag: 'operation-failed',
    appTag: 'too-few-elements',
    message: ([name], _at, node) => `There are too few entries of "${name}"${bound(node, 'min')}.`,
  },
  {
    form: /^Must condition "(.*)" not satisfied\.$/s,
    tag: 'operation-failed',
    appTag: 'must-violation',
    message: ([condition], at) => `${at} does not meet the condition ${condition}.`,
  },
  {
    form: /^When condition "(.*)" not satisfied\.$/s,
    tag: 'unknown-element',
    message: ([condition], at) => `${at} may be there only when ${condition}.`,
  },
  {
    form: /^Invalid leafref value "(.*)" - no target instance "(.*)" with the same value\.$/s,
    tag: 'data-missing',
    appTag: 'instance-required',
    message: ([value, target], at) => `${at} is "${value}", but there is no ${target} of that value to refer to.`,
  },
  {
    form: /^Invalid instance-identifier "(.*)" value - required instance not found\.$/s,
    tag: 'data-missing',
    appTag: 'instance-required',
    message: ([value], at) => `${at} refers to ${value}, which does not exist.`,
  },
  {
    form: /^Non-prefixed node "([^"]*)" in XML xpath/,
    tag: 'invalid-value',
    message: ([name]) =>
      `"${name}" has no prefix in the XPath expression; in XML every name needs one that is declared.`,
  },
  {
    form: /^Unknown\/non-implemented module "([^"]*)"/,
    tag: 'invalid-value',
    message: ([name]) =>
      `"${name}" before a colon is the name of no module here; in XML it is a prefix, which has to be declared with the namespace of one.`,
  },
  {
    form: /^Duplicate instance of "([^"]*)"/,
    tag: 'bad-element',
    message: ([name], at) => `${at} is there twice; "${name}" may be there once.`,
    info: ([name = '']) => ({ badElement: name }),
  },
  {
    form: /^Data for both cases "([^"]*)" and "([^"]*)" exist/,
    tag: 'bad-element',
    message: ([one, other]) => `There are nodes of the alternatives "${one}" and "${other}"; give those of one only.`,
    info: ([, other = '']) => ({ badElement: other }),
  },
  {
    form: /^Unexpected data state node "([^"]*)"/,
    tag: 'invalid-value',
    message: ([name], at) => `${at}: "${name}" is state (config false) and cannot be configured.`,
    info: ([name = '']) => ({ badElement: name }),
  },
  {
    form: /^Node "([^"]*)" not found as a child of "([^"]*)"/,
    tag: 'unknown-element',
    message: ([name, parent]) => `There is no node "${name}" in "${parent}".`,
    info: ([name = '']) => ({ badElement: name }),
  },
  {
    form: /^Node "([^"]*)" not found in the "([^"]*)" module/,
    tag: 'unknown-element',
    message: ([name, module]) => `There is no node "${name}" at the top level of module "${module}".`,
    info: ([name = '']) => ({ badElement: name }),
  },
  {
    form: /^List instance is missing its key "([^"]*)"/,
    tag: 'missing-element',
    message: ([name], at) => `An entry of ${at} lacks its key "${name}".`,
    info: ([name = '']) => ({ badElement: name }),
  },
];

/** What of libyang's kinds of errors no {@link Mapping} says. */
const TAGS_BY_CODE: Readonly<Record<NonNullable<ErrorItem['validationCode']>, ErrorTag>> = {
  syntax: 'malformed-message',
  'syntax-yang': 'operation-failed',
  'syntax-yin': 'operation-failed',
  reference: 'unknown-element',
  xpath: 'invalid-value',
  semantics: 'invalid-value',
  'syntax-xml': 'malformed-message',
  'syntax-json': 'malformed-message',
  data: 'invalid-value',
  other: 'operation-failed',
};

function bound(node: SchemaParent | DataSchemaNode | undefined, which: 'min' | 'max'): string {
  if (node === undefined || !('minElements' in node)) return '';
  if (which === 'min') return `; there must be at least ${node.minElements}`;
  return node.maxElements === undefined ? '' : `; there may be at most ${node.maxElements}`;
}

/** What to give for a mandatory choice: the data nodes of each case. */
function alternatives(parent: SchemaParent | DataSchemaNode | undefined, name: string): string {
  const choice = parent !== undefined && 'children' in parent ? choiceIn(parent.children, name) : undefined;
  return choice === undefined ? '' : `: give ${choice.cases.map((one) => needed(one.children)).join(', or ')}`;
}

function choiceIn(nodes: readonly SchemaNode[], name: string): ChoiceNode | undefined {
  for (const node of nodes) {
    if (node.kind === 'choice' && node.name === name) return node;
    const within = node.kind === 'choice' ? node.cases : node.kind === 'case' ? node.children : [];
    const found = choiceIn(within, name);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Of a case, what it must have; where nothing must be there, anything of it will do. */
function needed(nodes: readonly SchemaNode[]): string {
  const mandatory = nodes.filter(isMandatory);
  const named = (mandatory.length > 0 ? mandatory : nodes).map((node) =>
    node.kind === 'choice' ? node.cases.map((one) => needed(one.children)).join(' or ') : `"${node.name}"`,
  );
  return named.join(mandatory.length > 0 ? ' and ' : ' or ');
}

function isMandatory(node: SchemaNode): boolean {
  if (node.kind === 'list' || node.kind === 'leaf-list') return node.minElements > 0;
  return node.kind !== 'case' && node.kind !== 'container' && node.mandatory;
}

/**
 * Runs work of libyang and turns its errors into RPC errors. A trap costs the request alone: libyang's instance is replaced.
 * @throws RpcError, RpcErrors
 */
export function translatingErrors<T>(task: LibyangTask, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw toRpcError(task, error);
  }
}

function toRpcError(task: LibyangTask, error: unknown): unknown {
  if (error instanceof XPathBudgetError) {
    return RpcError.tooBig(
      'The XPath expression takes too many steps to evaluate over this data; select by list keys or with fewer nested conditions.',
      { type: 'application', cause: error },
    );
  }
  if (error instanceof LibyangError) {
    const items = withReasons(withoutEcho(error.items.filter((item) => !item.warning)));
    const [first, ...more] = distinct(items.map((item) => fromItem(task, item)));
    if (first === undefined) return error;
    return more.length === 0 ? first : new RpcErrors([first, ...more]);
  }
  if (error instanceof TrapError) {
    const reason = error instanceof MemoryLimitError ? 'needed more memory than it may have' : 'broke down';
    return RpcError.operationFailed(
      `The validator ${reason} on this request; nothing was changed. Other requests go on.`,
      {
        cause: error,
      },
    );
  }
  return error;
}

/** A type's own error is followed by one which only says that there was one. */
function withoutEcho(items: readonly ErrorItem[]): readonly ErrorItem[] {
  const telling = items.filter(({ message }) => !message.startsWith('Storing value failed'));
  return telling.length === 0 ? items : telling;
}

const NOT_OF_TYPE = /^Invalid (\S+) "(.*)" value - (?:syntax|semantic) error\.$/s;

/** What is wrong with a path or an XPath expression in a leaf is followed by one that says of which value: both are one error. */
function withReasons(items: readonly ErrorItem[]): readonly ErrorItem[] {
  return items.flatMap((item, at) => {
    const next = items[at + 1];
    if (next !== undefined && isReasonOf(item, next)) return [];
    const before = items[at - 1];
    const [, type, value] = NOT_OF_TYPE.exec(item.message) ?? [];
    if (before === undefined || !isReasonOf(before, item) || type === undefined) return [item];
    return [{ ...item, message: `"${value ?? ''}" is not a valid ${type}: ${reason(before.message)}` }];
  });
}

function isReasonOf(one: ErrorItem, other: ErrorItem): boolean {
  return one.dataPath === other.dataPath && !NOT_OF_TYPE.test(one.message) && NOT_OF_TYPE.test(other.message);
}

function reason(message: string): string {
  // libyang quotes what follows the value, too.
  return message.startsWith('XPath "') && message.endsWith('was expected to be absolute.')
    ? 'It must be absolute, with "/" at its beginning.'
    : message;
}

/** libyang reports a duplicate once for each of the two. */
function distinct(errors: readonly RpcError[]): readonly RpcError[] {
  const seen = new Set<string>();
  return errors.filter((error) => {
    const key = `${error.tag}\n${error.path ?? ''}\n${error.message}`;
    return seen.size < seen.add(key).size;
  });
}

function fromItem(task: LibyangTask, item: ErrorItem): RpcError {
  const path = pathOf(task, item);
  const node = path === undefined ? undefined : nodeAt(task, path);
  const at = path ?? 'The content';
  const mapping = MAPPINGS.find(({ form }) => form.test(item.message));
  const appTag = item.appTag ?? mapping?.appTag;
  const more = { ...(path === undefined ? {} : { path }), ...(appTag === undefined ? {} : { appTag }) };
  if (mapping !== undefined) {
    const groups = (mapping.form.exec(item.message) ?? []).slice(1);
    const tag = (task.operation === undefined ? undefined : mapping.operationTag) ?? mapping.tag;
    const info = mapping.info?.(groups);
    const message = mapping.message(groups, at, node);
    return new RpcError({ type: 'application', tag, message, ...more, ...(info === undefined ? {} : { info }) });
  }
  const tag = constraintTag(item) ?? TAGS_BY_CODE[item.validationCode ?? 'other'];
  const type = tag === 'malformed-message' ? 'rpc' : 'application';
  return new RpcError({ type, tag, message: describe(item, node), ...more });
}

/** A must with an error-message of its own has no form to tell it by. */
function constraintTag(item: ErrorItem): ErrorTag | undefined {
  return item.validationCode === 'data' && item.appTag === 'must-violation' ? 'operation-failed' : undefined;
}

/** libyang's own words, and what would be right where the schema says it. */
function describe(item: ErrorItem, node: SchemaParent | DataSchemaNode | undefined): string {
  // The module's own error-message is told as it is (RFC 7950 §7.5.4.1).
  if (item.appTag === 'must-violation') return item.message;
  const [text = ''] = item.message.split('\n');
  const sentence = text.endsWith('.') ? text : `${text}.`;
  const isValue = /^(Invalid|Unsatisfied|Unexpected|Value)/.test(text);
  if (!isValue || node === undefined || !('type' in node)) return sentence;
  return `${sentence} ${node.name} must be ${describeType(node.type)}.`;
}

function pathOf(task: LibyangTask, item: ErrorItem): string | undefined {
  const given = item.dataPath ?? (item.schemaPath === undefined ? undefined : asDataPath(task.schema, item.schemaPath));
  if (given === undefined || task.operation === undefined) return given;
  const { from, to } = task.operation;
  return given === from || given.startsWith(`${from}/`) ? to + given.slice(from.length) : given;
}

/** A schema path of libyang names choices, cases, `input` and `output` too, which data does not have. */
function asDataPath(schema: SchemaTree, schemaPath: string): string {
  const [, first = '', ...names] = schemaPath.split('/');
  const [module = '', name = ''] = first.split(':');
  const operation = schema.rpc(module, name);
  const half = operation === undefined ? undefined : names[0] === 'output' ? operation.output : operation.input;
  const top = half === undefined ? schema.child(undefined, module, name) : undefined;
  let parent: SchemaParent | undefined = half ?? (top?.kind === 'container' || top?.kind === 'list' ? top : undefined);
  if (parent === undefined) return schemaPath;
  let path = `/${first}`;
  let within = module;
  for (const [index, step] of names.entries()) {
    const colon = step.indexOf(':');
    const own = colon < 0 ? within : step.slice(0, colon);
    const node: DataSchemaNode | undefined = schema.child(parent, own, step.slice(colon + 1));
    const isParent = node?.kind === 'container' || node?.kind === 'list';
    if (isParent || (node !== undefined && index === names.length - 1)) path += `/${step}`;
    if (isParent) {
      parent = node;
      within = own;
    }
  }
  return path;
}

function nodeAt({ schema, operation }: LibyangTask, path: string): SchemaParent | DataSchemaNode | undefined {
  try {
    if (operation === undefined || !path.startsWith(operation.to))
      return schemaNodeAt(schema, parsePath(schema, path, { collection: true }));
    let node: SchemaParent | DataSchemaNode | undefined = operation.parent;
    for (const { prefix, name } of splitPath(path.slice(operation.to.length))) {
      if (node === undefined || !('children' in node)) return undefined;
      node = schema.child(node, prefix === '' ? (schema.moduleOf(node) ?? '') : prefix, name);
    }
    return node;
  } catch {
    return undefined;
  }
}
