import type { Socket } from 'node:net';
import type { ServerChannel } from 'ssh2';

/**
 * What a NETCONF session needs of its transport: an ordered stream of bytes each way, with back-pressure in both
 * directions.
 */
export interface SessionChannel {
  /** The next bytes, in order; undefined once the client has ended its side or the channel is gone. */
  read(): Promise<Uint8Array | undefined>;
  /**
   * Resolves when the client's window and the socket have taken the block, so that no more than one block of a session
   * waits in memory. One call at a time.
   * @throws ChannelClosed once the channel is gone
   */
  write(block: Uint8Array): Promise<void>;
  /** Reports success, ends the stream and closes the channel, in that order. All writes must have been awaited. */
  end(): void;
  /** Closes the channel at once, whatever is still unsent. */
  abort(): void;
  /** Fires once when the channel is gone, for whatever reason; also after `end` and `abort`. */
  onClosed(listener: () => void): void;
}

export class ChannelClosed extends Error {
  constructor() {
    super('the channel is closed');
    this.name = 'ChannelClosed';
  }
}

/** Bytes of one connection that may wait in its socket while a client with a wide window does not read. */
const MAX_UNSENT = 1024 * 1024;

/** One SSH channel. */
export class SshSessionChannel implements SessionChannel {
  readonly #channel: ServerChannel;
  readonly #socket: Socket;
  readonly #listeners: (() => void)[] = [];
  #closed = false;
  #wakeReader: (() => void) | undefined;
  #failWriter: (() => void) | undefined;
  #atEnd = false;
  readonly #readable = (): void => this.#wakeReader?.();

  constructor(channel: ServerChannel, socket: Socket) {
    this.#channel = channel;
    this.#socket = socket;
    channel.on('readable', this.#readable);
    channel.on('end', () => {
      this.#atEnd = true;
      this.#wakeReader?.();
    });
    // The stream's own errors (a write after the end) come with a close; without a listener they would end the process.
    channel.on('error', () => this.closed());
    channel.on('close', () => this.closed());
    channel.stderr.on('error', () => undefined);
  }

  /** Bytes that have arrived and wait to be read. */
  get unread(): number {
    return this.#channel.readableLength;
  }

  /** To be called when the channel or its connection is known to be gone; the stream itself may tell much later. */
  closed(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#wakeReader?.();
    this.#failWriter?.();
    // Lets the library forget the channel: it waits until what has arrived was read.
    this.#channel.off('readable', this.#readable).resume();
    for (const listener of this.#listeners.splice(0)) listener();
  }

  onClosed(listener: () => void): void {
    if (this.#closed) listener();
    else this.#listeners.push(listener);
  }

  async read(): Promise<Uint8Array | undefined> {
    for (;;) {
      if (this.#closed) return undefined;
      const bytes: unknown = this.#channel.read();
      if (bytes instanceof Uint8Array) return bytes;
      if (this.#atEnd) return undefined;
      await new Promise<void>((resolve) => {
        this.#wakeReader = resolve;
      });
      this.#wakeReader = undefined;
    }
  }

  async write(block: Uint8Array): Promise<void> {
    await this.#attempt((done) => this.#channel.write(block, done));
    if (this.#socket.writableLength > MAX_UNSENT) {
      await this.#attempt((done) => this.#socket.once('drain', done));
    }
  }

  end(): void {
    if (this.#closed) return;
    this.#channel.exit(0);
    this.#channel.end();
  }

  abort(): void {
    if (this.#closed) return;
    this.#channel.close();
    this.closed();
  }

  /** Waits for `start` to call back; fails when the channel closes first, which the stream may never report. */
  async #attempt(start: (done: () => void) => void): Promise<void> {
    if (this.#closed) throw new ChannelClosed();
    await new Promise<void>((resolve, reject) => {
      this.#failWriter = () => reject(new ChannelClosed());
      start(() => resolve());
    }).finally(() => {
      this.#failWriter = undefined;
    });
  }
}
