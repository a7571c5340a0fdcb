/** Contexts over the modules in `test/modules` and those that come with libyang. */
import { readFileSync, readdirSync } from 'node:fs';
import { Context, LibyangError, loadLibyang, modulesDirectory } from '../src/index.ts';
import type { ContextOptions, ErrorItem, ImportModule, ModuleRequest } from '../src/index.ts';

export const testModules = new URL('./modules/', import.meta.url);

/** Finds `name@revision.yang`, or the newest of that name, in the first directory that has one. */
export function importFrom(...directories: readonly URL[]): ImportModule {
  const files = directories.flatMap((directory) =>
    readdirSync(directory)
      .sort()
      .reverse()
      .map((name) => ({ name, url: new URL(name, directory) })),
  );
  return ({ module, revision, submodule, submoduleRevision }) => {
    const name = submodule ?? module;
    const date = submodule === undefined ? revision : submoduleRevision;
    const found = files.find(({ name: file }) =>
      date === undefined ? file === `${name}.yang` || file.startsWith(`${name}@`) : file === `${name}@${date}.yang`,
    );
    return found && { text: readFileSync(found.url, 'utf8'), format: 'yang' };
  };
}

export const importModule = importFrom(testModules, modulesDirectory);

export const inventoryModules: readonly ModuleRequest[] = [
  { name: 'ietf-netconf', features: ['candidate'] },
  { name: 'ietf-netconf-with-defaults' },
  { name: 'ietf-netconf-acm' },
  { name: 'example-kinds' },
  { name: 'example-inventory', features: ['tuning'] },
  { name: 'example-racks' },
];

export function makeContext(options: Partial<ContextOptions> = {}): Context {
  return new Context(loadLibyang(), { modules: inventoryModules, importModule, ...options });
}

export const namespaces =
  'xmlns="urn:example:inventory" xmlns:inv="urn:example:inventory" xmlns:knd="urn:example:kinds" ' +
  'xmlns:rck="urn:example:racks" xmlns:nc="urn:ietf:params:xml:ns:netconf:base:1.0" ' +
  'xmlns:yang="urn:ietf:params:xml:ns:yang:1"';

/** An `inventory` element around the given content. */
export function inventoryXml(content: string): string {
  return `<inventory ${namespaces}>${content}</inventory>`;
}

export function serverXml(content = '', name = 's1'): string {
  return inventoryXml(`<server><name>${name}</name><address>10.0.0.1</address>${content}</server>`);
}

/** JSON data of an inventory with the given servers; each gets an address of its own. */
export function inventoryJson(servers: readonly object[]): string {
  const list = servers.map((server, index) => ({
    address: `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`,
    ...server,
  }));
  return JSON.stringify({ 'example-inventory:inventory': { server: list } });
}

/** Runs what must be refused and returns the errors that libyang gave. */
export function refused(work: () => unknown): readonly ErrorItem[] {
  try {
    work();
  } catch (error) {
    if (error instanceof LibyangError) return error.items;
    throw error;
  }
  throw new Error('it was accepted');
}

export function refusedFirst(work: () => unknown): ErrorItem {
  const [first] = refused(work);
  if (first === undefined) throw new Error('refused without an error');
  return first;
}
