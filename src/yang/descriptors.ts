/** What generated code says of operations and notifications, and the types that follow from it. */
import type { Data } from './data.ts';

/** An RPC with the types of its input and output, which are there for the compiler only. */
export interface RpcDescriptor<Input extends Data = Data, Output extends Data = Data> {
  readonly module: string;
  readonly name: string;
  /** Schema path. */
  readonly path: string;
  readonly types?: { readonly input: Input; readonly output: Output };
}

/** Input or output without any node. */
export type Empty = { readonly [member: string]: never };

/** Carries out one RPC. The input is validated and has its defaults; the output is `{}` for an RPC without one. */
export type Handler<Descriptor, Context> =
  Descriptor extends RpcDescriptor<infer Input, infer Output>
    ? (context: Context, input: Input) => Promise<Output>
    : never;

/** One handler for each RPC, by name. */
export type HandlersOf<Rpcs, Context> = { readonly [Name in keyof Rpcs]: Handler<Rpcs[Name], Context> };
