import type { Socket } from 'node:net';
import type { ServerResponse } from 'node:http';

/** The requests that are being answered, so that a server that stops can let them finish. Streams do not count: they never do. */
export class RequestsInProgress {
  /** Requests that are being carried out. */
  #working = 0;
  #begun = 0;
  /**
   * Answers that are complete and on their way, by the number of their request: the connection. A map that entries come into and go
   * from all the time makes itself anew again and again, and what V8 has put by of it keeps all that was ever in it from being collected
   * with the young. Were answers in it, each would be, with all that belongs to its request, until the next full collection.
   */
  readonly #underway = new Map<number, Socket>();
  /** Connections with an open stream, and the number of its request. */
  readonly #streams = new Map<Socket, number>();
  #stopping = false;
  #finished: () => void = () => undefined;

  /** @returns the number of the request; undefined once the server stops: the request is not to be begun */
  begin(): number | undefined {
    if (this.#stopping) return undefined;
    this.#working += 1;
    return ++this.#begun;
  }

  /** To be called once for each request that was begun, when its answer has been written or is none that ends. */
  answered(response: ServerResponse, request: number): void {
    this.#working -= 1;
    const { socket } = response.req;
    // An answer that is complete may still be on its way to the client, if he has not left.
    if (!response.closed && !socket.destroyed) {
      if (response.writableEnded) this.#sent(response, socket, request);
      else this.#streaming(response, socket, request);
    }
    this.#check();
  }

  /** Takes no more requests. Resolves when there is none left, and after `limitMs` at the latest. */
  async stop(limitMs: number): Promise<void> {
    this.#stopping = true;
    await new Promise<void>((resolve) => {
      const overdue = setTimeout(resolve, limitMs);
      this.#finished = () => {
        clearTimeout(overdue);
        resolve();
      };
      this.#check();
    });
  }

  #sent(response: ServerResponse, socket: Socket, request: number): void {
    this.#underway.set(request, socket);
    response.once('close', () => {
      this.#underway.delete(request);
      this.#check();
    });
  }

  #streaming(response: ServerResponse, socket: Socket, request: number): void {
    this.#streams.set(socket, request);
    response.once('close', () => this.#streams.delete(socket));
  }

  #check(): void {
    if (!this.#stopping || this.#working > 0) return;
    for (const [request, socket] of this.#underway) {
      const stream = this.#streams.get(socket);
      // Answers go out in the order of their requests: behind a stream none does.
      if (stream === undefined || request < stream) return;
    }
    this.#finished();
  }
}
