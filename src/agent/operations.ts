import type { Data } from '../yang/data.ts';
import type { InstancePath } from '../yang/instance-path.ts';
import type { RequestContext } from './context.ts';

/**
 * Carries out an RPC. The input has been parsed and validated; the output must be what the schema says, and is `{}` for
 * an operation without output. Errors are thrown as RpcError; anything else that is thrown is a bug and is answered as
 * `operation-failed`.
 */
export type OperationHandler<Input extends Data = Data, Output extends Data = Data> = (
  context: RequestContext,
  input: Input,
) => Output | Promise<Output>;

/** Carries out an action (RFC 7950 §7.15) on the node at `path`, which exists. */
export type ActionHandler = (context: RequestContext, path: InstancePath, input: Data) => Data | Promise<Data>;

/** The table of operations, one for all protocols. RPCs are named `module:name`, actions by their schema path. */
export class Operations {
  readonly #rpcs = new Map<string, OperationHandler>();
  readonly #actions = new Map<string, ActionHandler>();
  readonly #decisions = new Set<string>();

  /** @param name `module:rpc` @throws Error when it has a handler already: two owners are a mistake in composition */
  register(name: string, handler: OperationHandler): void {
    if (this.#rpcs.has(name)) throw new Error(`the operation ${name} has a handler already`);
    this.#rpcs.set(name, handler);
  }

  /**
   * Registers a module's handlers by their rpc names, as `Handlers` of src/generated types them.
   * @param module the module that defines the RPCs
   * @param decisions those of which {@link isDecision} holds
   */
  registerModule(
    module: string,
    handlers: Readonly<Record<string, OperationHandler>>,
    decisions: readonly string[] = [],
  ): void {
    for (const [name, handler] of Object.entries(handlers)) this.register(`${module}:${name}`, handler);
    for (const name of decisions) this.#decisions.add(`${module}:${name}`);
  }

  /** @param schemaPath the action's schema path, e.g. `/example:server/reset` */
  registerAction(schemaPath: string, handler: ActionHandler): void {
    if (this.#actions.has(schemaPath)) throw new Error(`the action ${schemaPath} has a handler already`);
    this.#actions.set(schemaPath, handler);
  }

  rpc(name: string): OperationHandler | undefined {
    return this.#rpcs.get(name);
  }

  /**
   * Whether the RPC does no more than to take one decision, which it has taken when its handler returns: the promise of its output
   * waits for nothing but that to be durable.
   */
  isDecision(name: string): boolean {
    return this.#decisions.has(name);
  }

  action(schemaPath: string): ActionHandler | undefined {
    return this.#actions.get(schemaPath);
  }
}
