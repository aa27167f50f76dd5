import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { removeDirectory, temporaryDirectory } from "../../../cli/demo/leftovers.ts";
import { buildWheel } from "../../../cli/demo/wheel.ts";
import { fakeIndex } from "../../support/node/fake-index/fake-index.ts";
import { keeping, sixtyDaysLater, uploadAll } from "../../support/node/kept-team.ts";
import { Rig } from "../../support/node/rig.ts";
import { Team } from "../../support/node/team.ts";
import { consoleBlocks, replay } from "../../support/node/transcript.ts";

const PAGE = readFileSync(join(import.meta.dirname, "../../../docs/private-index.md"), "utf8");

const folder = temporaryDirectory();
afterAll(() => removeDirectory(folder));

test("docs/private-index.md: what an index does not keep is listed, goes, and is restored, as the page has it", async () => {
  const rig = await Rig.open(
    fakeIndex([], () => "pypi"),
    ...keeping(folder, '{ dev = "30d", per_project = 2 }'),
  );
  try {
    const team = new Team(rig);
    const versions = ["1.0", "1.1", "1.2.dev1", "1.2"];
    const wheels = await Promise.all(versions.map((version) => buildWheel({ name: "acme-tools", version })));
    await uploadAll(team, await team.token({ scopes: ["upload"], name: "acme release" }), wheels);
    sixtyDaysLater(rig);
    const [block = ""] = consoleBlocks(PAGE, "## Releases that are kept");
    const token = readFileSync(join(rig.state, "admin-token"), "utf8").trim();
    const env = { PYPI_EDGE_URL: new URL("/", rig.index).href, PYPI_EDGE_TOKEN: token };
    expect(normal(await replay(block, { folder, env }))).toBe(normal(block));
    expect((await team.hosted("acme-tools")).map(({ filename }) => filename.split("-")[1])).toEqual([
      "1.0",
      "1.1",
      "1.2",
    ]);
  } finally {
    await rig.close();
  }
}, 120_000);

/** Without what differs from run to run. */
const normal = (text: string) =>
  text
    .replaceAll(/[\d.,]+ (?:bytes|k?B\b)/g, "N bytes")
    .replaceAll(/\d{4}-\d\d-\d\d(?: \d\d:\d\d:\d\d)?/g, "DAY")
    .replaceAll(/\n+/g, "\n")
    .replaceAll(/ {2,}/g, "  ")
    .trim();
