/** Makes the schema of `schema.ts` from what the shim writes (`c/schema.c`), adding what follows from the rest. */
import type {
  ActionNode,
  CaseNode,
  Identity,
  InOutNode,
  Interval,
  Module,
  NotificationNode,
  RpcNode,
  SchemaNode,
  Type,
} from './schema.ts';

/** A node without its path, and with types that lack what is derived. */
type Raw<T> = T extends readonly (infer Item)[]
  ? readonly Raw<Item>[]
  : T extends Type
    ? RawType
    : T extends object
      ? { readonly [Key in keyof T as Key extends 'path' ? never : Key]: Raw<T[Key]> }
      : T;

type RawType = Type extends infer One
  ? One extends { readonly base: 'identityref' }
    ? Omit<One, 'values'>
    : One extends { readonly base: 'leafref' }
      ? Omit<One, 'target'> & { readonly target: RawType }
      : One extends { readonly base: 'union' }
        ? Omit<One, 'types'> & { readonly types: readonly RawType[] }
        : One
  : never;

type RawIdentity = Omit<Identity, 'bases'>;

type RawModule = Omit<Raw<Module>, 'identities'> & { readonly identities: readonly RawIdentity[] };

/** Direct derivations of identities, and which modules' identities can be values. */
class Identities {
  readonly #derived = new Map<string, readonly string[]>();
  readonly #bases = new Map<string, string[]>();
  readonly #implemented: ReadonlySet<string>;

  constructor(modules: readonly RawModule[]) {
    this.#implemented = new Set(modules.filter((module) => module.implemented).map((module) => module.name));
    for (const module of modules) {
      for (const identity of module.identities) {
        const base = `${module.name}:${identity.name}`;
        this.#derived.set(base, identity.derived);
        for (const name of identity.derived) {
          const bases = this.#bases.get(name);
          if (bases === undefined) this.#bases.set(name, [base]);
          else bases.push(base);
        }
      }
    }
  }

  basesOf(name: string): readonly string[] {
    return this.#bases.get(name) ?? [];
  }

  /** Everything derived from an identity, directly or not. */
  derivedFrom(base: string): readonly string[] {
    const found = new Set<string>();
    const pending = [...(this.#derived.get(base) ?? [])];
    for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
      if (found.has(name)) continue;
      found.add(name);
      pending.push(...(this.#derived.get(name) ?? []));
    }
    return [...found].sort();
  }

  /** The values of an identityref: derived from all of its bases (RFC 7950 §9.10.2), in an implemented module. */
  valuesOf(bases: readonly string[]): readonly string[] {
    const [first, ...others] = bases.map((base) => this.derivedFrom(base));
    return (first ?? []).filter(
      (name) =>
        this.#implemented.has(name.slice(0, name.indexOf(':'))) && others.every((derived) => derived.includes(name)),
    );
  }
}

/** A decimal64 bound as libyang stores it, scaled by 10^digits, as a decimal number. */
function unscale(scaled: string, digits: number): string {
  const sign = scaled.startsWith('-') ? '-' : '';
  const figures = scaled.slice(sign.length).padStart(digits + 1, '0');
  const fraction = figures.slice(-digits).replace(/0+$/, '');
  return `${sign}${figures.slice(0, -digits)}.${fraction === '' ? '0' : fraction}`;
}

class Reader {
  readonly #identities: Identities;

  constructor(identities: Identities) {
    this.#identities = identities;
  }

  type(raw: RawType): Type {
    switch (raw.base) {
      case 'decimal64': {
        const bound = ({ min, max }: Interval) => ({
          min: unscale(min, raw.fractionDigits),
          max: unscale(max, raw.fractionDigits),
        });
        return { ...raw, ranges: raw.ranges.map(bound) };
      }
      case 'identityref':
        return { ...raw, values: this.#identities.valuesOf(raw.identities) };
      case 'leafref':
        return { ...raw, target: this.type(raw.target) };
      case 'union':
        return { ...raw, types: raw.types.map((type) => this.type(type)) };
      default:
        return raw;
    }
  }

  /** `above` is the path of the parent and the module that it ends in. */
  #path(raw: { readonly name: string; readonly module: string }, above: Place): Place {
    const step = raw.module === above.module ? raw.name : `${raw.module}:${raw.name}`;
    return { path: `${above.path}/${step}`, module: raw.module };
  }

  node(raw: Raw<SchemaNode>, above: Place): SchemaNode {
    const place = this.#path(raw, above);
    const { path } = place;
    switch (raw.kind) {
      case 'container':
      case 'list':
        return {
          ...raw,
          path,
          children: this.nodes(raw.children, place),
          actions: raw.actions.map((action): ActionNode => this.operation(action, place)),
          notifications: raw.notifications.map((notification) => this.notification(notification, place)),
        };
      case 'leaf':
      case 'leaf-list':
        return { ...raw, path, type: this.type(raw.type) };
      case 'choice':
        return { ...raw, path: above.path, cases: raw.cases.map((one) => this.#case(one, above)) };
      case 'case':
        return this.#case(raw, above);
      case 'anydata':
      case 'anyxml':
        return { ...raw, path };
    }
  }

  /** Choices and cases do not show in the paths of data: they have the path of what they are in. */
  #case(raw: Raw<CaseNode>, above: Place): CaseNode {
    return { ...raw, path: above.path, children: this.nodes(raw.children, above) };
  }

  nodes(raw: readonly Raw<SchemaNode>[], above: Place): readonly SchemaNode[] {
    return raw.map((node) => this.node(node, above));
  }

  operation<Kind extends 'rpc' | 'action'>(
    raw: Omit<Raw<RpcNode>, 'kind'> & { readonly kind: Kind },
    above: Place,
  ): Omit<RpcNode, 'kind'> & { readonly kind: Kind } {
    const place = this.#path(raw, above);
    const inout = (name: 'input' | 'output'): InOutNode => ({
      ...raw[name],
      children: this.nodes(raw[name].children, { path: `${place.path}/${name}`, module: place.module }),
    });
    return { ...raw, path: place.path, input: inout('input'), output: inout('output') };
  }

  notification(raw: Raw<NotificationNode>, above: Place): NotificationNode {
    const place = this.#path(raw, above);
    return { ...raw, path: place.path, children: this.nodes(raw.children, place) };
  }

  module(raw: RawModule): Module {
    const root: Place = { path: '', module: '' };
    return {
      ...raw,
      identities: raw.identities.map((identity) => ({
        ...identity,
        bases: this.#identities.basesOf(`${raw.name}:${identity.name}`),
        derived: this.#identities.derivedFrom(`${raw.name}:${identity.name}`),
      })),
      data: this.nodes(raw.data, root),
      rpcs: raw.rpcs.map((rpc): RpcNode => this.operation(rpc, root)),
      notifications: raw.notifications.map((notification) => this.notification(notification, root)),
    };
  }
}

interface Place {
  readonly path: string;
  readonly module: string;
}

/** Reads the shim's JSON text of all modules. */
export function readSchema(text: string): readonly Module[] {
  // The shim writes exactly these members.
  const modules = JSON.parse(text) as readonly RawModule[];
  const reader = new Reader(new Identities(modules));
  return modules.map((module) => reader.module(module));
}
