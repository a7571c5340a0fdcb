import { RpcError } from './rpc-error.ts';

/** What a predicate compares with. */
export interface RawValue {
  readonly value: string;
  /** Whether it is that of a variable. */
  readonly isVariable: boolean;
}

/** A predicate of an instance-identifier (RFC 7950 §9.13), names not resolved yet. */
export type RawPredicate =
  | ({ readonly kind: 'key'; readonly prefix: string; readonly name: string } & RawValue)
  | ({ readonly kind: 'value' } & RawValue)
  | { readonly kind: 'position'; readonly position: number };

/** A step as written; `prefix` is empty when there is none. */
export interface RawStep {
  readonly prefix: string;
  readonly name: string;
  readonly predicates: readonly RawPredicate[];
}

const NAME = /(?:([A-Za-z_][\w.-]*):)?([A-Za-z_][\w.-]*)/y;
const STRING = /"([^"]*)"|'([^']*)'/y;

const VARIABLE = /\$([A-Za-z_][\w.-]*)/y;

/** Values of variables, such as `USER` for `$USER`. */
export type PathVariables = Readonly<Record<string, string>>;

/**
 * Splits an instance-identifier into steps. A value with both kinds of quotes is written `concat('…', "…")`.
 * @param variables what may stand in place of a quoted value; by default nothing
 * @throws RpcError invalid-value that says where the text stops being a path
 */
export function splitPath(text: string, variables: PathVariables = {}): readonly RawStep[] {
  const reader = new PathReader(text, variables);
  const steps: RawStep[] = [];
  reader.skipSpace();
  while (!reader.atEnd()) {
    reader.expect('/');
    const { prefix, name } = reader.name();
    const predicates: RawPredicate[] = [];
    while (reader.take('[')) predicates.push(reader.predicate());
    steps.push({ prefix, name, predicates });
    reader.skipSpace();
  }
  return steps;
}

class PathReader {
  readonly #text: string;
  readonly #variables: PathVariables;
  #at = 0;

  constructor(text: string, variables: PathVariables) {
    this.#text = text;
    this.#variables = variables;
  }

  atEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  skipSpace(): void {
    while (/\s/.test(this.#text.charAt(this.#at))) this.#at++;
  }

  take(character: string): boolean {
    if (!this.#text.startsWith(character, this.#at)) return false;
    this.#at += character.length;
    return true;
  }

  expect(character: string): void {
    if (!this.take(character)) throw this.#refuse(`"${character}"`);
  }

  name(): { readonly prefix: string; readonly name: string } {
    const match = this.#match(NAME);
    if (match === undefined) throw this.#refuse('the name of a node');
    return { prefix: match[1] ?? '', name: match[2] ?? '' };
  }

  /** The inside of brackets, and the closing one. */
  predicate(): RawPredicate {
    this.skipSpace();
    const predicate = this.#predicateBody();
    this.skipSpace();
    this.expect(']');
    return predicate;
  }

  #predicateBody(): RawPredicate {
    const position = this.#match(/[1-9]\d*/y);
    if (position !== undefined) return { kind: 'position', position: Number(position[0]) };
    if (this.take('.')) return { kind: 'value', ...this.#equals() };
    const { prefix, name } = this.name();
    return { kind: 'key', prefix, name, ...this.#equals() };
  }

  #equals(): RawValue {
    this.skipSpace();
    this.expect('=');
    this.skipSpace();
    const variable = this.#variable();
    if (variable !== undefined) return { value: variable, isVariable: true };
    if (!this.take('concat(')) return { value: this.#string(), isVariable: false };
    let value = '';
    do {
      this.skipSpace();
      value += this.#string();
      this.skipSpace();
    } while (this.take(','));
    this.expect(')');
    return { value, isVariable: false };
  }

  #variable(): string | undefined {
    const before = this.#at;
    const name = this.#match(VARIABLE)?.[1];
    const value = name === undefined ? undefined : this.#variables[name];
    if (value === undefined) this.#at = before;
    return value;
  }

  #string(): string {
    const match = this.#match(STRING);
    if (match === undefined) throw this.#refuse('a quoted value');
    return match[1] ?? match[2] ?? '';
  }

  #match(expression: RegExp): RegExpExecArray | undefined {
    expression.lastIndex = this.#at;
    const match = expression.exec(this.#text);
    if (match === null) return undefined;
    this.#at = expression.lastIndex;
    return match;
  }

  #refuse(expected: string): RpcError {
    return RpcError.invalidValue(
      `"${this.#text}" is not an instance path: ${expected} is expected at character ${this.#at + 1}.`,
    );
  }
}

/** A predicate's value in quotes that it does not hold. */
export function quotePathValue(value: string): string {
  if (!value.includes("'")) return `'${value}'`;
  if (!value.includes('"')) return `"${value}"`;
  const parts = value.split(/(')/).filter((part) => part !== '');
  return `concat(${parts.map((part) => (part === "'" ? `"'"` : `'${part}'`)).join(',')})`;
}
