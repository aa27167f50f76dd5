import { createHash } from "node:crypto";
import { storageFailed } from "../../errors.ts";
import type { AssembleResult, PartStore, StoredUpload } from "../../publishing/upload-sessions.ts";
import { byteReader } from "../../repository/byte-reader.ts";
import { stagingKey } from "../keys.ts";
import { orStorageFailed } from "../or-storage-failed.ts";
import type { MultipartUpload, Objects } from "../../platform/objects.ts";
import type { MakePipe } from "../../platform/pipe.ts";
import { stagedInStore } from "./staged-file.ts";

/** R2's error codes: the upload does not exist or was completed; and three codes for parts that are missing or wrong. */
const CLOSED = "(10024)";
const UNFIT = ["(10025)", "(10011)", "(10048)"];

/** Large enough that reads cost little. Bytes. */
const CHUNK_BYTES = 256 * 1024;

/** Stores parts with R2's multipart uploads, which become one object under `staging/`. */
export function partStoreIn(r2: Objects, pipe: MakePipe): PartStore {
  const multipart = (upload: StoredUpload) => r2.resumeMultipartUpload(stagingKey(upload.id), upload.multipart);
  return {
    begin: (id) => orStorageFailed(async () => (await r2.createMultipartUpload(stagingKey(id))).uploadId),

    async put(upload, number, size, chunks) {
      const { readable, writable } = pipe(size);
      const writer = writable.getWriter();
      const put = orStorageFailed(() => multipart(upload).uploadPart(number, readable));
      // A put that fails stops reading. Without this abort, a write would wait for ever.
      const ended = put.catch((error: unknown) => writer.abort(error).catch(() => undefined));
      let isRefused = false;
      try {
        for await (const chunk of chunks) {
          await writer.write(chunk).catch(() => (isRefused = true));
          if (isRefused) break;
        }
      } catch (error) {
        await writer.abort(error).catch(() => undefined);
        await ended;
        throw error;
      }
      // The put's error has the reason; the writer's has not.
      await Promise.allSettled([writer.close(), ended]);
      try {
        return (await put).etag;
      } catch (error) {
        if (reasonIn(error).includes(CLOSED)) return undefined;
        throw error;
      }
    },

    async assemble(upload): Promise<AssembleResult> {
      const parts = [...upload.parts].map(([partNumber, etag]) => ({ partNumber, etag }));
      try {
        await multipart(upload).complete(parts.toSorted((a, b) => a.partNumber - b.partNumber));
        return "done";
      } catch (error) {
        const reason = String(error);
        if (reason.includes(CLOSED)) return "closed";
        if (UNFIT.some((code) => reason.includes(code))) return "unfit";
        throw storageFailed(error);
      }
    },

    isAssembled: ({ id, size }) => orStorageFailed(async () => (await r2.head(stagingKey(id)))?.size === size),

    staged: ({ id, size }) =>
      orStorageFailed(async () => {
        const key = stagingKey(id);
        const object = await r2.get(key);
        if (!object) throw new Error(`${key} is not there`);
        return stagedInStore(r2, key, { size, digests: await digestsOf(object.body) });
      }),

    async discard(upload) {
      // If this fails, the clean-up job deletes the object, and R2 itself aborts the upload after a week.
      await Promise.allSettled([r2.delete(stagingKey(upload.id)), abort(multipart(upload))]);
    },
  };
}

const abort = async (upload: MultipartUpload) => upload.abort();

const reasonIn = (error: unknown) => String((error as Error).cause);

/** The digests of a stream, in lower-case hex. */
async function digestsOf(body: ReadableStream<Uint8Array>) {
  const [sha256, md5] = [createHash("sha256"), createHash("md5")];
  const reader = byteReader(body);
  let spare = new ArrayBuffer(CHUNK_BYTES);
  for (;;) {
    const chunk = await reader.read(spare);
    if (!chunk) break;
    sha256.update(chunk);
    md5.update(chunk);
    spare = chunk.buffer;
  }
  return { sha256: sha256.digest("hex"), md5: md5.digest("hex") };
}
