import { execFile } from "node:child_process";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, expect, test } from "vitest";
import { removeDirectory, temporaryDirectory } from "../../cli/demo/leftovers.ts";
import { parseYaml } from "../support/node/yaml.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const read = (name: string) => readFileSync(join(ROOT, name), "utf8");

const { version, scripts } = JSON.parse(read("package.json")) as { version: string; scripts: Record<string, string> };

interface Step {
  readonly name?: string;
  readonly run?: string;
  readonly uses?: string;
}

interface Workflow {
  readonly permissions: unknown;
  readonly jobs: Readonly<Record<string, { readonly needs?: string; readonly steps: readonly Step[] }>>;
}

const workflow = parseYaml(read(".github/workflows/release.yml")) as unknown as Workflow;
const steps = Object.values(workflow.jobs).flatMap((job) => job.steps);

const work = temporaryDirectory();
afterAll(() => removeDirectory(work));

test("the version is the same wherever it stands", () => {
  const lock = JSON.parse(read("package-lock.json")) as { version: string; packages: { "": { version: string } } };
  const pages = read("README.md") + read("docs/self-host.md");
  const named = [...pages.matchAll(/pypi-edge[-:](\d+\.\d+\.\d+)/g)].map(([, each]) => each);
  expect(named.length).toBeGreaterThan(1);
  expect(new Set([lock.version, lock.packages[""].version, ...named])).toEqual(new Set([version]));
  expect(/^## (\S+) \((?:unreleased|\d{4}-\d\d-\d\d)\)$/m.exec(read("CHANGELOG.md"))?.[1]).toBe(version);
});

test("a release is published by what was tested, and names scripts that exist", () => {
  const { test: tested, ...publishing } = workflow.jobs;
  expect(Object.values(publishing).map(({ needs }) => needs)).toEqual(["test", "test", "image"]);
  const lines = steps.flatMap(({ run = "" }) => [...run.matchAll(/npm run ([\w:]+)/g)].map(([, name = ""]) => name));
  expect(lines.filter((name) => !(name in scripts))).toEqual([]);
  expect(tested?.steps.map(({ run }) => run)).toEqual(expect.arrayContaining(["npm ci", "npm run check", "npm test"]));
  // Actions that others wrote could publish what they like.
  expect(steps.flatMap(({ uses = "" }) => (uses === "" || uses.startsWith("actions/") ? [] : [uses]))).toEqual([]);
});

test.each([
  ["its tag is not the version", "v99.0.0", "2026-12-01", "The tag is v99.0.0"],
  ["the changelog has no day", `v${version}`, "unreleased", "CHANGELOG.md has no chapter"],
  ["all is in order", `v${version}`, "2026-12-01", ""],
])("a release is refused, or not, where %s", async (_what, tag, day, sentence) => {
  cpSync(join(ROOT, "package.json"), join(work, "package.json"));
  writeFileSync(join(work, "CHANGELOG.md"), `# Changelog\n\n## ${version} (${day})\n`);
  const script = steps.find(({ name }) => name?.startsWith("The tag is the version"))?.run ?? "false";
  const env = { ...process.env, GITHUB_REF_NAME: tag };
  const said = await promisify(execFile)("bash", ["-e", "-c", script], { cwd: work, env }).then(
    () => "",
    ({ stderr }: { stderr: string }) => stderr,
  );
  expect(said).toContain(sentence);
  expect(said === "").toBe(sentence === "");
});
