import { checkDirectory } from '../check.ts';
import type { CheckReport, Fault } from '../check.ts';
import { ConfigError, loadConfig } from '../config.ts';
import { findDataDirectory } from '../data-directory.ts';
import { describeInstant, parseInstant } from '../engine/window.ts';
import type { Instant } from '../engine/window.ts';
import type { ExitCode } from './main.ts';
import type { Terminal } from './terminal.ts';

interface CheckCommandOptions {
  readonly config?: string;
  readonly dataDir?: string;
  readonly at?: string;
  readonly json?: boolean;
}

/** How many faults of one rule are listed for a reader; `--json` has all. */
const MOST_LISTED = 20;

/** `promise check`: 0 when all holds, 1 when something does not, 2 when there is nothing to check. */
export function check(options: CheckCommandOptions, terminal: Terminal): ExitCode {
  const at = options.at === undefined ? Date.now() : instantOf(options.at);
  const directory = findDataDirectory(loadConfig(options).dataDirectory);
  const report = checkDirectory({ directory, at, progress: progressOn(terminal) });
  if (report === undefined) {
    throw new ConfigError(
      `${directory} has no promise.db: no agent was started there yet, so there is nothing to check`,
    );
  }
  terminal.stdout.write(options.json === true ? asJson(report, directory, at) : asText(report, directory, at));
  return report.complete && report.faults.length === 0 ? 0 : 1;
}

/** @throws ConfigError */
function instantOf(text: string): Instant {
  try {
    return parseInstant(text);
  } catch (error) {
    throw new ConfigError(`--at: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Progress is for who watches: not more often than this, milliseconds. */
const PROGRESS_EVERY = 1_000;

function progressOn(terminal: Terminal): (stage: string, done: number, of?: number) => void {
  let last = Date.now();
  return (stage, done, of) => {
    if (Date.now() - last < PROGRESS_EVERY) return;
    last = Date.now();
    terminal.stderr.write(`${stage}: ${done}${of === undefined ? '' : ` of ${of}`}\n`);
  };
}

function asJson(report: CheckReport, directory: string, at: Instant): string {
  const { faults, complete, ...looked } = report;
  const violations = faults.map((fault) => ({
    ...fault,
    ...(fault.at === undefined ? {} : { at: describeInstant(fault.at) }),
  }));
  const ok = complete && faults.length === 0;
  return `${JSON.stringify({ ok, complete, directory, at: describeInstant(at), ...looked, violations }, null, 2)}\n`;
}

function asText(report: CheckReport, directory: string, at: Instant): string {
  const { schema, records, subjects, due, events, faults, complete } = report;
  const lines = [
    `${directory}, capacity from ${describeInstant(at)} on`,
    '',
    `  database     schema ${schema.present}`,
    `  records      ${countsOf(records)}`,
    `  invariants   ${countsOf(subjects)}`,
    `  due work     ${due.items}, of which ${due.overdue} overdue`,
    `  event log    ${events.total} events${events.aged ? ', older ones removed' : ''}; the latest about each of ${events.told} held against its record`,
    '',
  ];
  for (const rule of new Set(faults.map((fault) => fault.rule))) {
    const found = faults.filter((fault) => fault.rule === rule);
    lines.push(`${rule}: ${found.length}`, ...found.slice(0, MOST_LISTED).map(lineOf));
    if (found.length > MOST_LISTED) lines.push(`  and ${found.length - MOST_LISTED} more: --json lists them`);
    lines.push('');
  }
  if (!complete) lines.push('Not everything could be checked: what was found stands in the way.');
  lines.push(faults.length === 0 ? 'All holds.' : `${faults.length} violations.`, '');
  return lines.join('\n');
}

function lineOf({ where, at, message }: Fault): string {
  return `  ${where}${at === undefined ? '' : `, ${describeInstant(at)}`}: ${message}`;
}

function countsOf(counts: Readonly<Record<string, number>>): string {
  const parts = Object.entries(counts).map(([what, count]) => `${what} ${count}`);
  return parts.length === 0 ? 'none' : parts.join(', ');
}
