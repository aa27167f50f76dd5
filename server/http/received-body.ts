import type { IncomingMessage } from "node:http";

export interface ReceivedBody {
  /** A byte stream. The socket is read only as fast as this is. */
  readonly stream: ReadableStream<Uint8Array>;
  /** Makes the stream fail, where the rest cannot be read. */
  fail(error: Error): void;
}

/**
 * The body of a request.
 *
 * @param onFirstRead called before the first bytes are read
 */
export function receivedBody(incoming: IncomingMessage, onFirstRead: () => void): ReceivedBody {
  let controller: ReadableByteStreamController | undefined;
  let isBegun = false;
  let isOver = false;

  const end = (settle: (controller: ReadableByteStreamController) => void) => {
    if (isOver || !controller) return;
    isOver = true;
    settle(controller);
  };
  const fail = (error: Error) => end((open) => open.error(error));

  incoming.on("error", fail);
  incoming.on("end", () =>
    end((open) => {
      open.close();
      // A read into the reader's own memory would wait for ever.
      open.byobRequest?.respond(0);
    }),
  );
  // After the end it is read on, and discarded: the connection is wanted for the next request.
  const onData = (chunk: Buffer) => {
    if (isOver) return;
    incoming.pause();
    // Copied: the stream takes the memory over, and neighbouring chunks may lie in the same.
    controller?.enqueue(new Uint8Array(chunk));
  };

  const source: UnderlyingByteSource = {
    type: "bytes",
    start(own) {
      controller = own;
    },
    pull() {
      if (!isBegun) {
        isBegun = true;
        onFirstRead();
        incoming.on("data", onData);
      }
      incoming.resume();
    },
    cancel() {
      isOver = true;
    },
  };
  return { stream: new ReadableStream(source), fail };
}
