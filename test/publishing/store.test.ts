import { describe, expect, test } from "vitest";
import { IndexError } from "../../worker/errors.ts";
import { inspect } from "../../worker/publishing/inspect/inspect.ts";
import type { StagedFile } from "../../worker/publishing/staged-file.ts";
import { noise } from "../support/archive.ts";
import { publishableSdist, publishableWheel, sdistEntries, stagedOf } from "../support/release.ts";
import { SDIST, WHEEL } from "./support.ts";

const FAILED = new IndexError("storage-failed", "The store cannot be read right now. Try again in a moment.");

const LARGE = noise(400_000);
const FILES = [
  [WHEEL, await publishableWheel({ files: { "demo/large.bin": LARGE } })],
  [SDIST, await publishableSdist([...sdistEntries(), { path: "demo-1.0/large.bin", content: LARGE }])],
] as const;

/** A stream of these bytes in pieces of 1,000, and then whatever `end` does. */
function endingIn(bytes: Uint8Array, end: (controller: ReadableStreamDefaultController) => void) {
  let at = 0;
  const cancelled = { times: 0 };
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (at >= bytes.byteLength) end(controller);
      else controller.enqueue(bytes.slice(at, (at += 1_000)));
    },
    cancel() {
      cancelled.times += 1;
    },
  });
  return { stream, cancelled };
}

const failing = (staged: StagedFile, changes: Partial<StagedFile>): StagedFile => ({ ...staged, ...changes });

describe.each(FILES)("what the store does wrong is not blamed on %s", (filename, bytes) => {
  const staged = stagedOf(bytes);

  test("when it cannot be read", async () => {
    const broken = failing(staged, { read: () => Promise.reject(FAILED), stream: () => Promise.reject(FAILED) });
    await expect(inspect(filename, broken)).rejects.toBe(FAILED);
  });

  test("when it breaks off in the middle", async () => {
    const half = bytes.slice(0, bytes.byteLength / 2);
    const stream = async () => endingIn(half, (controller) => controller.error(FAILED)).stream;
    await expect(inspect(filename, failing(staged, { stream }))).rejects.toBe(FAILED);
  });

  test("when it gives back less than it took", async () => {
    const half = bytes.slice(0, bytes.byteLength / 2);
    const stream = async () => endingIn(half, (controller) => controller.close()).stream;
    await expect(inspect(filename, failing(staged, { stream }))).rejects.toMatchObject({ kind: "storage-failed" });
  });
});

test("a file that is refused is not read to its end", async () => {
  for (const [filename, bytes] of FILES) {
    const wrong = bytes.slice();
    wrong.fill(0xff, 10, 30);
    const { stream, cancelled } = endingIn(wrong, (controller) => controller.close());
    const staged = failing(stagedOf(wrong), { stream: async () => stream });
    await expect(inspect(filename, staged)).rejects.toMatchObject({ kind: "bad-request" });
    expect(cancelled.times).toBe(1);
  }
});

test("a wheel whose directory is wrong costs one read, and one that is sound one more", async () => {
  const counts = { reads: 0, streams: 0 };
  const counted = (bytes: Uint8Array): StagedFile => {
    const staged = stagedOf(bytes);
    return {
      ...staged,
      read: (range) => ((counts.reads += 1), staged.read(range)),
      stream: () => ((counts.streams += 1), staged.stream()),
    };
  };
  await inspect(WHEEL, counted(await publishableWheel()));
  expect(counts).toEqual({ reads: 1, streams: 1 });
  await expect(inspect(WHEEL, counted(await publishableWheel({ tags: [] })))).rejects.toMatchObject({ status: 400 });
  expect(counts).toEqual({ reads: 2, streams: 1 });
});
