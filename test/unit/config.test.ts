import { expect } from 'chai';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError, loadConfig, parseListenAddress } from '../../src/config.ts';
import { makeDataDirectory } from '../../src/data-directory.ts';

describe('configuration', () => {
  let directory: string;
  const file = (text: string): string => {
    const path = join(directory, 'promise.yaml');
    writeFileSync(path, text);
    return path;
  };

  beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'promise-config-'))));
  afterEach(() => rmSync(directory, { recursive: true }));

  it('listens on loopback by default, with TLS', () => {
    const config = loadConfig({});
    expect(config.restconf).to.deep.equal({ listen: { host: '127.0.0.1', port: 8443 } });
    expect(config.netconf.listen).to.deep.equal({ host: '127.0.0.1', port: 8830 });
  });

  it('lets the command line win over the file, and the file over the defaults', () => {
    const config = file('netconf: { listen: "127.0.0.1:1830" }\nrestconf: { listen: "[::1]:443" }\nyang-dir: [/a]\n');
    const loaded = loadConfig({ config, netconf: '0', yangDir: ['/b'] });
    expect(loaded.netconf.listen).to.deep.equal({ host: '127.0.0.1', port: 0 });
    expect(loaded.restconf.listen).to.deep.equal({ host: '::1', port: 443 });
    expect(loaded.yangDirectories).to.deep.equal(['/a', '/b']);
  });

  it('has no listener for metrics unless told to', () => {
    expect(loadConfig({})).not.to.have.property('metrics');
    const config = file('metrics: { listen: 9464 }\n');
    expect(loadConfig({ config }).metrics).to.deep.equal({ listen: { host: '127.0.0.1', port: 9464 } });
    expect(loadConfig({ config, metrics: '[::1]:0' }).metrics?.listen).to.deep.equal({ host: '::1', port: 0 });
    expect(() => loadConfig({ metrics: 'here' })).to.throw(ConfigError, /HOST:PORT/);
  });

  it('names nobody for recovery unless told to', () => {
    expect(loadConfig({})).not.to.have.property('recoveryUser');
    expect(loadConfig({ config: file('nacm: { recovery-user: admin }\n') }).recoveryUser).to.equal('admin');
    expect(() => loadConfig({ config: file('nacm: { recovery-user: "" }\n') })).to.throw(ConfigError, /recovery-user/);
  });

  it('refuses plain HTTP beyond loopback and says what would be right', () => {
    expect(() => loadConfig({ restconfPlain: '0.0.0.0:8080' })).to.throw(ConfigError, /loopback only.*127\.0\.0\.1/);
    expect(loadConfig({ restconfPlain: '127.1.2.3:8080' }).restconf.plain).to.deep.equal({
      host: '127.1.2.3',
      port: 8080,
    });
  });

  it('shows nothing of a file that is not YAML but where it goes wrong: it may hold passwords', () => {
    for (const broken of [
      'url: a: hunter2',
      'url: "\\qhunter2"',
      'url: *hunter2',
      'url: "x" hunter2',
      'url: @hunter2',
    ]) {
      const text = `openstack:\n  ${broken}\n`;
      expect(() => loadConfig({ config: file(text) }), broken)
        .to.throw(ConfigError, /not YAML/)
        .with.property('message')
        .that.does.not.include('hunter2');
    }
    expect(() => loadConfig({ config: file('limits:\n  sessions: a: b\n') })).to.throw(/line 2, column 13/);
  });

  it('refuses the URL of a broker whose password is escaped wrongly, without showing it', () => {
    const source = (url: string): string => file(`openstack: { notifications: [{ url: "${url}" }] }\n`);
    expect(() => loadConfig({ config: source('amqp://nova:100%hunter2@broker/') }))
      .to.throw(ConfigError, /%25/)
      .with.property('message')
      .that.does.not.include('hunter2');
    const url = 'amqp://nova:100%25hunter2@broker/';
    expect(loadConfig({ config: source(url) }).openstack?.notifications).to.deep.equal([{ url, exchange: 'nova' }]);
  });

  it('takes authorities for each broker, and refuses them for one without TLS by name', () => {
    const entries = (url: string): string =>
      file(`openstack: { notifications: [{ url: "${url}", ca-file: /etc/promise/east.pem }] }\n`);
    const url = 'amqps://nova:hunter2@broker/';
    expect(loadConfig({ config: entries(url) }).openstack?.notifications).to.deep.equal([
      { url, exchange: 'nova', caFile: '/etc/promise/east.pem' },
    ]);
    expect(() => loadConfig({ config: entries('amqp://nova:hunter2@broker/') }))
      .to.throw(ConfigError, /ca-file \/etc\/promise\/east\.pem .*amqps/)
      .with.property('message')
      .that.does.not.include('hunter2');
  });

  it('names an unknown or wrong setting in the file', () => {
    expect(() => loadConfig({ config: file('restcnf: {}\n') })).to.throw(ConfigError, /restcnf/);
    expect(() => loadConfig({ config: file('limits: { sessions: 0 }\n') })).to.throw(ConfigError, /sessions/);
    expect(() => loadConfig({ config: file('netconf: { listen: "x:y" }\n') })).to.throw(ConfigError, /HOST:PORT/);
    expect(() => loadConfig({ config: file('netconf: { listen: 70000 }\n') })).to.throw(
      ConfigError,
      /'70000'.*HOST:PORT/,
    );
    expect(() => loadConfig({ config: join(directory, 'none.yaml') })).to.throw(ConfigError, /none\.yaml/);
  });

  it('makes a data directory for its owner alone, and says why one cannot be made', () => {
    const path = join(directory, 'a', 'b');
    makeDataDirectory(path);
    makeDataDirectory(path);
    expect(statSync(path).mode & 0o777).to.equal(0o700);
    expect(() => makeDataDirectory('/proc/promise/data')).to.throw(ConfigError, /--data-dir/);
    expect(() => makeDataDirectory(join(file(''), 'data'))).to.throw(ConfigError, /not a directory/);
  });

  for (const text of ['', 'host', 'host:', 'host:65536', '::1:80', 'a b:1', '-1']) {
    it(`refuses '${text}' as an address to listen on`, () => {
      expect(() => parseListenAddress(text)).to.throw(ConfigError, /HOST:PORT is expected/);
    });
  }
});
