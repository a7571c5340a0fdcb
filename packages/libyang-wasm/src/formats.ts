/** Numbers that libyang knows its options by. */

/** Encodings: XML, and JSON of RFC 7951 with the metadata of RFC 7952. */
export type Format = 'xml' | 'json';

/** LYD_FORMAT */
export const formats: Readonly<Record<Format, number>> = { xml: 1, json: 2 };

/** How defaults are printed (RFC 6243): `implicit-tagged` marks only what was not given explicitly. */
export type WithDefaults = 'explicit' | 'trim' | 'report-all' | 'report-all-tagged' | 'implicit-tagged';

/** LYD_PRINT_WD_* */
const withDefaultsFlags: Readonly<Record<WithDefaults, number>> = {
  explicit: 0,
  trim: 0x10,
  'report-all': 0x20,
  'report-all-tagged': 0x40,
  'implicit-tagged': 0x80,
};

export interface PrintOptions {
  readonly format: Format;
  /** Default: `explicit`. */
  readonly withDefaults?: WithDefaults;
  /** Without indentation and line ends. Default: true. */
  readonly shrink?: boolean;
  /** Print containers without presence that have no content. Default: false. */
  readonly keepEmptyContainers?: boolean;
}

export function printFlags({
  withDefaults = 'explicit',
  shrink = true,
  keepEmptyContainers = false,
}: PrintOptions): number {
  return withDefaultsFlags[withDefaults] | (shrink ? 0x02 : 0) | (keepEmptyContainers ? 0x04 : 0);
}

export interface ValidateOptions {
  /**
   * Validate only modules that have data in the tree. Default: true; without it, the mandatory nodes of every module in
   * the context are missed.
   */
  readonly present?: boolean;
  /** State data is an error. */
  readonly noState?: boolean;
  /** Operational data: a violated constraint is only a warning (RFC 8342 §5.3). */
  readonly operational?: boolean;
}

export function validateFlags({ present = true, noState = false, operational = false }: ValidateOptions): number {
  return (noState ? 0x01 : 0) | (present ? 0x02 : 0) | (operational ? 0x08 : 0);
}

export interface ParseOptions {
  readonly format: Format;
  /** Only parse; nothing is validated but the values of leafs. Default: false. */
  readonly parseOnly?: boolean;
  /** Data without a schema is an error rather than left out. Default: true, unless `opaque` is. */
  readonly strict?: boolean;
  /** Keep data without a schema as opaque nodes. */
  readonly opaque?: boolean;
  /** State data is an error. */
  readonly noState?: boolean;
  readonly validate?: ValidateOptions;
}

export function parseFlags({ opaque = false, strict = !opaque, noState = false }: ParseOptions): number {
  return (strict ? 0x020000 : 0) | (opaque ? 0x040000 : 0) | (noState ? 0x080000 : 0);
}
