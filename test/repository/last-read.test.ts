import { expect, test } from "vitest";
import type { Filename } from "../../worker/pypi/filename.ts";
import { parseProjectName } from "../../worker/pypi/name.ts";
import type { FileEntry } from "../../worker/pypi/page.ts";
import { gzipped } from "../../worker/repository/gzip.ts";
import { Page } from "../../worker/repository/page.ts";

const NOW = Date.UTC(2026, 0, 1);
const NAME = parseProjectName("demo");

/** A page whose JSON has some hundred bytes for each of its files. */
function pageOf(count: number): Promise<Page> {
  const files = Array.from({ length: count }, (_, nth): FileEntry => {
    const filename = `demo-1.${nth}-py3-none-any.whl` as Filename;
    const url = `../../files/a.example/packages/${filename}`;
    return { filename, url, hashes: { sha256: "0".repeat(64) } };
  });
  return Page.from({ name: NAME, versions: ["1"], files }, {}, NOW);
}

const MEDIUM = 2_000;
const LARGE = 15_000;
const SMALL = 3;

const isInMemory = async (page: Page) => (await page.json()) instanceof Uint8Array;

/** The same page, as a store gives it that has all of it in memory. */
const storedCopy = async (page: Page) => new Page(page.head, await page.bytes(), "kv");

test("a page that was just made is in memory as it is, until others need the room", async () => {
  const [page, small] = [await pageOf(MEDIUM), await pageOf(SMALL)];
  const text = await page.text();
  expect(await isInMemory(page)).toBe(true);
  expect(page.head.plainSize).toBe(text.length);
  for (let made = 0; made < 8e6; made += page.head.plainSize) await pageOf(MEDIUM);
  expect(await isInMemory(page)).toBe(false);
  expect(await isInMemory(small)).toBe(true);
  expect(await page.text()).toBe(text);
});

test("a stored page is inflated for the first file that is looked up in it, and not for the next ones", async () => {
  const made = await pageOf(MEDIUM);
  const stored = await storedCopy(made);
  expect(await isInMemory(stored)).toBe(false);
  expect(await stored.text()).toBe(await made.text());
  expect(await isInMemory(stored.as("memory"))).toBe(true);
  expect(await stored.text()).toBe(await made.text());
});

test("a page of megabytes is not kept inflated", async () => {
  const page = await pageOf(LARGE);
  expect(page.head.plainSize).toBeGreaterThan(2 * 1024 * 1024);
  expect(await isInMemory(page)).toBe(false);
  await page.text();
  expect(await isInMemory(page)).toBe(false);
});

test("a page that comes as a stream is read once, and the stream is not left open where the text is known", async () => {
  const made = await pageOf(MEDIUM);
  let isCancelled = false;
  const endless = new ReadableStream<Uint8Array>({ cancel: () => void (isCancelled = true) });
  const page = new Page(made.head, endless, "kv").withFormsOf(made);
  expect(await page.text()).toBe(await made.text());
  expect(isCancelled).toBe(true);
});

test.each([SMALL, MEDIUM])(
  "a page whose bytes are others is not intact, whatever is in memory (%i files)",
  async (count) => {
    const made = await pageOf(count);
    const other = await (await pageOf(count + 1)).bytes();
    const damaged = (await made.bytes()).slice().fill(0, 20, 40);
    const copies = [await made.bytes(), damaged, other, await gzipped(new Uint8Array(3))];
    const found = copies.map((bytes) => new Page(made.head, bytes, "kv").withFormsOf(made).isIntact());
    expect(await Promise.all(found)).toEqual([true, false, false, false]);
  },
);
