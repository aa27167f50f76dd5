import { networkInterfaces } from "node:os";
import { setups } from "../../worker/pypi/setups.ts";
import type { StartOptions } from "./options.ts";

/** Says where it serves and what to type next. */
export function announce(options: StartOptions): void {
  const base = options.publicUrl || `http://${shownHost(options.host)}:${options.port}`;
  const commands = setups(`${base}/simple/`)
    .filter(({ client }) => client === "pip" || client === "uv")
    .map(({ steps: [once] }) => `  ${once?.text}`);
  console.log(`pypi-edge is ready at ${base}/ (upstream ${options.upstream.href}, kept in ${options.state})

${commands.join("\n")}

Ctrl-C stops it; what is stored stays.
`);
}

/** An address that other machines can use where all are listened on. */
function shownHost(host: string): string {
  if (host !== "0.0.0.0" && host !== "::") return host.includes(":") ? `[${host}]` : host;
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return addresses.find((address) => address.family === "IPv4" && !address.internal)?.address ?? "127.0.0.1";
}
