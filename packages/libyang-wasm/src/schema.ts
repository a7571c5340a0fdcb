/**
 * The compiled schema as plain, immutable data: what a code generator or a protocol server needs to know of a set of
 * YANG modules, independent of the libyang instance that compiled them.
 *
 * All names of nodes in other modules are written `module:name` (RFC 7951 §4), never with prefixes.
 */

export type Status = 'current' | 'deprecated' | 'obsolete';

/** One module of the context (RFC 7950 §7.1). */
export interface Module {
  readonly name: string;
  readonly namespace: string;
  readonly prefix: string;
  readonly revision?: string;
  readonly yangVersion: '1' | '1.1';
  /** False for a module that is there only for what others import from it (RFC 7950 §5.6.5). */
  readonly implemented: boolean;
  readonly organization?: string;
  readonly contact?: string;
  readonly description?: string;
  readonly reference?: string;
  readonly features: readonly Feature[];
  readonly identities: readonly Identity[];
  readonly submodules: readonly { readonly name: string; readonly revision?: string }[];
  /** Names of modules whose deviations apply to this one. */
  readonly deviatedBy: readonly string[];
  /** Extension instances in the module statement itself, e.g. `sx:structure` (RFC 8791) and `rc:yang-data` (RFC 8040). */
  readonly extensions: readonly Extension[];
  /** Top-level data nodes, choices and cases kept in place. */
  readonly data: readonly SchemaNode[];
  readonly rpcs: readonly RpcNode[];
  readonly notifications: readonly NotificationNode[];
}

export interface Feature {
  readonly name: string;
  readonly enabled: boolean;
  readonly status: Status;
  readonly description?: string;
}

export interface Identity {
  readonly name: string;
  /** Direct bases, as `module:name`. */
  readonly bases: readonly string[];
  /** Every identity derived from this one, directly or not, as `module:name`. */
  readonly derived: readonly string[];
  readonly status: Status;
  readonly description?: string;
}

/** An extension instance of a statement that libyang keeps in the compiled tree, e.g. `nacm:default-deny-all`. */
export interface Extension {
  readonly module: string;
  readonly name: string;
  readonly argument?: string;
}

export interface Must {
  readonly xpath: string;
  readonly errorMessage?: string;
  readonly errorAppTag?: string;
}

interface NodeBase {
  readonly name: string;
  /** The module whose namespace the node is in. */
  readonly module: string;
  /** Schema path with choices and cases left out, e.g. `/opnfv-promise:promise/pools/pool`. */
  readonly path: string;
  readonly status: Status;
  readonly description?: string;
  readonly reference?: string;
  readonly when: readonly string[];
  readonly extensions: readonly Extension[];
}

interface DataNodeBase extends NodeBase {
  /** True for configuration; inside RPCs, actions and notifications false. */
  readonly config: boolean;
  readonly mandatory: boolean;
}

export interface ContainerNode extends DataNodeBase {
  readonly kind: 'container';
  /** A presence container (RFC 7950 §7.5.1). */
  readonly presence: boolean;
  readonly must: readonly Must[];
  readonly children: readonly SchemaNode[];
  readonly actions: readonly ActionNode[];
  readonly notifications: readonly NotificationNode[];
}

export interface ListNode extends DataNodeBase {
  readonly kind: 'list';
  /** Names of the key leafs in key order; empty for a keyless state list. */
  readonly keys: readonly string[];
  /** Each `unique` statement: descendant schema node identifiers. */
  readonly unique: readonly (readonly string[])[];
  readonly orderedBy: 'system' | 'user';
  readonly minElements: number;
  /** Absent when unbounded. */
  readonly maxElements?: number;
  readonly must: readonly Must[];
  readonly children: readonly SchemaNode[];
  readonly actions: readonly ActionNode[];
  readonly notifications: readonly NotificationNode[];
}

export interface LeafNode extends DataNodeBase {
  readonly kind: 'leaf';
  readonly type: Type;
  readonly units?: string;
  /** Canonical default value as RFC 7951 text. */
  readonly default?: string;
  readonly isKey: boolean;
  readonly must: readonly Must[];
}

export interface LeafListNode extends DataNodeBase {
  readonly kind: 'leaf-list';
  readonly type: Type;
  readonly units?: string;
  readonly defaults: readonly string[];
  readonly orderedBy: 'system' | 'user';
  readonly minElements: number;
  readonly maxElements?: number;
  readonly must: readonly Must[];
}

export interface ChoiceNode extends DataNodeBase {
  readonly kind: 'choice';
  /** Name of the default case. */
  readonly default?: string;
  readonly cases: readonly CaseNode[];
}

export interface CaseNode extends NodeBase {
  readonly kind: 'case';
  readonly config: boolean;
  readonly children: readonly SchemaNode[];
}

export interface AnyNode extends DataNodeBase {
  readonly kind: 'anydata' | 'anyxml';
  readonly must: readonly Must[];
}

/** The input or output of an operation; an operation without one has an empty list of children. */
export interface InOutNode {
  readonly must: readonly Must[];
  readonly children: readonly SchemaNode[];
}

export interface RpcNode extends NodeBase {
  readonly kind: 'rpc';
  readonly input: InOutNode;
  readonly output: InOutNode;
}

export interface ActionNode extends NodeBase {
  readonly kind: 'action';
  readonly input: InOutNode;
  readonly output: InOutNode;
}

export interface NotificationNode extends NodeBase {
  readonly kind: 'notification';
  readonly must: readonly Must[];
  readonly children: readonly SchemaNode[];
}

export type SchemaNode = ContainerNode | ListNode | LeafNode | LeafListNode | ChoiceNode | CaseNode | AnyNode;

export type IntegerBase = 'int8' | 'int16' | 'int32' | 'int64' | 'uint8' | 'uint16' | 'uint32' | 'uint64';

/** A restriction of a range or a length: inclusive bounds as decimal text, since 64-bit values exceed a double. */
export interface Interval {
  readonly min: string;
  readonly max: string;
}

/** A resolved type (RFC 7950 §9). `typedef` names the outermost typedef, if the leaf uses one, as `module:name` where known. */
export type Type = { readonly typedef?: string } & (
  | { readonly base: IntegerBase; readonly ranges: readonly Interval[] }
  | { readonly base: 'decimal64'; readonly fractionDigits: number; readonly ranges: readonly Interval[] }
  | {
      readonly base: 'string';
      readonly lengths: readonly Interval[];
      readonly patterns: readonly { readonly pattern: string; readonly invert: boolean }[];
    }
  | { readonly base: 'binary'; readonly lengths: readonly Interval[] }
  | { readonly base: 'boolean' }
  | { readonly base: 'empty' }
  | {
      readonly base: 'enumeration';
      readonly enums: readonly {
        readonly name: string;
        readonly value: number;
        readonly status: Status;
        readonly description?: string;
      }[];
    }
  | {
      readonly base: 'bits';
      readonly bits: readonly {
        readonly name: string;
        readonly position: number;
        readonly status: Status;
        readonly description?: string;
      }[];
    }
  | {
      readonly base: 'identityref';
      /** Base identities, as `module:name`. */
      readonly identities: readonly string[];
      /** Every identity that is a valid value, as `module:name`, sorted. */
      readonly values: readonly string[];
    }
  | { readonly base: 'instance-identifier'; readonly requireInstance: boolean }
  | { readonly base: 'leafref'; readonly path: string; readonly requireInstance: boolean; readonly target: Type }
  | { readonly base: 'union'; readonly types: readonly Type[] }
);
