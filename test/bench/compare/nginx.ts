/** nginx over one directory and two ports: the upstream of every index under test, and the ceiling to compare them with. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { type Running, start } from "../harness/processes.ts";

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
  mkdirSync(directory, { recursive: true });
  const log = join(directory, "upstream.log");
  const configuration = join(directory, "nginx.conf");
  writeFileSync(configuration, configure(directory, root, log, ports));
  const running = await start([program, "-e", join(directory, "error.log"), "-p", directory, "-c", configuration], {
    port: ports.static,
  });
  return { ...running, upstreamRequests: () => readFileSync(log, "utf8").split("\n").length - 1 };
}

function configure(
  directory: string,
  root: string,
  log: string,
  ports: { readonly upstream: number; readonly static: number },
): string {
  // Started by root, nginx would drop to a user who may not read the scratch directory.
  const user = process.getuid?.() === 0 ? `user ${userInfo().username};` : "";
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((kind) => `${kind}_temp_path ${join(directory, kind)};`)
    .join("\n  ");
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
  return `daemon off;
${user}
worker_processes auto;
pid ${join(directory, "nginx.pid")};
error_log ${join(directory, "error.log")};
events { worker_connections 1024; }
http {
  ${temporary}
  types { application/vnd.pypi.simple.v1+json json; text/html html; }
  default_type application/octet-stream;
  map $http_accept $flavour { default html; "~application/vnd\\.pypi\\.simple\\.v1\\+json" json; }
  log_format short "$request_method $uri $status";
  sendfile on;
  tcp_nopush on;
  keepalive_requests 1000000000;
  access_log off;
  server {
    listen 127.0.0.1:${ports.upstream};
    access_log ${log} short;${locations}
  }
  server {
    listen 127.0.0.1:${ports.static} backlog=1024;${locations}
  }
}
`;
}
