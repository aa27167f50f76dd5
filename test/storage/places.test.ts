import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { pipe } from "../../worker/cloudflare/platform.ts";
import { parseFileRef } from "../../worker/pypi/file-url.ts";
import { parseProjectName } from "../../worker/pypi/name.ts";
import type { Digest } from "../../worker/pypi/page.ts";
import type { FileStore } from "../../worker/repository/ports/files.ts";
import { StoreConflict } from "../../worker/repository/sinks.ts";
import { fileStore, MAX_PUT } from "../../worker/storage/r2/mirrored-files.ts";
import { keysOf } from "../../worker/storage/keys.ts";
import { Memory } from "../../worker/storage/memory.ts";
import { sha256 } from "../support/upstream.ts";
import { whole } from "../support/whole.ts";

const NOW = Date.parse("2026-11-22T12:00:00Z");
const HOUR = 3_600_000;
const DEMO = parseProjectName("demo");
const REF = parseFileRef("files.test/a/demo-1.0-py3-none-any.whl");
const OLD = new Uint8Array(9_000_000).fill(1);
const NEW = new Uint8Array(9_000_000).fill(2);

/** A store in an isolate of its own. */
const open = (now = () => NOW) =>
  fileStore(whole(env.FILES), new Memory(100_000), keysOf("test"), { maxPut: MAX_PUT, pipe, now });

const digestOf = async (bytes: Uint8Array): Promise<Digest> => ({ algorithm: "sha256", hex: await sha256(bytes) });

async function begin(store: FileStore, bytes: Uint8Array, size: number | undefined, digest?: Digest) {
  const sink = store.create(REF, { project: DEMO, digest, size, modifiedAt: NOW });
  return async () => {
    for (let at = 0; at < bytes.byteLength; at += 1_000_000) await sink.write(bytes.slice(at, at + 1_000_000));
    await sink.commit();
  };
}

async function kept(store: FileStore): Promise<number | undefined> {
  const artifact = await store.get(REF);
  return artifact ? new Uint8Array(await new Response(artifact.body as BodyInit).arrayBuffer())[0] : undefined;
}

describe.each([
  ["known", OLD.byteLength],
  ["unknown", undefined],
] as const)("a file of a length that is %s,", (_, size) => {
  test("which was begun before its replacement, is refused whenever it ends", async () => {
    const late = await begin(open(), OLD, size, await digestOf(OLD));
    await open().replace(REF, DEMO, await digestOf(NEW));
    await expect(late()).rejects.toThrow(StoreConflict);
    const later = await begin(open(), OLD, size, await digestOf(OLD));
    const store = open();
    expect(await kept(store)).toBeUndefined();
    await (
      await begin(store, NEW, size, await digestOf(NEW))
    )();
    await expect(later()).rejects.toThrow(StoreConflict);
    expect(await kept(open())).toBe(2);
  });

  test.each([
    ["an hour has passed", HOUR],
    ["the clock was set back by an hour", -HOUR],
  ])(
    "which has not the tombstone's digest, is refused until %s, also in an isolate that has seen the digest",
    async (_case, step) => {
      await open().replace(REF, DEMO, await digestOf(NEW));
      let now = NOW;
      const store = open(() => now);
      await store.get(REF);
      await expect((await begin(store, OLD, size, await digestOf(OLD)))()).rejects.toThrow(StoreConflict);
      now += step;
      await (
        await begin(store, OLD, size, await digestOf(OLD))
      )();
      expect(await kept(open())).toBe(1);
    },
  );

  test("which was begun after one replacement, is refused after the next", async () => {
    await open().replace(REF, DEMO, await digestOf(OLD));
    const store = open();
    await store.get(REF);
    const late = await begin(store, OLD, size, await digestOf(OLD));
    await open().replace(REF, DEMO, await digestOf(NEW));
    await expect(late()).rejects.toThrow(StoreConflict);
    expect(await kept(open())).toBeUndefined();
  });

  test("which a digest verified, is not overwritten but by its replacement", async () => {
    await (
      await begin(open(), OLD, size, await digestOf(OLD))
    )();
    const store = open();
    expect(await kept(store)).toBe(1);
    await expect((await begin(store, NEW, size, await digestOf(NEW)))()).rejects.toThrow(StoreConflict);
    expect(await store.replace(REF, DEMO, await digestOf(OLD))).toBe(false);
    expect(await store.replace(REF, DEMO, await digestOf(NEW))).toBe(true);
    expect(await store.replace(REF, DEMO, await digestOf(NEW))).toBe(false);
    expect([await kept(store), await store.head(REF)]).toEqual([undefined, null]);
    await (
      await begin(store, NEW, size, await digestOf(NEW))
    )();
    expect(await kept(open())).toBe(2);
  });
});

describe("a tombstone", () => {
  test("has no part, whatever range is requested", async () => {
    const store = open();
    await store.replace(REF, DEMO, undefined);
    for (const range of [{ start: 0 }, { start: 5, end: 9 }, { suffix: 5 }]) {
      expect(await store.get(REF, range)).toBeNull();
    }
  });

  test("is not needed where files are forgotten, more of them than R2 deletes at once", async () => {
    const refs = Array.from({ length: 1_001 }, (_, nth) => parseFileRef(`files.test/a/demo-${nth}.tar.gz`));
    const last = refs.at(-1) ?? REF;
    await env.FILES.put(keysOf("test").file(last), "old", { customMetadata: { project: "demo", modifiedAt: "0" } });
    const store = open();
    expect(await store.get(last)).not.toBeNull();
    await store.forget(refs);
    expect(await store.get(last)).toBeNull();
  });
});
