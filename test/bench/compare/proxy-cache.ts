/** nginx as a caching proxy: what many put in front of an index without asking it to know what a package is. */
import { join } from "node:path";
import { startNginxWith } from "../harness/nginx.ts";
import type { Running } from "../harness/processes.ts";

/** Serves what `upstream` has on `port`, from files in `directory` once it has been asked for. */
export function startProxyCache(program: string, directory: string, upstream: URL, port: number): Promise<Running> {
  return startNginxWith(program, directory, configure(join(directory, "cache"), upstream, port), port);
}

/**
 * A page has a copy for each Accept and each Accept-Encoding, so that gzipped ones are passed on as they came. To HTTP/1.0,
 * which nginx of old speaks to those behind it, the upstream would not send gzip.
 */
function configure(cache: string, upstream: URL, port: number): string {
  return `
  proxy_cache_path ${cache} levels=1:2 keys_zone=index:10m inactive=1d use_temp_path=off;
  upstream index { server ${upstream.host}; keepalive 16; }
  server {
    listen 127.0.0.1:${port} backlog=1024;
    location / {
      proxy_pass http://index;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_cache index;
      proxy_cache_key "$request_uri|$http_accept|$http_accept_encoding";
      proxy_cache_valid 200 10m;
      proxy_cache_lock on;
    }
  }`;
}
