import type { IncomingMessage, ServerResponse } from 'node:http';
import { raw, type Request, type RequestHandler, type Response } from 'express';
import { RpcError } from '../yang/rpc-error.ts';
import { HttpError } from './errors.ts';

/** Reads what requests carry, up to a limit. */
export class Bodies {
  readonly #limit: number;
  /** For bodies that are compressed. */
  readonly #decode: RequestHandler;

  /** @param limit in bytes, of the content when it is decompressed */
  constructor(limit: number) {
    this.#limit = limit;
    this.#decode = raw({ type: () => true, limit });
  }

  /**
   * The content of a request; empty for one that has none.
   * @throws HttpError 413 when it is too large, 415 for another Content-Encoding, 400 when it is cut off or is not what that says
   */
  async read(request: IncomingMessage, response: ServerResponse): Promise<Uint8Array> {
    const { 'content-length': declared, 'transfer-encoding': transfer, 'content-encoding': coding } = request.headers;
    if (transfer === undefined && (declared === undefined || declared === '0')) return NOTHING;
    if (coding !== undefined) return await this.#decoded(request, response);
    if (Number(declared ?? 0) > this.#limit) throw tooLarge(this.#limit);
    return await received(request, this.#limit);
  }

  async #decoded(message: IncomingMessage, response: ServerResponse): Promise<Uint8Array> {
    // Casts: the reader of bodies uses nothing that an application of Express adds to the two.
    const request = message as Request;
    await new Promise<void>((resolve, reject) => {
      void this.#decode(request, response as Response, (error?: unknown) =>
        error instanceof Error ? reject(error) : resolve(),
      );
    }).catch((error: unknown) => {
      throw bodyError(error, this.#limit);
    });
    return Buffer.isBuffer(request.body) ? request.body : NOTHING;
  }
}

const NOTHING = new Uint8Array(0);

function received(request: IncomingMessage, limit: number): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    request.on('data', (chunk: Buffer) => {
      const before = length;
      length += chunk.length;
      if (length <= limit) {
        chunks.push(chunk);
      } else if (before <= limit) {
        // What still comes is thrown away, so that the connection can go on.
        chunks.length = 0;
        reject(tooLarge(limit));
      }
    });
    request.on('end', () => {
      const [only] = chunks;
      resolve(only !== undefined && chunks.length === 1 ? only : Buffer.concat(chunks));
    });
    request.on('error', () => reject(cutOff()));
    // Whoever left before this began to listen is heard no more.
    if (request.destroyed) reject(cutOff());
  });
}

function tooLarge(limit: number): HttpError {
  return new HttpError(413, RpcError.tooBig(`The body is larger than the ${limit} bytes that this server takes.`));
}

function cutOff(): HttpError {
  return new HttpError(400, RpcError.malformedMessage('The body is shorter than Content-Length says.'));
}

/** What decompressing the body ran into. */
function bodyError(error: unknown, limit: number): unknown {
  if (typeof error !== 'object' || error === null) return error;
  switch ('type' in error ? error.type : undefined) {
    case 'entity.too.large':
      return tooLarge(limit);
    case 'encoding.unsupported':
      return new HttpError(
        415,
        RpcError.notSupported('This Content-Encoding is not supported: send the body as identity or gzip.'),
      );
    case 'request.aborted':
    case 'request.size.invalid':
      return cutOff();
    default:
      // What is left is what decompression runs into; the reader of the body calls that a bad request.
      if (!('status' in error && error.status === 400)) return error;
      return new HttpError(400, RpcError.malformedMessage('The body is not what its Content-Encoding says.'));
  }
}
