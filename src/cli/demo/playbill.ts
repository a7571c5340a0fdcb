import type { Terminal } from '../terminal.ts';
import type { Direction } from './netconf-client.ts';
import { readable } from './wire.ts';

type Colour = 'bold' | 'dim' | 'green' | 'red' | 'cyan' | 'yellow';

const CODES: Readonly<Record<Colour, number>> = { bold: 1, dim: 2, green: 32, red: 31, cyan: 36, yellow: 33 };

/** How a step went. */
export interface StepResult {
  readonly flow: string;
  readonly number: string;
  readonly title: string;
  /** Protocols that were spoken in the step, in order. */
  readonly protocols: readonly string[];
  readonly milliseconds: number;
  /** Absent when the step did what the flow says. */
  readonly failure?: string;
  /** Why it was not played. */
  readonly leftOut?: string;
}

/** What the demonstration writes: steps, messages, notifications, and the table at the end. Colours on a terminal only. */
export class Playbill {
  readonly #terminal: Terminal;
  readonly #colours: boolean;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
    this.#colours = terminal.stdout.isTTY === true && (process.env['NO_COLOR'] ?? '') === '';
  }

  line(text = ''): void {
    this.#terminal.stdout.write(`${text}\n`);
  }

  flow(title: string): void {
    this.line();
    this.line(this.#paint('bold', `═══ ${title} ${'═'.repeat(Math.max(3, 74 - title.length))}`));
  }

  step(number: string, title: string): void {
    this.line();
    this.line(this.#paint('bold', `Step ${number}: ${title}`));
  }

  message(protocol: string, direction: Direction, text: string): void {
    const notification =
      direction === 'received' && /^\s*(?:<notification\b|\{"ietf-restconf:notification")/.test(text);
    const arrow = direction === 'sent' ? '──▶' : '◀──';
    const what = notification ? 'notification' : direction === 'sent' ? 'request' : 'reply';
    const colour = notification ? 'yellow' : direction === 'sent' ? 'cyan' : 'dim';
    this.line(this.#paint(colour, `  ${arrow} ${protocol} ${what}`));
    for (const line of readable(text)) this.line(this.#paint('dim', `      ${line}`));
  }

  finding(text: string): void {
    this.line(`    • ${text}`);
  }

  passed(): void {
    this.line(this.#paint('green', '    ✔ as the flow says'));
  }

  failed(why: string): void {
    this.line(this.#paint('red', `    ✘ ${why}`));
  }

  leftOut(why: string): void {
    this.line(this.#paint('yellow', `    – left out: ${why}`));
  }

  summary(results: readonly StepResult[]): void {
    this.line();
    this.line(this.#paint('bold', `═══ Summary ${'═'.repeat(68)}`));
    let flow = '';
    for (const result of results) {
      if (result.flow !== flow) {
        flow = result.flow;
        this.line();
        this.line(this.#paint('bold', flow));
      }
      this.line(this.#row(result));
    }
    const failures = results.filter(({ failure }) => failure !== undefined).length;
    const omitted = results.filter(({ leftOut }) => leftOut !== undefined);
    this.line();
    const why = [...new Set(omitted.map(({ leftOut }) => leftOut))].join('; ');
    const rest = omitted.length === 0 ? '' : `; ${omitted.length} more were left out: ${why}`;
    const played = results.length - omitted.length;
    const verdict = `${played - failures} of ${played} steps did what the flows say${rest}`;
    this.line(this.#paint(failures === 0 ? 'green' : 'red', verdict));
  }

  #row({ number, title, protocols, milliseconds, failure, leftOut }: StepResult): string {
    const done = failure === undefined ? this.#paint('green', '✔') : this.#paint('red', '✘');
    const mark = leftOut === undefined ? done : this.#paint('yellow', '–');
    const spoken = [...new Set(protocols)].join(' + ');
    const short = title.length <= 62 ? title : `${title.slice(0, 61)}…`;
    return `  ${mark} ${number.padEnd(5)} ${short.padEnd(62)} ${`${milliseconds} ms`.padStart(8)}  ${spoken}`;
  }

  #paint(colour: Colour, text: string): string {
    return this.#colours ? `\u001b[${CODES[colour]}m${text}\u001b[0m` : text;
  }
}
