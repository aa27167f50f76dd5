import { describe, expect, test } from "vitest";
import { DAY } from "../../../worker/duration.ts";
import type { Filename } from "../../../worker/pypi/filename.ts";
import { parseProjectName } from "../../../worker/pypi/name.ts";
import type { FileEntry, ProjectPage } from "../../../worker/pypi/page.ts";
import { Page } from "../../../worker/repository/page.ts";
import { file, NOW, OLD, withPolicy } from "../../support/guarded.ts";
import { JSON_TYPE, type Rig } from "../../support/rig.ts";
import { FakeUpstream, type FakeFile } from "../../support/upstream.ts";

const NOWHERE = { get: async () => null, put: async () => undefined };
const SECRET = "s3cr3t-signature";

/** Files of which some are young, so that lines are left out at both ends and in between, alone and side by side. */
const files = (count: number, entry: (nth: number) => Record<string, unknown> = () => ({})): FakeFile[] =>
  Array.from({ length: count }, (_, nth) =>
    file(`1.${nth}`, NOW - (nth % 7 === 0 || nth % 7 === 1 || nth === count - 1 ? 1 : 30) * DAY, entry(nth)),
  );

const signed = (nth: number) => ({ url: `${FakeUpstream.FILES}demo-1.${nth}-py3-none-any.whl?sig=${SECRET}${nth}` });

/** Members that some entries do not have, and texts of more bytes than characters. */
const uneven = (nth: number) => ({
  "requires-python": nth % 2 === 0 ? undefined : ">=3.9",
  yanked: nth % 3 === 0 ? undefined : nth % 3 === 1 && `zurückgezogen ${nth}, “, \u{1f40d}`,
  size: nth % 5 === 0 ? undefined : nth + 1,
});

/** The page in each of its representations, with what a client would compare. */
async function answers(rig: Rig) {
  const all = [];
  for (const Accept of [JSON_TYPE, "text/html"]) {
    for (const coding of ["gzip", "identity"]) {
      const { response, settled } = await rig.open("/simple/demo/", {
        headers: { Accept, "Accept-Encoding": coding },
      });
      const text = new TextDecoder("latin1").decode(await response.arrayBuffer());
      await settled();
      all.push({ status: response.status, coding, etag: response.headers.get("ETag"), text });
    }
  }
  return all;
}

const POLICIES = { refuses: { min_age: "3d" }, marks: { min_age: "3d", modes: { min_age: "warn" } } };

const PAGES = {
  "a page in memory": files(4),
  "a page of many lines": files(400),
  "a page of several stretches": files(2_500),
  "a page whose URLs are signed": files(400, signed),
  "a page of uneven lines": files(400, uneven),
};

describe.each(Object.keys(POLICIES) as (keyof typeof POLICIES)[])("where the policy %s files", (what) => {
  test.each(Object.entries(PAGES))("%s is first what it is later and in another isolate", async (_, offered) => {
    const rig = withPolicy(POLICIES[what]);
    await rig.upstream.publish("demo", offered, { versions: offered.map((_file, nth) => `1.${nth}`) });
    const first = await answers(rig);
    expect(first.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(first.map(({ text }) => text).join("")).not.toContain(SECRET);
    expect(await answers(rig)).toEqual(first);
    rig.restart();
    expect(await answers(rig)).toEqual(first);
    expect(rig.upstream.requests).toEqual([`GET ${FakeUpstream.INDEX}demo/`]);
  });
});

const ENTRY: FileEntry = {
  filename: OLD.filename as Filename,
  url: `../../files/${OLD.filename}`,
  hashes: {},
  size: undefined,
};
const MODEL: ProjectPage = { name: parseProjectName("demo"), files: [ENTRY] };

describe("a page that was just made", () => {
  test("has its content at hand, and only while it is not kept in memory", async () => {
    const page = await Page.from(MODEL, {}, NOW);
    const { model, stretches } = await page.content();
    expect(model).toBe(MODEL);
    const read = await page.as("memory").content();
    expect(read).toEqual({ model: { ...MODEL, files: [{ ...ENTRY }] }, stretches });
    expect(read.model).not.toBe(MODEL);
    expect((await (await page.keptIn(NOWHERE).buffered()).content()).model).toBe(MODEL);
  });

  test("is read where its model has queries, which are secrets", async () => {
    const entry = { ...ENTRY, _signed: true as const, _query: `?sig=${SECRET}` };
    const page = await Page.from({ ...MODEL, files: [entry] }, {}, NOW);
    expect((await page.content()).model.files[0]).not.toHaveProperty("_query");
  });
});
