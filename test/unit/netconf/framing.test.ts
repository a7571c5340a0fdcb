import { expect } from 'chai';
import fc from 'fast-check';
import { encodeMessage, type Frame, FrameDecoder, FramingError, type Framing } from '../../../src/netconf/framing.ts';

const LIMIT = { maxMessageSize: 1 << 20 };

function decoderFor(framing: Framing, options = LIMIT): FrameDecoder {
  const decoder = new FrameDecoder(options);
  if (framing === 'chunked') decoder.useChunks();
  return decoder;
}

/** Decodes all of it in pieces that end at `cuts`. */
function decodeIn(decoder: FrameDecoder, bytes: Buffer, cuts: readonly number[]): Frame[] {
  const ends = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  const frames: Frame[] = [];
  let start = 0;
  for (const end of [...ends, bytes.length]) {
    frames.push(...decoder.decode(bytes.subarray(start, end)));
    start = end;
  }
  return frames;
}

function texts(frames: readonly Frame[]): string[] {
  return frames.map((frame) => (frame.kind === 'message' ? frame.text : frame.kind));
}

function decodeAll(framing: Framing, stream: string | Buffer): string[] {
  return texts([...decoderFor(framing).decode(Buffer.from(stream))]);
}

const messageText = fc
  .string({ unit: 'binary', minLength: 1, maxLength: 200 })
  .filter((text) => !text.startsWith('\uFEFF'));

