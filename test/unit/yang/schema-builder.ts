/** Hand-built schemas for unit tests that need no YANG text: as libyang-wasm would give them. */
import type {
  ActionNode,
  AnyNode,
  CaseNode,
  ChoiceNode,
  ContainerNode,
  LeafListNode,
  LeafNode,
  ListNode,
  Module,
  NotificationNode,
  RpcNode,
  SchemaNode,
  Type,
} from 'libyang-wasm';

const MODULE = 'm';

function base(name: string, module: string, path: string) {
  return { name, module, path, status: 'current', when: [], extensions: [] } as const;
}

function dataBase(name: string, options: { module?: string; config?: boolean }) {
  const module = options.module ?? MODULE;
  return { ...base(name, module, `/${module}:${name}`), config: options.config ?? true, mandatory: false } as const;
}

interface Options {
  readonly module?: string;
  readonly config?: boolean;
}

export const string: Type = { base: 'string', lengths: [], patterns: [] };
export const uint32: Type = { base: 'uint32', ranges: [{ min: '0', max: '4294967295' }] };
export const uint64: Type = { base: 'uint64', ranges: [] };
export const boolean: Type = { base: 'boolean' };
export const empty: Type = { base: 'empty' };

export function identityref(...values: string[]): Type {
  return { base: 'identityref', identities: ['m:base'], values };
}

export function union(...types: Type[]): Type {
  return { base: 'union', types };
}

export function leaf(name: string, type: Type = string, options: Options & { default?: string } = {}): LeafNode {
  const { default: value } = options;
  return {
    ...dataBase(name, options),
    kind: 'leaf',
    type,
    isKey: false,
    must: [],
    ...(value === undefined ? {} : { default: value }),
  };
}

export function leafList(
  name: string,
  type: Type = string,
  options: Options & { orderedBy?: 'system' | 'user' } = {},
): LeafListNode {
  return {
    ...dataBase(name, options),
    kind: 'leaf-list',
    type,
    defaults: [],
    orderedBy: options.orderedBy ?? 'system',
    minElements: 0,
    must: [],
  };
}

export function container(
  name: string,
  children: SchemaNode[],
  options: Options & { presence?: boolean; actions?: ActionNode[] } = {},
): ContainerNode {
  return {
    ...dataBase(name, options),
    kind: 'container',
    presence: options.presence ?? false,
    must: [],
    children,
    actions: options.actions ?? [],
    notifications: [],
  };
}

export function list(
  name: string,
  keys: string[],
  children: SchemaNode[],
  options: Options & { orderedBy?: 'system' | 'user'; actions?: ActionNode[] } = {},
): ListNode {
  return {
    ...dataBase(name, options),
    kind: 'list',
    keys,
    unique: [],
    orderedBy: options.orderedBy ?? 'system',
    minElements: 0,
    must: [],
    children: children.map((child) =>
      child.kind === 'leaf' && keys.includes(child.name) ? { ...child, isKey: true } : child,
    ),
    actions: options.actions ?? [],
    notifications: [],
  };
}

export function choice(name: string, cases: Record<string, SchemaNode[]>): ChoiceNode {
  return {
    ...dataBase(name, {}),
    kind: 'choice',
    cases: Object.entries(cases).map(([caseName, children]): CaseNode => ({
      ...base(caseName, MODULE, ''),
      kind: 'case',
      config: true,
      children,
    })),
  };
}

export function anydata(name: string, options: Options = {}): AnyNode {
  return { ...dataBase(name, options), kind: 'anydata', must: [] };
}

export function action(name: string, input: SchemaNode[] = [], output: SchemaNode[] = []): ActionNode {
  return {
    ...base(name, MODULE, `/${name}`),
    kind: 'action',
    input: { must: [], children: input },
    output: { must: [], children: output },
  };
}

export function rpc(name: string, input: SchemaNode[] = [], output: SchemaNode[] = []): RpcNode {
  return {
    ...base(name, MODULE, `/m:${name}`),
    kind: 'rpc',
    input: { must: [], children: input },
    output: { must: [], children: output },
  };
}

export function module(
  name: string,
  data: SchemaNode[],
  more: { rpcs?: RpcNode[]; notifications?: NotificationNode[]; prefix?: string } = {},
): Module {
  return {
    name,
    namespace: `urn:${name}`,
    prefix: more.prefix ?? name,
    yangVersion: '1.1',
    implemented: true,
    extensions: [],
    features: [],
    identities: [],
    submodules: [],
    deviatedBy: [],
    data,
    rpcs: more.rpcs ?? [],
    notifications: more.notifications ?? [],
  };
}
