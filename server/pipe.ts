import type { MakePipe } from "../worker/platform/pipe.ts";

/** A chunk on its way; `at` is how much of it the reader has. */
interface Passing {
  readonly chunk: Uint8Array;
  at: number;
  readonly done: () => void;
  readonly failed: (reason: unknown) => void;
}

/**
 * A pipe without a buffer: a write resolves when the reader has a copy of its chunk. A reader that brings memory (BYOB) has it
 * filled, so that each byte is copied once.
 */
export const copyingPipe: MakePipe = (size) => {
  let total = 0;
  let passing: Passing | undefined;
  /** Whether the reader waits for bytes. */
  let wanted = false;
  let isEnded = false;
  let reading: ReadableByteStreamController;
  let writing: WritableStreamDefaultController;

  /** Gives the reader what it waits for, if it is there. */
  function pass(): void {
    if (!wanted || !passing) return;
    const { chunk, at, done } = passing;
    const view = reading.byobRequest?.view;
    const piece = chunk.subarray(at, view ? at + view.byteLength : undefined);
    passing.at += piece.byteLength;
    if (passing.at === chunk.byteLength) {
      passing = undefined;
      done();
    }
    // Before the reader is answered, since it may at once want more.
    wanted = false;
    if (view) {
      new Uint8Array(view.buffer, view.byteOffset, view.byteLength).set(piece);
      reading.byobRequest?.respond(piece.byteLength);
    } else {
      // The stream takes the memory that it is given.
      reading.enqueue(piece.slice());
    }
  }

  /** Ends the reading with an error, and the write that is under way. */
  function fail(reason: unknown): void {
    if (isEnded) return;
    isEnded = true;
    reading.error(reason);
    passing?.failed(reason);
    passing = undefined;
  }

  const readable = new ReadableStream({
    type: "bytes",
    start(controller) {
      reading = controller;
    },
    pull() {
      wanted = true;
      pass();
    },
    cancel(reason) {
      fail(reason);
      writing.error(reason);
    },
  });

  const writable = new WritableStream<Uint8Array>({
    start(controller) {
      writing = controller;
      // `abort` is called only after the write that is under way, which may wait for a reader that never comes.
      controller.signal.addEventListener("abort", () => fail(controller.signal.reason));
    },
    write(chunk) {
      if (chunk.byteLength === 0) return undefined;
      total += chunk.byteLength;
      if (size !== undefined && total > size) {
        const reason = new TypeError(`More than the ${size} bytes were written that were to come.`);
        fail(reason);
        throw reason;
      }
      return new Promise<void>((done, failed) => {
        passing = { chunk, at: 0, done, failed };
        pass();
      });
    },
    close() {
      if (size !== undefined && total < size) {
        const reason = new TypeError(`Only ${total} of ${size} bytes were written.`);
        fail(reason);
        throw reason;
      }
      isEnded = true;
      reading.close();
      // A reader that waits is told of the end only so.
      reading.byobRequest?.respond(0);
    },
  });

  return { readable, writable };
};
