/** Peers' virtual environments, made once from the wheelhouse and kept between runs. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { onExit } from "./cleanup.ts";
import { run } from "./processes.ts";
import { REPOSITORY_ROOT, findProgram } from "./tools.ts";

const CACHE = join(REPOSITORY_ROOT, "node_modules/.cache/pypi-edge-bench");

/** The `bin` directory of an environment that holds `packages`. */
export async function virtualEnvironment(
  name: string,
  packages: readonly string[],
  wheelhouse: string,
): Promise<string> {
  const directory = join(CACHE, name);
  const marker = join(directory, "complete");
  // Its scripts name its own path: a folder that was moved is made anew.
  const wanted = [directory, ...packages].join(" ");
  const bin = join(directory, "bin");
  if (existsSync(marker) && readFileSync(marker, "utf8") === wanted) return bin;

  rmSync(directory, { recursive: true, force: true });
  mkdirSync(CACHE, { recursive: true });
  const done = onExit(() => rmSync(directory, { recursive: true, force: true }));
  await createEmpty(directory);
  await run(
    [join(bin, "pip"), "install", "--quiet", "--no-index", "--find-links", wheelhouse, ...packages],
    { env: pipEnvironment() },
    300_000,
  );
  writeFileSync(marker, wanted);
  done();
  return bin;
}

/**
 * The distribution's Python comes first: one that was built by hand is often built without optimisation, a third slower,
 * and would flatter us.
 */
async function createEmpty(directory: string): Promise<void> {
  const onPath = findProgram("python3.11", "python3") ?? "python3";
  let failure: unknown;
  for (const python of ["/usr/bin/python3.11", onPath]) {
    try {
      await run([python, "-m", "venv", "--clear", directory]);
      return;
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

/** A pip that sees nothing but its command line. */
function pipEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith("PIP_"));
  return {
    ...Object.fromEntries(kept),
    PIP_CONFIG_FILE: "/dev/null",
    PIP_DISABLE_PIP_VERSION_CHECK: "1",
  };
}
