import type { FileSink } from "./ports/files.ts";

/** One of those that a file's bytes go to: a client, or a store. Once it has failed, what it is given is dropped. */
export interface Sink extends FileSink {
  /** Whether it takes nothing any more, or never has. */
  readonly left: boolean;
}

/** Where nobody takes the bytes. */
export const NO_SINK: Sink = {
  left: true,
  write: () => Promise.resolve(),
  commit: () => Promise.resolve(),
  abort: () => Promise.resolve(),
};

/** A taker that may fail, or leave, without harm to another. `failed` is told why, once. */
export function leavable(sink: FileSink, failed: (error: unknown) => void): Sink {
  let left = false;
  const attempt = async (step: () => Promise<void>) => {
    if (left) return;
    try {
      await step();
    } catch (error) {
      left = true;
      await sink.abort(new Error("It takes nothing any more.")).catch(() => undefined);
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

/** A client's body as a place to write to. */
export function clientSink(writable: WritableStream<Uint8Array>): FileSink {
  const writer = writable.getWriter();
  return {
    write: (chunk) => writer.write(chunk),
    commit: () => writer.close(),
    abort: () => writer.abort(brokenOff()),
  };
}

/**
 * What a client's transfer is broken off with. `retryable` tells the runtime that a connection was lost: any other error it
 * logs as an uncaught exception of ours.
 */
export const brokenOff = () => Object.assign(new Error("The transfer was broken off."), { retryable: true });

/** What a sink fails with that takes no more than so many bytes. */
export class Outgrown extends Error {}

/** What a store's sink fails with that another fill has been faster than, or whose file was replaced upstream meanwhile. */
export class Overtaken extends Error {
  constructor() {
    super("Something else has been put in its place.");
  }
}

/** A sink that takes at most `limit` bytes: of a file whose size nobody says, only the transfer shows it. */
export function upTo(limit: number, sink: FileSink): FileSink {
  let total = 0;
  return {
    ...sink,
    write(chunk) {
      total += chunk.byteLength;
      return total > limit ? Promise.reject(new Outgrown(`It has more than ${limit} bytes.`)) : sink.write(chunk);
    },
  };
}
