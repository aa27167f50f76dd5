/** nginx in the foreground, with all that it writes in one directory. */
import { mkdirSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { type Running, start } from "./processes.ts";

/** Starts `program` with `http` as what stands in its http block, and waits until it listens on `port`. */
export function startNginxWith(program: string, directory: string, http: string, port: number): Promise<Running> {
  mkdirSync(directory, { recursive: true });
  const configuration = join(directory, "nginx.conf");
  const errors = join(directory, "error.log");
  writeFileSync(configuration, configure(directory, errors, http));
  return start([program, "-e", errors, "-p", directory, "-c", configuration], { port });
}

function configure(directory: string, errors: string, http: string): string {
  // Started by root, nginx would drop to a user who may not read the scratch directory.
  const user = process.getuid?.() === 0 ? `user ${userInfo().username};` : "";
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((kind) => `${kind}_temp_path ${join(directory, kind)};`)
    .join("\n  ");
  return `daemon off;
${user}
worker_processes auto;
pid ${join(directory, "nginx.pid")};
error_log ${errors};
events { worker_connections 1024; }
http {
  ${temporary}
  sendfile on;
  tcp_nopush on;
  keepalive_requests 1000000000;
  access_log off;
${http}
}
`;
}
