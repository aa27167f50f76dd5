import { describe, expect, test } from "vitest";
import { parseProjectName } from "../../worker/pypi/name.ts";
import type { ProjectPage } from "../../worker/pypi/page.ts";
import { htmlOf } from "../../worker/pypi/simple-html.ts";
import { gzipped } from "../../worker/repository/gzip.ts";
import { encodeText } from "../../worker/repository/give-way.ts";
import { htmlPieces, jsonParts, MAX_ENTRIES } from "../../worker/upstream/page-bytes.ts";
import { parseHtml, parseLinks } from "../../worker/upstream/parse-html.ts";
import { parseJson } from "../../worker/upstream/parse-json.ts";
import { entriesInHtml, entriesInJson } from "../../worker/upstream/parse-root.ts";

const NAME = parseProjectName("demo");
const BASE = new URL("https://index.test/simple/demo/");
const bytes = (text: string) => new TextEncoder().encode(text);
const json = (text: string) => parseJson(bytes(text), NAME, BASE, () => true);
const html = (text: string) => parseHtml(bytes(text), NAME, BASE, () => true);

const entry = (nth: number) => `{"filename":"demo-1.${nth}.zip","url":"demo-1.${nth}.zip","hashes":{}}`;
const link = (nth: number) => `<a href="demo-1.${nth}.zip">demo-1.${nth}.zip</a>\n`;
const many = (count: number, each: (nth: number) => string, separator = "") =>
  Array.from({ length: count }, (_, nth) => each(nth)).join(separator);
const pageOf = (files: string, more = "") => `{"meta":{},"name":"demo"${more},"files":[${files}]}`;

describe("a page", () => {
  test.each([
    ["400,000 files", pageOf(many(400_000, () => "{}", ","))],
    ["400,000 versions", pageOf("", `,"versions":[${many(400_000, () => '"1"', ",")}]`)],
    [
      "files and versions that are too many together",
      pageOf(many(30_000, entry, ","), `,"versions":[${many(30_000, () => '"1"', ",")}]`),
    ],
    ["400,000 digests of one file", pageOf(`{"hashes":{${many(400_000, (nth) => `"${nth}":"0"`, ",")}}}`)],
    ["a million brackets", pageOf("[".repeat(1_100_000))],
    ["some MB beside its files", pageOf(entry(1), `,"x":"${"y".repeat(5_000_000)}"`)],
    ["400,000 members beside", `{${many(400_000, (nth) => `"${nth}":[1]`, ",")}}`],
  ])("of %s is refused before it is parsed", async (_what, text) => {
    await expect(jsonParts(bytes(text))).rejects.toThrow(/its page has more than \d+ /);
    await expect(json(text)).rejects.toThrow(/its page has more than \d+ /);
  });

  test.each([
    ["400,000 links", "<a href=x></a>".repeat(400_000)],
    ["400,000 links in capitals that do not end", "<A\n>".repeat(400_000)],
  ])("of %s is refused before it is parsed", async (_what, text) => {
    await expect(htmlPieces(bytes(text))).rejects.toThrow(`its page has more than ${MAX_ENTRIES} links`);
    await expect(html(text)).rejects.toThrow(`its page has more than ${MAX_ENTRIES} links`);
    await expect(parseLinks(bytes(text), BASE, () => true)).rejects.toThrow("links");
  });

  test("whose links have too many attributes is refused", async () => {
    const tag = `<a ${many(10_000, (nth) => `a${nth} `)}>`;
    await expect(html(tag.repeat(60))).rejects.toThrow("attributes");
  });

  test("of twice as many files as the largest real one is read, in the order of its entries", async () => {
    const count = 22_000;
    const names = Array.from({ length: count }, (_, nth) => `demo-1.${nth}.zip`);
    for (const page of [await json(pageOf(many(count, entry, ",\n"))), await html(many(count, link))]) {
      expect(page.files.map(({ filename }) => filename)).toEqual(names);
    }
  });

  test.each([
    ["quotes that are escaped", pageOf(`${entry(1)},{"x":"${'\\"'.repeat(500_000)}"}`)],
    ["backslashes", pageOf(`${entry(1)},{"x":"${"\\\\".repeat(500_000)}"}`)],
    ["one long text", pageOf(`${entry(1)},{"x":"${"],[{".repeat(500_000)}"}`)],
  ])("of %s is read", async (_what, text) => {
    expect((await json(text)).files).toHaveLength(1);
  });

  test.each([
    ["signs that open nothing", "<".repeat(4_600_000)],
    ["ends without a beginning", "</a>".repeat(1_000_000)],
    ["comments", "<!---->".repeat(600_000)],
    ["titles in each other", "<title>".repeat(600_000)],
    ["no tags", "x".repeat(4_600_000)],
  ])("in HTML of %s is a failure", async (_what, text) => {
    await expect(html(text)).rejects.toThrow("neither JSON nor a list of files");
  });

  test("whose link has a text of some MB is read", async () => {
    expect((await html(`<a href="demo-1.0.zip">${"&amp".repeat(1_000_000)}</a>`)).files).toHaveLength(1);
  });
});

