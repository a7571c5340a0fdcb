/** The text of generated files. */
import type { Module } from 'libyang-wasm';
import type { LoadedSchema } from './load.ts';
import { generatedModules } from './modules.ts';
import type { GeneratedModule } from './modules.ts';
import type { StructSite } from './sites.ts';
import { camelCase, comment, memberName, pascalCase, quote, union } from './text.ts';
import { TypeMaker } from './types.ts';
import type { TypeFile } from './types.ts';

export interface GeneratedFile {
  /** Relative to `src/generated`. */
  readonly name: string;
  readonly text: string;
}

/** All files, a pure function of the schema. */
export function generate(schema: LoadedSchema): readonly GeneratedFile[] {
  const types = new TypeMaker(
    schema,
    generatedModules.map(({ name }) => name),
  );
  const parts = generatedModules.map((generated) => {
    const module = schema.modules.find(({ name }) => name === generated.name);
    if (module === undefined) throw new Error(`the schema lacks ${generated.name}`);
    return { generated, module, operations: new ModuleFile(generated, module, types).text() };
  });
  // Types end up in the file of the module that defines them, whoever uses them: all are known only now.
  return parts.map(({ generated, module, operations }) => ({
    name: `${generated.name}.ts`,
    text: [header(module), importsOf(types.file(generated.name), operations), meta(generated, module)]
      .concat(declarations(types.file(generated.name)), operations.text)
      .filter((part) => part !== '')
      .join('\n'),
  }));
}

function header(module: Module): string {
  const what = `Types of the YANG module ${module.name}${module.revision === undefined ? '' : `, revision ${module.revision}`}.`;
  return `// Generated from yang/${module.name}.yang by "npm run generate"; do not edit.\n\n${comment([what, module.description])}`;
}

interface Operations {
  readonly text: string;
  readonly runtime: ReadonlySet<string>;
}

/** Where the names that generated code imports are defined. */
const RUNTIME: Readonly<Record<string, string>> = {
  Data: 'data',
  Entries: 'data',
  Empty: 'descriptors',
  HandlersOf: 'descriptors',
  RpcDescriptor: 'descriptors',
  InstancePath: 'instance-path',
};

function importsOf(file: TypeFile, operations: Operations): string {
  const byFile = new Map<string, string[]>();
  for (const name of [...file.runtime, ...operations.runtime]) {
    const from = `../yang/${RUNTIME[name] ?? ''}.ts`;
    byFile.set(from, [...(byFile.get(from) ?? []), name]);
  }
  for (const [module, names] of file.imports) byFile.set(`./${module}.ts`, [...names]);
  return [...byFile]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([from, names]) => `import type { ${[...new Set(names)].sort().join(', ')} } from ${quote(from)};\n`)
    .join('');
}

function meta(generated: GeneratedModule, module: Module): string {
  const features = generated.announced.map(quote).join(', ');
  return [
    `export const moduleName = ${quote(module.name)};`,
    `export const namespace = ${quote(module.namespace)};`,
    `/** Features that the server implements and announces. */`,
    `export const announcedFeatures: readonly string[] = [${features}];`,
    '',
  ].join('\n');
}

function declarations(file: TypeFile): string {
  return [...file.declarations]
    .map(([name, { body, description, paths }]) => {
      const tags = [...paths].map((path) => `@path ${path}`);
      return `${comment([description, ...tags])}export type ${name} =${body.startsWith('\n') ? '' : ' '}${body};\n`;
    })
    .join('\n');
}

/** What a file has beside types: operations, notifications, paths. */
class ModuleFile {
  readonly #generated: GeneratedModule;
  readonly #module: Module;
  readonly #types: TypeMaker;
  readonly #runtime = new Set<string>();

  constructor(generated: GeneratedModule, module: Module, types: TypeMaker) {
    this.#generated = generated;
    this.#module = module;
    this.#types = types;
  }

  text(): Operations {
    this.#declareTypes();
    const text = [this.#rpcs(), this.#notifications(), this.#paths()].filter((part) => part !== '').join('\n');
    return { text, runtime: this.#runtime };
  }

  /** The module's own tops, and what it adds to other modules. */
  #declareTypes(): void {
    for (const site of this.#types.sites.values()) {
      if (site.kind === 'struct' && site.module === this.#generated.name && site.parent?.module !== site.module) {
        this.#types.struct(site, this.#generated.name);
      }
    }
  }

  #site(path: string): StructSite {
    const site = this.#types.sites.get(path);
    if (site?.kind !== 'struct') throw new Error(`the schema lacks ${path}`);
    return site;
  }

