import { expect } from 'chai';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:tls';
import type { Server } from 'node:tls';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError, loadConfig } from '../../src/config.ts';
import type { Config } from '../../src/config.ts';
import { systemClock } from '../../src/engine/clock.ts';
import { createLogger } from '../../src/observe/log.ts';
import { openStackAdapter } from '../../src/openstack-adapter.ts';
import { Started } from '../../src/started.ts';
import { until } from '../until.ts';
import { makeAuthority } from './vim/openstack/authority.ts';
import type { OwnAuthority } from './vim/openstack/authority.ts';

/** Takes connections over TLS, hears how clients begin, and ends them. */
class Broker {
  readonly certificate: string;
  readonly #server: Server;
  #greeting = '';

  private constructor({ key, cert }: OwnAuthority) {
    this.certificate = cert;
    this.#server = createServer({ key, cert }, (socket) => {
      socket.on('error', () => socket.destroy());
      socket.once('data', (bytes: Buffer) => {
        this.#greeting = bytes.toString('latin1');
        socket.destroy();
      });
    });
  }

  static async open(name: string): Promise<Broker> {
    const broker = new Broker(await makeAuthority(name));
    await new Promise<void>((resolve) => broker.#server.listen(0, '127.0.0.1', resolve));
    return broker;
  }

  get host(): string {
    // A TCP server's address is no string.
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get source(): { readonly url: string; readonly exchange: string } {
    return { url: `amqps://nova:hunter2@${this.host}/`, exchange: 'nova' };
  }

  /** A client speaks only to whom it trusts. */
  get isTrusted(): boolean {
    return this.#greeting.startsWith('AMQP');
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }
}

describe('the settings of OpenStack', () => {
  let directory: string;
  let told: string[];
  let started: Started;
  let east: Broker;
  let west: Broker;

  const file = (name: string, text: string): string => {
    const path = join(directory, name);
    writeFileSync(path, text);
    return path;
  };
  const start = (openstack: NonNullable<Config['openstack']>): Promise<unknown> => {
    const logger = createLogger('warn', { write: (line) => void told.push(line) });
    const config = { ...loadConfig({ dataDir: directory }), openstack };
    return openStackAdapter({ config, logger, clock: systemClock, random: Math.random }, started);
  };

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'promise-adapter-'));
    told = [];
    started = new Started();
    [east, west] = await Promise.all([Broker.open('east'), Broker.open('west')]);
  });
  afterEach(async () => {
    await started.stop();
    await Promise.all([east.close(), west.close()]);
    rmSync(directory, { recursive: true });
  });

  it('have each broker trusted by its own authorities, and others by those of all', async () => {
    const [caFile, ca] = [file('west.pem', west.certificate), file('east.pem', east.certificate)];
    await start({ caFile, notifications: [{ ...east.source, caFile: ca }, west.source] });
    await until(() => east.isTrusted && west.isTrusted, 'trust in both brokers');
  });

  it('have a broker mistrusted whose authority is among those of all, and not among its own', async () => {
    const [caFile, ca] = [file('east.pem', east.certificate), file('west.pem', west.certificate)];
    await start({ caFile, notifications: [{ ...east.source, caFile: ca }] });
    await until(() => told.length > 0, 'a word about the broker');
    expect(told[0]).to.include(`The certificate of ${east.host} is not accepted: `).and.not.include('hunter2');
    expect(east.isTrusted).to.equal(false);
  });

  it('are refused when they name a file without certificates for a broker', async () => {
    const caFile = file('none.pem', 'nothing');
    const error: unknown = await start({ notifications: [{ ...east.source, caFile }] }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).to.be.instanceOf(ConfigError);
    expect(String(error)).to.include(`ca-file in openstack.notifications: ${caFile} holds no certificate`);
  });
});
