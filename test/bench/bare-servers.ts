/** The baselines: what carries the same bytes and does nothing. Started by the benchmark, which says over IPC what to answer. */
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { createServer as createTcpServer, type AddressInfo, type Server as TcpServer } from 'node:net';
import express from 'express';
import ssh2 from 'ssh2';

export interface BareJob {
  /** The answer of HTTP, without headers. */
  readonly httpBody: string;
  /** The answer of NETCONF, without framing. */
  readonly netconfReply: string;
  readonly certificate: string;
  readonly tlsKey: string;
  readonly hostKey: string;
}

export interface BarePorts {
  readonly http: number;
  readonly https: number;
  readonly netconf: number;
}

function application(body: string): express.Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.use(express.raw({ type: () => true, limit: 64 * 1024 * 1024 }));
  app.use((_request, response) => {
    response.setHeader('Content-Type', 'application/yang-data+json');
    response.setHeader('Cache-Control', 'no-cache');
    response.setHeader('Content-Length', Buffer.byteLength(body));
    response.end(body);
  });
  return app;
}

async function listening(server: TcpServer): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // It listens on TCP.
  return (server.address() as AddressInfo).port;
}

/** Answers each message in chunked framing with the same reply. */
async function sshEcho(hostKey: string, reply: string): Promise<number> {
  const answer = Buffer.from(`\n#${Buffer.byteLength(reply)}\n${reply}\n##\n`);
  const server = new ssh2.Server({ hostKeys: [hostKey] }, (connection) => {
    connection.on('authentication', (context) => context.accept());
    connection.on('error', () => undefined);
    connection.on('session', (accept) => {
      accept().on('subsystem', (acceptSubsystem) => {
        const channel = acceptSubsystem();
        channel.write('<hello/>]]>]]>');
        let tail = '';
        channel.on('data', (bytes: Buffer) => {
          const text = tail + bytes.toString('latin1');
          const messages = text.split('\n##\n');
          tail = messages.pop() ?? '';
          for (let i = 0; i < messages.length; i++) channel.write(answer);
        });
      });
    });
  });
  // ssh2 leaves its sockets to Nagle's algorithm; the server under test does not.
  const tcp = createTcpServer({ noDelay: true }, (socket) => server.injectSocket(socket));
  return await listening(tcp);
}

process.on('message', (message) => {
  // Only the benchmark sends messages, and one only.
  const job = message as BareJob;
  const start = async (): Promise<BarePorts> => ({
    http: await listening(createHttpServer(application(job.httpBody))),
    https: await listening(
      createHttpsServer({ cert: job.certificate, key: job.tlsKey, minVersion: 'TLSv1.2' }, application(job.httpBody)),
    ),
    netconf: await sshEcho(job.hostKey, job.netconfReply),
  });
  start().then(
    (result) => process.send?.({ result }),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});
process.once('disconnect', () => process.exit());
process.send?.({ ready: true });
