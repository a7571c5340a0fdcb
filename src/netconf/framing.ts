/**
 * Message framing over SSH (RFC 6242 §4): the end-of-message sequence of base:1.0 and the chunks of base:1.1.
 *
 * Both directions work on pieces: the decoder takes bytes split anywhere, the encoder takes text as it is printed, so
 * that neither needs a whole stream in memory.
 */

export type Framing = 'end-of-message' | 'chunked';

/**
 * What the decoder makes of one framed message. A message that is too long or not UTF-8 is told apart from a framing
 * error, since the next message can still be found.
 */
export type Frame =
  | { readonly kind: 'message'; readonly text: string }
  | { readonly kind: 'too-big'; readonly bytes: number; readonly head: string }
  | { readonly kind: 'not-utf8'; readonly head: string };

/** The peer broke the framing; the session must end (RFC 6242 §4.2). */
export class FramingError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'FramingError';
  }
}

const END_OF_MESSAGE = Buffer.from(']]>]]>');
const LINE_FEED = 0x0a;
const HASH = 0x23;
const ZERO = 0x30;
const NINE = 0x39;
const MAX_CHUNK_SIZE = 4294967295;
const MAX_SIZE_DIGITS = 10;
/** Refuses what is not UTF-8. */
const UTF_8 = new TextDecoder('utf-8', { fatal: true });
/** How much of a refused message is kept, so that its message-id can be found. */
const HEAD_BYTES = 2048;

/** Where the decoder stands within the chunked framing; see the ABNF of RFC 6242 §4.2. */
type ChunkState = 'line-feed' | 'hash' | 'size-or-end' | 'size' | 'data' | 'end-line-feed';

/**
 * Bytes of the message that is being received, in one block that grows: a chunk may have a single byte, and to keep each by itself
 * would take a hundred times its size. Past the limit only the number of bytes and the head are kept.
 */
