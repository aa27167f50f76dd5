import { spawn } from "node:child_process";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, inject, test } from "vitest";
import { wronglyJudgedOfTheNewestLog } from "../../provenance/newest-log.ts";
import { BASES, judged, mutants, wronglyJudged } from "../../provenance/bases.ts";

const SCRIPT = join(import.meta.dirname, "..", "validators", "attestations.py");

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

test("refuses 10,000 that were changed in any way of those that the newest kind of log has", async () => {
  expect(await wronglyJudgedOfTheNewestLog(10_000, 3)).toEqual([]);
});

test("refuses 10,000 provenance objects that were changed in any way", () => {
  expect(wronglyJudged(10_000, 3)).toEqual([]);
});
