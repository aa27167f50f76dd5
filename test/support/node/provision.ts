import { existsSync, mkdirSync, renameSync } from "node:fs";
import { join, resolve } from "node:path";
import { bareVariables, environmentAt, freshEnvironment, type Environment } from "../../../cli/demo/environment.ts";
import { removeDirectory, temporaryDirectory } from "../../../cli/demo/leftovers.ts";
import { run } from "../../../cli/demo/process.ts";

const CACHE = resolve(import.meta.dirname, "../../../node_modules/.cache/pypi-edge-clients");

/**
 * A virtual environment with `requirements` in it, from the cache or made now; null when they cannot be had here.
 * Modules are to be run as `python -m`: a script would name the directory in which it was installed.
 */
export async function provideEnvironment(requirements: readonly string[]): Promise<Environment | null> {
  const directory = await once(["environment", ...requirements], async (draft) => {
    const environment = await freshEnvironment("python3", draft).catch(() => null);
    return environment !== null && (await installed(requirements, environment));
  });
  return directory === null ? null : environmentAt(directory);
}

const UV = "uv==0.13.9";

/** Ten times as fast as pip, and it can be told of the wheelhouse alone: the user's own pip configuration says nothing to it. */
let uv: Promise<string | null> | undefined;

async function installed(requirements: readonly string[], { python, site }: Environment): Promise<boolean> {
  const house = process.env["WHEELHOUSE"];
  if (house && !requirements.includes(UV)) {
    uv ??= provideEnvironment([UV]).then((environment) => environment && join(environment.site, "bin", "uv"));
    const binary = await uv;
    if (binary !== null) {
      const options = [
        "--quiet",
        "--no-config",
        "--cache-dir",
        join(CACHE, "uv"),
        "--no-index",
        "--find-links",
        resolve(house),
      ];
      const into = ["--python", python, "--target", site];
      const env = bareVariables();
      return (await run(binary, ["pip", "install", ...options, ...into, ...requirements], { env })).code === 0;
    }
  }
  return pip(["install", "--target", site, ...requirements]);
}

/** A directory with wheels of `requirement` and of all that it needs; null when they cannot be had here. */
export function provideWheels(requirement: string): Promise<string | null> {
  return once(["wheels", requirement], (draft) =>
    pip(["download", "--only-binary", ":all:", "--dest", draft, requirement]),
  );
}

async function pip([command, ...rest]: readonly [string, ...string[]]): Promise<boolean> {
  const wheelhouse = process.env["WHEELHOUSE"];
  // Without a wheelhouse the user's own configuration counts; one retry, so that a machine without a network skips soon.
  const source = wheelhouse
    ? ["--no-index", "--find-links", resolve(wheelhouse)]
    : ["--retries", "1", "--timeout", "10"];
  const env = wheelhouse ? bareVariables() : process.env;
  const options = ["--quiet", "--disable-pip-version-check"];
  const args = ["-m", "pip", command, ...options, ...source, ...rest];
  const { code } = await run("python3", args, { env, timeoutMs: 300_000 });
  return code === 0;
}

// Made under another name and renamed when complete: two runs may make the same, and an interrupted one leaves nothing.
async function once(key: readonly string[], make: (directory: string) => Promise<boolean>): Promise<string | null> {
  const version = await run("python3", ["-c", "import sys; print(sys.implementation.cache_tag)"]);
  if (version.code !== 0) return null;
  const name = [...key, version.output.trim()].join("_").replace(/[^\w.-]+/g, "-");
  const directory = join(CACHE, name);
  if (existsSync(directory)) return directory;
  mkdirSync(CACHE, { recursive: true });
  const draft = temporaryDirectory(CACHE);
  try {
    if (!(await make(draft))) return null;
    if (!existsSync(directory)) renameSync(draft, directory);
    return directory;
  } finally {
    removeDirectory(draft);
  }
}
