import { globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "..", "..");

/** What each part of the house may import of ours, beside itself. ARCHITECTURE.md has the reasons. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  "worker/duration": [],
  "worker/errors": [],
  "worker/pypi": ["worker/errors"],
  "worker/platform": ["schema"],
  "worker/repository": ["worker/pypi", "worker/errors"],
  "worker/policy": ["worker/pypi"],
  // cli builds an index where a plan is too small for the job.
  "worker/advisories": ["worker/policy", "worker/repository", "worker/pypi", "worker/errors", "schema"],
  "worker/provenance": ["worker/pypi", "schema"],
  "worker/layers": ["worker/policy", "worker/platform", "worker/repository", "worker/pypi", "worker/errors"],
  "worker/log": ["worker/platform", "worker/repository", "worker/pypi", "worker/errors"],
  schema: ["worker/pypi"],
  "worker/storage/moving": ["worker/storage", "worker/platform", "worker/repository", "worker/errors", "schema"],
  "worker/storage": [
    "worker/carrying",
    "worker/mirroring",
    "worker/storage/moving",
    "worker/policy",
    "worker/platform",
    "worker/auth",
    "worker/publishing",
    "worker/repository",
    "worker/pypi",
    "worker/errors",
    "schema",
  ],
  "worker/auth": ["worker/repository", "worker/pypi", "worker/errors", "schema"],
  "worker/publishing": ["worker/auth", "worker/repository", "worker/pypi", "worker/errors"],
  "worker/upstream": ["worker/auth", "worker/platform", "worker/repository", "worker/pypi", "worker/errors", "schema"],
  "worker/locks/formats": ["worker/pypi", "worker/errors"],
  "worker/locks/mapping": ["worker/locks/formats", "worker/pypi", "worker/errors"],
  "worker/locks": [
    "worker/locks/formats",
    "worker/layers",
    "worker/platform",
    "worker/repository",
    "worker/pypi",
    "worker/errors",
  ],
  "worker/carrying": ["worker/auth", "worker/repository", "worker/pypi", "worker/errors", "schema"],
  "worker/mirroring": ["worker/auth", "worker/repository", "worker/pypi", "worker/errors", "schema"],
  "worker/http": [
    "worker/advisories",
    "worker/auth",
    "worker/carrying",
    "worker/mirroring",
    "worker/publishing",
    "worker/locks",
    "worker/locks/formats",
    "worker/locks/mapping",
    "worker/log",
    "worker/platform",
    "worker/repository",
    "worker/pypi",
    "worker/errors",
    "schema",
  ],
  "worker/jobs": [
    "worker/advisories",
    "worker/mirroring",
    "worker/platform",
    "worker/repository",
    "worker/pypi",
    "worker/errors",
    "schema",
  ],
  "worker/notify": ["worker/platform", "worker/repository", "worker/errors"],
  "worker/readme": ["worker/repository", "worker/pypi"],
  "worker/ui": ["worker/http", "worker/readme", "worker/repository", "worker/pypi", "worker/errors", "schema"],
  "worker/compose": [
    "worker/advisories",
    "worker/auth",
    "worker/carrying",
    "worker/mirroring",
    "worker/layers",
    "worker/notify",
    "worker/platform",
    "worker/policy",
    "worker/provenance",
    "worker/publishing",
    "worker/pypi",
    "worker/repository",
    "worker/storage",
    "worker/upstream",
    "worker/errors",
    "schema",
  ],
  "worker/cloudflare": ["worker/platform", "worker/repository"],
  "worker/app": [
    "worker/compose",
    "worker/http",
    "worker/jobs",
    "worker/log",
    "worker/platform",
    "worker/ui",
    "worker/errors",
    "schema",
  ],
  "worker/worker": [
    "worker/app",
    "worker/compose",
    "worker/jobs",
    "worker/log",
    "worker/platform",
    "worker/repository",
    "schema",
  ],
  "worker/index": ["worker/worker", "worker/cloudflare", "schema"],
  server: [
    "worker/worker",
    "worker/storage/moving",
    "worker/jobs",
    "worker/log",
    "worker/platform",
    "worker/pypi",
    "worker/errors",
    "schema",
  ],
  // GitHub's runner has no package but the action's own files.
  ci: [],
  cli: [
    "server",
    "worker/publishing",
    "worker/upstream",
    "worker/repository",
    "worker/advisories",
    "worker/locks/formats",
    "worker/locks/mapping",
    "worker/provenance",
    "worker/pypi",
    "worker/errors",
    "schema",
  ],
};

/** Units of time have one definition, for all parts. */
const FOR_ALL = "worker/duration";

const partOf = (file: string) =>
  Object.keys(MAY_IMPORT).find((part) => file.startsWith(`${part}/`) || file.startsWith(`${part}.`)) ?? "(none)";

const files = globSync("{worker,schema,server,cli,ci}/**/*.{ts,tsx}", { cwd: ROOT }).filter(
  (file) => !file.endsWith(".d.ts"),
);

test("every source file belongs to a part of the tree", () => {
  expect(files.length).toBeGreaterThan(30);
  expect(files.filter((file) => partOf(file) === "(none)")).toEqual([]);
});

test("dependencies point inward", () => {
  const forbidden: string[] = [];
  for (const file of files) {
    const own = partOf(file);
    for (const [, target = ""] of readFileSync(join(ROOT, file), "utf8").matchAll(
      /(?:from|import)\s*\(?\s*"(\.[^"]+)"/g,
    )) {
      const part = partOf(normalize(join(dirname(file), target)));
      if (part !== own && part !== FOR_ALL && !MAY_IMPORT[own]?.includes(part))
        forbidden.push(`${file} imports ${target}`);
    }
  }
  expect(forbidden).toEqual([]);
});

test("only worker/upstream and worker/notify fetch, and only worker/storage names keys of KV, R2 and the cache", () => {
  const calling = (pattern: RegExp) =>
    files.filter((file) => file.startsWith("worker/") && pattern.test(readFileSync(join(ROOT, file), "utf8")));
  expect(
    calling(/(?<![.\w])fetch\((?!request: |request, (?:env|work))/).filter(
      (file) => !/^worker\/(?:upstream|notify|cloudflare)\//.test(file),
    ),
  ).toEqual([]);
  expect(
    calling(/\.(?:getWithMetadata|createMultipartUpload|prepare)\(/).filter(
      (file) => !file.startsWith("worker/storage/"),
    ),
  ).toEqual([]);
});

test("no file is longer than 350 lines", () => {
  const long = [...files, ...globSync("test/**/*.ts", { cwd: ROOT })].filter(
    (file) => readFileSync(join(ROOT, file), "utf8").split("\n").length > 350,
  );
  expect(long).toEqual([]);
});
