import { once } from 'node:events';
import ssh2, { type Client, type ClientChannel, type ConnectConfig } from 'ssh2';
import type { Authenticator } from '../../../src/netconf/auth.ts';
import { makeSshKeyPair } from '../../../src/ssh-key-pair.ts';

export const PASSWORD = 'correct horse';

export const hostKeys: readonly string[] = [
  makeSshKeyPair('ed25519').private,
  ssh2.utils.generateKeyPairSync('ecdsa', { bits: 256 }).private,
  ssh2.utils.generateKeyPairSync('rsa', { bits: 2048 }).private,
];

export const userKeys = {
  ed25519: makeSshKeyPair('ed25519'),
  ecdsa: ssh2.utils.generateKeyPairSync('ecdsa', { bits: 256 }),
  rsa: ssh2.utils.generateKeyPairSync('rsa', { bits: 2048 }),
  stranger: makeSshKeyPair('ed25519'),
};

const known = [userKeys.ed25519, userKeys.ecdsa, userKeys.rsa].map((key) => key.public.split(' ')[1]);

/** Users `anna` and `bert`, both with {@link PASSWORD} and all of {@link userKeys} but the stranger's. */
export const authenticator: Authenticator = {
  password: (user, password) =>
    Promise.resolve(['anna', 'bert'].includes(user) && password === PASSWORD ? 'right' : 'wrong'),
  publicKey: (user, key) => user === 'anna' && known.includes(key.blob.toString('base64')),
};

export async function connect(port: number, config: ConnectConfig = {}): Promise<Client> {
  const client = new ssh2.Client();
  const ready = new Promise<void>((resolve, reject) => {
    client.once('ready', resolve).once('error', reject);
    client.once('close', () => reject(new Error('connection closed')));
  });
  client.on('connect', () => client.setNoDelay(true));
  client.connect({
    host: '127.0.0.1',
    port,
    username: 'anna',
    ...(config.privateKey ? {} : { password: PASSWORD }),
    ...config,
  });
  await ready;
  // The server may end a connection under test; the test looks at 'close'.
  client.on('error', () => undefined);
  return client;
}

export function openSubsystem(client: Client, name = 'netconf'): Promise<ClientChannel> {
  return new Promise((resolve, reject) => {
    client.subsys(name, (error, channel) => (error === undefined ? resolve(channel) : reject(error)));
  });
}

/** Everything that a channel still sends, until it closes. */
export async function readAll(channel: ClientChannel): Promise<string> {
  let text = '';
  channel.setEncoding('utf8');
  channel.on('data', (data: string) => {
    text += data;
  });
  channel.stderr.resume();
  await once(channel, 'close');
  return text;
}
