import { describe, expect, test } from "vitest";
import { parseFileRef } from "../../worker/pypi/file-url.ts";
import { parseProjectName, type ProjectName } from "../../worker/pypi/name.ts";
import { Page } from "../../worker/repository/page.ts";
import type { FileStore } from "../../worker/repository/ports/files.ts";
import type { ListStore, PageStore } from "../../worker/repository/ports/pages.ts";
import type { ListHead } from "../../worker/repository/project-list.ts";
import { gzipped, inflate } from "../../worker/repository/gzip.ts";
import { rootHtml } from "../../worker/pypi/simple-html.ts";
import { rootJson } from "../../worker/pypi/simple-json.ts";
import type { Context } from "../../worker/repository/context.ts";
import { sha256 } from "../support/upstream.ts";

const NOW = Date.parse("2026-11-22T12:00:00Z");
const CONTEXT: Context = { now: NOW, defer: () => undefined, report: () => undefined };
const DEMO = parseProjectName("demo");

const pageOf = (lastSerial: number) =>
  Page.from({ name: DEMO, files: [], versions: [], lastSerial }, { etag: `"${"e".repeat(2_000)}"` }, NOW);

/** What every PageStore must do. `open` gives a store with an empty memory over the same storage each time. */
export function pageStoreContract(what: string, open: () => PageStore): void {
  describe(`${what} keeps the contract of PageStore`, () => {
    test("gives back what was put: the head, the bytes, and validators longer than KV's metadata", async () => {
      const page = await pageOf(1);
      await open().put(DEMO, page, NOW);
      const stored = await open().get(DEMO, NOW);
      expect(stored?.head).toEqual(page.head);
      expect(await stored?.bytes()).toEqual(await page.bytes());
      expect((await stored?.validators())?.etag).toHaveLength(2_002);
      expect(await stored?.text()).toBe(await page.text());
    });

    test("the same store sees a put at once, and the newer of two", async () => {
      const store = open();
      await store.put(DEMO, await pageOf(1), NOW);
      await store.put(DEMO, await pageOf(2), NOW);
      expect((await store.get(DEMO, NOW))?.head.serial).toBe(2);
    });

    test("has nothing before a put and nothing after a delete", async () => {
      const store = open();
      expect(await store.get(DEMO, NOW)).toBeNull();
      const page = await pageOf(1);
      await store.put(DEMO, page, NOW);
      await store.delete(DEMO, page, NOW);
      expect([await store.get(DEMO, NOW), await open().get(DEMO, NOW)]).toEqual([null, null]);
    });
  });
}

/** What every FileStore must do, for a length that is known and for one that is not. */
export function fileStoreContract(what: string, open: () => FileStore): void {
  const ref = parseFileRef("files.test/a/demo-1.0+x-py3-none-any.whl");
  const bytes = new Uint8Array(9_000_000).map((_, at) => at % 251);

  async function write(store: FileStore, hex: string, size: number | undefined) {
    const sink = store.create(ref, { project: DEMO, digest: { algorithm: "sha256", hex }, size, modifiedAt: NOW });
    for (let at = 0; at < bytes.byteLength; at += 1_000_000) await sink.write(bytes.slice(at, at + 1_000_000));
    return sink;
  }

  describe.each([
    ["known", bytes.byteLength],
    ["unknown", undefined],
  ] as const)(`${what}, of a length that is %s,`, (_known, size) => {
    test("gives back the bytes and the facts once committed, and not before", async () => {
      const hex = await sha256(bytes);
      const sink = await write(open(), hex, size);
      expect([await open().get(ref), await open().head(ref)]).toEqual([null, null]);
      await sink.commit();
      expect(await open().head(ref)).toMatchObject({ project: "demo", size: bytes.byteLength, digest: { hex } });
      const stored = await open().get(ref);
      expect(stored).toMatchObject({
        project: "demo",
        size: bytes.byteLength,
        modifiedAt: NOW,
        digest: { algorithm: "sha256", hex },
      });
      expect(await sha256(new Uint8Array(await new Response(stored?.body as BodyInit).arrayBuffer()))).toBe(hex);
    });

    test("has nothing after an abort", async () => {
      const sink = await write(open(), await sha256(bytes), size);
      await sink.abort(new Error("the upstream broke off"));
      expect(await open().get(ref)).toBeNull();
    });
  });

  describe(what, () => {
    test("refuses bytes of another digest by itself", async () => {
      const sink = await write(open(), "0".repeat(64), bytes.byteLength);
      await expect(sink.commit()).rejects.toThrow(/checksum/i);
      expect(await open().get(ref)).toBeNull();
    });

    test("keeps a file and its metadata apart", async () => {
      const store = open();
      const sink = store.create({ ...ref, part: "metadata" }, { project: DEMO, size: 2, modifiedAt: NOW });
      await sink.write(new Uint8Array([1, 2]));
      await sink.commit();
      expect([await store.get(ref), (await store.get({ ...ref, part: "metadata" }))?.size]).toEqual([null, 2]);
    });
  });
}

