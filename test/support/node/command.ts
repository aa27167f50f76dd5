import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { run } from "../../../cli/demo/process.ts";

/** The commands as a package has them. The setup of each project that starts them has them built. */
export const CLI = join(import.meta.dirname, "../../..", "dist", "commands", "pypi-edge.js");

/**
 * Runs `pypi-edge` in a folder, with no profile, address or token of the person who runs the tests.
 *
 * @param env variables beside those of this process
 */
export function pypiEdge(args: readonly string[], cwd: string, env: NodeJS.ProcessEnv = {}): ReturnType<typeof run> {
  const {
    npm_lifecycle_event: _event,
    PYPI_EDGE_URL: _url,
    PYPI_EDGE_TOKEN: _token,
    PYPI_EDGE_STATE: _state,
    ...others
  } = process.env;
  const own = { ...others, XDG_CONFIG_HOME: join(cwd, "config"), ...env };
  return run(process.execPath, [CLI, ...args], { cwd, env: own });
}

/** Runs `pypi-edge` in a folder until something is so, and kills it. Rejects where it ends by itself. */
export async function killedWhen(args: readonly string[], cwd: string, isReached: () => boolean): Promise<void> {
  const child = spawn(process.execPath, [CLI, ...args], { cwd, stdio: "ignore" });
  const ended = once(child, "exit");
  while (child.exitCode === null && !isReached()) await sleep(1);
  child.kill("SIGKILL");
  const [code] = (await ended) as [number | null];
  if (code !== null) throw new Error(`pypi-edge ${args.join(" ")} ended with ${code} before it was killed.`);
}

/** Runs `pypi-edge` in a folder and kills it after so many milliseconds, unless it has ended by itself. */
export async function killedAfter(
  args: readonly string[],
  cwd: string,
  milliseconds: number,
  env: NodeJS.ProcessEnv = {},
): Promise<void> {
  const child = spawn(process.execPath, [CLI, ...args], { cwd, stdio: "ignore", env: { ...process.env, ...env } });
  const ended = once(child, "exit");
  await Promise.race([ended, sleep(milliseconds)]);
  child.kill("SIGKILL");
  await ended;
}
