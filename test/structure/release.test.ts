import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
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
  // Actions that others wrote, or that a tag leads to tomorrow, could publish what they like.
  const actions = steps.flatMap(({ uses }) => uses ?? []);
  expect(actions.filter((uses) => !/^actions\/[\w-]+@[0-9a-f]{40}$/.test(uses))).toEqual([]);
});

/** Runs a step in a folder that has these files, and returns what it writes to stderr where it fails; empty: it ends with 0. */
async function refusalOf(step: string, files: Readonly<Record<string, string>>, variables: Record<string, string>) {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(work, name), text);
  const script = steps.find(({ name }) => name?.startsWith(step))?.run ?? "false";
  const env = { ...process.env, ...variables };
  return promisify(execFile)("bash", ["-e", "-c", script], { cwd: work, env }).then(
    () => "",
    ({ stderr }: { stderr: string }) => stderr || "it says nothing",
  );
}

test.each([
  ["its tag is not the version", "v99.0.0", "2026-12-01", "The tag is v99.0.0"],
  ["the changelog has no day", `v${version}`, "unreleased", "CHANGELOG.md has no chapter"],
  ["all is in order", `v${version}`, "2026-12-01", ""],
])("a release is refused, or not, where %s", async (_what, tag, day, sentence) => {
  const files = {
    "package.json": read("package.json"),
    "CHANGELOG.md": `# Changelog\n\n## ${version} (${day})\n`,
  };
  const said = await refusalOf("The tag is the version", files, { GITHUB_REF_NAME: tag });
  expect(said).toContain(sentence);
  expect(said === "").toBe(sentence === "");
});

test.each([
  ["there is none", {}, 'has the repository ""'],
  ["it is another one", { repository: "github:else/pypi-edge" }, 'has the repository "github:else/pypi-edge"'],
  ["its name is longer", { repository: { url: "https://github.com/acme/pypi-edge-2" } }, "has the repository"],
  ["it is this one", { repository: { url: "git+https://github.com/acme/pypi-edge.git" } }, ""],
  ["it is this one in short", { repository: "github:acme/pypi-edge" }, ""],
])("a release is refused, or not, by the repository in package.json: %s", async (_what, fields, sentence) => {
  const files = { "package.json": JSON.stringify(fields) };
  const said = await refusalOf("The package says where", files, { GITHUB_REPOSITORY: "acme/pypi-edge" });
  expect(said).toContain(sentence);
  expect(said === "").toBe(sentence === "");
});
