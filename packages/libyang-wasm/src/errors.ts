/** What went wrong, as libyang tells it. */

/** libyang's return codes (LY_ERR). */
export type ErrorCode =
  | 'memory'
  | 'system'
  | 'invalid-argument'
  | 'exists'
  | 'not-found'
  | 'internal'
  | 'invalid'
  | 'denied'
  | 'incomplete'
  | 'recompile'
  | 'negative'
  | 'other';

/** libyang's kinds of invalid input (LY_VECODE). */
export type ValidationCode =
  | 'syntax'
  | 'syntax-yang'
  | 'syntax-yin'
  | 'reference'
  | 'xpath'
  | 'semantics'
  | 'syntax-xml'
  | 'syntax-json'
  | 'data'
  | 'other';

const codes: readonly ErrorCode[] = [
  'other',
  'memory',
  'system',
  'invalid-argument',
  'exists',
  'not-found',
  'internal',
  'invalid',
  'denied',
  'incomplete',
  'recompile',
  'negative',
  'other',
];

const validationCodes: readonly (ValidationCode | undefined)[] = [
  undefined,
  'syntax',
  'syntax-yang',
  'syntax-yin',
  'reference',
  'xpath',
  'semantics',
  'syntax-xml',
  'syntax-json',
  'data',
  'other',
];

export function errorCode(code: number): ErrorCode {
  return codes[code] ?? 'other';
}

/** One error or warning. */
export interface ErrorItem {
  readonly message: string;
  readonly code: ErrorCode;
  /** The kind of invalid input, when that is what `code` says. */
  readonly validationCode?: ValidationCode;
  /** The error-app-tag of a must, a range, …, or one that RFC 7950 §15 assigns. */
  readonly appTag?: string;
  /** The instance in the data, as `/module:node/list[key='value']`. */
  readonly dataPath?: string;
  readonly schemaPath?: string;
  /** Line of the input, counted from 1. */
  readonly line?: number;
  /** True for what libyang only warns of. */
  readonly warning: boolean;
}

/** An item as the shim writes it, with numbers for the codes. */
export interface RawErrorItem extends Omit<ErrorItem, 'code' | 'validationCode'> {
  readonly code: number;
  readonly validation: number;
}

export function toErrorItem({ code, validation, ...rest }: RawErrorItem): ErrorItem {
  const validationCode = validationCodes[validation];
  return { ...rest, code: errorCode(code), ...(validationCode === undefined ? {} : { validationCode }) };
}

function describe({ message, dataPath, schemaPath, line }: ErrorItem): string {
  const places = [dataPath ?? schemaPath, line === undefined ? undefined : `line ${line}`].filter(
    (place) => place !== undefined,
  );
  return places.length === 0 ? message : `${message} (${places.join(', ')})`;
}

/** libyang refused something. Every error that it reported is an item; the message shows the first. */
export class LibyangError extends Error {
  override readonly name: string = 'LibyangError';
  readonly items: readonly ErrorItem[];

  constructor(items: readonly ErrorItem[]) {
    const [first] = items;
    const more = items.length > 1 ? ` and ${items.length - 1} more` : '';
    super(first === undefined ? 'libyang failed without a reason' : `${describe(first)}${more}`);
    this.items = items;
  }
}

/** An XPath expression needed more evaluation steps than it was given. */
export class XPathBudgetError extends LibyangError {
  override readonly name: string = 'XPathBudgetError';
}

/**
 * libyang trapped: an access outside of its memory, an endless recursion. The call is lost and the data trees of its
 * context are gone; the context itself goes on with a new instance.
 */
export class TrapError extends Error {
  override readonly name: string = 'TrapError';
}

/** The memory limit of the context was reached. As after any other trap, the context goes on with a new instance. */
export class MemoryLimitError extends TrapError {
  override readonly name: string = 'MemoryLimitError';
}

/** A data tree was used after its disposal, or after the instance that it lived in was replaced. */
export class StaleHandleError extends Error {
  override readonly name: string = 'StaleHandleError';
}
