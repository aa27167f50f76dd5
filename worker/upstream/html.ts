import { giveWay } from "../repository/pace.ts";

/**
 * Reads a document of HTML with `rewriter`'s handlers, other requests let in between its pieces. Rejects with what a handler
 * throws, or where the parser's memory does not suffice.
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
