import { createHash } from "node:crypto";
import { createReadStream, openAsBlob } from "node:fs";
import { SECOND } from "../../worker/duration.ts";
import { fileErrorText } from "../../server/file-errors.ts";
import { RetryableFailure, RefusedUpload, type UploadApi } from "./api.ts";
import type { ForkBody } from "../../schema/fork.ts";
import type { FoundFile } from "./files.ts";

/** A file to send. */
export interface FileToSend extends FoundFile {
  /** The upload time that its pages are to have; undefined: the time of this upload. ISO 8601. */
  readonly uploadedAt?: string | undefined;
  /** What its release was made of, where it is a fork. */
  readonly fork?: ForkBody | undefined;
  /** Makes or reads its attestations, which may be none, once it is known that the server does not have the file. */
  readonly attest?: ((sha256: string) => unknown[] | Promise<unknown[]>) | undefined;
  /** Whether attestations are added where the server has the file without any. */
  readonly addsAttestations?: boolean | undefined;
}

/** The waits before each further try; a part that arrives resets the count. Milliseconds. */
const WAITS = [SECOND, 2 * SECOND, 4 * SECOND];

/** The means of sending a file. */
export interface Sending {
  readonly api: UploadApi;
  readonly index: string;
  /** Shows the step that is under way, its bytes so far, and its bytes in all. */
  readonly show: (doing: string, done: number, of: number) => void;
  readonly sleep: (milliseconds: number) => Promise<void>;
}

/** The result for a file; `sent`: the bytes that were sent for it. */
export interface Sent {
  readonly kind: "published" | "attested" | "identical";
  readonly sent: number;
}

/**
 * Sends a file in parts. Parts that arrived in an earlier run are not sent again.
 *
 * @throws RefusedUpload where the server refuses the file, or it cannot be read; RetryableFailure where all tries failed; CommandError
 */
export async function sendUpload(file: FileToSend, { api, index, show, sleep }: Sending): Promise<Sent> {
  const { path, filename, size, uploadedAt, fork, attest, addsAttestations } = file;
  const sha256 = await digestOf(file, (done) => show("reading", done, size));
  const blob = await readable(() => openAsBlob(path));
  let sent = 0;
  let tries = 0;
  let attestations: unknown[] | undefined;

  async function attempt(): Promise<Sent["kind"]> {
    const begun = await api.begin({ index, filename, size, sha256, ...(addsAttestations && { attested: true }) });
    // Where the answer to `finish` was lost, this run has published the file, though the server calls it identical.
    if ("identical" in begun) return sent > 0 ? "published" : "identical";
    attestations ??= (await attest?.(sha256)) ?? [];
    const { id, partSize, parts } = begun;
    const arrived = new Set(parts);
    let before = parts.reduce((total, number) => total + sizeOf(number, partSize, size), 0);
    for (let number = 1; (number - 1) * partSize < size; number++) {
      if (arrived.has(number)) continue;
      const start = (number - 1) * partSize;
      const bytes = sizeOf(number, partSize, size);
      const part = blob.slice(start, start + bytes);
      await api.put(
        id,
        number,
        watched(part, (done) => show("sent", before + done, size)),
        bytes,
      );
      before += bytes;
      sent += bytes;
      tries = 0;
    }
    const { identical, attested } = await timed(
      () => api.finish(id, { uploadedAt, fork, ...(attestations?.length && { attestations }) }),
      (seconds) => show(`being checked (${seconds} s):`, size, size),
    );
    if (attested) return "attested";
    return identical && sent === 0 ? "identical" : "published";
  }

  for (;;) {
    try {
      return { kind: await attempt(), sent };
    } catch (error) {
      const wait = WAITS[tries++];
      if (!(error instanceof RetryableFailure) || wait === undefined) throw error;
      await sleep(wait);
    }
  }
}

/** Bytes of a part. */
const sizeOf = (number: number, partSize: number, size: number) => Math.min(partSize, size - (number - 1) * partSize);

/** Does work that reports no progress, and shows the seconds that have passed, once a second. */
async function timed<Result>(work: () => Promise<Result>, show: (seconds: number) => void): Promise<Result> {
  let seconds = 0;
  show(seconds);
  const clock = setInterval(() => show(++seconds), SECOND);
  try {
    return await work();
  } finally {
    clearInterval(clock);
  }
}

/** SHA-256 of a file, in lower-case hex, read once. */
async function digestOf({ path }: FoundFile, show: (done: number) => void): Promise<string> {
  const hash = createHash("sha256");
  let done = 0;
  return readable(async () => {
    for await (const chunk of createReadStream(path, { highWaterMark: 1024 ** 2 })) {
      hash.update(chunk as Buffer);
      show((done += (chunk as Buffer).byteLength));
    }
    return hash.digest("hex");
  });
}

/** Runs an action that reads a file. Throws `RefusedUpload` with the reason where the file cannot be read. */
async function readable<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw new RefusedUpload(`${fileErrorText(error)}.`, { cause: error });
  }
}

/** The bytes of a part as they are needed: no more of them than a chunk is in memory. */
function watched(part: Blob, show: (done: number) => void): ReadableStream<Uint8Array> {
  let done = 0;
  const count = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      show((done += chunk.byteLength));
      controller.enqueue(chunk);
    },
  });
  return part.stream().pipeThrough(count);
}
