import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Running, start } from "../../bench/harness/processes.ts";

/** Starts Caddy with these sites, all that it writes in one directory, and waits until it listens on `port`. */
export function startCaddyWith(program: string, directory: string, sites: string, port: number): Promise<Running> {
  mkdirSync(directory, { recursive: true });
  const file = join(directory, "Caddyfile");
  writeFileSync(file, `${OPTIONS}${sites}`);
  const env = { ...process.env, XDG_DATA_HOME: directory, XDG_CONFIG_HOME: directory };
  return start([program, "run", "--adapter", "caddyfile", "--config", file], { port }, { env });
}

/** Without what would take ports beside that of the sites, or change the machine. */
const OPTIONS = `{
  admin off
  auto_https disable_redirects
  skip_install_trust
}
`;
