import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { removeDirectory, temporaryDirectory } from "../../../cli/demo/leftovers.ts";
import { buildWheel, type Wheel } from "../../../cli/demo/wheel.ts";
import { DAY, HOUR } from "../../../worker/duration.ts";
import { zip } from "../../support/archive.ts";
import { Place } from "../../support/node/clients/place.ts";
import { Rig } from "../../support/node/rig.ts";
import { consoleBlocks, replay } from "../../support/node/transcript.ts";
import { dated } from "../dated.ts";

const PAGE = readFileSync(join(import.meta.dirname, "../../../docs/guard.md"), "utf8");

/** `demo` has an old release, and one that was uploaded an hour ago; the old `parcel` has a vulnerability. */
const RELEASES = [
  { name: "demo", version: "1.0" },
  { name: "demo", version: "2.0" },
  { name: "parcel", version: "1.0" },
];
const AGES = { "1.0": 40 * DAY, "2.0": HOUR };

/** What the page calls 2026-11-01: between the two uploads. */
const BETWEEN = new Date(Date.now() - 2 * DAY).toISOString().slice(0, 10);

const work = temporaryDirectory();
const config = join(work, "guard.toml");
const uv = inject("supplies").homes["uv-pip"];
let wheels: readonly Wheel[];
let rig: Rig;

const OPEN = '[vars.INDEXES.default]\nsources = ["pypi"]\n';

beforeAll(async () => {
  wheels = await Promise.all(RELEASES.map(buildWheel));
  writeFileSync(config, OPEN);
  rig = await Rig.open(dated(wheels, AGES), "--config", config);
});
afterAll(async () => {
  await rig?.close();
  removeDirectory(work);
});

/** Has the recipe below a heading run, with the policy that it shows. Returns its block as it came out here, and as the page has it. */
async function follow(heading: string, files: Readonly<Record<string, string | Uint8Array>> = {}) {
  const chapter = PAGE.slice(PAGE.indexOf(`\n### ${heading}\n`) + 1).split(/\n##+ /)[0] ?? "";
  const [policy = ""] = [...chapter.matchAll(/```toml\n([^]*?)```/g)].map(([, text]) => text);
  const [block = ""] = consoleBlocks(PAGE, `### ${heading}`);
  await rig.stop();
  writeFileSync(config, OPEN + policy);
  await rig.startAnew();
  const place = await Place.make();
  try {
    for (const [name, content] of Object.entries(files)) writeFileSync(join(place.folder, name), content);
    const env = {
      PATH: `${join(uv?.site ?? "", "bin")}:${process.env["PATH"]}`,
      PYPI_EDGE_URL: new URL("/", rig.index).href,
      PYPI_EDGE_TOKEN: readFileSync(join(rig.state, "admin-token"), "utf8").trim(),
      UV_DEFAULT_INDEX: rig.index,
      UV_PYTHON: place.environment.python,
      UV_NO_CONFIG: "1",
      UV_NO_CACHE: "1",
      UV_PYTHON_DOWNLOADS: "never",
      COLUMNS: "1000",
    };
    const places = { "https://pypi.example.org": new URL(rig.index).origin, "2026-11-01": BETWEEN };
    const said = await replay(block, { folder: place.folder, env, places });
    return { said: normal(said), written: normal(block) };
  } finally {
    place.remove();
  }
}

/** Without times, ids, how many records there are, and how wide columns are. */
const normal = (text: string) =>
  text
    .replaceAll(/\d{4}-\d\d-\d\d(?:T[\d:.]+Z| \d\d:\d\d(?::\d\d)?)?/g, "TIME")
    .replaceAll(/\b[0-9a-f]{16}\b/g, "ID")
    .replaceAll(/ in \d+(?:\.\d+)?m?s$/gm, " in N ms")
    .replaceAll(/^Using Python .*\n/gm, "")
    .replaceAll(
      /^[\d,]+ records? (?:is|are) loaded, with [\d,]+ entr(?:y|ies)/gm,
      "N records are loaded, with N entries",
    )
    .replaceAll(/^─+$/gm, "─")
    .replaceAll(/ {2,}/g, "  ")
    .trimEnd();

test("a small team is refused a young release, exempts it, and has it", async ({ skip }) => {
  skip(uv === undefined);
  const { said, written } = await follow("A small team");
  expect(said).toBe(written);
});

test("a bank refuses what no advisories were compared with, sees what a lock meets, and exempts from an advisory", async ({
  skip,
}) => {
  skip(uv === undefined);
  const record = {
    id: "GHSA-44wm-f244-xhp3",
    database_specific: { severity: "CRITICAL" },
    affected: [{ package: { ecosystem: "PyPI", name: "parcel" }, versions: ["1.0"] }],
  };
  const lines = wheels.flatMap(({ project, version, sha256 }) =>
    project === "demo" && version === "1.0" ? [] : [`${project}==${version} --hash=sha256:${sha256}\n`],
  );
  const { said, written } = await follow("A bank", {
    "all.zip": await zip([{ name: `${record.id}.json`, content: JSON.stringify(record) }]),
    "requirements.txt": lines.join(""),
  });
  expect(said).toBe(written);
});

test("a research group installs what was there at a date", async ({ skip }) => {
  skip(uv === undefined);
  const { said, written } = await follow("A research group");
  expect(said).toBe(written);
});
