import type { IncomingMessage } from "node:http";

export interface ReceivedBody {
  /** A byte stream. The socket is read only as fast as this is. */
  readonly stream: ReadableStream<Uint8Array>;
  /** Makes the stream fail, where the rest cannot be read. */
  fail(error: Error): void;
}

interface BodyEvents {
  /** Called before the first bytes are read. */
  readonly onFirstRead: () => void;
  /** Called where a reader has waited too long for a byte. */
  readonly onSilence: (error: Error) => void;
}

/**
 * The body of a request.
 *
 * @param silence the longest wait for a next byte; milliseconds
 */
export function receivedBody(incoming: IncomingMessage, silence: number, events: BodyEvents): ReceivedBody {
  let timer: NodeJS.Timeout | undefined;
  let controller: ReadableByteStreamController | undefined;
  let isBegun = false;
  let isOver = false;

  const finish = () => {
    isOver = true;
    clearTimeout(timer);
  };
  const end = (settle: (controller: ReadableByteStreamController) => void) => {
    if (isOver || !controller) return;
    finish();
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

  // While the reader has not asked for more, the client cannot send.
  const onLate = () => {
    if (!isOver && !incoming.isPaused())
      events.onSilence(new Error("The next bytes of a request's body did not come."));
  };

  const source: UnderlyingByteSource = {
    type: "bytes",
    start(own) {
      controller = own;
    },
    pull() {
      if (!isBegun) {
        isBegun = true;
        events.onFirstRead();
        incoming.on("data", onData);
        timer = setTimeout(onLate, silence);
      } else timer?.refresh();
      incoming.resume();
    },
    cancel: finish,
  };
  return { stream: new ReadableStream(source), fail };
}
