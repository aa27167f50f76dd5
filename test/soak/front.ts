import { CommandError } from "../../cli/lib/command-error.ts";
import { freePort } from "../../cli/demo/process.ts";
import { startNginxWith } from "../bench/harness/nginx.ts";
import { findProgram } from "../bench/harness/tools.ts";
import { documentedNginx } from "../support/node/self-host-proxy.ts";

/** nginx in front of the server. */
export interface Front {
  /** Where it listens, at 127.0.0.1. */
  readonly port: number;
  /** Where it expects the server. */
  readonly socket: string;
  stop(): Promise<unknown>;
}

/** The path of nginx. Throws a `CommandError` where there is none. */
export function requireNginx(): string {
  const program = findProgram("nginx");
  if (program === undefined) throw new CommandError("--nginx needs nginx in the path: apt-get install nginx.");
  return program;
}

/**
 * Starts nginx with the settings of docs/self-host.md, as they are where one more proxy stands before nginx: the soak, which gives each of
 * its clients an address. It speaks plain http.
 *
 * @param folder for all that it writes
 * @param socket where the server listens or will listen
 */
export async function startFront(folder: string, socket: string): Promise<Front> {
  const port = await freePort();
  const documented = documentedNginx({ socket, listen: `127.0.0.1:${port}`, certificate: undefined });
  const settings = documented.replace("X-Forwarded-For $remote_addr", "X-Forwarded-For $proxy_add_x_forwarded_for");
  const running = await startNginxWith(requireNginx(), folder, settings, port);
  return { port, socket, stop: () => running.stop() };
}

/**
 * Whether nginx has made the answer itself: the worker's have an id, and what the server refuses before it is plain text. nginx's own is a
 * page, or says when to try again, as the settings have it do while the server is down.
 */
export function isByNginx(headers: Readonly<Record<string, string | undefined>>): boolean {
  if (headers["x-request-id"] !== undefined) return false;
  return headers["content-type"] === "text/html" || headers["retry-after"] !== undefined;
}
