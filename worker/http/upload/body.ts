import { badRequest } from "../../errors.ts";

/** What is read and thrown away of a body that is refused. Bytes. */
const MAX_DRAINED = 256 * 1000 ** 2;

/** What is read at a time: small reads would cost more than what is done with them. Bytes. */
const CHUNK = 256 * 1024;

/** A request's body, as it comes. */
export interface Body extends AsyncIterable<Uint8Array> {
  /**
   * Reads what is left and throws it away, up to some hundred MB. Clients send everything before they look at an answer:
   * where it came earlier, and the connection was closed behind it, it may be a broken pipe to them, without a word.
   */
  drain(): Promise<void>;
}

/**
 * The body of a request, to be read once.
 *
 * @param limit bytes
 * @param tooLarge thrown where it has more
 */
export function bodyOf(request: Request, limit: number, tooLarge: () => Error): Body {
  const reader = request.body?.getReader({ mode: "byob" });

  /** The bytes that come next; none at the end. */
  async function next(): Promise<Uint8Array> {
    try {
      const read = await reader?.readAtLeast(CHUNK, new Uint8Array(CHUNK));
      return read?.value ?? new Uint8Array();
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
        for (let drained = 0; drained <= MAX_DRAINED;) {
          const { byteLength } = await next();
          if (byteLength === 0) return;
          drained += byteLength;
        }
        await reader?.cancel();
      } catch {
        // The client has gone: nobody reads the answer.
      }
    },
  };
}