/** What every ListStore must do. */
export function listStoreContract(what: string, open: () => ListStore): void {
  const HEAD = { digest: "", changedAt: NOW, serial: 9, validators: { etag: '"e"' } };
  const page = (names: readonly string[]) => ({ json: jsonOf(names), html: htmlOf(names) });
  const jsonOf = (names: readonly string[]) =>
    rootJson.opening(9) +
    names.map((name) => rootJson.project({ name: name as ProjectName })).join(",\n") +
    rootJson.closing;
  const htmlOf = (names: readonly string[]) =>
    rootHtml.opening + names.map((name) => rootHtml.project(name as ProjectName)).join("") + rootHtml.closing;

  /** Writes a listing of these names, but not to its end. */
  async function begun(names: readonly string[], head: ListHead = HEAD) {
    const sink = open().create(head);
    for (const shape of ["json", "html"] as const) {
      await sink.write(shape, await gzipped(new TextEncoder().encode(page(names)[shape])));
    }
    return sink;
  }
  const put = async (names: readonly string[], head?: ListHead) => (await begun(names, head)).commit();

  /** Both shapes of what is stored. */
  async function read() {
    const text = async (stream: ReadableStream<Uint8Array> | undefined) =>
      stream && new Response(inflate(stream)).text();
    const json = await text(await (await open().get(CONTEXT))?.gzip());
    return json === undefined ? null : { json, html: await text(await (await open().get(CONTEXT))?.html()) };
  }

  describe(`${what} keeps the contract of ListStore`, () => {
    test("gives back the listing, when it was fetched, its serial and the upstream's validators", async () => {
      const many = Array.from({ length: 100_000 }, (_, nth) => `project-${nth}-${sha1ish(nth)}`);
      await put(many);
      const stored = await open().get(CONTEXT);
      expect(stored?.head).toMatchObject({ changedAt: NOW, serial: 9, validators: { etag: '"e"' } });
      expect(stored?.head.digest).not.toBe("");
      await stored?.cancel();
      expect(await read()).toEqual(page(many));
    });

    test("gives the same content the same digest, and keeps one that it was given", async () => {
      const digest = async () => {
        const stored = await open().get(CONTEXT);
        await stored?.cancel();
        return stored?.head.digest;
      };
      await put(["one"]);
      const first = await digest();
      await put(["one"]);
      expect(await digest()).toBe(first);
      await put(["two"]);
      expect(await digest()).not.toBe(first);
      await put(["two"], { ...HEAD, digest: "of-its-parts" });
      expect(await digest()).toBe("of-its-parts");
    });

    test("a listing that breaks off is not stored, and the one before it stays", async () => {
      expect(await read()).toBeNull();
      await put(["whole"]);
      await (await begun(["half"])).abort();
      expect(await read()).toEqual(page(["whole"]));
    });

    test("both shapes have the same projects, although another listing is stored at the same time", async () => {
      const [one, two] = [await begun(["one"]), await begun(["two"])];
      await Promise.all([one.commit(), two.commit()]);
      const stored = await read();
      expect([page(["one"]), page(["two"])]).toContainEqual(stored);
    });
  });
}

/** Hex digits that do not compress well. */
const sha1ish = (nth: number) => ((nth * 2_654_435_761) >>> 0).toString(16);
