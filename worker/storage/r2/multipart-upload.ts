import { Overtaken } from "../../repository/sinks.ts";

/** All parts of a multipart upload but the last have one size, at least 5 MiB. */
const PART = 8 * 1024 * 1024;
const FIRST = 64 * 1024;

/**
 * Writes an object whose length nobody knows: R2 wants the length of a put, so it goes up in parts, and in one put where it
 * turns out to fit in one. Nothing is visible before `commit`, which rejects with `Overtaken` where `options.onlyIf` does not hold.
 *
 * @param isFree whether that holds for what has gone up in parts: R2 joins them under no condition, so it is asked right before
 */
export function multipartUpload(
  r2: R2Bucket,
  key: string,
  options: R2PutOptions,
  isFree: () => Promise<boolean> = () => Promise.resolve(true),
) {
  let upload: R2MultipartUpload | undefined;
  const parts: R2UploadedPart[] = [];
  let buffer = new Uint8Array(FIRST);
  let filled = 0;

  async function flush() {
    upload ??= await r2.createMultipartUpload(key, {
      ...(options.customMetadata && { customMetadata: options.customMetadata }),
    });
    parts.push(await upload.uploadPart(parts.length + 1, buffer.subarray(0, filled)));
    filled = 0;
  }

  /** Most objects of unknown length are small, and many are written at once: the buffer grows with what it holds. */
  function makeRoom(size: number) {
    if (size <= buffer.byteLength) return;
    const larger = new Uint8Array(Math.min(Math.max(size, 2 * buffer.byteLength), PART));
    larger.set(buffer.subarray(0, filled));
    buffer = larger;
  }

  return {
    async write(chunk: Uint8Array): Promise<void> {
      let rest = chunk;
      while (rest.byteLength > 0) {
        const piece = rest.subarray(0, PART - filled);
        makeRoom(filled + piece.byteLength);
        buffer.set(piece, filled);
        filled += piece.byteLength;
        rest = rest.subarray(piece.byteLength);
        if (filled === PART) await flush();
      }
    },

    /** R2 itself checks a digest in `options` only where one put was enough; the caller has checked it for parts. */
    async commit(): Promise<void> {
      if (!upload) {
        if (!(await r2.put(key, buffer.subarray(0, filled), options))) throw new Overtaken();
        return;
      }
      if (filled > 0) await flush();
      if (!(await isFree())) throw new Overtaken();
      await upload.complete(parts);
    },

    async abort(): Promise<void> {
      await upload?.abort();
    },
  };
}
