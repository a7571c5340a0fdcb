import { expect } from 'chai';
import { Metrics } from '../../../src/observe/metrics.ts';
import { MetricsServer } from '../../../src/observe/metrics-server.ts';

describe('the listener for metrics', () => {
  let ailment: string | undefined;
  let gone = ['a', 'b'];
  let server: MetricsServer;
  const metrics = new Metrics();

  before(async () => {
    metrics.gauge('example_up', 'Whether it is.', ['it'], () => gone.map((it) => ({ labels: { it }, value: 1 })));
    server = await MetricsServer.listen({
      host: '127.0.0.1',
      port: 0,
      metrics,
      ailment: () => Promise.resolve(ailment),
    });
  });
  after(() => server.close());

  const get = async (path: string, method = 'GET'): Promise<readonly [number, string]> => {
    const reply = await fetch(`${server.url}${path}`, { method });
    return [reply.status, await reply.text()];
  };

  it('shows what is there when it is asked, and nothing that was', async () => {
    expect((await get('/metrics'))[1]).to.include('example_up{it="a"} 1\nexample_up{it="b"} 1\n');
    gone = ['b'];
    const [status, text] = await get('/metrics?name=example_up');
    expect([status, /example_up\{.*/g.exec(text)?.[0]]).to.deep.equal([200, 'example_up{it="b"} 1']);
  });

  it('says in the status of /healthz whether decisions can be made, and why not', async () => {
    expect(await get('/healthz')).to.deep.equal([200, 'ok\n']);
    ailment = 'the store failed';
    expect(await get('/healthz')).to.deep.equal([503, 'the store failed\n']);
  });

  it('refuses what it does not have', async () => {
    expect(await get('/')).to.deep.equal([404, 'There are /metrics and /healthz.\n']);
    expect(await get('/metrics', 'POST')).to.deep.equal([405, 'Only GET and HEAD are answered here.\n']);
    expect(await get('/healthz', 'HEAD')).to.deep.equal([503, '']);
  });

  it('does not start where somebody listens already', async () => {
    const port = Number(new URL(server.url).port);
    const failure = await MetricsServer.listen({
      host: '127.0.0.1',
      port,
      metrics,
      ailment: () => Promise.resolve(undefined),
    }).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(failure).to.have.property('code', 'EADDRINUSE');
  });

  it('times what is done, also when it fails', async () => {
    const stopwatch = metrics.stopwatch('example_seconds', 'How long it takes.', ['outcome']);
    const labels = ({ status }: PromiseSettledResult<number>): { readonly outcome: string } => ({ outcome: status });
    expect(await stopwatch.time(() => Promise.resolve(7), labels)).to.equal(7);
    const failed = await stopwatch
      .time(() => Promise.reject(new Error('no')), labels)
      .catch((error: unknown) => String(error));
    expect(failed).to.equal('Error: no');
    const text = await metrics.text();
    for (const outcome of ['fulfilled', 'rejected']) {
      expect(text).to.include(`example_seconds_count{outcome="${outcome}"} 1\n`);
    }
  });
});
