import { createHash } from "node:crypto";
import { createReadStream, openAsBlob } from "node:fs";
import { whyNot } from "../lib/files.ts";
import { Broken, Refused, type UploadApi } from "./api.ts";
import type { FoundFile } from "./files.ts";

/** How long is waited before each further try; what has gone well since, counts them anew. Milliseconds. */
const WAITS = [1_000, 2_000, 4_000];

/** What a file is sent with. */
export interface Sending {
  readonly api: UploadApi;
  readonly index: string;
  /** What is done with it, how many of its bytes that has come to, and of how many. */
  readonly show: (doing: string, done: number, of: number) => void;
  readonly sleep: (milliseconds: number) => Promise<void>;
}

/** What became of a file; `sent`: bytes that travelled to that end. */
export interface Sent {
  readonly kind: "published" | "identical";
  readonly sent: number;
}

/**
 * Sends a file in parts. What has arrived in an earlier run is not sent again.
 *
 * @throws Refused where the server will not have it, or the file cannot be read; Broken where it could not be done; CommandError
 */
export async function sendUpload(file: FoundFile, { api, index, show, sleep }: Sending): Promise<Sent> {
  const { path, filename, size } = file;
  const sha256 = await digestOf(file, (done) => show("reading", done, size));
  const blob = await readable(() => openAsBlob(path));
  let sent = 0;
  let tries = 0;

  async function attempt(): Promise<Sent["kind"]> {
    const begun = await api.begin({ index, filename, size, sha256 });
    // What was published just now, and the answer lost, is there already: it was this run that did it.
    if ("identical" in begun) return sent > 0 ? "published" : "identical";
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
    const { identical } = await timed(
      () => api.finish(id),
      (seconds) => show(`being checked (${seconds} s):`, size, size),
    );
    return identical && sent === 0 ? "identical" : "published";
  }

  for (;;) {
    try {
      return { kind: await attempt(), sent };
    } catch (error) {
      const wait = WAITS[tries++];
      if (!(error instanceof Broken) || wait === undefined) throw error;
      await sleep(wait);
    }
  }
}

/** Bytes of a part. */
const sizeOf = (number: number, partSize: number, size: number) => Math.min(partSize, size - (number - 1) * partSize);

/** Does what nothing is heard of until it is done, and says each second how many have passed. */
async function timed<Result>(work: () => Promise<Result>, show: (seconds: number) => void): Promise<Result> {
  let seconds = 0;
  show(seconds);
  const clock = setInterval(() => show(++seconds), 1_000);
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

/** Does what reads a file; where it cannot be read, that is why it is not uploaded. */
async function readable<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw new Refused(`${whyNot(error)}.`, { cause: error });
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
