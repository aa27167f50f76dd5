import type { FileSink } from "./ports/files.ts";

/** A destination of a file's bytes: a client or a store. Once it has failed, further bytes are dropped. */
export interface Sink extends FileSink {
  /** Whether it no longer accepts bytes, or never did. */
  readonly left: boolean;
}

/** A destination that accepts no bytes. */
export const NO_SINK: Sink = {
  left: true,
  write: () => Promise.resolve(),
  commit: () => Promise.resolve(),
  abort: () => Promise.resolve(),
};

/** Makes a destination that may fail or leave without harm to another. `failed` is called once, with the reason. */
export function optionalSink(sink: FileSink, failed: (error: unknown) => void): Sink {
  let left = false;
  const attempt = async (step: () => Promise<void>) => {
    if (left) return;
    try {
      await step();
    } catch (error) {
      left = true;
      await sink.abort(new Error("It accepts no more bytes.")).catch(() => undefined);
      failed(error);
    }
  };
  return {
    get left() {
      return left;
    },
    write: (chunk) => attempt(() => sink.write(chunk)),
    commit: () => attempt(() => sink.commit()),
    abort: (reason) => attempt(() => sink.abort(reason)),
  };
}

export function clientSink(writable: WritableStream<Uint8Array>): FileSink {
  const writer = writable.getWriter();
  return {
    write: (chunk) => writer.write(chunk),
    commit: () => writer.close(),
    abort: () => writer.abort(brokenTransfer()),
  };
}

/**
 * The error that ends a client's broken transfer. `retryable` tells the runtime that a connection was lost: any other
 * error would be logged as our uncaught exception.
 */
export const brokenTransfer = () => Object.assign(new Error("The transfer was broken off."), { retryable: true });

/** Why a file was refused whose bytes are not those that its page lists: what they are and what the page says, the end of a sentence. */
export class WrongFileBytes extends Error {}

/** A sink throws this when it gets more bytes than its limit. */
export class LimitExceeded extends Error {}

/**
 * A store's sink throws this where another request has stored the file first, or the file was replaced upstream
 * meanwhile.
 */
export class StoreConflict extends Error {
  constructor() {
    super("Another writer changed the object meanwhile.");
  }
}

/** A sink that accepts at most `limit` bytes: where neither side gives a file's size, only the transfer shows it. */
export function limitedSink(limit: number, sink: FileSink): FileSink {
  let total = 0;
  return {
    ...sink,
    write(chunk) {
      total += chunk.byteLength;
      return total > limit ? Promise.reject(new LimitExceeded(`It has more than ${limit} bytes.`)) : sink.write(chunk);
    },
  };
}
