import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import type { NetconfClient } from '../../src/cli/demo/netconf-client.ts';
import type { RestconfClient } from '../../src/cli/demo/restconf-client.ts';
import { ROOT } from './blocks.ts';

const PATIENCE_MS = 20_000;

/** Carries out examples of one language; what one leaves behind (variables, a session) is there for the next. */
export interface Runner {
  /** @param shown the documented output, of which a stream's length is taken @returns what was printed */
  run(text: string, shown: string | undefined): Promise<string>;
  close(): Promise<void> | void;
}

/** One shell for all blocks of a document. @throws Error when a block without a documented output fails */
export function shell(environment: Readonly<Record<string, string>>): Runner {
  const bash = spawn('bash', ['--norc'], { cwd: ROOT, env: { ...process.env, ...environment } });
  let [out, err] = ['', ''];
  let news: () => void = () => undefined;
  bash.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
    news();
  });
  bash.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  return {
    run: async (text, shown) => {
      [out, err] = ['', ''];
      const command = text.replaceAll(
        /\b(npx promise|node dist\/bin\/promise\.js)\b/g,
        'node --import tsx bin/promise.ts',
      );
      bash.stdin.write(`{ ${command}\n} </dev/null\nprintf '\\n<<end %s>>\\n' $?\n`);
      const deadline = Date.now() + PATIENCE_MS;
      for (;;) {
        const end = /\n<<end (\d+)>>\n$/.exec(out);
        if (end !== null) {
          if (end[1] !== '0' && shown === undefined) throw new Error(`the commands ended with ${end[1]}: ${err}`);
          return out.slice(0, end.index);
        }
        if (Date.now() > deadline) throw new Error(`the commands did not end in time: ${out}${err}`);
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, 500);
          news = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
    },
    close: async () => {
      const closed = once(bash, 'close');
      bash.stdin.end('exit\n');
      await closed;
    },
  };
}

/**
 * Requests as HTTP/1.1 writes them. `{name}` stands for the leaf `name` of an earlier answer, and `{etag}` for its ETag.
 * Of the answer's headers those are printed that the document shows.
 */
export function http(client: RestconfClient): Runner {
  const seen = new Map<string, string>();
  const filled = (text: string): string =>
    text.replaceAll(/\{([a-z][a-z-]*)\}/g, (_all, name: string) => {
      const value = seen.get(name);
      if (value === undefined) throw new Error(`no earlier answer has '${name}'`);
      return value;
    });
  return {
    run: async (text, shown = '') => {
      const { lines, body } = message(filled(text));
      const [start = '', ...headerLines] = lines;
      const [method = '', path = ''] = start.split(' ');
      const headers = Object.fromEntries(headerLines.map((line) => header(line)));
      if (headers['accept'] === 'text/event-stream') return await eventStream(client, path, headers, shown);
      const answer = await client.request({ method, path, headers, ...(body === '' ? {} : { body }) });
      if (answer.headers['etag'] !== undefined) seen.set('etag', answer.headers['etag']);
      if (answer.headers['content-type'] === 'application/yang-data+json' && answer.body !== '') {
        remember(JSON.parse(answer.body), seen);
      }
      return [statusLine(answer.status), ...shownHeaders(shown, answer.headers), '', answer.body].join('\n');
    },
    close: () => undefined,
  };
}

async function eventStream(
  client: RestconfClient,
  path: string,
  headers: Readonly<Record<string, string>>,
  shown: string,
): Promise<string> {
  const stream = await client.stream(path, headers);
  const wanted = shown.split('\n').filter((line) => line.startsWith('data:')).length;
  try {
    await stream.events.until(() => stream.events.received.length >= wanted, PATIENCE_MS);
  } finally {
    stream.close();
  }
  const events = stream.events.received
    .slice(0, wanted)
    .map(({ id, data }) => `${id === undefined ? '' : `id: ${id}\n`}data: ${data}\n`);
  return [statusLine(stream.status), ...shownHeaders(shown, stream.headers), '', ...events].join('\n');
}

function message(text: string): { readonly lines: readonly string[]; readonly body: string } {
  const [head = '', ...body] = text.split('\n\n');
  return { lines: head.split('\n'), body: body.join('\n\n') };
}

function header(line: string): [string, string] {
  const colon = line.indexOf(':');
  return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
}

function shownHeaders(shown: string, headers: Readonly<Record<string, string>>): readonly string[] {
  const [, ...lines] = message(shown).lines;
  return lines.map((line) => `${line.slice(0, line.indexOf(':'))}: ${headers[header(line)[0]] ?? '(absent)'}`);
}

const REASONS: Readonly<Record<number, string>> = {
  200: 'OK',
  201: 'Created',
  204: 'No Content',
  304: 'Not Modified',
  400: 'Bad Request',
  401: 'Unauthorized',
  404: 'Not Found',
  405: 'Method Not Allowed',
  406: 'Not Acceptable',
  409: 'Conflict',
  412: 'Precondition Failed',
};

function statusLine(status: number): string {
  return `HTTP/1.1 ${status} ${REASONS[status] ?? ''}`.trimEnd();
}

/** Notes every leaf of an answer by its name, the last one of each. */
function remember(value: unknown, seen: Map<string, string>): void {
  if (typeof value !== 'object' || value === null) return;
  for (const [name, member] of Object.entries(value)) {
    const plain = name.slice(name.indexOf(':') + 1);
    if (typeof member === 'string' || typeof member === 'number') seen.set(plain, String(member));
    else remember(member, seen);
  }
}

/** Messages of one NETCONF session: requests with their reply, and notifications in the order they come. */
export function netconf(
  client: NetconfClient,
  notifications: readonly string[],
): Runner & {
  /** The next notification, as it came. */
  notification(): Promise<string>;
} {
  let taken = 0;
  const seen = new Map<string, string>();
  return {
    run: async (text) => {
      const filled = text.replaceAll(/\{([a-z][a-z-]*)\}/g, (_all, name: string) => {
        const value = seen.get(name);
        if (value === undefined) throw new Error(`no earlier reply has '${name}'`);
        return value;
      });
      const [, id = ''] = /message-id="([^"]*)"/.exec(filled) ?? [];
      const reply = (await client.exchange(id, filled)).text;
      for (const [, name = '', value = ''] of reply.matchAll(/<([a-z-]+)[^<>]*>([^<>]+)<\/\1>/g)) seen.set(name, value);
      return reply;
    },
    notification: async () => {
      taken += 1;
      await client.notifications.until(() => client.notifications.received.length >= taken, PATIENCE_MS);
      return notifications[taken - 1] ?? '';
    },
    close: () => client.close(),
  };
}

/** The interpreter that has ncclient; undefined when none has. */
export function pythonWithNcclient(): string | undefined {
  return ['/usr/bin/python3', 'python3'].find((python) => spawnSync(python, ['-c', 'import ncclient']).status === 0);
}
