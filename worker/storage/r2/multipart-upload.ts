import { StoreConflict } from "../../repository/sinks.ts";
import type { MultipartUpload, Objects, PutOptions, UploadedPart } from "../../platform/objects.ts";

/** R2 demands that all parts of a multipart upload but the last have one size, at least 5 MiB. Bytes. */
const PART = 8 * 1024 * 1024;
const FIRST = 64 * 1024;

/**
 * Writes an object of unknown length: R2 needs the length of a put, so the object goes in parts, or in one put where it
 * turns out to fit into one. Nothing is visible before `commit`, which rejects with `Overtaken` where `options.onlyIf`
 * does not hold.
 *
 * @param isFree whether that condition holds for an upload in parts: R2 completes one unconditionally, so it is checked
 *   right before
 */
export function multipartUpload(
  r2: Objects,
  key: string,
  options: PutOptions,
  isFree: () => Promise<boolean> = () => Promise.resolve(true),
) {
  let upload: MultipartUpload | undefined;
  const parts: UploadedPart[] = [];
  let buffer = new Uint8Array(FIRST);
  let filled = 0;

  async function flush() {
    upload ??= await r2.createMultipartUpload(key, {
      ...(options.customMetadata && { customMetadata: options.customMetadata }),
    });
    parts.push(await upload.uploadPart(parts.length + 1, buffer.subarray(0, filled)));
    filled = 0;
  }

  /** The buffer grows with its content: most objects of unknown length are small, and many are written at once. */
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

    /** R2 checks a digest in `options` only for a single put; for parts the caller must have checked it. */
    async commit(): Promise<void> {
      if (!upload) {
        if (!(await r2.put(key, buffer.subarray(0, filled), options))) throw new StoreConflict();
        return;
      }
      if (filled > 0) await flush();
      if (!(await isFree())) throw new StoreConflict();
      await upload.complete(parts);
    },

    async abort(): Promise<void> {
      await upload?.abort();
    },
  };
}
