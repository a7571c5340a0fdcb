/** A parsed RPC, action, reply or notification. */
import { readNodes } from './data-node.ts';
import type { DataNode } from './data-node.ts';
import type { DataTree } from './data-tree.ts';
import { Tree, childrenOf, subtree } from './tree.ts';
import type { Home } from './tree.ts';
import { formats, printFlags } from './formats.ts';
import type { PrintOptions } from './formats.ts';
import type { Result } from './instance.ts';

export type OperationKind = 'rpc' | 'reply' | 'notification';

interface Operation {
  readonly kind: 'rpc' | 'action' | 'notification';
  readonly name: string;
  readonly module: string;
  /** Instance path; of an RPC or top-level notification `/module:name`. */
  readonly path: string;
}

/** LYD_TYPE_{RPC,NOTIF,REPLY}_YANG */
const validationTypes: Readonly<Record<OperationKind, number>> = { rpc: 1, notification: 2, reply: 3 };

export class OperationTree extends Tree {
  readonly kind: OperationKind;
  readonly #operation: number;
  readonly #envelopeText: string;
  #envelope: readonly DataNode[] | undefined;
  #node: Operation | undefined;

  /** Trees come from the methods of `Context`. @internal */
  constructor(home: Home, kind: OperationKind, outcome: Result) {
    super(home, outcome.tree);
    this.kind = kind;
    this.#envelopeText = outcome.text;
    this.#operation = outcome.operation;
  }

  /** The elements around the operation (`rpc`, `rpc-reply`, `notification`, `input`, …) with their attributes. */
  get envelope(): readonly DataNode[] {
    this.#envelope ??= this.#envelopeText === '' ? [] : readNodes(this.#envelopeText);
    return this.#envelope;
  }

  #address(): number {
    // The operation goes with its tree: this throws when that is stale.
    return this.address === 0 ? 0 : this.#operation;
  }

  /** Name, module and instance path of the RPC, action or notification. */
  get operation(): Operation {
    this.#node ??= this.#describe();
    return this.#node;
  }

  #describe(): Operation {
    const { text } = this.session.call('lyw_describe', this.#address());
    // The shim writes exactly these members.
    return JSON.parse(text) as Operation;
  }

  /**
   * Prints what is below the operation: the input, the output, the content of the notification. In JSON it is the object
   * that RFC 8040 has as the value of `input` and `output`, in XML the elements one after the other.
   */
  printBody(options: PrintOptions): string {
    const format = formats[options.format];
    const address = this.#address();
    if (options.format === 'xml') {
      return this.session.call('lyw_print', address, format, printFlags(options), childrenOf).text;
    }
    const { text } = this.session.call('lyw_print', address, format, printFlags(options), subtree);
    // {"module:operation": BODY}
    return text.slice(text.indexOf('{', 1), text.lastIndexOf('}', text.lastIndexOf('}') - 1) + 1);
  }

  /**
   * Validates the operation. References out of it (leafref, must, when) are looked up in `datastore`.
   *
   * @throws LibyangError with the first violation.
   */
  validateOperation(datastore?: DataTree): void {
    this.session.call(
      'lyw_validate_op',
      this.#address(),
      datastore?.addressIn(this.session) ?? 0,
      validationTypes[this.kind],
    );
  }
}