class MessageBuffer {
  readonly #limit: number;
  #block = Buffer.alloc(0);
  #kept = 0;
  #length = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  isBlank(): boolean {
    return this.#block.subarray(0, this.#kept).every((byte) => byte <= 0x20);
  }

  add(bytes: Uint8Array): void {
    this.#length += bytes.length;
    if (this.#length <= this.#limit) {
      this.#keep(bytes);
      return;
    }
    if (this.#block.length === HEAD_BYTES) return;
    this.#kept = Math.min(this.#kept, HEAD_BYTES);
    this.#block = Buffer.from(this.#block.subarray(0, this.#kept));
    this.#keep(bytes.subarray(0, HEAD_BYTES - this.#kept));
  }

  /** Takes the message out; the buffer is empty afterwards. */
  take(): Frame {
    const bytes = this.#block.subarray(0, this.#kept);
    const length = this.#length;
    this.#block = Buffer.alloc(0);
    this.#kept = 0;
    this.#length = 0;
    if (length > this.#limit) return { kind: 'too-big', bytes: length, head: bytes.toString('utf8') };
    try {
      return { kind: 'message', text: UTF_8.decode(bytes) };
    } catch {
      return { kind: 'not-utf8', head: bytes.subarray(0, HEAD_BYTES).toString('utf8') };
    }
  }

  #keep(bytes: Uint8Array): void {
    const needed = this.#kept + bytes.length;
    if (needed > this.#block.length) {
      const grown = Buffer.allocUnsafe(Math.max(needed, this.#block.length * 2));
      grown.set(this.#block.subarray(0, this.#kept));
      this.#block = grown;
    }
    this.#block.set(bytes, this.#kept);
    this.#kept = needed;
  }
}

/**
 * Finds messages in a byte stream. It begins with the end-of-message framing, as every session does for the hello, and
 * changes to chunks when told to; the change takes effect with the very next byte, since {@link decode} is lazy.
 */
export class FrameDecoder {
  readonly #message: MessageBuffer;
  #framing: Framing = 'end-of-message';
  /** How many bytes of the end-of-message sequence the last bytes matched. */
  #matched = 0;
  #state: ChunkState = 'line-feed';
  #digits = '';
  #remaining = 0;
  #chunks = 0;

  /** @param options maxMessageSize in bytes of one message without its framing */
  constructor(options: { readonly maxMessageSize: number }) {
    this.#message = new MessageBuffer(options.maxMessageSize);
  }

  /** Uses chunked framing for all bytes not yet decoded. To be called between two messages. */
  useChunks(): void {
    this.#framing = 'chunked';
  }

  /** True in the middle of a message, where the end of the stream is a loss. White space between messages is not. */
  get insideMessage(): boolean {
    if (this.#framing === 'chunked') return this.#state !== 'line-feed' || this.#chunks > 0;
    return !this.#message.isBlank();
  }

  /**
   * The messages that end within `bytes`. All of them must be taken before the next call.
   * @throws FramingError when the framing is broken; the decoder is of no use afterwards
   */
  *decode(bytes: Uint8Array): Generator<Frame, void, undefined> {
    let at = 0;
    while (at < bytes.length) {
      const [next, frame] =
        this.#framing === 'chunked' ? this.#chunkStep(bytes, at) : this.#endOfMessageStep(bytes, at);
      at = next;
      if (frame !== undefined) yield frame;
    }
  }

  #endOfMessageStep(bytes: Uint8Array, start: number): [next: number, frame?: Frame] {
    let matched = this.#matched;
    const carried = matched;
    for (let at = start; at < bytes.length; at++) {
      matched = advanceMatch(matched, bytes[at]);
      if (matched < END_OF_MESSAGE.length) continue;
      this.#keep(bytes, start, at + 1 - matched, carried);
      this.#matched = 0;
      return [at + 1, this.#message.take()];
    }
    this.#keep(bytes, start, bytes.length - matched, carried);
    this.#matched = matched;
    return [bytes.length];
  }

  /**
   * Adds the bytes from `start` to `end` to the message. `carried` bytes before `start` were held back as a possible
   * end of message; `end` may lie before `start` by those that still are.
   */
  #keep(bytes: Uint8Array, start: number, end: number, carried: number): void {
    const released = Math.min(carried, carried + end - start);
    if (released > 0) this.#message.add(END_OF_MESSAGE.subarray(0, released));
    if (end > start) this.#message.add(bytes.subarray(start, end));
  }

  #chunkStep(bytes: Uint8Array, at: number): [next: number, frame?: Frame] {
    if (this.#state === 'data') {
      const end = Math.min(bytes.length, at + this.#remaining);
      this.#message.add(bytes.subarray(at, end));
      this.#remaining -= end - at;
      if (this.#remaining === 0) this.#state = 'line-feed';
      return [end];
    }
    const frame = this.#header(bytes[at] ?? 0);
    return frame === undefined ? [at + 1] : [at + 1, frame];
  }

  #header(byte: number): Frame | undefined {
    switch (this.#state) {
      case 'line-feed':
        this.#expect(byte, LINE_FEED, 'a line feed before a chunk');
        this.#state = 'hash';
        return undefined;
      case 'hash':
        this.#expect(byte, HASH, '"#" after the line feed');
        this.#state = 'size-or-end';
        return undefined;
      case 'size-or-end':
        if (byte === HASH) {
          if (this.#chunks === 0) throw new FramingError('the end of a message came before its first chunk');
          this.#state = 'end-line-feed';
          return undefined;
        }
        this.#digits = '';
        this.#size(byte);
        this.#state = 'size';
        return undefined;
      case 'size':
        if (byte === LINE_FEED) this.#beginChunk();
        else this.#size(byte);
        return undefined;
      case 'end-line-feed':
        this.#expect(byte, LINE_FEED, 'a line feed after "##"');
        this.#state = 'line-feed';
        this.#chunks = 0;
        return this.#message.take();
      case 'data':
        return undefined;
    }
  }

  #size(byte: number): void {
    if (byte < ZERO || byte > NINE) throw new FramingError(`expected a digit of the chunk size, got ${shown(byte)}`);
    if (this.#digits === '' && byte === ZERO) throw new FramingError('a chunk size must not begin with zero');
    this.#digits += String.fromCharCode(byte);
    if (this.#digits.length > MAX_SIZE_DIGITS || Number(this.#digits) > MAX_CHUNK_SIZE) {
      throw new FramingError(`the chunk size ${this.#digits}… is greater than ${MAX_CHUNK_SIZE}`);
    }
  }

  #beginChunk(): void {
    this.#remaining = Number(this.#digits);
    this.#chunks += 1;
    this.#state = 'data';
  }

  #expect(byte: number, expected: number, what: string): void {
    if (byte !== expected) throw new FramingError(`expected ${what}, got ${shown(byte)}`);
  }
}

/** The number of matched bytes of `]]>]]>` after one more byte. */
function advanceMatch(matched: number, byte: number | undefined): number {
  if (byte === END_OF_MESSAGE[matched]) return matched + 1;
  // "]" is a mismatch only where ">" was due, and then the last two bytes are "]]" again.
  return byte === END_OF_MESSAGE[0] ? 2 : 0;
}

/** Text units gathered before they are encoded; far below the largest chunk even where a unit takes three bytes. */
const UNITS_PER_BLOCK = 16 * 1024;

/**
 * One message as framed blocks, made as they are asked for. Chunks are at most 48 KiB and end between code points: some
 * clients decode UTF-8 chunk by chunk, and others fail on chunk sizes of many digits.
 * @param pieces the message's text; a message without text is not possible in chunked framing
 */
export function* encodeMessage(framing: Framing, pieces: Iterable<string>): Generator<Buffer, void, undefined> {
  let pending = '';
  for (const piece of pieces) {
    pending += piece;
    let at = 0;
    while (pending.length - at >= UNITS_PER_BLOCK) {
      const end = blockEnd(pending, at);
      yield encodeBlock(framing, pending.slice(at, end));
      at = end;
    }
    if (at > 0) pending = pending.slice(at);
  }
  yield encodeBlock(framing, pending, framing === 'chunked' ? '\n##\n' : ']]>]]>');
}

/** A block, which may be without text where the end of the message follows. */
function encodeBlock(framing: Framing, text: string, end = ''): Buffer {
  const isChunk = framing === 'chunked' && text !== '';
  return Buffer.from(isChunk ? `\n#${Buffer.byteLength(text)}\n${text}${end}` : text + end);
}

/** The end of a block that begins at `start`, never between the halves of a surrogate pair. */
function blockEnd(text: string, start: number): number {
  const end = start + UNITS_PER_BLOCK;
  const last = text.charCodeAt(end - 1);
  return last >= 0xd800 && last <= 0xdbff ? end - 1 : end;
}

function shown(byte: number): string {
  return byte > 0x20 && byte < 0x7f
    ? JSON.stringify(String.fromCharCode(byte))
    : `byte 0x${byte.toString(16).padStart(2, '0')}`;
}
