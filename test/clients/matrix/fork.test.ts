import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, delimiter, join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { removeDirectory, temporaryDirectory } from "../../../cli/demo/leftovers.ts";
import { buildWheel } from "../../../cli/demo/wheel.ts";
import { releasedProject } from "../../../schema/release.ts";
import { parseProjectName } from "../../../worker/pypi/name.ts";
import { Place } from "../../support/node/clients/place.ts";
import type { ClientName } from "../../support/node/clients/table.ts";
import { killedAfter, pypiEdge } from "../../support/node/command.ts";
import { readWheel } from "../../support/node/fake-index/content.ts";
import type { Distribution } from "../../support/node/fake-index/distribution.ts";
import { fakeIndex } from "../../support/node/fake-index/fake-index.ts";
import { buildSdist } from "../../support/node/fake-index/sdist.ts";
import { provideWheels } from "../../support/node/provision.ts";
import { Rig } from "../../support/node/rig.ts";
import { actor } from "../cast.ts";

/*
 * Real sdists of three build backends, patched, built with them, and installed by each client: setuptools, flit-core, hatchling. The upstream
 * has a newer release of tomli.
 */

const FIXTURES = join(import.meta.dirname, "../../fixtures/sdists");
const BACKENDS = ["flit-core==4.2.0", "hatchling==1.33.0", "setuptools"];
const PATIENCE = 600_000;
// KILLS makes them fewer, or more.
const KILLS = Number(process.env["KILLS"] ?? 20);

/** What is patched, and what the patch does: a line is added that says so. */
const PATCHED = [
  { project: "sampleproject", version: "4.0.0", at: "src/sample/__init__.py", module: "sample" },
  { project: "tomli", version: "2.5.0", at: "src/tomli/__init__.py", module: "tomli" },
  { project: "python-multipart", version: "0.0.34", at: "python_multipart/__init__.py", module: "python_multipart" },
];

/** What each client chooses. `==` ignores the local label of a candidate (PEP 440, "Version matching"): the fork is chosen, as the highest. */
const CHOICES: readonly (readonly [requirement: string, chosen: string])[] = [
  ["sampleproject>=4.0.0", "4.0.0+team.1"],
  ["python-multipart==0.0.34", "0.0.34+team.1"],
  ["python-multipart==0.0.34+team.1", "0.0.34+team.1"],
  ["tomli>=2.5.0", "2.6.0"],
  ["tomli<2.6", "2.5.0+team.1"],
];

const CLIENTS: readonly ClientName[] = ["pip", "uv-pip", "uv-project", "poetry", "pdm"];

const folder = temporaryDirectory();
const uv = inject("supplies").homes["uv-pip"];
let rig: Rig;
let canBuild = false;

beforeAll(async () => {
  const backends = await Promise.all(BACKENDS.map(provideWheels));
  canBuild = uv !== undefined && backends.every((each) => each !== null);
  if (!canBuild) return;
  const wheels = backends.flatMap((each) => readdirSync(each ?? "").map((name) => join(each ?? "", name)));
  const content: Distribution[] = [
    ...(await Promise.all([...new Map(wheels.map((path) => [basename(path), path])).values()].map(readWheel))),
    ...readdirSync(FIXTURES).map(sdistAt),
    await buildWheel({ name: "tomli", version: "2.6.0" }),
    await buildWheel({ name: "peppercorn", version: "1.0" }),
    buildSdist("quick", "1.0"),
  ].map((each) => ({ ...each, project: parseProjectName(each.project) }));
  writeFileSync(
    join(folder, "team.toml"),
    '[vars.INDEXES.default]\nsources = ["pypi"]\n[vars.INDEXES.team]\nhosted = true\nread = "anyone"\nsources = ["default"]\nmerge = ["sampleproject", "tomli", "python-multipart", "quick"]\n',
  );
  rig = await Rig.open(
    fakeIndex(content, () => "pypi"),
    "--config",
    join(folder, "team.toml"),
  );
}, PATIENCE);
afterAll(async () => {
  await rig?.close();
  removeDirectory(folder);
});

function sdistAt(filename: string): Distribution {
  const bytes = readFileSync(join(FIXTURES, filename));
  const [, name = "", version = ""] = /^(.+)-([^-]+)\.tar\.gz$/.exec(filename) ?? [];
  return { project: name, version, filename, bytes, sha256: createHash("sha256").update(bytes).digest("hex") };
}

/** Adds a file to a project: the least that a patch can do without its text. */
function writePatch(name: string, path: string, line: string): string {
  const file = join(folder, name);
  writeFileSync(file, `--- /dev/null\n+++ b/${path}\n@@ -0,0 +1 @@\n+${line}\n`);
  return file;
}

const withUv = () => ({ PATH: [join(uv?.site ?? "", "bin"), process.env["PATH"]].join(delimiter) });

const pypiEdgeHere = (...args: string[]) => pypiEdge([...args, "--state", rig.state], folder, withUv());

