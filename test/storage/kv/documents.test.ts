import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { Document } from "../../../worker/repository/document.ts";
import { documentStore } from "../../../worker/storage/kv/documents.ts";
import { keysOf } from "../../../worker/storage/keys.ts";
import { Memory } from "../../../worker/storage/memory.ts";

const NOW = Date.parse("2026-11-22T12:00:00Z");
const PATH = "pypi/demo/json";
const THEIRS = new URL("https://upstream.test/pypi/demo/json");

const open = (maxValue?: number) =>
  documentStore({
    kv: env.PAGES,
    memory: new Memory(100_000),
    written: new Memory(1_000),
    keys: keysOf("test"),
    maxValue,
  });

const documentOf = (text: string, etag = '"e"') =>
  Document.from({ kind: "document", text, type: "integrity", serial: 5, validators: { etag } }, THEIRS, NOW);

describe("a document in KV", () => {
  test("comes back with its text, its type and the upstream's validators", async () => {
    const document = await documentOf('{"a": 1}');
    await open().put(PATH, document, NOW);
    const stored = await open().get(PATH, NOW);
    expect([stored?.head, await stored?.text(), stored?.via]).toEqual([document.head, '{"a": 1}', "kv"]);
  });

  test("has no validators where they would not fit", async () => {
    await open().put(PATH, await documentOf("{}", '"'.repeat(500)), NOW);
    expect((await open().get(PATH, NOW))?.head.validators).toEqual({});
  });

  test("is not kept where it is too large, and the answer can still be read", async () => {
    const document = await documentOf(JSON.stringify([...Array(1_000).keys()]));
    await open(100).put(PATH, document, NOW);
    expect(await open().get(PATH, NOW)).toBeNull();
    expect(await document.text()).toContain("999");
  });

  test("is gone after a delete", async () => {
    const store = open();
    const document = await documentOf("{}");
    await store.put(PATH, document, NOW);
    await store.delete(PATH, document, NOW);
    expect([await store.get(PATH, NOW), await open().get(PATH, NOW)]).toEqual([null, null]);
  });
});
