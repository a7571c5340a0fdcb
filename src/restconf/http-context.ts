import type { ServerResponse } from 'node:http';
import type { RequestContext, Transport } from '../agent/context.ts';

/** Who asks over HTTP. */
export class HttpContext implements RequestContext {
  readonly user: string;
  readonly transport: Transport;
  readonly peer: string;
  readonly #response: ServerResponse;
  #gone: AbortController | undefined;

  constructor(user: string, transport: Transport, peer: string, response: ServerResponse) {
    this.user = user;
    this.transport = transport;
    this.peer = peer;
    this.#response = response;
  }

  /** Made when it is first asked for: most requests are answered before anybody wants to know. */
  get signal(): AbortSignal {
    if (this.#gone === undefined) {
      const gone = new AbortController();
      this.#gone = gone;
      if (this.#response.closed) gone.abort();
      // Once the answer is complete nobody waits for the signal, and its reason costs a stack trace.
      else this.#response.on('close', () => this.#response.writableFinished || gone.abort());
    }
    return this.#gone.signal;
  }
}
