import { describe, expect, test } from "vitest";
import { transfer, type Destination } from "../../../worker/layers/files/transfer.ts";
import type { MakePipe } from "../../../worker/platform/pipe.ts";
import type { ProjectName } from "../../../worker/pypi/name.ts";
import type { Artifact } from "../../../worker/repository/artifact.ts";
import { byteReader } from "../../../worker/repository/byte-reader.ts";
import type { Context } from "../../../worker/repository/context.ts";
import { clientSink } from "../../../worker/repository/sinks.ts";
import { readLate, sourceOf } from "./pattern.ts";

const MiB = 1024 * 1024;

const WITH_MEMORY = (stream: ReadableStream<Uint8Array>) => {
  const reader = byteReader(stream);
  return () => reader.read(new ArrayBuffer(100_003));
};

const WITHOUT_MEMORY = (stream: ReadableStream<Uint8Array>) => {
  const reader = stream.getReader();
  return async () => (await reader.read()).value;
};

/** The loop that serves a file and stores it, with a client and a store that both read late. */
export function transferSuite(pipe: MakePipe): void {
  describe.each([
    ["a stream of bytes", "bytes"],
    ["a stream of chunks", undefined],
  ] as const)("a file that comes as %s", (_what, type) => {
    test.each([
      [1, 1],
      [99_991, 4_096],
      [3 * MiB + 7, 65_521],
      [20 * MiB, MiB + 1],
    ])("of %i bytes, %i at a time, reaches a late client and a late store whole", async (total, step) => {
      for (const [size, client, store] of [
        [total, WITH_MEMORY, WITHOUT_MEMORY],
        [undefined, WITHOUT_MEMORY, WITH_MEMORY],
      ] as const) {
        const stored = pipe(size);
        const sink = clientSink(stored.writable);
        const destination: Destination = { sink, limit: Infinity };
        const source: Artifact = {
          project: "demo" as ProjectName,
          size,
          modifiedAt: 0,
          via: "upstream",
          body: sourceOf(total, step, type),
        };
        const reports: unknown[] = [];
        const ctx: Context = { now: 0, defer: () => undefined, report: (event) => void reports.push(event) };
        const { artifact, filled } = transfer(source, "a file", destination, pipe, ctx);
        const reads = await Promise.all([
          readLate(client(artifact.body as ReadableStream<Uint8Array>)),
          readLate(store(stored.readable)),
        ]);
        const whole = { total, right: true };
        expect(reads).toEqual([whole, whole]);
        expect([await filled, reports]).toEqual([{ kind: "stored", size: total }, []]);
      }
    });
  });
}
