import { loadConfig } from '../config.ts';
import { findDataDirectory } from '../data-directory.ts';
import { describeInstant } from '../engine/window.ts';
import { statusOf } from '../status.ts';
import type { AgentState, Counted, Holdings, ProviderState, StatusReport } from '../status.ts';
import type { ExitCode } from './main.ts';
import { table } from './table.ts';
import type { Terminal } from './terminal.ts';

interface StatusCommandOptions {
  readonly config?: string;
  readonly dataDir?: string;
  readonly json?: boolean;
}

/** `promise status`: 0 when an agent serves, 3 when none does. */
export function status(options: StatusCommandOptions, terminal: Terminal): ExitCode {
  const directory = findDataDirectory(loadConfig(options).dataDirectory);
  const at = Date.now();
  const report = statusOf(directory, at);
  terminal.stdout.write(options.json === true ? asJson(report, directory) : asText(report, directory, at));
  return report.agent.state === 'running' ? 0 : 3;
}

function asJson({ agent, holdings }: StatusReport, directory: string): string {
  const { providers, events, ...others } = holdings ?? {};
  const instants = providers?.map(({ lastContact, ...provider }) => ({
    ...provider,
    ...(lastContact === undefined ? {} : { lastContact: describeInstant(lastContact) }),
  }));
  const log = events && {
    total: events.total,
    ...(events.oldest === undefined ? {} : { oldest: describeInstant(events.oldest) }),
  };
  return `${JSON.stringify({ directory, agent, ...others, events: log, providers: instants }, null, 2)}\n`;
}

function asText({ agent, holdings }: StatusReport, directory: string, at: number): string {
  const lines = [...agentLines(agent, at), fact('data', directory)];
  if (holdings === undefined) lines.push('', 'There is no database yet: no agent was started here.');
  else lines.push(...holdingLines(holdings, agent.state === 'stopped'));
  return [...lines, ''].join('\n');
}

function agentLines(agent: AgentState, at: number): readonly string[] {
  const process = agent.state === 'stopped' || agent.pid === undefined ? '' : ` (pid ${agent.pid})`;
  switch (agent.state) {
    case 'stopped':
      return ['Promise is not running.', ''];
    case 'starting':
      return [`Promise is starting or stopping${process}: a process has the directory, and does not serve.`, ''];
    case 'running': {
      const { version, since, restconf, netconf, metrics } = agent;
      const host = netconf.host.includes(':') ? `[${netconf.host}]` : netconf.host;
      return [
        `Promise ${version} is running${process}, since ${since}: ${lasted(at - Date.parse(since))}.`,
        '',
        ...restconf.map((url) => fact('RESTCONF', `${url}/restconf`)),
        fact('NETCONF', `${host}:${netconf.port} (SSH)`),
        ...(metrics === undefined ? [] : [fact('metrics', `${metrics}/metrics`)]),
      ];
    }
  }
}

function holdingLines(holdings: Holdings, last: boolean): readonly string[] {
  const { database, reservations, offers, allocations, pools, events, due, providers } = holdings;
  const { schema, bytes, logBytes } = database;
  const known = schema.present === schema.known ? '' : `, which is not that of this release (${schema.known})`;
  const oldest = events.oldest === undefined ? '' : `, the oldest of ${describeInstant(events.oldest)}`;
  return [
    fact('database', `${size(bytes)}, write-ahead log ${size(logBytes)}; schema ${schema.present}${known}`),
    fact('event log', `${events.total} events${oldest}`),
    fact('due work', `${due.items}, of which ${due.overdue} overdue`),
    '',
    fact('reservations', counted(reservations)),
    fact('offers', counted(offers)),
    fact('allocations', counted(allocations)),
    fact('pools', String(pools)),
    '',
    ...providerLines(providers, last),
  ];
}

function providerLines(providers: readonly ProviderState[], last: boolean): readonly string[] {
  if (providers.length === 0) return ['No providers.'];
  return table(
    ['PROVIDER', 'TYPE', last ? 'LAST STATUS' : 'STATUS', 'LAST ANSWER', 'MESSAGE'],
    providers.map(({ id, type, status: state, draining, lastContact, statusMessage }) => [
      id,
      type.slice(type.indexOf(':') + 1),
      draining === true ? `${state}, draining` : state,
      lastContact === undefined ? '-' : describeInstant(lastContact),
      statusMessage ?? '-',
    ]),
  );
}

function fact(name: string, value: string): string {
  return `  ${name.padEnd(13)}${value}`;
}

function counted({ total, byStatus }: Counted): string {
  const parts = Object.entries(byStatus).map(([state, count]) => `${state} ${count}`);
  return parts.length === 0 ? '0' : `${total} (${parts.join(', ')})`;
}

const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

function size(bytes: number): string {
  let amount = bytes;
  let unit = 0;
  for (; amount >= 1024 && unit < UNITS.length - 1; unit += 1) amount /= 1024;
  return `${unit === 0 ? amount : amount.toFixed(1)} ${UNITS[unit] ?? ''}`;
}

/** Time in its two largest units. */
function lasted(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const parts = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ] as const;
  const first = parts.findIndex(([amount]) => amount > 0);
  const shown = parts.slice(first < 0 ? -1 : first).slice(0, 2);
  return shown.map(([amount, unit]) => `${amount} ${unit}`).join(' ');
}
