/** nginx over one directory and two ports: the upstream of every index under test, and the ceiling to compare them with. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { startNginxWith } from "../harness/nginx.ts";
import type { Running } from "../harness/processes.ts";

export interface Nginx extends Running {
  /** How many requests the upstream port has answered so far. */
  upstreamRequests(): number;
}

/**
 * Serves `root` on both ports. Only the upstream's requests are logged: the static port stands for nginx at its fastest.
 */
export async function startNginx(
  program: string,
  directory: string,
  root: string,
  ports: { readonly upstream: number; readonly static: number },
): Promise<Nginx> {
  const log = join(directory, "upstream.log");
  const running = await startNginxWith(program, directory, configure(root, log, ports), ports.static);
  return { ...running, upstreamRequests: () => readFileSync(log, "utf8").split("\n").length - 1 };
}

function configure(root: string, log: string, ports: { readonly upstream: number; readonly static: number }): string {
  // Lifetimes as PyPI states them.
  const locations = `
    root ${root};
    location ~ ^/simple/(?:[^/]+/)?$ {
      gzip_static on;
      add_header Cache-Control "max-age=600, public";
      add_header Vary "Accept, Accept-Encoding";
      try_files $uri/index.$flavour =404;
    }
    location /packages/ { add_header Cache-Control "max-age=365000000, immutable, public"; }`;
  return `
  types { application/vnd.pypi.simple.v1+json json; text/html html; }
  default_type application/octet-stream;
  map $http_accept $flavour { default html; "~application/vnd\\.pypi\\.simple\\.v1\\+json" json; }
  log_format short "$request_method $uri $status";
  server {
    listen 127.0.0.1:${ports.upstream};
    access_log ${log} short;${locations}
  }
  server {
    listen 127.0.0.1:${ports.static} backlog=1024;${locations}
  }`;
}
