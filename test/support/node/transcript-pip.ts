import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * The variables of a transcript in which pip installs into an empty environment, and pypi-edge administers a server.
 *
 * @param folder where the environment is made
 */
export function pipAndServer(folder: string, { index, state }: { readonly index: string; readonly state: string }) {
  const here = mkdtempSync(join(folder, "pip-"));
  const bin = join(here, "bin");
  mkdirSync(bin);
  writeFileSync(join(bin, "pip"), '#!/bin/sh\nexec python3 -m pip "$@"\n', { mode: 0o755 });
  return {
    PATH: `${bin}:${process.env["PATH"]}`,
    PIP_TARGET: join(here, "site"),
    PIP_NO_CACHE_DIR: "1",
    PIP_DISABLE_PIP_VERSION_CHECK: "1",
    PIP_ROOT_USER_ACTION: "ignore",
    PYPI_EDGE_URL: new URL("/", index).href,
    PYPI_EDGE_TOKEN: readFileSync(join(state, "admin-token"), "utf8").trim(),
  };
}
