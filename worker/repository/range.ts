/** One byte range as a client asks for it (RFC 9110, 14.1.2): from `start`, `end` included, or the last `suffix` bytes. */
export type RangeSpec = { readonly start: number; readonly end?: number | undefined } | { readonly suffix: number };

/** A part of a file: `length` bytes, at least one, from `offset`. */
export interface Part {
  readonly offset: number;
  readonly length: number;
}

/**
 * The part of a file of `size` bytes that `spec` selects, or `unsatisfiable` where the file has none of these bytes.
 */
export function resolveRange(spec: RangeSpec, size: number): Part | "unsatisfiable" {
  const offset = "suffix" in spec ? Math.max(size - spec.suffix, 0) : spec.start;
  const last = "suffix" in spec ? size - 1 : Math.min(spec.end ?? size - 1, size - 1);
  return last < offset ? "unsatisfiable" : { offset, length: last - offset + 1 };
}

/** Cuts `part` out of a stream of the whole file; the rest is not read. */
export function partOfStream(whole: ReadableStream<Uint8Array>, { offset, length }: Part): ReadableStream<Uint8Array> {
  const reader = whole.getReader();
  let skip = offset;
  let left = length;
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) {
          controller.error(new Error("the file ended before the end of the range"));
          return;
        }
        const piece = value.subarray(skip, skip + left);
        skip = Math.max(skip - value.byteLength, 0);
        if (piece.byteLength === 0) continue;
        left -= piece.byteLength;
        controller.enqueue(piece);
        if (left > 0) return;
        controller.close();
        await reader.cancel();
        return;
      }
    },
    cancel: (reason) => reader.cancel(reason),
  });
}
