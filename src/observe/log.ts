import { pino, type Logger as PinoLogger, type DestinationStream } from 'pino';

/** Structured logging: an object with the facts, then a fixed sentence. Facts never hold a secret. */
export type Logger = Pick<PinoLogger, 'debug' | 'info' | 'warn' | 'error' | 'level'> & {
  /** A logger whose every line carries these facts too. */
  child(facts: Readonly<Record<string, unknown>>): Logger;
};

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

/** Names of members that are blanked wherever they stand, should one reach a log line by mistake. */
const SECRETS = ['password', 'authorization', 'token', 'secret', 'privateKey', 'passphrase'];

/** @param destination where lines of JSON go; standard error if absent, so that standard output stays the command's own */
export function createLogger(level: LogLevel, destination: DestinationStream = pino.destination(2)): Logger {
  const paths = SECRETS.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);
  return pino({ level, base: null, redact: { paths, censor: '[redacted]' } }, destination);
}

/** For tests and for tools that report in another way. */
export const silentLogger: Logger = pino({ level: 'silent' });
