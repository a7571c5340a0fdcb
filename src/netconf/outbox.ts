import { ChannelClosed, type SessionChannel } from './channel.ts';
import { encodeMessage, type Framing } from './framing.ts';

/** Something failed while the text of a message was made, after a part of it was sent: the stream is of no more use. */
export class UnfinishedMessage extends Error {
  constructor(cause: unknown) {
    super('a message could not be completed', { cause });
    this.name = 'UnfinishedMessage';
  }
}

/**
 * A session's way out: messages go one after the other, whole, in the order of the calls, as fast as the client takes
 * them. The text of a message is made while it is sent.
 */
export class Outbox {
  readonly #channel: SessionChannel;
  #framing: Framing = 'end-of-message';
  #last: Promise<void> = Promise.resolve();

  constructor(channel: SessionChannel) {
    this.#channel = channel;
  }

  /** Uses this framing for every message sent from now on. */
  useFraming(framing: Framing): void {
    this.#framing = framing;
  }

  /**
   * Resolves when the transport has the whole message.
   * @param whenDurable awaited before each block that was made is handed to the transport
   * @throws ChannelClosed; UnfinishedMessage; and whatever `pieces` or `whenDurable` throws before the first block is
   *   handed over, in which case nothing was sent
   */
  send(pieces: Iterable<string>, whenDurable?: () => Promise<void>): Promise<void> {
    const framing = this.#framing;
    const sent = this.#last.then(() => this.#write(encodeMessage(framing, pieces), whenDurable));
    // The next message does not depend on the fate of this one; a closed channel tells every sender for itself.
    this.#last = sent.catch(() => undefined);
    return sent;
  }

  /** Resolves when everything handed to {@link send} so far was sent or has failed. */
  flushed(): Promise<void> {
    return this.#last;
  }

  async #write(blocks: Iterator<Buffer>, whenDurable?: () => Promise<void>): Promise<void> {
    let next = blocks.next();
    await whenDurable?.();
    while (next.done !== true) {
      await this.#channel.write(next.value);
      try {
        next = blocks.next();
        await whenDurable?.();
      } catch (error) {
        throw error instanceof ChannelClosed ? error : new UnfinishedMessage(error);
      }
    }
  }
}
