import { networkInterfaces } from "node:os";
import { isLoopback } from "../../worker/pypi/host.ts";
import type { StartOptions } from "./options.ts";

/** Says where it serves and what to type next. Clients refuse plain http to other machines unless they are told. */
export function announce(options: StartOptions): void {
  const base = options.publicUrl || `http://${shownHost(options.host)}:${options.port}`;
  const { protocol, host, hostname } = new URL(base);
  const insecure = protocol === "http:" && !isLoopback(hostname);
  const index = `${base}/simple/`;
  const pip = insecure ? ` --trusted-host ${hostname}` : "";
  const uv = insecure ? ` --allow-insecure-host ${host}` : "";
  console.log(`pypi-edge is ready at ${base}/ (upstream ${options.upstream.href}, kept in ${options.state})

  pip install --index-url ${index}${pip} requests
  uv pip install --default-index ${index}${uv} requests

Ctrl-C stops it; what is stored stays.
`);
}

/** An address that other machines can use where all are listened on. */
function shownHost(host: string): string {
  if (host !== "0.0.0.0" && host !== "::") return host.includes(":") ? `[${host}]` : host;
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return addresses.find((address) => address.family === "IPv4" && !address.internal)?.address ?? "127.0.0.1";
}
