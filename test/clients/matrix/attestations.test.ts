import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, inject, test } from "vitest";
import { wronglyJudgedOfTheNewestLog } from "../../provenance/newest-log.ts";
import { onGitHub, TestSigstore } from "../../support/sigstore/sigstore.ts";
import { BASES, judged, mutants, wronglyJudged } from "../../provenance/bases.ts";

const SCRIPT = join(import.meta.dirname, "..", "validators", "attestations.py");
const NEWEST = join(import.meta.dirname, "..", "validators", "rekor2.py");
const MADE = join(import.meta.dirname, "../../fixtures/attestations/rekor2.json");

interface Asked {
  readonly filename: string;
  readonly sha256: string;
  readonly text: string;
}

/** What pypi-attestations says of each. */
async function oracle(python: string, asked: readonly Asked[]): Promise<string[]> {
  const child = spawn(python, [SCRIPT], { stdio: ["pipe", "pipe", "inherit"] });
  child.stdin.end(asked.map((each) => `${JSON.stringify(each)}\n`).join(""));
  return (await text(child.stdout))
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as string);
}

const { validators } = inject("others");

test.skipIf(validators === null)(
  "pypi-attestations verifies the same files, and refuses what is refused here",
  async () => {
    const right = BASES.map(({ filename, sha256, text: object }) => ({ filename, sha256, text: object }));
    const other = right.map((each) => ({ ...each, sha256: "0".repeat(64) }));
    const changed = mutants(400, 7).map(({ base: { filename, sha256 }, text: object }) => ({
      filename,
      sha256,
      text: object,
    }));
    const said = await oracle(validators ?? "", [...right, ...other, ...changed]);
    expect(said.slice(0, right.length)).toEqual(right.map(() => "verified"));
    expect(BASES.map((base) => judged(base, base.text).state)).toEqual(right.map(() => "verified"));
    const verified = said.slice(right.length).filter((outcome) => outcome === "verified");
    // It takes some spellings that have one form here: `true` as version 1, spaces in base64, parts of a proof that it does not read.
    expect(verified.length).toBeLessThan(12);
    expect(said.slice(right.length, 2 * right.length).every((outcome) => outcome.includes("digest"))).toBe(true);
  },
);

test.skipIf(validators === null)(
  "sigstore verifies what upload --attest makes with Rekor 2, and refuses what a log has under another certificate",
  async () => {
    const sigstore = await TestSigstore.make("rekor2");
    const file = { filename: "demo-1.0.tar.gz", sha256: "d".repeat(64), ...onGitHub("acme/demo") };
    const said = async (asked: string) => {
      const child = spawn(validators ?? "", [NEWEST], { stdio: ["pipe", "pipe", "ignore"] });
      child.stdin.end(asked);
      return JSON.parse(await text(child.stdout)) as unknown;
    };
    const verified = ["application/vnd.in-toto+json", file.filename];
    expect(await said(readFileSync(MADE, "utf8"))).toEqual(verified);
    const { root } = sigstore;
    expect(await said(JSON.stringify({ root, attestation: await sigstore.attest(file) }))).toEqual(verified);
    const elsewhere = await sigstore.attest({ ...file, loggedAs: onGitHub("other/demo") });
    expect(await said(JSON.stringify({ root, attestation: elsewhere }))).toMatch(
      /^refused: .*inconsistent with other materials/,
    );
  },
);

test("refuses 10,000 that were changed in any way of those that the newest kind of log has", async () => {
  expect(await wronglyJudgedOfTheNewestLog(10_000, 3)).toEqual([]);
});

test("refuses 10,000 provenance objects that were changed in any way", () => {
  expect(wronglyJudged(10_000, 3)).toEqual([]);
});
