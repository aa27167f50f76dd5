import { describe, expect, test } from "vitest";
import { indexFileOf } from "../../worker/advisories/export-file.ts";
import { auditLine } from "../../schema/release.ts";
import { encodeIndex } from "../../worker/policy/osv/index-file.ts";
import type { AdvisoryEntry, OsvRecord } from "../../worker/policy/osv/record.ts";
import type { ProjectName } from "../../worker/pypi/name.ts";
import { bytesOf, zip } from "../support/archive.ts";
import { DEMO, OLD, YOUNG } from "../support/guarded.ts";
import { filesOn } from "../support/hosted.ts";
import { demoRecord, osvFixture } from "../support/osv.ts";
import { ADMIN_TOKEN, filePath, Rig } from "../support/rig.ts";

const exportOf = (records: readonly OsvRecord[], more: { name: string; content: string }[] = []) =>
  zip([...records.map((record) => ({ name: `${record.id}.json`, content: JSON.stringify(record) })), ...more]);

/** As `pypi-edge osv load` does it. */
async function fileOf(archive: Uint8Array) {
  const reads: number[] = [];
  const made = await indexFileOf(archive.byteLength, async (offset, length) => {
    reads.push(length);
    return archive.slice(offset, offset + length);
  });
  return { ...made, reads };
}

const guarded = () => new Rig({ INDEXES: { default: { sources: ["pypi"], policy: { malware: "enforce" } } } });

async function put(rig: Rig, body: BodyInit, query = "", token = ADMIN_TOKEN) {
  const headers = { Authorization: `Bearer ${token}` };
  const { response, settled } = await rig.open(`/-/api/advisories${query}`, { method: "PUT", body, headers });
  const text = await response.text();
  await settled();
  return { status: response.status, text };
}

const many = (count: number) => Array.from({ length: count }, (_, at) => demoRecord(`MAL-${at}`, {}, `1.${at}`));

describe("an index that is loaded", () => {
  test("decides from then on, and stands in the audit log", async () => {
    const rig = guarded();
    await rig.upstream.publish("demo", [OLD, YOUNG], DEMO);
    const { file, unreadable } = await fileOf(
      await exportOf([demoRecord("MAL-1", {}, "2.0"), await osvFixture("MAL-2026-4750")]),
    );
    expect(unreadable).toEqual([]);
    const answer = await put(rig, file);
    expect([answer.status, JSON.parse(answer.text)]).toEqual([
      200,
      { loaded: true, records: 2, entries: 1, checked: new Date(rig.now).toISOString() },
    ]);
    expect(filesOn(await rig.page("demo"))).toEqual([OLD.filename]);
    expect((await rig.get(filePath(YOUNG.filename))).status).toBe(403);
    const audit = await rig.get("/-/api/audit", { Authorization: `Bearer ${ADMIN_TOKEN}` });
    expect(auditLine.parse(JSON.parse(audit.text()))).toMatchObject({ action: "advisories.load", index: "*" });
  });

  test("that would lose more than a tenth is refused, unless that is meant", async () => {
    const rig = guarded();
    const [all, less, few] = await Promise.all(
      [20, 18, 16].map(async (n) => (await fileOf(await exportOf(many(n)))).file),
    );
    expect((await put(rig, all ?? "")).status).toBe(200);
    expect((await put(rig, less ?? "")).status).toBe(200);
    expect((await put(rig, few ?? "")).status).toBe(422);
    expect((await put(rig, few ?? "", "?fewer=true")).status).toBe(200);
  });

  test.each([
    ["it is none", "something else"],
    ["it is an export itself", zip([])],
  ])("is refused where %s", async (_, body) => {
    const rig = guarded();
    expect((await put(rig, await body)).status).toBe(422);
    expect((await rig.services.advisoryIndex.state()).isLoaded).toBe(false);
  });

  test("is refused where its entries are malformed", async () => {
    const entry = { id: "MAL-1", versions: [["1.0"]] } as unknown as AdvisoryEntry;
    const entries = new Map([["demo" as ProjectName, [entry]]]);
    const answer = await put(guarded(), encodeIndex({ entries, records: new Map() }));
    expect([answer.status, answer.text]).toEqual([422, expect.stringContaining("what it says of demo is malformed")]);
  });

  test("needs the admin of the installation", async () => {
    expect((await put(guarded(), "x", "", "another-token-for-the-tests")).status).toBe(401);
  });
});

describe("an export", () => {
  test("is read in stretches, and what cannot be read in it is named", async () => {
    const filler = { name: "notes.txt", content: "x".repeat(1_000) };
    const bad = { name: "BAD-1.json", content: "{" };
    const other = { name: "GHSA-9.json", content: JSON.stringify(demoRecord("GHSA-1", {}, "1.0")) };
    const { unreadable, reads } = await fileOf(await exportOf(many(3), [filler, bad, other]));
    expect(unreadable).toEqual(["BAD-1", "GHSA-9"]);
    expect(reads.length).toBeLessThan(4);
  });

  test("without records, and what is no archive, is none", async () => {
    await expect(fileOf(await zip([{ name: "notes.txt", content: "x" }]))).rejects.toThrow("it has no records");
    await expect(fileOf(bytesOf("something else"))).rejects.toThrow("it has no ZIP directory");
  });
});