  /** `undefined` stands for what is there whatever features are announced. */
  #feature(site: StructSite): string | undefined {
    const features = this.#types.features(site);
    return features === undefined ? undefined : (features[0] ?? 'several').replace(`${this.#generated.name}:`, '');
  }

  #rpcs(): string {
    if (this.#module.rpcs.length === 0) return '';
    this.#runtime.add('RpcDescriptor').add('HandlersOf');
    const groups = new Map<string | undefined, string[]>([[undefined, []]]);
    for (const { path, name, module, description } of this.#module.rpcs) {
      const input = this.#site(`${path}/input`);
      const descriptor = `RpcDescriptor<${this.#types.struct(input, module)}, ${this.#types.struct(this.#site(`${path}/output`), module)}>`;
      const feature = this.#feature(input);
      const value = `{ module: ${quote(module)}, name: ${quote(name)}, path: ${quote(path)} }`;
      groups.set(feature, [
        ...(groups.get(feature) ?? []),
        `${comment([description], '  ')}  ${memberName(name)}: ${value} as ${descriptor},\n`,
      ]);
    }
    const always = groups.get(undefined) ?? [];
    groups.delete(undefined);
    return (
      [always.join('')].map((own) => rpcGroup(own) + [...groups].map(featureGroup).join('')).join('') +
      featureIndex([...groups.keys()])
    );
  }

  #notifications(): string {
    const all = this.#module.notifications;
    if (all.length === 0) return '';
    const members = all.map(({ path, module, name }) => {
      const type = this.#types.struct(this.#site(path), module);
      return `{ readonly module: ${quote(module)}; readonly name: ${quote(name)}; readonly content: ${type} }`;
    });
    return `/** Every notification of the module, told apart by its name. */\nexport type Notification =${union(members)};\n`;
  }

  #paths(): string {
    const sites = [...this.#types.sites.values()].filter(
      (site) =>
        site.kind === 'struct' &&
        site.form === 'datastore' &&
        site.module === this.#generated.name &&
        root(site).module === site.module,
    );
    if (sites.length === 0) return '';
    this.#runtime.add('InstancePath');
    const lines = sites.flatMap((site) => (site.kind === 'struct' && hasKeys(site) ? [this.#path(site)] : []));
    const doc = comment([
      'Paths of the containers and list entries of the datastore, by schema path, from the keys on the way.',
    ]);
    return `${doc}export const paths = {\n${lines.join('')}};\n`;
  }

  #path(site: StructSite): string {
    const parameters: string[] = [];
    const steps = lineage(site).map((step) => {
      const names = step.node?.kind === 'list' ? step.node.keys : [];
      const keys = names.map((key) => {
        const parameter = camelCase(`${step.name}-${key}`);
        const leaf = step.members.find((member) => member.name === key);
        const type =
          leaf?.kind === 'value' && leaf.node.kind === 'leaf'
            ? this.#types.leaf(leaf.node.type, site.module)
            : 'string';
        parameters.push(`${parameter}: ${type}`);
        return `{ name: ${quote(key)}, value: ${parameter} }`;
      });
      const predicate = keys.length === 0 ? '' : `, keys: [${keys.join(', ')}]`;
      return `    { module: ${quote(step.module)}, name: ${quote(step.name)}${predicate} },\n`;
    });
    const features = this.#types.features(site);
    const doc = comment([features === undefined ? undefined : `@feature ${features.join(' or ')}`], '  ');
    return `${doc}  ${quote(site.path)}: (${parameters.join(', ')}): InstancePath => [\n${steps.join('')}  ],\n`;
  }
}

function rpcGroup(members: string): string {
  return [
    '/** The RPCs that are there with the announced features. */\n',
    `export const rpcs = {\n${members}};\n\n`,
    '/** What a server of the module has to implement; the compiler asks for each. */\n',
    'export type Handlers<Context> = HandlersOf<typeof rpcs, Context>;\n',
  ].join('');
}

function featureGroup([feature, members]: readonly [string | undefined, readonly string[]]): string {
  const name = `${camelCase(feature ?? '')}Rpcs`;
  const handlers = `${pascalCase(feature ?? '')}Handlers`;
  return [
    `\n/** The RPCs that come with the feature ${feature ?? ''}, which is not announced. */\n`,
    `export const ${name} = {\n${members.join('')}};\n\n`,
    `export type ${handlers}<Context> = HandlersOf<typeof ${name}, Context>;\n`,
  ].join('');
}

function featureIndex(features: readonly (string | undefined)[]): string {
  if (features.length === 0) return '';
  const members = features
    .map((feature) => `  ${memberName(feature ?? '')}: ${camelCase(feature ?? '')}Rpcs,\n`)
    .join('');
  return `\n/** The RPCs of each feature that is not announced. */\nexport const featureRpcs = {\n${members}};\n`;
}

function root(site: StructSite): StructSite {
  return site.parent === undefined ? site : root(site.parent);
}

function lineage(site: StructSite): readonly StructSite[] {
  return site.parent === undefined ? [site] : [...lineage(site.parent), site];
}

/** Whether every list on the way has keys, so that an entry has a path. */
function hasKeys(site: StructSite): boolean {
  return lineage(site).every(({ node }) => node?.kind !== 'list' || node.keys.length > 0);
}
