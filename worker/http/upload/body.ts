import { badRequest } from "../../errors.ts";
import { byteReader } from "../../repository/byte-reader.ts";

/** How much of a refused body is read and discarded. Bytes. */
const MAX_DRAINED_BYTES = 256 * 1000 ** 2;

/** Small reads would cost more than the work on their bytes. Bytes. */
const CHUNK_BYTES = 256 * 1024;

/** What is discarded takes less memory: its senders need no token. Bytes. */
const DISCARDED_CHUNK_BYTES = 16 * 1024;

/** The body of an upload, as it arrives. */
export interface UploadBody extends AsyncIterable<Uint8Array> {
  /**
   * Reads and discards the rest. Clients send the whole body before they read the answer: closing the connection earlier
   * would look like a broken pipe to them.
   */
  drain(): Promise<void>;
}

/**
 * Reads a request's body once.
 *
 * @param limit bytes
 * @param tooLarge makes the error for a longer body
 */
export function uploadBodyOf(request: Request, limit: number, tooLarge: () => Error): UploadBody {
  const reader = request.body ? byteReader(request.body) : undefined;

  /** The next bytes; empty at the end. */
  async function next(size = CHUNK_BYTES): Promise<Uint8Array> {
    try {
      return (await reader?.fill(size)) ?? new Uint8Array();
    } catch {
      throw badRequest("The upload broke off before its end. Nothing was published.");
    }
  }

  return {
    async *[Symbol.asyncIterator]() {
      let size = 0;
      for (let chunk = await next(); chunk.byteLength > 0; chunk = await next()) {
        size += chunk.byteLength;
        if (size > limit) throw tooLarge();
        yield chunk;
      }
    },

    async drain() {
      try {
        for (let drained = 0; drained <= MAX_DRAINED_BYTES;) {
          const { byteLength } = await next(DISCARDED_CHUNK_BYTES);
          if (byteLength === 0) return;
          drained += byteLength;
        }
        await reader?.cancel();
      } catch {
        // The client has disconnected.
      }
    },
  };
}
