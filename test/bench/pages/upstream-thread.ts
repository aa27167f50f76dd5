/** An upstream that has each recorded page under any number of names: `{page}-copy-{n}`. */
import { gzipSync } from "node:zlib";
import type { Page } from "../content/pages.ts";
import { data, serve } from "../harness/upstream-thread.ts";

const pages = data as readonly Page[];

serve(async (path, _request, response) => {
  const [, copy = "", name = ""] = /^\/simple\/((.+)-copy-\d+)\/$/.exec(path) ?? [];
  const page = pages.find((candidate) => candidate.name === name);
  if (page === undefined) {
    response.writeHead(404).end();
    return;
  }
  response.writeHead(200, { "Content-Type": "application/vnd.pypi.simple.v1+json", "Content-Encoding": "gzip" });
  response.end(gzipSync(JSON.stringify({ ...page, name: copy })));
});
