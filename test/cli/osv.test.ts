import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { zip } from "../support/archive.ts";
import { pypiEdge } from "../support/node/command.ts";
import { FakeApi } from "../support/node/fake-api.ts";

const api = new FakeApi();
const folder = mkdtempSync(join(tmpdir(), "pypi-edge-osv-"));
beforeAll(() => api.start());
afterAll(async () => {
  await api.stop();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => {
  api.sent.length = 0;
  const state = { loaded: true, records: 1_200, entries: 1_201, checked: "2026-11-29T14:00:00.000Z" };
  api.answer = { status: 200, type: "application/json", parts: [JSON.stringify(state)] };
});

const osv = (...args: string[]) =>
  pypiEdge(["osv", ...args, "--url", api.url], folder, { PYPI_EDGE_TOKEN: "a-token-for-the-tests" });

const LOADED =
  "1,200 records are loaded, with 1,201 entries on projects; last compared with OSV, or loaded, at 2026-11-29T14:00:00.000Z.\n";

describe("pypi-edge osv load", () => {
  test("makes an index of an export, and sends that alone", async () => {
    const affected = [{ package: { ecosystem: "PyPI", name: "demo" }, versions: ["1.0"] }];
    const record = {
      name: "MAL-1.json",
      content: JSON.stringify({ id: "MAL-1", details: "long ".repeat(99), affected }),
    };
    writeFileSync(join(folder, "all.zip"), await zip([record, { name: "MAL-2.json", content: "{" }]));
    expect(await osv("load", "all.zip", "--fewer")).toMatchObject({
      code: 0,
      output: `MAL-2 cannot be read, and is left out.\n${LOADED}`,
    });
    expect(api.sent.map(({ method, url }) => [method, url])).toEqual([["PUT", "/-/api/advisories?fewer=true"]]);
    expect(api.sent[0]?.body).toContain('{"demo":[{"id":"MAL-1","malware":true,"versions":["1.0"]}]}');
    expect(api.sent[0]?.body).not.toContain("long");
  });

  test.each([
    ["no-such.zip", "no-such.zip cannot be read: there is no such file."],
    ["text.zip", "text.zip is not OSV's export: it has no ZIP directory at its end."],
    ["empty.zip", "empty.zip is not OSV's export: it has no records."],
  ])("sends nothing of %s", async (name, sentence) => {
    writeFileSync(join(folder, "text.zip"), "x".repeat(100));
    writeFileSync(join(folder, "empty.zip"), await zip([]));
    const { code, output } = await osv("load", name);
    expect([code, output]).toEqual([1, expect.stringContaining(sentence)]);
    expect(api.sent).toEqual([]);
  });
});

test("pypi-edge osv status says what is loaded", async () => {
  expect((await osv("status")).output).toBe(LOADED);
  api.answer = {
    ...api.answer,
    parts: [JSON.stringify({ loaded: false, records: 0, entries: 0, failure: "no answer" })],
  };
  expect((await osv("status")).output).toContain("No advisories are loaded.");
});
