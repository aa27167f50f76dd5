import { copyFileSync, rmSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { temporaryDirectory } from "../../cli/demo/leftovers.ts";
import { pypiEdge } from "../support/node/command.ts";
import { FakeApi } from "../support/node/fake-api.ts";

const FIXTURES = join(import.meta.dirname, "..", "fixtures", "attestations");
const FILE = "pypi_attestations-0.0.19.tar.gz";

const api = new FakeApi();
const folder = temporaryDirectory();
beforeAll(() => api.start());
afterAll(async () => {
  await api.stop();
  rmSync(folder, { recursive: true });
});

/** Without an end: the one that this version has ends after a year. */
const ROOT = join(FIXTURES, "trusted_root.json");

const run = (what: string, ...args: string[]) =>
  pypiEdge(["provenance", what, "--root", ROOT, ...args, "--url", api.url, "--token", "t".repeat(20)], folder);

test("provenance says who built a file that one has, where and from what, and fails where that is not proven", async () => {
  const text = await readFile(join(FIXTURES, `${FILE}.provenance`), "utf8");
  api.answer = { status: 200, type: "application/vnd.pypi.integrity.v1+json", parts: [text] };
  copyFileSync(join(FIXTURES, FILE), join(folder, FILE));
  const verified = await run(FILE, "--index", "team");
  expect([verified.code, verified.output]).toEqual([0, expect.stringContaining(`${FILE}: verified`)]);
  expect(verified.output).toContain(
    "https://github.com/trailofbits/pypi-attestations/commit/08802efe1f8e5fec4ad842d6b8ce97656092ee72",
  );
  expect(api.sent.at(-1)?.url).toBe(`/team/integrity/pypi-attestations/0.0.19/${FILE}/provenance`);

  const staging = await run(FILE, "--root", join(FIXTURES, "trusted_root.staging.json"));
  expect([staging.code, staging.output]).toEqual([
    1,
    expect.stringContaining("not proven: its certificate is of no authority"),
  ]);

  writeFileSync(join(folder, FILE), "other bytes");
  const other = await run(FILE);
  expect([other.code, other.output]).toEqual([1, expect.stringContaining("it is about a file with another digest.")]);

  api.answer = { status: 404, type: "text/plain", parts: ["There is none."] };
  expect((await run(FILE)).output).toContain(`${FILE}: it has no provenance.`);
});

test("provenance verifies each file of a release, as the page lists them", async () => {
  const page = {
    files: [
      { filename: FILE, hashes: { sha256: "0".repeat(64) } },
      { filename: "pypi_attestations-0.0.2.tar.gz", hashes: {} },
    ],
  };
  api.answer = { status: 200, type: "application/json", parts: [JSON.stringify(page)] };
  const { code, output } = await run("pypi-attestations==0.0.19");
  expect([code, output]).toEqual([
    1,
    expect.stringContaining(`${FILE}: not proven: it is not a provenance object (PEP 740).`),
  ]);
  expect(output).toContain("1 of 1 file is not proven.");
  expect((await run("pypi-attestations==7")).output).toContain("The index lists no file of pypi-attestations 7.");
  expect((await run("no-such-file")).output).toContain("no-such-file is no file here, and no NAME==VERSION.");
});
