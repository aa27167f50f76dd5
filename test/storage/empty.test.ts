import { env } from "cloudflare:workers";
import { expect, test } from "vitest";

const address = "https://edge.test/empty";
const insert = () => env.DB.prepare("INSERT INTO figures (at, figures) VALUES (1, '{}')");

/** Each way to write to a store, which the test after it must not see. */
const WRITES: Record<string, () => unknown> = {
  "KV: put": () => env.PAGES.put("page", "1"),
  "R2: put": () => env.FILES.put("file", "1"),
  "R2: upload in parts": async () => {
    const upload = await env.FILES.createMultipartUpload("parts");
    await upload.complete([await upload.uploadPart(1, "1")]);
  },
  "D1: statement": () => insert().run(),
  "D1: batch": () => env.DB.batch([insert()]),
  "D1: exec": () => env.DB.exec("CREATE TABLE made (id INTEGER)"),
  "D1: session": () => env.DB.withSession().prepare("CREATE TABLE made (id INTEGER)").run(),
  "D1: a query before it": () => env.DB.prepare("SELECT 1; CREATE TABLE made (id INTEGER)").run(),
  "cache: put": () => caches.default.put(address, new Response("1", { headers: { "Cache-Control": "max-age=60" } })),
};

async function left() {
  const [pages, files, rows, made, cached] = await Promise.all([
    env.PAGES.list(),
    env.FILES.list(),
    env.DB.prepare("SELECT * FROM figures").all(),
    env.DB.prepare("SELECT name FROM sqlite_master WHERE name = 'made'").all(),
    caches.default.match(address).then((answer) => answer?.text()),
  ]);
  return [pages.keys.length, files.objects.length, rows.results.length, made.results.length, cached === undefined];
}

const NOTHING = [0, 0, 0, 0, true];

test.each(Object.entries(WRITES))(
  "a test sees nothing of the one before, and has it written for the next one: %s",
  async (_, write) => {
    expect(await left()).toEqual(NOTHING);
    await write();
    expect(await left()).not.toEqual(NOTHING);
  },
);

test("a test sees nothing of the last of them", async () => {
  expect(await left()).toEqual(NOTHING);
});