describe("a fork", () => {
  test.each(PATCHED)("of $project is built by its own backend, and hosted", async ({ project, version, at }) => {
    if (!canBuild) return;
    const patch = writePatch(`${project}.patch`, at.replace("__init__", "patched"), "PATCHED = True");
    const args = ["patch", `${project}==${version}`, "--patch", patch, "--reason", "not merged", "--index", "team"];
    const { code, output, stdout } = await pypiEdgeHere(...args);
    expect(output).toContain(`${project}.patch: applied, 1 file changed.`);
    const module = project.replaceAll("-", "_");
    const files = [`${module}-${version}+team.1.tar.gz`, `${module}-${version}+team.1-py3-none-any.whl`];
    expect([code, stdout]).toEqual([0, `${project} ${version}+team.1 in team is there now: ${files.join(", ")}.\n`]);
    const again = await pypiEdgeHere(...args);
    expect([again.code, again.stdout]).toEqual([0, expect.stringContaining("was there already")]);
  });

  describe.each(CLIENTS)("for %s", (name) => {
    const { available, client } = actor(name);
    test.skipIf(!available).each(CHOICES)("%s is %s", async (requirement, chosen) => {
      if (!canBuild) return;
      const place = await Place.make();
      try {
        const index = rig.index.replace("/simple/", "/team/simple/");
        const { code, output } = await client().install(requirement, index, place);
        expect(code, output).toBe(0);
        const [project = ""] = /^[\w-]+/.exec(requirement) ?? [];
        const said = await place.python(`from importlib.metadata import version; print(version("${project}"))`);
        expect(said.output.trim()).toBe(chosen);
        const { module = "" } = PATCHED.find((each) => each.project === project) ?? {};
        const tried = await place.python(`from ${module}.patched import PATCHED; print(PATCHED)`);
        expect(tried.code === 0).toBe(chosen.includes("+"));
      } finally {
        place.remove();
      }
    });
  });

  test("is listed with the upstream's newest release, on which its patches are tried, and retired", async () => {
    if (!canBuild) return;
    const { code, stdout } = await pypiEdgeHere("forks", "list", "--index", "team", "--json");
    const { forks } = JSON.parse(stdout) as {
      forks: { fork: { project: string }; state: string; applies?: unknown }[];
    };
    const of = (project: string) => forks.find(({ fork }) => fork.project === project);
    expect([code, of("sampleproject")?.state, of("tomli")?.state]).toEqual([0, "current", "outdated"]);
    expect(of("tomli")?.applies).toMatch(/^tomli 2\.6\.0 has no sdist/);
    const dropped = await pypiEdgeHere("forks", "drop", "tomli", "--index", "team");
    expect([dropped.code, dropped.stdout]).toEqual([
      0,
      expect.stringContaining("tomli 2.5.0+team.1 in team is yanked (The fork was retired.) now"),
    ]);
  });

  test("of a name that the index would hide is refused, and one whose patch does not apply", async () => {
    if (!canBuild) return;
    const patch = writePatch("none.patch", "x.py", "x = 1");
    const refused = await pypiEdgeHere("patch", "flit-core==4.2.0", "--patch", patch, "--reason", "x");
    expect([refused.code, refused.output]).toEqual([1, expect.stringContaining('merge = ["flit-core"]')]);
    const mistyped = await pypiEdgeHere("patch", "flit-kore==4.2.0", "--patch", patch, "--reason", "x");
    expect([mistyped.code, mistyped.output]).toEqual([1, expect.stringContaining("The index has no such project.")]);
    expect(mistyped.output).not.toContain("merge");
    writeFileSync(patch, "--- a/setup.py\n+++ b/setup.py\n@@ -1 +1 @@\n-a\n+b\n");
    const args = ["patch", "sampleproject==4.0.0", "--patch", patch, "--reason", "x"];
    const unapplied = await pypiEdgeHere(...args);
    expect([unapplied.code, unapplied.output]).toEqual([
      1,
      expect.stringContaining("none.patch does not apply: setup.py"),
    ]);
  });

  test(`that is killed at ${KILLS} moments is whole after another run`, { timeout: PATIENCE }, async () => {
    if (!canBuild) return;
    const command = (patch: string) => ["patch", "quick==1.0", "--patch", patch, "--reason", "x", "--state", rig.state];
    const first = writePatch("quick-0.patch", "quick/p.py", "x = 0");
    const began = performance.now();
    expect((await pypiEdgeHere(...command(first).slice(0, -2))).code).toBe(0);
    const whole = performance.now() - began;
    for (let kill = 1; kill <= KILLS; kill++) {
      const patch = writePatch(`quick-${kill}.patch`, "quick/p.py", `x = ${kill}`);
      await killedAfter(command(patch), folder, (whole * kill) / (KILLS + 1), withUv());
      const { code, output } = await pypiEdgeHere(...command(patch).slice(0, -2));
      expect(code, output).toBe(0);
    }
    const { stdout } = await pypiEdgeHere("release", "show", "quick", "--index", "team", "--json");
    const { versions } = releasedProject.parse(JSON.parse(stdout));
    expect(versions.map(({ version, files }) => [version, files.length])).toEqual(
      Array.from({ length: KILLS + 1 }, (_, at) => [`1.0+team.${at + 1}`, 2]),
    );
  });
});
