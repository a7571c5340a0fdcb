import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ConfigError } from './config.ts';
import { announcedFeatures } from './generated/opnfv-promise.ts';
import type { ModuleRequest } from './yang/yang-context.ts';

/** What a start serves: where the modules are, and which are implemented with which features. */
export interface ServedModules {
  readonly directories: readonly string[];
  readonly modules: readonly ModuleRequest[];
}

/** The standard modules, each with what this server does of it (RFC 7950 §7.20.1). */
const STANDARD: readonly ModuleRequest[] = [
  { name: 'ietf-netconf', features: ['writable-running', 'rollback-on-error', 'xpath'] },
  { name: 'ietf-netconf-with-defaults', features: [] },
  { name: 'ietf-netconf-acm', features: [] },
  { name: 'ietf-netconf-monitoring', features: [] },
  { name: 'ietf-netconf-notifications', features: [] },
  { name: 'notifications', features: [] },
  { name: 'nc-notifications', features: [] },
  { name: 'ietf-yang-library', features: [] },
  { name: 'ietf-datastores', features: [] },
  { name: 'ietf-origin', features: [] },
  { name: 'ietf-restconf', features: [] },
  { name: 'ietf-restconf-monitoring', features: [] },
  { name: 'ietf-subscribed-notifications', features: ['encode-json', 'encode-xml', 'replay', 'subtree', 'xpath'] },
  { name: 'ietf-restconf-subscribed-notifications', features: [] },
];

/**
 * @param additional directories whose modules are served too, all of their features on
 * @param simulator whether the simulated VIM's module is served
 * @throws ConfigError when a directory cannot be read
 */
export function servedModules(additional: readonly string[], simulator: boolean): ServedModules {
  const given = additional.flatMap((directory) => modulesIn(directory));
  return {
    directories: [...additional, moduleDirectory()],
    modules: [
      ...STANDARD,
      { name: 'opnfv-promise', features: announcedFeatures },
      ...(simulator ? [{ name: 'promise-simulator', features: [] }] : []),
      ...given.map((name) => ({ name, features: ['*'] })),
    ],
  };
}

/** Names of the modules in a directory; submodules come with the module that includes them. */
function modulesIn(directory: string): readonly string[] {
  const files = filesIn(directory).filter((file) => file.endsWith('.yang'));
  const modules = files.filter((file) => !isSubmodule(readFileSync(join(directory, file), 'utf8')));
  return [...new Set(modules.map((file) => file.replace(/(@[0-9-]+)?\.yang$/, '')))].sort();
}

function filesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigError(`the directory of YANG modules ${directory} (--yang-dir) cannot be read: ${reason}`);
  }
}

function isSubmodule(text: string): boolean {
  const comments = /\/\*[^]*?\*\/|\/\/.*/g;
  return /^\s*submodule\s/.test(text.replace(comments, ''));
}

/** Set-up gathers all modules in `dist/yang`, whether the code runs from `src` or from `dist/src`. */
function moduleDirectory(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  const places = [join(here, '..', 'yang'), join(here, '..', 'dist', 'yang')];
  const found = places.find((place) => existsSync(join(place, 'ietf-netconf@2011-06-01.yang')));
  if (found === undefined) throw new Error(`the YANG modules are not in ${places.join(' nor ')}: run 'npm run setup'`);
  return found;
}
