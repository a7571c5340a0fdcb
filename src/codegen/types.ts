/** Schema nodes as TypeScript types. */
import type { Identity, Module, Type } from 'libyang-wasm';
import type { LoadedSchema } from './load.ts';
import { typeDescriptions, typeNames } from './modules.ts';
import { sitesOf } from './sites.ts';
import type { MemberSite, StructSite, ValueSite } from './sites.ts';
import { comment, memberName, pascalCase, quote, union } from './text.ts';

/** Types of `src/yang` that generated code imports, and names that a type must not hide. */
const RESERVED = new Set(['Data', 'Entries', 'Empty', 'InstancePath', 'RpcDescriptor', 'HandlersOf', 'Handlers']);
const GLOBALS = new Set(['Promise', 'Object', 'String', 'Number', 'Boolean', 'Array', 'Map', 'Set', 'Date', 'Error']);

interface Declaration {
  readonly body: string;
  readonly description: string | undefined;
  /** Schema paths of all places that have this type. */
  readonly paths: Set<string>;
}

/** The types of one module's file. */
export interface TypeFile {
  readonly declarations: ReadonlyMap<string, Declaration>;
  /** Names imported from other generated files, by module. */
  readonly imports: ReadonlyMap<string, ReadonlySet<string>>;
  /** Names imported from src/yang. */
  readonly runtime: ReadonlySet<string>;
}

class OpenTypeFile implements TypeFile {
  readonly declarations = new Map<string, Declaration>();
  readonly imports = new Map<string, Set<string>>();
  readonly runtime = new Set<string>();
}

/** Makes the types of sites, each in the file of the module that defines it. */
export class TypeMaker {
  readonly sites: ReadonlyMap<string, MemberSite>;
  readonly #schema: LoadedSchema;
  readonly #files: ReadonlyMap<string, OpenTypeFile>;
  readonly #identities: ReadonlyMap<string, Identity>;
  readonly #shared = new Map<string, { readonly module: string; readonly name: string }>();

  constructor(schema: LoadedSchema, modules: readonly string[]) {
    this.#schema = schema;
    this.sites = sitesOf(schema.modules);
    this.#files = new Map(modules.map((name) => [name, new OpenTypeFile()]));
    this.#identities = identitiesOf(schema.modules);
    const named = Object.keys(typeNames).map((path) => this.#named(path));
    for (const site of named.sort((a, b) => height(a) - height(b))) this.struct(site, site.module);
  }

  file(module: string): TypeFile {
    return this.#open(module);
  }

  /** Declares the type of a site. @returns its name, imported into the file of `user` */
  struct(site: StructSite, user: string): string {
    const file = this.#open(site.module);
    const lines = site.members.map((member) => this.#member(member, site));
    if (lines.length === 0) {
      this.#open(user).runtime.add('Empty');
      return 'Empty';
    }
    const body = `{\n${lines.join('')}}`;
    const known = this.#shared.get(body);
    if (known !== undefined) {
      this.#open(known.module).declarations.get(known.name)?.paths.add(site.path);
      return this.#reference(known.module, known.name, user);
    }
    const name = this.#nameOf(site);
    this.#declare(file, name, body, site.description, site.path);
    if (typeNames[site.path] !== undefined) this.#shared.set(body, { module: site.module, name });
    return this.#reference(site.module, name, user);
  }

  /** The type of a leaf's values. */
  leaf(type: Type, user: string): string {
    switch (type.base) {
      case 'enumeration':
        return this.#enumeration(type, user);
      case 'identityref':
        return this.#identityref(type, user);
      case 'leafref':
        return this.leaf(type.target, user);
      case 'union':
        return union(type.types.map((one) => this.leaf(one, user)));
      case 'boolean':
        return 'boolean';
      case 'empty':
        return 'readonly [null]';
      case 'int8':
      case 'int16':
      case 'int32':
      case 'uint8':
      case 'uint16':
      case 'uint32':
        return 'number';
      case 'int64':
      case 'uint64':
      case 'decimal64':
      case 'string':
      case 'binary':
      case 'bits':
      case 'instance-identifier':
        return 'string';
    }
  }

  /** The features behind which a node stands and its parent does not. */
  features(site: MemberSite): readonly string[] | undefined {
    const own = this.#schema.featuresOf(operationPath(site));
    const parent = site.parent === undefined ? undefined : this.#schema.featuresOf(operationPath(site.parent));
    return parent === undefined ? own : undefined;
  }

  #named(path: string): StructSite {
    const site = this.sites.get(path);
    if (site?.kind === 'struct') return site;
    throw new Error(`src/codegen/modules.ts names ${path}, which the schema does not have`);
  }

  #open(module: string): OpenTypeFile {
    const file = this.#files.get(module);
    if (file === undefined) throw new Error(`${module} is not among the modules that code is generated for`);
    return file;
  }

