/** Compiles the modules: with all features for the types, and with fewer to learn what stands behind which feature. */
import { Context, loadLibyang } from 'libyang-wasm';
import type { ImportModule, Libyang, Module, ModuleRequest, SchemaNode } from 'libyang-wasm';
import { ModuleFiles } from '../yang/module-files.ts';
import { generatedModules } from './modules.ts';

export interface LoadedSchema {
  /** With all features of the generated modules. */
  readonly modules: readonly Module[];
  /**
   * The features that are not announced and that a node with this schema path needs, as `module:feature`, any one of which
   * brings it; undefined when it is there without them.
   */
  featuresOf(schemaPath: string): readonly string[] | undefined;
}

/**
 * @param directory where all modules are: `dist/yang`
 * @throws Error when the directory is not there; LibyangError when a module does not compile
 */
export function loadSchema(directory: string): LoadedSchema {
  const files = new ModuleFiles([directory]);
  const importModule: ImportModule = ({ module, submodule, revision }) => {
    const text = files.find(submodule ?? module, revision);
    return text === undefined ? undefined : { format: 'yang', text };
  };
  const libyang = loadLibyang();
  const modules = compile(
    libyang,
    importModule,
    generatedModules.map(({ name }) => ({ name, features: '*' })),
  );
  const announced = generatedModules.map(({ name, announced: features }) => ({ name, features }));
  const present = pathsOf(compile(libyang, importModule, announced));
  const behind = new Map<string, string[]>();
  for (const { module, feature } of unannouncedFeatures(modules)) {
    const requests = announced.map(({ name, features }) => ({
      name,
      features: name === module ? [...features, feature] : features,
    }));
    for (const found of pathsOf(compile(libyang, importModule, requests))) {
      if (!present.has(found)) behind.set(found, [...(behind.get(found) ?? []), `${module}:${feature}`]);
    }
  }
  return {
    modules,
    featuresOf: (schemaPath) => (present.has(schemaPath) ? undefined : (behind.get(schemaPath) ?? [])),
  };
}

function compile(libyang: Libyang, importModule: ImportModule, modules: readonly ModuleRequest[]): readonly Module[] {
  const context = new Context(libyang, { modules, importModule });
  const schema = context.schema();
  context.dispose();
  return schema;
}

function unannouncedFeatures(modules: readonly Module[]): readonly { module: string; feature: string }[] {
  return generatedModules.flatMap(({ name, announced }) => {
    const features = modules.find((module) => module.name === name)?.features ?? [];
    return features
      .filter((feature) => !announced.includes(feature.name))
      .map((feature) => ({ module: name, feature: feature.name }));
  });
}

/** The schema paths of all nodes, operations and notifications. */
function pathsOf(modules: readonly Module[]): ReadonlySet<string> {
  const paths = new Set<string>();
  const visit = (nodes: readonly SchemaNode[]): void => {
    for (const node of nodes) {
      if (node.kind === 'choice') visit(node.cases);
      else if (node.kind === 'case') visit(node.children);
      else {
        paths.add(node.path);
        if ('children' in node) visit(node.children);
      }
    }
  };
  for (const module of modules) {
    visit(module.data);
    for (const rpc of module.rpcs) {
      paths.add(rpc.path);
      visit(rpc.input.children);
      visit(rpc.output.children);
    }
    for (const notification of module.notifications) {
      paths.add(notification.path);
      visit(notification.children);
    }
  }
  return paths;
}
