import { expect } from 'chai';
import { PassThrough, Writable } from 'node:stream';
import { demo } from '../../src/cli/demo/demo.ts';

/** What a command writes. */
class Paper extends Writable {
  text = '';

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString('utf8');
    done();
  }
}

describe('promise demo', function () {
  this.timeout(90_000);

  it('plays every step of the flows over both protocols, shows them, and ends with 0', async () => {
    const [stdout, stderr] = [new Paper(), new Paper()];
    const code = await demo({ stdin: new PassThrough(), stdout, stderr });
    expect(code, stdout.text + stderr.text).to.equal(0);
    const steps = [...stdout.text.matchAll(/^Step ([0-9]+[ab+]*): /gm)].map(([, number]) => number).join(' ');
    expect(steps).to.equal(
      [
        '1a 1b 2a 2b 3a 3b 4 5',
        '1a 1b 2a 2b 3a 3b 4a 4b 5a 5b 6a 6b 7',
        '1a 1b 2 3a 3b 4 5a+b 6 7a 7b 8a+b 9a 10a 10b',
        '1 2 3 4',
        '1 2 3 4 5 6 7 8 9 10 11',
      ].join(' '),
    );
    for (const protocol of ['NETCONF', 'RESTCONF, JSON', 'RESTCONF, XML']) {
      for (const what of ['request', 'reply', 'notification']) {
        expect(stdout.text).to.contain(`${protocol} ${what}\n`);
      }
    }
    expect(stdout.text, 'colours are for terminals').not.to.contain('\u001b[');
    expect(stdout.text).to.match(/50 of 50 steps did what the flows say\n$/);
  });
});