  #member(site: MemberSite, parent: StructSite): string {
    const user = parent.module;
    const name = memberName(site.module === parent.module ? site.name : `${site.module}:${site.name}`);
    const features = this.features(site);
    const note = features === undefined ? undefined : `@feature ${features.join(' or ') || 'several together'}`;
    const doc = comment([site.node?.description, note, site.kind === 'value' ? typeTag(site) : undefined], '  ');
    const mark = features === undefined && isAlwaysThere(site) ? '' : '?';
    return `${doc}  readonly ${name}${mark}: ${this.#memberType(site, user)};\n`;
  }

  #memberType(site: MemberSite, user: string): string {
    if (site.kind === 'value') {
      if (site.node.kind === 'leaf') return this.leaf(site.node.type, user);
      if (site.node.kind === 'leaf-list') return arrayOf(this.leaf(site.node.type, user));
      this.#open(user).runtime.add('Data');
      return 'Data';
    }
    const type = this.struct(site, user);
    if (site.node?.kind !== 'list') return type;
    if (site.form !== 'datastore' || site.node.keys.length === 0) return arrayOf(type);
    this.#open(user).runtime.add('Entries');
    return `${arrayOf(type)} | Entries<${type}>`;
  }

  #nameOf(site: StructSite): string {
    const given = typeNames[site.path];
    if (given !== undefined) return given;
    if (site.form === 'input' && site.node === undefined) return `${pascalCase(site.name)}Input`;
    if (site.form === 'output' && site.node === undefined) return `${pascalCase(site.name)}Output`;
    const parent = site.parent;
    return (parent === undefined ? '' : this.#nameOf(parent)) + pascalCase(site.name);
  }

  #enumeration(type: Type & { readonly base: 'enumeration' }, user: string): string {
    const [module, name] = (type.typedef ?? '').split(':');
    if (module === undefined || name === undefined || !this.#files.has(module)) {
      return union(
        type.enums.map((one) => quote(one.name)),
        '  ',
      );
    }
    const body = type.enums.map((one) => `\n${comment([one.description], '  ')}  | ${quote(one.name)}`).join('');
    const declared = pascalCase(name);
    this.#declare(this.#open(module), declared, body, `Type \`${module}:${name}\`.`, undefined);
    return this.#reference(module, declared, user);
  }

  #identityref(type: Type & { readonly base: 'identityref' }, user: string): string {
    const [module, name] = (type.identities.length === 1 ? (type.identities[0] ?? '') : '').split(':');
    if (module === undefined || name === undefined || !this.#files.has(module))
      return union(type.values.map(quote), '  ');
    const body = type.values
      .map((value) => `\n${comment([this.#identities.get(value)?.description], '  ')}  | ${quote(value)}`)
      .join('');
    const declared = pascalCase(name);
    const description = this.#identities.get(`${module}:${name}`)?.description;
    this.#declare(this.#open(module), declared, body, description, undefined);
    return this.#reference(module, declared, user);
  }

  #declare(
    file: OpenTypeFile,
    name: string,
    body: string,
    description: string | undefined,
    path: string | undefined,
  ): void {
    const there = file.declarations.get(name);
    if (there === undefined) {
      if (RESERVED.has(name) || GLOBALS.has(name)) {
        throw new Error(`${path ?? name} would become the type ${name}, which has a meaning: name it in typeNames`);
      }
      file.declarations.set(name, {
        body,
        description: typeDescriptions[name] ?? description,
        paths: new Set(path === undefined ? [] : [path]),
      });
      return;
    }
    if (there.body !== body)
      throw new Error(`${path ?? name} and another node become the type ${name}: name it in typeNames`);
    if (path !== undefined) there.paths.add(path);
  }

  #reference(module: string, name: string, user: string): string {
    if (module === user) return name;
    const imports = this.#open(user).imports;
    imports.set(module, (imports.get(module) ?? new Set()).add(name));
    return name;
  }
}

function identitiesOf(modules: readonly Module[]): ReadonlyMap<string, Identity> {
  return new Map(
    modules.flatMap((module) =>
      module.identities.map((identity) => [`${module.name}:${identity.name}`, identity] as const),
    ),
  );
}

/** The height of the tree of structures below a site. */
function height(site: StructSite): number {
  return Math.max(0, ...site.members.map((member) => (member.kind === 'struct' ? 1 + height(member) : 0)));
}

/** An operation's input and output have no path of their own in the schema. */
function operationPath(site: MemberSite): string {
  return site.kind === 'struct' && site.node === undefined ? site.path.replace(/\/(input|output)$/, '') : site.path;
}

/**
 * Whether a member is there in all valid data: mandatory ones and keys, and in an RPC's input, which has its defaults filled in,
 * those with a default. An entry of configuration is also read where its state is not.
 */
function isAlwaysThere(site: MemberSite): boolean {
  const { node, inChoice, form, parent } = site;
  if (node === undefined || inChoice || node.when.length > 0) return false;
  if (node.kind === 'leaf' && node.isKey) return true;
  const stateOfConfig = form === 'datastore' && !node.config && parent?.node?.config !== false;
  if (node.mandatory) return !stateOfConfig;
  return form === 'input' && ((node.kind === 'leaf' && node.default !== undefined) || hasDefaults(node));
}

function hasDefaults(node: NonNullable<MemberSite['node']>): boolean {
  return node.kind === 'leaf-list' && node.defaults.length > 0;
}

function arrayOf(type: string): string {
  return /[ |\n]/.test(type) ? `readonly (${type})[]` : `readonly ${type}[]`;
}

/** What the TypeScript type does not say of a leaf's values. */
function typeTag(site: ValueSite): string | undefined {
  const { node } = site;
  if (node.kind !== 'leaf' && node.kind !== 'leaf-list') return undefined;
  const { base, typedef } = node.type;
  if (base === 'enumeration' || base === 'identityref' || base === 'boolean') return undefined;
  const name = typedef ?? base;
  const units = node.units === undefined ? '' : ` (${node.units})`;
  return name === 'string' && units === '' ? undefined : `@type ${name}${units}`;
}
