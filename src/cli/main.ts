import { Command, CommanderError } from 'commander';
import { ConfigError } from '../config.ts';
import { VERSION } from '../version.ts';
import { addUser, listUsers, removeUser } from './user.ts';
import type { Terminal } from './terminal.ts';

/** Exit codes: 0 done, 1 failed, 2 called wrongly, 3 no agent serves (`promise status`). */
export type ExitCode = 0 | 1 | 2 | 3;

/**
 * The `promise` command.
 * @param args what follows the command's name
 */
export async function main(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  let code: ExitCode = 0;
  const program = commandLine(terminal, (ended) => (code = ended));
  try {
    await program.parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    terminal.stderr.write(`promise: ${error instanceof Error ? error.message : String(error)}\n`);
    return error instanceof ConfigError ? 2 : 1;
  }
}

function commandLine(terminal: Terminal, ended: (code: ExitCode) => void): Command {
  const program = new Command('promise')
    .description('Resource reservation for NFV: capacity, reservations and allocations over NETCONF and RESTCONF.')
    .version(VERSION)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void terminal.stdout.write(text),
      writeErr: (text) => void terminal.stderr.write(text),
    });

  program
    .command('serve')
    .description('Run the agent until it is told to stop (SIGINT or SIGTERM).')
    .option('--config <file>', 'settings in YAML; options given here win over it')
    .option('--data-dir <dir>', 'database, users, keys and certificate (default: ~/.local/state/promise)')
    .option('--restconf <host:port>', 'RESTCONF over HTTPS (default: 127.0.0.1:8443)')
    .option('--restconf-plain <host:port>', 'also RESTCONF over HTTP without TLS, on loopback only')
    .option('--netconf <host:port>', 'NETCONF over SSH (default: 127.0.0.1:8830)')
    .option('--metrics <host:port>', 'figures for Prometheus over HTTP, without a login (default: nowhere)')
    .option(
      '--yang-dir <dir>',
      'serve the YANG modules in this directory too; may be given more than once',
      collect,
      [],
    )
    .option('--log-level <level>', 'debug, info, warn, error or silent (default: info)')
    .action(async (options: Record<string, string> & { yangDir: string[] }) => {
      const { serve } = await import('./serve.ts');
      ended(await serve(options, terminal));
    });

  const user = program.command('user').description('Manage who may log in.');
  user
    .command('add <name>')
    .description(
      'Add a user, or set the password, tenant or role or add a key of one. Without options the password is asked for.',
    )
    .option('--password-file <file>', "read the password from a file's first line; - for standard input")
    .option('--key <file>', 'an OpenSSH public key, such as ~/.ssh/id_ed25519.pub')
    .option('--tenant <name>', 'the tenant on whose account the user reserves and allocates')
    .option('--role <role>', 'consumer (default with a tenant) or operator (default without)')
    .option('--config <file>', 'settings in YAML, for their data-dir')
    .option('--data-dir <dir>', 'the data directory of the agent')
    .action(async (name: string, options: Record<string, string>) => ended(await addUser(name, options, terminal)));
  user
    .command('list')
    .description('List the users with tenant, role and ways to log in.')
    .option('--config <file>', 'settings in YAML, for their data-dir')
    .option('--data-dir <dir>', 'the data directory of the agent')
    .action((options: Record<string, string>) => ended(listUsers(options, terminal)));
  user
    .command('remove <name>')
    .description('Remove a user, who is refused from then on, sessions included.')
    .option('--config <file>', 'settings in YAML, for their data-dir')
    .option('--data-dir <dir>', 'the data directory of the agent')
    .action(async (name: string, options: Record<string, string>) => ended(await removeUser(name, options, terminal)));

  program
    .command('status')
    .description(
      'Say whether an agent runs on a data directory, where it listens, what the database holds, and how the providers are. Exits with 3 when none serves.',
    )
    .option('--config <file>', 'settings in YAML, for their data-dir')
    .option('--data-dir <dir>', 'the data directory of the agent')
    .option('--json', 'the report as JSON')
    .action(async (options: { config?: string; dataDir?: string; json?: boolean }) => {
      const { status } = await import('./status.ts');
      ended(status(options, terminal));
    });

  program
    .command('check')
    .description(
      'Check a data directory, also beside a running agent: database, invariants, due work, event log. Exits with 1 when something does not hold.',
    )
    .option('--config <file>', 'settings in YAML, for their data-dir')
    .option('--data-dir <dir>', 'the data directory of the agent, or a copy of it')
    .option('--at <instant>', 'look at capacity from this date-and-time on (default: now); for an old copy')
    .option('--json', 'the report as JSON')
    .action(async (options: { config?: string; dataDir?: string; at?: string; json?: boolean }) => {
      const { check } = await import('./check.ts');
      ended(check(options, terminal));
    });

  program
    .command('demo')
    .description('Start an agent on free ports and play the three message flows against it over both protocols.')
    .option('--openstack <file>', "play them against a cloud in a file like OpenStack's clouds.yaml")
    .option('--cloud <name>', 'the cloud in that file (default: OS_CLOUD, or the only one)')
    .action(async (options: Record<string, string>) => {
      const { demo } = await import('./demo/demo.ts');
      ended(await demo(terminal, options));
    });
  return program;
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}
