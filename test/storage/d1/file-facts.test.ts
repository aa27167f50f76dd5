import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { parseProjectName } from "../../../worker/pypi/name.ts";
import { fileFactsIn } from "../../../worker/storage/d1/file-facts.ts";

const DEMO = parseProjectName("demo");
const URL = "../../files/files.test/demo-1.0-py3-none-any.whl";
const store = (source = "test") => fileFactsIn(env.DB, source);

test("facts of a file are merged, and the later of two values is used", async () => {
  await store().record(DEMO, URL, { unreadable: true });
  await store().record(DEMO, URL, { size: 0, modifiedAt: 1_000 });
  await store().record(DEMO, URL, { metadata: "aa", unreadable: false });
  await store().record(DEMO, URL, { metadata: "bb" });
  const facts = await store().of(DEMO);
  expect([...facts]).toEqual([[URL, { metadata: "bb", size: 0, modifiedAt: 1_000, unreadable: false }]]);
});

test("each source and project has facts of its own", async () => {
  await store().record(DEMO, URL, { size: 1 });
  expect((await store("other").of(DEMO)).size).toBe(0);
  expect((await store().of(parseProjectName("other"))).size).toBe(0);
});
