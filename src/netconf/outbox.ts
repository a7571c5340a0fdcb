import { ChannelClosed, type SessionChannel } from './channel.ts';
import { encodeMessage, type Framing } from './framing.ts';

/** Something failed while the text of a message was made, after a part of it was sent: the stream is of no more use. */
export class UnfinishedMessage extends Error {
  constructor(cause: unknown) {
    super('a message could not be completed', { cause });
    this.name = 'UnfinishedMessage';
  }
}

/** Whole messages that go out in one write. */
interface Parcel {
  readonly blocks: Buffer[];
  readonly sent: Promise<void>;
}

/**
 * A session's way out: messages go one after the other, whole, in the order of the calls, as fast as the client takes
 * them.
 */
export class Outbox {
  readonly #channel: SessionChannel;
  #framing: Framing = 'end-of-message';
  #last: Promise<void> = Promise.resolve();
  /** What further whole messages can be put to; it is the last in the queue. */
  #open: Parcel | undefined;

  constructor(channel: SessionChannel) {
    this.#channel = channel;
  }

  /** Uses this framing for every message sent from now on. */
  useFraming(framing: Framing): void {
    this.#framing = framing;
  }

  /**
   * Sends a message whose text is made while it is sent. Resolves when the transport has the whole of it.
   * @param whenDurable awaited before each block that was made is handed to the transport
   * @throws ChannelClosed; UnfinishedMessage; and whatever `pieces` or `whenDurable` throws before the first block is
   *   handed over, in which case nothing was sent
   */
  send(pieces: Iterable<string>, whenDurable?: () => Promise<void>): Promise<void> {
    const framing = this.#framing;
    this.#open = undefined;
    return this.#enqueue(() => this.#write(encodeMessage(framing, pieces), whenDurable));
  }

  /**
   * Sends a message that is there already. Those that one event lets go, such as a commit that many replies have waited for, are one
   * write: a packet costs more than a reply. Resolves when the transport has it. @throws ChannelClosed
   */
  sendWhole(text: string): Promise<void> {
    const parcel = this.#open ?? this.#newParcel();
    parcel.blocks.push(...encodeMessage(this.#framing, [text]));
    return parcel.sent;
  }

  /** Resolves when everything handed to {@link send} so far was sent or has failed. */
  flushed(): Promise<void> {
    return this.#last;
  }

  #newParcel(): Parcel {
    const blocks: Buffer[] = [];
    const sent = this.#enqueue(async () => {
      await endOfEvent();
      if (this.#open === parcel) this.#open = undefined;
      await this.#channel.write(blocks.length === 1 && blocks[0] !== undefined ? blocks[0] : Buffer.concat(blocks));
    });
    const parcel = { blocks, sent };
    this.#open = parcel;
    return parcel;
  }

  #enqueue(write: () => Promise<void>): Promise<void> {
    const sent = this.#last.then(write);
    // The next message does not depend on the fate of this one; a closed channel tells every sender for itself.
    this.#last = sent.catch(() => undefined);
    return sent;
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

/** Resolves when all promises that the present event settled have been heard: Node calls such listeners before the next tick. */
function endOfEvent(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve));
}
