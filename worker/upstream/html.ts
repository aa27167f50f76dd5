import { giveWay } from "../repository/give-way.ts";

/**
 * Reads an HTML document with `rewriter`'s handlers; other requests can run between its pieces. Rejects with the error of a
 * handler, or where the parser runs out of memory.
 *
 * @param pieces UTF-8
 */
export async function readHtml(rewriter: HTMLRewriter, pieces: readonly Uint8Array[]): Promise<void> {
  const rest = pieces.values();
  let isFirst = true;
  const document = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        if (!isFirst) await giveWay();
        isFirst = false;
        const { value } = rest.next();
        if (value) controller.enqueue(value);
        else controller.close();
      },
    },
    { highWaterMark: 0 },
  );
  await rewriter.transform(new Response(document)).body?.pipeTo(new WritableStream());
}

/** Piece size for a document whose links were not counted first: 2,000 links take 40 ms to parse. Bytes. */
const PIECE = 16 * 1024;

/** A body in small pieces, between which other requests can run. */
export function inPieces(body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  let rest = new Uint8Array();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        if (rest.length === 0) {
          const { value } = await reader.read();
          if (!value) return controller.close();
          rest = new Uint8Array(value);
        }
        await giveWay();
        controller.enqueue(rest.subarray(0, PIECE));
        rest = rest.subarray(PIECE);
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}
