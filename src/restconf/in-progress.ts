import type { ServerResponse } from 'node:http';

/** The requests that are being answered, so that a server that stops can let them finish. Streams do not count: they never do. */
export class RequestsInProgress {
  #count = 0;
  #stopping = false;
  #finished: () => void = () => undefined;

  /** @returns false once the server stops: the request is not to be begun */
  begin(): boolean {
    if (!this.#stopping) this.#count += 1;
    return !this.#stopping;
  }

  /** To be called once for each request that was begun, when its answer has been written or is none that ends. */
  answered(response: ServerResponse): void {
    // An answer that is complete may still be on its way to the client, if he has not left.
    if (response.writableEnded && !response.closed && !response.req.socket.destroyed)
      response.once('close', () => this.#end());
    else this.#end();
  }

  /** Takes no more requests. Resolves when there is none left, and after `limitMs` at the latest. */
  async stop(limitMs: number): Promise<void> {
    this.#stopping = true;
    if (this.#count === 0) return;
    await new Promise<void>((resolve) => {
      const overdue = setTimeout(resolve, limitMs);
      this.#finished = () => {
        clearTimeout(overdue);
        resolve();
      };
    });
  }

  #end(): void {
    this.#count -= 1;
    if (this.#count === 0) this.#finished();
  }
}
