/** An index that answers at once: PEP 691 pages with core metadata, and files from memory. */
import type { ServerResponse } from "node:http";
import { gzipSync } from "node:zlib";
import type { Wheel } from "../../../cli/demo/wheel.ts";
import { data, serve } from "../harness/upstream-thread.ts";
import type { Offer } from "./content.ts";

const PAGE_TYPE = "application/vnd.pypi.simple.v1+json";

const { wheels, pages } = data as Offer;
const wheelOfProject = new Map(wheels.map((wheel) => [wheel.project, wheel]));
const recorded = new Map(pages.map((page) => [page.name, gzipSync(JSON.stringify(page))]));
const files = new Map(
  wheels.flatMap(({ filename, bytes, metadata }) => [
    [filename, bytes],
    [`${filename}.metadata`, metadata],
  ]),
);

serve(async (path, request, response) => {
  const [, area, name = ""] = path.split("/");
  if (area === "files") {
    send(response, files.get(name), { "Content-Type": "application/octet-stream" });
    return;
  }
  const page = recorded.get(name);
  if (page) {
    send(response, page, { "Content-Type": PAGE_TYPE, "Content-Encoding": "gzip" });
    return;
  }
  const wheel = wheelOfProject.get(name);
  const text = wheel && JSON.stringify(pageOf(wheel, `http://${request.headers.host}`));
  send(response, text && Buffer.from(text), { "Content-Type": PAGE_TYPE });
});

function send(response: ServerResponse, body: Uint8Array | undefined, headers: Readonly<Record<string, string>>): void {
  if (body) response.writeHead(200, { ...headers, "Content-Length": body.byteLength }).end(body);
  else response.writeHead(404).end();
}

function pageOf(wheel: Wheel, origin: string): object {
  const { project, version, filename, bytes, sha256, metadataSha256 } = wheel;
  const file = {
    filename,
    hashes: { sha256 },
    size: bytes.byteLength,
    "core-metadata": { sha256: metadataSha256 },
    "upload-time": "2026-05-18T23:33:29.955928Z",
    url: `${origin}/files/${filename}`,
    yanked: false,
  };
  return { meta: { "api-version": "1.1" }, name: project, versions: [version], files: [file] };
}
