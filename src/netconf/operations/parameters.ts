import { RpcError } from '../../yang/rpc-error.ts';
import type { XmlElement } from '../../yang/xml.ts';
import { BASE } from '../namespaces.ts';

/** The parameters of an operation by name. */
export type Parameters<Name extends string> = Readonly<Partial<Record<Name, XmlElement>>>;

const IN_BASE = [BASE] as const;

/** Parameters by name, with the namespaces they may be in where that is not the base namespace alone. */
export type Allowed<Name extends string> = Readonly<Record<Name, readonly [string, ...string[]] | undefined>>;

/**
 * The children of an operation's element, each at most once and no others.
 * @throws RpcError unknown-element, unknown-namespace, bad-element (given twice)
 */
export function readParameters<Name extends string>(operation: XmlElement, allowed: Allowed<Name>): Parameters<Name> {
  const found: Partial<Record<Name, XmlElement>> = {};
  for (const child of operation.children) {
    const name = checkedName(operation, child, allowed);
    if (found[name] !== undefined) {
      throw RpcError.badElement(name, `<${operation.name}> has <${name}> more than once.`, { type: 'protocol' });
    }
    found[name] = child;
  }
  return found;
}

function checkedName<Name extends string>(operation: XmlElement, child: XmlElement, allowed: Allowed<Name>): Name {
  if (!isKey(allowed, child.name)) {
    const names = Object.keys(allowed).map((name) => `<${name}>`);
    const known = names.length === 0 ? 'it has none' : `it has ${names.join(', ')}`;
    const message = `<${operation.name}> has no parameter <${child.name}>; ${known}.`;
    throw RpcError.unknownElement(child.name, message, { type: 'protocol' });
  }
  const namespaces = allowed[child.name] ?? IN_BASE;
  if (!namespaces.includes(child.namespace)) throw wrongNamespace(child, namespaces[0]);
  return child.name;
}

function isKey<Name extends string>(record: Readonly<Record<Name, unknown>>, name: string): name is Name {
  return Object.hasOwn(record, name);
}

/** Says what is most often the cause: a prefix on the parent only, which its children do not inherit. */
export function wrongNamespace(element: XmlElement, expected: string): RpcError {
  const cause =
    element.namespace === ''
      ? 'is in no namespace: a prefix on its parent does not extend to it'
      : `is in the namespace ${element.namespace}`;
  const message = `<${element.name}> ${cause}; it must be in ${expected}.`;
  return RpcError.unknownNamespace(element.name, element.namespace, message, { type: 'protocol' });
}

/** @throws RpcError missing-element */
export function required(operation: XmlElement, name: string, parameter: XmlElement | undefined): XmlElement {
  if (parameter === undefined) {
    throw RpcError.missingElement(name, `<${operation.name}> needs <${name}>.`, { type: 'protocol' });
  }
  return parameter;
}

/**
 * A parameter's value, one of `choices`.
 * @throws RpcError invalid-value
 */
export function choiceOf<Choice extends string>(parameter: XmlElement, choices: readonly Choice[]): Choice {
  const value = parameter.text.trim();
  const choice = choices.find((each) => each === value);
  if (choice === undefined || parameter.children.length > 0) {
    const message = `<${parameter.name}> must be one of ${choices.join(', ')}, not '${value}'.`;
    throw RpcError.invalidValue(message, { type: 'protocol', info: { badElement: parameter.name } });
  }
  return choice;
}

/**
 * Checks that `<source>` or `<target>` names the running datastore, the one this server has.
 * @throws RpcError operation-not-supported for another datastore or a URL
 */
export function requireRunning(parameter: XmlElement): 'running' {
  const [datastore, second] = parameter.children;
  if (datastore === undefined || second !== undefined) {
    const message = `<${parameter.name}> must hold exactly one datastore, <running/>.`;
    throw datastore === undefined
      ? RpcError.missingElement('running', message, { type: 'protocol' })
      : RpcError.badElement(second?.name ?? parameter.name, message, { type: 'protocol' });
  }
  if (datastore.namespace !== BASE) throw wrongNamespace(datastore, BASE);
  if (datastore.name === 'running') return 'running';
  const message = `<${datastore.name}> cannot be the ${parameter.name}: this server has the datastore <running> only.`;
  if (['candidate', 'startup', 'url', 'config'].includes(datastore.name)) {
    throw RpcError.notSupported(message, { info: { badElement: datastore.name } });
  }
  throw RpcError.unknownElement(datastore.name, message, { type: 'protocol' });
}
