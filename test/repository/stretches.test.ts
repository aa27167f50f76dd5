import { describe, expect, test } from "vitest";
import type { Filename } from "../../worker/pypi/filename.ts";
import { parseProjectName } from "../../worker/pypi/name.ts";
import type { FileEntry, ProjectPage } from "../../worker/pypi/page.ts";
import { ChangedLines } from "../../worker/repository/changed-lines.ts";
import { inflated } from "../../worker/repository/gzip.ts";
import { Page } from "../../worker/repository/page.ts";
import { gzippedStretches, stretchesOf } from "../../worker/repository/stretches.ts";

const NOW = Date.UTC(2026, 0, 1);
const NAME = parseProjectName("demo");
/** Of more bytes than characters, and so long that 2,000 lines are several stretches. */
const REASON = "zurückgezogen \u{1f40d} ".repeat(20);

const FILES = Array.from({ length: 2000 }, (_, nth): FileEntry => {
  const filename = `demo-1.${nth}-py3-none-any.whl` as Filename;
  return { filename, url: `../../files/a.example/${filename}`, hashes: { sha256: "00" }, yanked: `${nth} ${REASON}` };
});
const MODEL: ProjectPage = { name: NAME, versions: FILES.map((_, nth) => `1.${nth}`), files: FILES };

const warned = (entry: FileEntry): FileEntry => ({ ...entry, yanked: "Should not be used: ü." });

/** The page of the files that stay, made by changing lines; the same made from its model; and the stretches of both pages. */
async function changed(change: (nth: number) => "keep" | "leave out" | "replace") {
  const { stretches } = await (await Page.from(MODEL, {}, NOW)).content();
  const lines = new ChangedLines(stretches);
  const files = FILES.flatMap((entry, nth) => {
    const what = change(nth);
    if (what === "replace") return [lines.replace(warned)];
    if (what === "keep") lines.keep();
    else lines.leaveOut();
    return what === "keep" ? [entry] : [];
  });
  const made = lines.stretches();
  const page = await Page.from({ ...MODEL, files }, {}, NOW, made);
  const expected = await Page.from({ ...MODEL, files }, {}, NOW);
  const shared = made.filter((stretch) => stretches.includes(stretch)).length;
  return { page, expected, shared, stretches: stretches.length };
}

describe("a page that is made of another's lines", () => {
  test.each([
    ["the first file is left out", (nth: number) => nth > 0, 1],
    ["the last file is left out", (nth: number) => nth < 1999, 1],
    ["one file in the middle is left out", (nth: number) => nth !== 1000, 1],
    ["the first half is left out", (nth: number) => nth > 1000, undefined],
    ["all but the first file are left out", (nth: number) => nth === 0, undefined],
    ["all but the last file are left out", (nth: number) => nth === 1999, undefined],
    ["every second file is left out", (nth: number) => nth % 2 === 0, undefined],
    ["nothing is left out", () => true, 0],
  ])("is the page without the files that are left out: %s", async (_, stays, changes) => {
    const { page, expected, shared, stretches } = await changed((nth) => (stays(nth) ? "keep" : "leave out"));
    expect((await page.text()) === (await expected.text())).toBe(true);
    expect(page.head.digest).toBe(expected.head.digest);
    expect(stretches).toBeGreaterThan(3);
    expect(changes ?? stretches - shared).toBe(stretches - shared);
  });

  test.each([
    ["the last file", (nth: number) => nth === 1999],
    ["the file before one that is left out", (nth: number) => nth === 1499],
    ["every file", () => true],
  ])("has the lines that replace others: %s", async (_, isReplaced) => {
    const { page, expected } = await changed((nth) =>
      isReplaced(nth) ? "replace" : nth === 1500 ? "leave out" : "keep",
    );
    expect((await page.text()) === (await expected.text())).toBe(true);
  });

  test("is the same by whatever files stay at the end and the beginning of stretches", async () => {
    const { stretches } = await (await Page.from(MODEL, {}, NOW)).content();
    const inStretch = stretches.map(({ lines }) => lines.filter((byte) => byte === 0x0a).length);
    const ends = inStretch.map((_, at) => inStretch.slice(0, at + 1).reduce((sum, count) => sum + count, 0));
    for (const [at, end] of ends.entries()) {
      for (const last of [end - 1, end, end + 1]) {
        const { page, expected } = await changed((nth) =>
          nth < last && nth >= (ends[at - 1] ?? 0) ? "keep" : "leave out",
        );
        expect((await page.text()) === (await expected.text())).toBe(true);
      }
    }
  });
});

test.each([0, 1, 100_000, 300_000, 1_000_000])("stretches of %i bytes together are gzipped as one", async (size) => {
  const lines = new TextEncoder().encode(`${"x".repeat(99)}\n`.repeat(size / 100));
  const gzip = await gzippedStretches(new TextEncoder().encode("opening\n"), stretchesOf(lines));
  const text = new TextDecoder().decode(await inflated(gzip, size));
  expect(text === `opening\n${new TextDecoder().decode(lines)}`).toBe(true);
  const stream = new Blob([gzip]).stream().pipeThrough(new DecompressionStream("gzip"));
  expect((await new Response(stream).text()) === text).toBe(true);
});
