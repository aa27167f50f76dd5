import type { ServerResponse } from "node:http";

/** Writes, and waits until the memory may be used again. Where the connection is closed, it does not wait for ever. */
export function writeOut(outgoing: ServerResponse, chunk: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    const settle = () => {
      outgoing.off("close", settle);
      resolve();
    };
    outgoing.on("close", settle);
    outgoing.write(chunk, settle);
  });
}
