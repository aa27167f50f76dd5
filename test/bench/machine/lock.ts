/** `uv lock` by a client without a cache, through a server that has nothing stored. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Uv, uvLock } from "../harness/uv.ts";
import { INSTALLED } from "./content.ts";
import { type Installation, measured } from "./install.ts";
import type { WayServer } from "./ways.ts";

/** The wheels are for this Python and this system: a lock for others would need packages that are not among them. */
const PROJECT = `[project]
name = "locked"
version = "1.0"
requires-python = "==3.11.*"
dependencies = ${JSON.stringify(INSTALLED)}

[tool.uv]
environments = ["sys_platform == 'linux' and platform_machine == 'x86_64' and implementation_name == 'cpython'"]
`;

/** Locks a project that depends on all packages of the installation. */
export const measureLock = (server: WayServer | null, upstream: URL, uv: Uv): Promise<Installation> =>
  measured(server, upstream, (index) => lock(index, uv));

async function lock(index: URL, uv: Uv): Promise<Installation> {
  const folder = mkdtempSync(join(uv.scratch, "locked-"));
  writeFileSync(join(folder, "pyproject.toml"), PROJECT);
  const seconds = await uvLock(folder, index, uv);
  // The project itself is in its lock.
  const packages = readFileSync(join(folder, "uv.lock"), "utf8").split("\n[[package]]").length - 2;
  rmSync(folder, { recursive: true });
  return { seconds, packages };
}
