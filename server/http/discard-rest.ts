import type { IncomingMessage } from "node:http";

/** The most of an unread body that is read and discarded. Bytes. */
const MOST = 256 * 1024 ** 2;

/**
 * Reads what the worker has left of a request's body. Clients send all of it before they read the answer, and where a
 * socket is closed with bytes unread, they lose the answer.
 *
 * @param silence the longest wait for a next byte; milliseconds
 * @param broken aborted once the rest cannot arrive, because it is malformed or the client has closed its side
 * @returns whether the connection can be used again: all of the body has arrived
 */
export function discardRest(incoming: IncomingMessage, silence: number, broken: AbortSignal): Promise<boolean> {
  if (broken.aborted) return Promise.resolve(false);
  if (incoming.complete || incoming.destroyed) return Promise.resolve(incoming.complete);
  return new Promise((resolve) => {
    let left = MOST;
    const settle = () => {
      clearTimeout(timer);
      incoming.off("data", count).off("close", settle).off("end", settle);
      broken.removeEventListener("abort", settle);
      resolve(incoming.complete);
    };
    const count = (chunk: Buffer) => {
      left -= chunk.byteLength;
      if (left < 0) settle();
      else timer.refresh();
    };
    const timer = setTimeout(settle, silence);
    broken.addEventListener("abort", settle);
    incoming.on("data", count).on("close", settle).on("end", settle).resume();
  });
}
