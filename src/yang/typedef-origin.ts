import type { Type } from './schema-tree.ts';

/** Modules whose typedefs of strings have canonical forms of their own in libyang, or are checked beyond length and pattern. */
const SPECIAL_MODULES: ReadonlySet<string> = new Set(['ietf-inet-types', 'ietf-yang-types', 'ietf-netconf-acm']);

/** Gives the YANG text of a module; undefined when there is none of that name. */
export type ModuleText = (module: string) => string | undefined;

/**
 * Tells which string types are strings and nothing more. The compiled schema names the outermost typedef of a type only, so
 * the typedefs that it is derived from are looked for in the modules' texts. Where they cannot be followed, the answer is no.
 */
export class TypedefOrigins {
  readonly #modules: readonly string[];
  readonly #textOf: ModuleText;
  readonly #bare = new Map<string, string>();
  readonly #known = new Map<string, boolean>();

  /** @param modules names of all modules, for types that are named without theirs */
  constructor(modules: readonly string[], textOf: ModuleText) {
    this.#modules = modules;
    this.#textOf = textOf;
  }

  /** Whether every text that fits the type's lengths and patterns is a value of it, and its own canonical form. */
  isPlainString(type: Extract<Type, { readonly base: 'string' }>): boolean {
    if (type.typedef === undefined) return true;
    const colon = type.typedef.indexOf(':');
    if (colon >= 0) return this.#isPlain(type.typedef.slice(0, colon), type.typedef.slice(colon + 1));
    const name = type.typedef;
    const homes = this.#modules.filter((module) => this.#definitions(module, name).length > 0);
    return homes.length > 0 && homes.every((module) => this.#isPlain(module, name));
  }

  #isPlain(module: string, name: string): boolean {
    const key = `${module}:${name}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    // A typedef cannot be derived from itself (RFC 7950 §7.3): whatever looks so is not understood.
    this.#known.set(key, false);
    const answer = this.#derivesPlainly(module, name);
    this.#known.set(key, answer);
    return answer;
  }

  #derivesPlainly(module: string, name: string): boolean {
    if (SPECIAL_MODULES.has(module)) return false;
    const [base, another] = this.#definitions(module, name);
    if (base === undefined || another !== undefined) return false;
    if (base === 'string') return true;
    const colon = base.indexOf(':');
    const home = colon < 0 ? module : this.#moduleOfPrefix(module, base.slice(0, colon));
    return home !== undefined && this.#isPlain(home, base.slice(colon + 1));
  }

  /** What the typedefs of that name in a module are derived from, as written there. */
  #definitions(module: string, name: string): readonly string[] {
    const typedefs = this.#text(module).matchAll(/\btypedef\s+([\w.-]+)\s*\{[^{}]*?\btype\s+([\w.:-]+)/g);
    return [...typedefs].filter((match) => match[1] === name).map((match) => match[2] ?? '');
  }

  #moduleOfPrefix(module: string, prefix: string): string | undefined {
    const text = this.#text(module);
    for (const [, imported, given] of text.matchAll(/\bimport\s+([\w.-]+)\s*\{\s*prefix\s+([\w.-]+)/g)) {
      if (given === prefix) return imported;
    }
    const [, own] = /^\s*module\s+[\w.-]+\s*\{[^{}]*?\bprefix\s+([\w.-]+)/.exec(text) ?? [];
    return own === prefix ? module : undefined;
  }

  /** A module's text without comments, quotes removed where a name is in them and the quoted where it is prose. */
  #text(module: string): string {
    const known = this.#bare.get(module);
    if (known !== undefined) return known;
    const notCode = /\/\*[^]*?\*\/|\/\/[^\n]*|"((?:[^"\\]|\\[^])*)"|'([^']*)'/g;
    const bare = (this.#textOf(module) ?? '').replace(notCode, (_all, double?: string, single?: string) => {
      const quoted = double ?? single ?? '';
      return /^[\w.:-]+$/.test(quoted) ? quoted : ' ';
    });
    this.#bare.set(module, bare);
    return bare;
  }
}