describe('netconf framing', () => {
  for (const framing of ['end-of-message', 'chunked'] as const) {
    it(`carries any messages through any split of their bytes (${framing})`, () => {
      const safe = framing === 'chunked' ? messageText : messageText.map((text) => `${text.replaceAll('>', '&gt;')}.`);
      fc.assert(
        fc.property(
          fc.array(safe, { minLength: 1, maxLength: 5 }),
          fc.array(fc.nat(), { maxLength: 40 }),
          (messages, cuts) => {
            const stream = Buffer.concat(messages.flatMap((text) => [...encodeMessage(framing, [text])]));
            expect(texts(decodeIn(decoderFor(framing), stream, cuts))).to.deep.equal(messages);
          },
        ),
      );
    });

    it(`never throws anything but a framing error on random bytes (${framing})`, () => {
      const near = fc.constantFrom(
        ...[']', '>', '\n', '#', '1', '9', '0', '##\n', '\n#3\nabc'].map((text) => Buffer.from(text)),
      );
      const bytes = fc.array(fc.oneof(near, fc.uint8Array({ maxLength: 8 })), { maxLength: 60 });
      fc.assert(
        fc.property(bytes, (pieces) => {
          const decoder = decoderFor(framing, { maxMessageSize: 64 });
          try {
            for (const piece of pieces) for (const frame of decoder.decode(piece)) expect(frame.kind).to.be.a('string');
          } catch (error) {
            expect(error).to.be.instanceOf(FramingError);
          }
        }),
      );
    });
  }

  it('finds the end of message after brackets that only look like one', () => {
    for (const text of [']', ']]', ']]]', ']]>]', ']]>]]', ']]>]]]', ']]]>]', 'a]]>]]b']) {
      expect(decodeAll('end-of-message', `${text}]]>]]>next]]>]]>`), text).to.deep.equal([text, 'next']);
    }
  });

  it('reads chunks of the RFC 6242 §4.2 example', () => {
    const stream =
      '\n#4\n<rpc\n#18\n message-id="102"\n\n#79\n     xmlns="urn:ietf:params:xml:ns:netconf:base:1.0">\n  <close-session/>\n</rpc>\n##\n';
    expect(decodeAll('chunked', stream)).to.deep.equal([
      '<rpc message-id="102"\n     xmlns="urn:ietf:params:xml:ns:netconf:base:1.0">\n  <close-session/>\n</rpc>',
    ]);
  });

  it('changes to chunks between the hello and bytes that came with it', () => {
    const decoder = decoderFor('end-of-message');
    const seen: string[] = [];
    for (const frame of decoder.decode(Buffer.from('<hello/>]]>]]>\n#6\n<rpc/>\n##\n'))) {
      seen.push(frame.kind === 'message' ? frame.text : frame.kind);
      if (seen.length === 1) decoder.useChunks();
    }
    expect(seen).to.deep.equal(['<hello/>', '<rpc/>']);
  });

  it('joins a character that two chunks share', () => {
    const euro = Buffer.from('€');
    const stream = Buffer.concat([
      Buffer.from('\n#1\n'),
      euro.subarray(0, 1),
      Buffer.from('\n#2\n'),
      euro.subarray(1),
      Buffer.from('\n##\n'),
    ]);
    expect(decodeAll('chunked', stream)).to.deep.equal(['€']);
  });

  const broken: readonly (readonly [what: string, stream: string, message: RegExp])[] = [
    ['no line feed first', '#3\nabc', /line feed before a chunk, got "#"/],
    ['a second line feed', '\n\n#3\nabc', /"#" after the line feed, got byte 0x0a/],
    ['a leading zero', '\n#03\nabc', /must not begin with zero/],
    ['size 0', '\n#0\n\n##\n', /must not begin with zero/],
    ['a size that is no number', '\n#x', /digit of the chunk size, got "x"/],
    ['a negative size', '\n#-1\n', /digit of the chunk size, got "-"/],
    ['a carriage return', '\n#3\r\nabc', /digit of the chunk size, got byte 0x0d/],
    ['a size over 4294967295', '\n#4294967296\n', /greater than 4294967295/],
    ['a size without end', `\n#${'1'.repeat(50)}`, /greater than 4294967295/],
    ['an end without a chunk', '\n##\n', /before its first chunk/],
    ['no line feed between chunks', '\n#1\na#1\nb', /line feed before a chunk/],
    ['no line feed after the end', '\n#1\na\n##<', /line feed after "##"/],
  ];
  for (const [what, stream, message] of broken) {
    it(`refuses ${what}`, () => {
      expect(() => decodeAll('chunked', stream)).to.throw(FramingError, message);
    });
  }

  it('takes the largest chunk size as a number', () => {
    expect([...decoderFor('chunked').decode(Buffer.from('\n#4294967295\nabc'))]).to.deep.equal([]);
  });

  for (const framing of ['end-of-message', 'chunked'] as const) {
    it(`passes over a message beyond the limit, keeps its head and goes on (${framing})`, () => {
      const big = `<rpc message-id="9">${'x'.repeat(5000)}`;
      const stream = Buffer.concat([big, 'next'].flatMap((text) => [...encodeMessage(framing, [text])]));
      const frames = decodeIn(decoderFor(framing, { maxMessageSize: 100 }), stream, [3, 50, 90, 101, 4000]);
      expect(frames).to.have.length(2);
      expect(frames[0]).to.include({ kind: 'too-big', bytes: big.length });
      expect(frames[0])
        .to.have.property('head')
        .that.matches(/^<rpc message-id="9">x/);
      expect(frames[1]).to.deep.equal({ kind: 'message', text: 'next' });
    });

    it(`tells a message that is not UTF-8 (${framing})`, () => {
      const stream = Buffer.from(
        [...encodeMessage(framing, ['<a>?</a>'])].map((b) => b.toString('latin1')).join(''),
        'latin1',
      );
      stream[stream.indexOf('?')] = 0xff;
      const [frame] = decoderFor(framing).decode(stream);
      expect(frame?.kind).to.equal('not-utf8');
    });
  }

  it('knows whether the stream ended inside a message', () => {
    const eom = decoderFor('end-of-message');
    expect([...eom.decode(Buffer.from('<a/>]]>]]>\r\n '))]).to.have.length(1);
    expect(eom.insideMessage).to.equal(false);
    expect([...eom.decode(Buffer.from('<'))]).to.have.length(0);
    expect(eom.insideMessage).to.equal(true);
    const chunked = decoderFor('chunked');
    expect([...chunked.decode(Buffer.from('\n#1\na\n##\n'))]).to.have.length(1);
    expect(chunked.insideMessage).to.equal(false);
    expect([...chunked.decode(Buffer.from('\n#1\na'))]).to.have.length(0);
    expect(chunked.insideMessage).to.equal(true);
  });

  it('writes chunks of at most 64 KiB that are valid UTF-8 each', () => {
    const text = fc
      .array(fc.constantFrom('a', 'é', '€', '😀', '\n#1\n'), { minLength: 1, maxLength: 30 })
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(
        text,
        fc.integer({ min: 1, max: 4000 }),
        fc.integer({ min: 1, max: 5000 }),
        (unit, times, pieceLength) => {
          const whole = unit.repeat(times);
          const pieces = Array.from({ length: Math.ceil(whole.length / pieceLength) }, (_, index) =>
            whole.slice(index * pieceLength, (index + 1) * pieceLength),
          );
          let joined = '';
          for (const block of encodeMessage('chunked', pieces)) {
            const header = /^\n#([1-9]\d*)\n/.exec(block.toString('latin1'));
            if (header === null) {
              expect(block.toString()).to.equal('\n##\n');
              continue;
            }
            const size = Number(header[1]);
            expect(size).to.be.at.most(64 * 1024);
            const content = block.subarray(header[0].length, header[0].length + size);
            joined += new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content);
          }
          expect(joined === whole).to.equal(true);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('makes blocks as they are asked for', () => {
    let made = 0;
    function* pieces(): Iterable<string> {
      for (; made < 1000; made++) yield 'x'.repeat(1024);
    }
    const blocks = encodeMessage('chunked', pieces());
    blocks.next();
    expect(made).to.be.below(20);
  });

  it('takes no more memory for a message in chunks of one byte than a few times its length', () => {
    const length = 1 << 18;
    const decoder = decoderFor('chunked');
    const part = Buffer.from('\n#1\nx'.repeat(1024));
    const before = process.memoryUsage();
    for (let sent = 0; sent < length; sent += 1024) expect([...decoder.decode(part)]).to.deep.equal([]);
    const { arrayBuffers, heapUsed } = process.memoryUsage();
    const [message] = decoder.decode(Buffer.from('\n##\n'));
    expect(message).to.deep.equal({ kind: 'message', text: 'x'.repeat(length) });
    expect(arrayBuffers - before.arrayBuffers + heapUsed - before.heapUsed).to.be.below(64 * length);
  });
});
