import { expect, test } from "vitest";
import { SharedFills } from "../../../worker/layers/files/shared-fills.ts";
import type { TransferEnd } from "../../../worker/layers/files/transfer.ts";
import { parseFileRef } from "../../../worker/pypi/file-url.ts";
import type { ProjectName } from "../../../worker/pypi/name.ts";
import type { Artifact } from "../../../worker/repository/artifact.ts";
import type { Context } from "../../../worker/repository/context.ts";
import { testFolder } from "../objects/support.ts";

const folder = testFolder();
const REF = parseFileRef("files.test/demo-1.0.tar.gz");
const CTX: Context = { now: 0, defer: () => undefined, report: () => undefined };
const digest = (hex: string) => ({ algorithm: "sha256" as const, hex });

async function fills(limit = Infinity) {
  const { openSpool } = await folder.open();
  const marks = new Set<string>();
  const ended = {
    get: (key: string) => marks.has(key) || undefined,
    set: (key: string) => void marks.add(key),
    delete: (key: string) => void marks.delete(key),
  };
  return new SharedFills(openSpool, limit, ended, () => 0);
}

const source = (changed: Partial<Artifact> = {}): Artifact => ({
  project: "demo" as ProjectName,
  size: 3,
  modifiedAt: 0,
  digest: digest("aa"),
  body: new ReadableStream(),
  via: "upstream",
  ...changed,
});

/** Begins a fill that ends when the returned function is called. */
async function begin(shared: SharedFills, artifact = source()) {
  const { promise, resolve } = Promise.withResolvers<TransferEnd>();
  const opened = { source: artifact };
  const { fill } = await shared.begin(
    REF,
    async () => opened,
    async (_, growing) => {
      const end = await promise;
      await growing.followers.abort(new Error("It ends."));
      return end;
    },
    CTX,
  );
  return { fill, end: (end: TransferEnd) => (resolve(end), fill?.ended) };
}

test("a fill of other bytes than the page names now is not followed", async () => {
  const shared = await fills();
  const { fill, end } = await begin(shared);
  expect(await shared.find(REF, digest("aa"))).toBe(fill);
  expect([await shared.find(REF, digest("bb")), await shared.find(REF, undefined)]).toEqual([null, null]);
  await end({ kind: "stored", size: 3 });
});

test.each([
  [{ kind: "stored", size: 3 }, true],
  [{ kind: "not-stored" }, false],
] as const)("a fill that ends as %j is over, and its file was just stored: %s", async (how, isStored) => {
  const shared = await fills();
  const { end } = await begin(shared);
  expect([shared.has(REF), shared.hasJustStored(REF, CTX)]).toEqual([true, false]);
  await end(how);
  expect([shared.has(REF), shared.hasJustStored(REF, CTX)]).toEqual([false, isStored]);
});

test.each([
  ["a part", { part: { offset: 0, length: 1 } }],
  ["bytes in memory", { body: new Uint8Array(3) }],
  ["a file above the limit", { size: 101 }],
])("%s is not shared, and the next request may begin a fill", async (_, changed) => {
  const shared = await fills(100);
  const { fill } = await begin(shared, source(changed));
  expect([fill, shared.has(REF), folder.files("partial")]).toEqual([null, false, []]);
});

test("those who wait for a fill to begin get its error", async () => {
  const shared = await fills();
  const { promise, reject } = Promise.withResolvers<{ source: Artifact }>();
  const begun = shared.begin(
    REF,
    () => promise,
    () => Promise.reject(new Error("never")),
    CTX,
  );
  const found = shared.find(REF, digest("aa"));
  reject(new Error("The upstream is down."));
  await expect(begun).rejects.toThrow("The upstream is down.");
  await expect(found).rejects.toThrow("The upstream is down.");
  expect(shared.has(REF)).toBe(false);
});