/** A body that is all there. */
const streamOf = (text: string) => new Blob([text]).stream() as ReadableStream<Uint8Array>;

async function namesFrom(entries: AsyncIterable<readonly { name: string }[]>): Promise<string[]> {
  const found: string[] = [];
  for await (const batch of entries) found.push(...batch.map(({ name }) => name));
  return found;
}

describe("what takes long", () => {
  /** How often something else had its turn while `work` was done. */
  async function turnsDuring(work: Promise<unknown>): Promise<number> {
    let turns = 0;
    const state = { isDone: false };
    const done = work.finally(() => (state.isDone = true));
    while (!state.isDone) {
      await scheduler.wait(0);
      turns++;
    }
    await done;
    return turns;
  }

  const large = async (): Promise<ProjectPage> => json(pageOf(many(20_000, entry, ",")));

  test.each([
    ["reading a page in JSON", async () => large],
    ["reading a page in HTML", async () => () => html(many(20_000, link))],
    [
      "looking for the files among quotes that are escaped",
      async () => () => jsonParts(bytes(pageOf(`{"x":"${'\\"'.repeat(4_000_000)}"}`))),
    ],
    ["looking for links among signs that are none", async () => () => htmlPieces(bytes("<".repeat(5_000_000)))],
    [
      "rendering HTML",
      async () =>
        (
          (page) => () =>
            encodeText(htmlOf(page))
        )(await large()),
    ],
    [
      "reading a root listing in HTML",
      async () => () => namesFrom(entriesInHtml(streamOf(many(20_000, (nth) => `<a href="p${nth}/">p${nth}</a>`)))),
    ],
    [
      "reading a root listing in JSON",
      async () => () =>
        namesFrom(entriesInJson(streamOf(`{"projects":[${many(100_000, (nth) => `{"name":"p${nth}"}`, ",")}]}`))),
    ],
    ["compressing", async () => () => gzipped(new Uint8Array(5_000_000))],
  ])("(%s) lets others have their turn", async (_what, prepare) => {
    const work = await prepare();
    expect(await turnsDuring(work())).toBeGreaterThan(4);
  });
});

describe("a root listing", () => {
  // Each of these took minutes where the time grew with the square of its length.
  test("in JSON with a run of backslashes is read", async () => {
    const text = `{"projects":[{"x":"${"\\\\".repeat(1_000_000)}${"\\".repeat(1_000)}","name":"demo"}]}`;
    expect(await namesFrom(entriesInJson(streamOf(text)))).toEqual(["demo"]);
  });

  test("in HTML with an address of some MB is read", async () => {
    const text = `<a href="${"x".repeat(1_000_000)}">x</a><a href="/simple/demo/">demo</a>`;
    expect(await namesFrom(entriesInHtml(streamOf(text)))).toEqual(["demo"]);
  });
});
