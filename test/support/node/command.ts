import { join } from "node:path";
import { run, type Outcome } from "../../../cli/demo/process.ts";

/** The commands as a package has them. The setup of each project that starts them has them built. */
export const CLI = join(import.meta.dirname, "../../..", "dist", "commands", "pypi-edge.js");

/**
 * Runs `pypi-edge` in a folder, with no profile, address or token of the person who runs the tests.
 *
 * @param env variables beside those of this process
 */
export function pypiEdge(args: readonly string[], cwd: string, env: NodeJS.ProcessEnv = {}): Promise<Outcome> {
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
