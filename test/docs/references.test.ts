/** What the documentation says of settings, operations and files is what there is. */
import { expect } from 'chai';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { configFile, loadConfig } from '../../src/config.ts';
import { YangContext } from '../../src/yang/yang-context.ts';
import { servedModules } from '../../src/yang-modules.ts';
import { blocksOf, documents, readDocument, ROOT } from './blocks.ts';

describe('documentation', () => {
  it('has every setting with its default in the page for operators', () => {
    const rows = [...readDocument('docs/operator.md').matchAll(/^\| `([a-z.-]+)` \| (.*?) \|/gm)].map(
      ([, name = '', fallback = '']) => [name, fallback] as const,
    );
    const documented = new Map(rows);
    const settings = settingsOf(configFile.shape);
    expect(settings.filter((name) => !documented.has(name))).to.deep.equal([]);
    const { limits, simulator, logLevel } = loadConfig({});
    for (const [name, value] of Object.entries({
      'log-level': logLevel,
      'limits.message-bytes': limits.messageBytes,
      'limits.sessions': limits.sessions,
      'limits.sessions-per-user': limits.sessionsPerUser,
      'limits.idle-seconds': limits.idleMs / 1000,
      'simulator.enabled': simulator.enabled,
      'simulator.provider': simulator.provider,
    })) {
      expect(documented.get(name), name).to.equal(`\`${value}\``);
    }
  });

  it('has every RPC of the model in the page for RESTCONF users, with an example', () => {
    const yang = YangContext.load(servedModules([], true));
    try {
      const rpcs = yang.schema.module('opnfv-promise')?.rpcs.map(({ name }) => name) ?? [];
      expect(rpcs).to.include('create-reservation');
      const page = readDocument('docs/restconf.md');
      const examples = blocksOf(page).filter(({ words }) => words.includes('run'));
      for (const rpc of rpcs) {
        expect(page, rpc).to.contain(`\n### ${rpc}\n`);
        expect(
          examples.some(({ text }) => text.startsWith(`POST /restconf/operations/opnfv-promise:${rpc}\n`)),
          rpc,
        ).to.equal(true);
      }
      const simulator = yang.schema.module('promise-simulator')?.rpcs.map(({ name }) => name) ?? [];
      const operator = readDocument('docs/operator.md');
      for (const rpc of simulator) expect(operator).to.contain(`\`${rpc}\``);
    } finally {
      yang.close();
    }
  });

  it('has messages of OpenStack as Promise says them, or as they were recorded', () => {
    const table = /^## Messages$([^]*?)^## /m.exec(readDocument('docs/openstack.md'))?.[1] ?? '';
    const messages = [...table.matchAll(/^\| (?:log: )?(`.*?`) \|/gm)].flatMap(([, cell = '']) =>
      [...cell.matchAll(/`([^`]+)`/g)].map(([, message = '']) => message),
    );
    expect(messages.length).to.be.above(30);
    const said = textsIn(
      'src/vim/openstack',
      'src/engine',
      'src/yang',
      'src/app.ts',
      'src/config.ts',
      'src/openstack-adapter.ts',
      'test/unit/vim/openstack/fixtures',
    );
    // Nova's own words, which no recording has.
    const notRecorded = [
      'Quota exceeded, too many server groups',
      'too many servers in group',
      'Exceeded maximum number of retries.',
      'Binding failed for port',
    ];
    const missing = messages.filter((message) =>
      partsOf(message).some((part) => !said.includes(part) && !notRecorded.includes(part)),
    );
    expect(missing).to.deep.equal([]);
  });

  for (const document of [...documents(), 'yang/README.md', 'packages/libyang-wasm/README.md']) {
    describe(document, () => {
      const text = readDocument(document);

      it('links to what there is', () => {
        expect(linksOf(text).flatMap((link) => brokenLink(document, link) ?? [])).to.deep.equal([]);
      });

      it('mentions no file that does not exist', () => {
        expect(
          filesIn(text).filter(
            (path) => !existsSync(join(ROOT, path)) && !existsSync(join(ROOT, dirname(document), path)),
          ),
        ).to.deep.equal([]);
      });
    });
  }
});

/** What a message says between what varies in it, and without the service that says it. */
function partsOf(message: string): readonly string[] {
  const parts = message.replace(/^[A-Z]\w+: /, '').split('…');
  return parts.map((part) => part.trim()).filter((part) => part.length > 3);
}

/** The text of files and of all files below directories. */
function textsIn(...places: readonly string[]): string {
  return places
    .flatMap((place) => {
      const path = join(ROOT, place);
      if (!statSync(path).isDirectory()) return [path];
      return readdirSync(path, { recursive: true, encoding: 'utf8' })
        .filter((name) => /\.(ts|json)$/.test(name))
        .map((name) => join(path, name));
    })
    .map((path) => readFileSync(path, 'utf8'))
    .join('\n');
}

/** Names of settings as a file has them, `limits.sessions`, from the schema of the settings file. */
function settingsOf(shape: Readonly<Record<string, unknown>>, above = ''): readonly string[] {
  return Object.entries(shape).flatMap(([name, field]) => {
    const inner = shapeOf(field);
    return inner === undefined ? [`${above}${name}`] : settingsOf(inner, `${above}${name}.`);
  });
}

/** The members of a schema for an object, which here is always optional. */
function shapeOf(field: unknown): Readonly<Record<string, unknown>> | undefined {
  // The classes of the schema library say no more than this of what an optional field wraps.
  const { unwrap } = field as { unwrap?: () => { shape?: Readonly<Record<string, unknown>> } };
  return unwrap?.call(field).shape;
}

function linksOf(text: string): readonly string[] {
  const prose = text.replace(/^```[^]*?^```/gm, '');
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target));
}

/** @returns the link when its file, or the heading in it, is not there */
function brokenLink(document: string, link: string): string | undefined {
  const [file = '', anchor] = link.split('#');
  const path = file === '' ? document : relative(ROOT, join(ROOT, dirname(document), file));
  if (!existsSync(join(ROOT, path))) return link;
  if (anchor === undefined || !path.endsWith('.md')) return undefined;
  return headingsOf(readDocument(path)).includes(anchor) ? undefined : link;
}

/** Anchors of headings, as GitHub makes them. */
function headingsOf(text: string): readonly string[] {
  const prose = text.replace(/^```[^]*?^```/gm, '');
  return [...prose.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** Files and directories of the source tree that are named in code spans, such as `src/app.ts`. */
function filesIn(text: string): readonly string[] {
  const prose = text.replace(/^```[^]*?^```/gm, '');
  const spans = [...prose.matchAll(/`([^`\n]+)`/g)].map(([, span = '']) => span);
  return spans.filter((span) => /^(src|test|docs|yang|scripts|packages|bin|\.ci)\/[\w./-]*$/.test(span));
}
