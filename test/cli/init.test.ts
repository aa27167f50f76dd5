import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { readWanted } from "../../cli/deploy/wanted.ts";
import { writeFolder } from "../../cli/init/own-folder.ts";
import { serveCommand } from "../../cli/serve/options.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "pypi-edge-init-"));
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

const init = (name: string, named?: string) => writeFolder(join(folder, name), named, "1.2.3");

test("the folder has a configuration that can be deployed as it is, and depends on pypi-edge alone", async () => {
  await init("Acme-PyPI");
  const made = join(folder, "Acme-PyPI");
  expect(readdirSync(made).toSorted()).toEqual([".gitignore", "package.json", "pypi-edge.toml"]);
  expect(JSON.parse(readFileSync(join(made, "package.json"), "utf8"))).toEqual({
    name: "acme-pypi",
    private: true,
    scripts: { start: "pypi-edge serve", deploy: "pypi-edge deploy" },
    dependencies: { "pypi-edge": "^1.2.3" },
  });
  const { name, names, queues } = readWanted(join(made, "pypi-edge.toml"), {});
  expect([name, names.files, names.database, queues[0]]).toEqual([
    "acme-pypi",
    "acme-pypi-files",
    "acme-pypi",
    "acme-pypi-fills",
  ]);
});

test("what its comments offer can be switched on", async () => {
  await init("acme");
  const file = join(folder, "acme", "pypi-edge.toml");
  writeFileSync(file, readFileSync(file, "utf8").replaceAll(/^# (?=\w+ = )/gm, ""));
  expect(readWanted(file, {})).toMatchObject({ location: "weur", domain: "pypi.example.com", isFree: true });
});

test("a repository that has just been made will do; anything else in the folder is left alone", async () => {
  mkdirSync(join(folder, "acme", ".git"), { recursive: true });
  await init("acme");
  const before = readFileSync(join(folder, "acme", "package.json"), "utf8");
  await expect(init("acme", "other")).rejects.toThrow(
    `${join(folder, "acme")} is not empty (it has .gitignore): nothing was written.`,
  );
  expect(readFileSync(join(folder, "acme", "package.json"), "utf8")).toBe(before);
});

test("a folder whose name cannot be a deployment's is refused with what to do", async () => {
  await expect(init("_x")).rejects.toThrow(
    'The name _x must be 2 to 48 lower-case letters, digits and "-", a letter first and no "-" last. Give the deployment another name than the folder\'s with --name NAME.',
  );
  expect(readdirSync(folder)).toEqual([]);
  await init("_x", "acme");
});

test("a place that cannot be written is named", async () => {
  writeFileSync(join(folder, "file"), "");
  await expect(init("file")).rejects.toThrow(`${join(folder, "file")} cannot be written: `);
});

test("pypi-edge serve takes the configuration of the folder that it is started in", async () => {
  vi.spyOn(process, "cwd").mockReturnValue(folder);
  const configured = async (...args: string[]) => {
    const taken: (string | undefined)[] = [];
    await serveCommand(({ config }) => Promise.resolve(void taken.push(config))).parseAsync(args, { from: "user" });
    return taken;
  };
  expect(await configured()).toEqual([undefined]);
  writeFileSync(join(folder, "pypi-edge.toml"), "[vars]\n");
  expect(await configured()).toEqual([join(folder, "pypi-edge.toml")]);
  expect(await configured("--config", "other.toml")).toEqual([join(folder, "other.toml")]);
});
