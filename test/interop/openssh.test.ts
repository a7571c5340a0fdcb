import { expect } from 'chai';
import { AgentUnderTest, PASSWORD, USER } from '../contract/agent-under-test.ts';
import { requireProgram, run, SshFiles, type Outcome } from './programs.ts';

const BASE = 'urn:ietf:params:xml:ns:netconf:base:1.0';
const QUERY = `<rpc xmlns="${BASE}" message-id="1"><query-capacity xmlns="urn:opnfv:promise"/></rpc>`;
const CLOSE = `<rpc xmlns="${BASE}" message-id="2"><close-session/></rpc>`;

function hello(version: string): string {
  return `<hello xmlns="${BASE}"><capabilities><capability>urn:ietf:params:netconf:base:${version}</capability></capabilities></hello>]]>]]>`;
}

const delimited = (message: string): string => `${message}]]>]]>`;

/** A message in chunks of a few bytes, as the framing allows. */
function chunked(message: string, size = 7): string {
  const bytes = Buffer.from(message);
  let text = '';
  for (let at = 0; at < bytes.length; at += size) {
    const chunk = bytes.subarray(at, at + size);
    text += `\n#${chunk.length}\n${chunk.toString('utf8')}`;
  }
  return `${text}\n##\n`;
}

describe('interoperability: OpenSSH', function () {
  this.timeout(60_000);
  let agent: AgentUnderTest;
  let files: SshFiles | undefined;

  before(async function () {
    requireProgram(this, 'openssh-client', ['ssh', '-V']);
    agent = await AgentUnderTest.start();
    files = new SshFiles(agent);
  });
  after(async () => {
    if (files === undefined) return;
    files.remove();
    await agent.close();
  });

  function options(...more: readonly string[]): readonly string[] {
    const settings = ['StrictHostKeyChecking=yes', `UserKnownHostsFile=${files?.knownHosts ?? ''}`, ...more];
    const { host, port } = agent.system.netconf;
    return ['-F', 'none', '-p', String(port), ...settings.flatMap((setting) => ['-o', setting]), `${USER}@${host}`];
  }

  function withKey(input: string, ...more: readonly string[]): Promise<Outcome> {
    const login = ['BatchMode=yes', 'IdentitiesOnly=yes', `IdentityFile=${files?.key ?? ''}`];
    return run('ssh', [...options(...login, ...more), '-s', 'netconf'], { input });
  }

  it('speaks base:1.0 by hand: hello, an operation, the end, each followed by ]]>]]>', async () => {
    const { code, stdout, stderr } = await withKey(hello('1.0') + delimited(QUERY) + delimited(CLOSE));
    expect(code, stderr).to.equal(0);
    const messages = stdout.split(']]>]]>');
    expect(messages).to.have.length(4);
    expect(messages[0]).to.match(/^<hello [^]*<session-id>[0-9]+<\/session-id><\/hello>$/);
    expect(messages[1]).to.match(/^<rpc-reply [^>]*message-id="1"[^]*<capacity[^]*<\/rpc-reply>$/);
    expect(messages[2]).to.match(/^<rpc-reply [^>]*message-id="2"[^>]*><ok\/><\/rpc-reply>$/);
    expect(messages[3]).to.equal('');
  });

  it('speaks base:1.1 by hand: chunks, the first of them sent together with the hello', async () => {
    const { code, stdout, stderr } = await withKey(hello('1.1') + chunked(QUERY) + chunked(CLOSE));
    expect(code, stderr).to.equal(0);
    const [first = '', rest = ''] = stdout.split(']]>]]>');
    expect(first).to.match(/^<hello /);
    expect(rest).to.match(/^\n#[1-9][0-9]*\n<rpc-reply [^]*\n##\n\n#[1-9][0-9]*\n<rpc-reply [^]*<ok\/>[^]*\n##\n$/);
    for (const [, size = '', message = ''] of rest.matchAll(/\n#([0-9]+)\n([^]*?)(?=\n#)/g)) {
      expect(Buffer.byteLength(message)).to.equal(Number(size));
    }
  });

  it('ends the session of a client that just closes its input', async () => {
    const { code } = await withKey(hello('1.1'));
    expect(code).to.equal(0);
  });

  for (const algorithm of ['ssh-ed25519', 'ecdsa-sha2-nistp256', 'rsa-sha2-512']) {
    it(`knows the server by its key for ${algorithm}`, async () => {
      const { code, stderr } = await withKey(hello('1.0') + delimited(CLOSE), `HostKeyAlgorithms=${algorithm}`);
      expect(code, stderr).to.equal(0);
    });
  }

  it('keeps a quiet session alive: keepalives are answered', async () => {
    const login = ['BatchMode=yes', 'IdentitiesOnly=yes', `IdentityFile=${files?.key ?? ''}`];
    const keepalive = ['ServerAliveInterval=1', 'ServerAliveCountMax=1'];
    const { code, stdout, stderr } = await run('ssh', [...options(...login, ...keepalive), '-s', 'netconf'], {
      input: hello('1.0'),
      openForMs: 3_500,
    });
    // A client that gets no answer in two intervals says so and ends with 255.
    expect(code, stderr).to.equal(0);
    expect(stdout).to.match(/^<hello /);
  });

  it('is refused a shell and a command', async () => {
    const login = ['BatchMode=yes', 'IdentitiesOnly=yes', `IdentityFile=${files?.key ?? ''}`];
    const { code, stdout } = await run('ssh', [...options(...login), 'id']);
    expect(code).not.to.equal(0);
    expect(stdout).to.equal('');
  });

  it('logs in with a password', async function () {
    requireProgram(this, 'sshpass', ['sshpass', '-V']);
    const args = ['-e', 'ssh', ...options('PubkeyAuthentication=no'), '-s', 'netconf'];
    const { code, stdout, stderr } = await run('sshpass', args, {
      input: hello('1.0') + delimited(CLOSE),
      env: { SSHPASS: PASSWORD },
    });
    expect(code, stderr).to.equal(0);
    expect(stdout).to.contain('<ok/>');
  });

  it('is refused with a wrong password', async function () {
    requireProgram(this, 'sshpass', ['sshpass', '-V']);
    const args = ['-e', 'ssh', ...options('PubkeyAuthentication=no', 'NumberOfPasswordPrompts=1'), '-s', 'netconf'];
    const { code, stderr } = await run('sshpass', args, { env: { SSHPASS: 'wrong' } });
    expect(code).not.to.equal(0);
    expect(stderr).to.match(/Permission denied/);
  });
});
