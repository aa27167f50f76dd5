/** An index that answers at once: PEP 691 pages with core metadata, and files from memory. */
import type { ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import type { Wheel } from "../../../cli/demo/wheel.ts";
import { data, serve } from "../harness/upstream-thread.ts";
import type { Offer } from "./content.ts";
import { olderFiles, olderVersions } from "./older-files.ts";

const PAGE_TYPE = "application/vnd.pypi.simple.v1+json";

const { wheels: measured, others, pages, copied, attested } = data as Offer;
const wheels = [...measured, ...others];
const wheelsOfProject = Map.groupBy(wheels, (wheel) => wheel.project);
const prompt = new Set(others.flatMap(({ project, filename }) => [project, filename, `${filename}.metadata`]));
const recorded = new Map(pages.map((page) => [page.name, gzipSync(JSON.stringify(page))]));
const original = JSON.stringify(copied.page);
const copies = new Set(copied.names);
const longPages = new Map<string, Buffer>();
const files = new Map(
  wheels.flatMap(({ filename, bytes, metadata }) => [
    [filename, bytes],
    [`${filename}.metadata`, metadata],
  ]),
);

// "/simple/NAME/", "/files/NAME", "/provenance/NAME". With a first segment "20ms" each answer that is measured comes later; with
// "20ms-bare" there is no metadata, too; with "20ms-long" pages list older files, too.
serve(async (path, request, response) => {
  const [, way = "", delay = "0", kind, area, name = ""] = /^(\/(\d+)ms(-\w+)?)?\/(\w+)\/([^/]*)/.exec(path) ?? [];
  if (delay !== "0" && !prompt.has(name)) await sleep(Number(delay));
  if (area === "files") {
    const body = kind === "-bare" && name.endsWith(".metadata") ? undefined : files.get(name);
    send(response, body, { "Content-Type": "application/octet-stream" });
    return;
  }
  if (area === "provenance") {
    send(response, Buffer.from(attested.provenance), { "Content-Type": "application/vnd.pypi.integrity.v1+json" });
    return;
  }
  if (name === attested.project) {
    const text = JSON.stringify(attestedPage(`http://${request.headers.host}`));
    send(response, Buffer.from(text), { "Content-Type": PAGE_TYPE });
    return;
  }
  const page = recorded.get(name) ?? (copies.has(name) ? copyOf(name) : undefined);
  if (page) {
    send(response, page, { "Content-Type": PAGE_TYPE, "Content-Encoding": "gzip" });
    return;
  }
  const own = wheelsOfProject.get(name);
  const root = `http://${request.headers.host}${way}`;
  if (own && kind === "-long") {
    let long = longPages.get(name);
    if (!long) longPages.set(name, (long = gzipSync(JSON.stringify(longPage(name, own, root)))));
    send(response, long, { "Content-Type": PAGE_TYPE, "Content-Encoding": "gzip" });
    return;
  }
  const text = own && JSON.stringify(pageOf(name, own, root, kind !== "-bare"));
  send(response, text && Buffer.from(text), { "Content-Type": PAGE_TYPE });
});

function send(response: ServerResponse, body: Uint8Array | undefined, headers: Readonly<Record<string, string>>): void {
  if (body) response.writeHead(200, { ...headers, "Content-Length": body.byteLength }).end(body);
  else response.writeHead(404).end();
}

/** Made when it is asked for: all of them together would take seconds, and the room. */
const copyOf = (name: string) => gzipSync(original.replaceAll(copied.page.name, name));

function longPage(name: string, own: readonly Wheel[], root: string): object {
  const { files: listed, versions, ...rest } = pageOf(name, own, root, true);
  const older = own.slice(0, 1).flatMap((wheel) => olderFiles(wheel, root));
  return { ...rest, versions: [...olderVersions(), ...versions], files: [...older, ...listed] };
}

function pageOf(name: string, own: readonly Wheel[], root: string, hasMetadata: boolean) {
  const listed = own.map(({ filename, bytes, sha256, metadataSha256 }) => ({
    filename,
    hashes: { sha256 },
    size: bytes.byteLength,
    ...(hasMetadata && { "core-metadata": { sha256: metadataSha256 } }),
    "upload-time": "2026-05-18T23:33:29.955928Z",
    url: `${root}/files/${filename}`,
    yanked: false,
  }));
  const versions = [...new Set(own.map(({ version }) => version))];
  return { meta: { "api-version": "1.1" }, name, versions, files: listed };
}

function attestedPage(root: string): object {
  const { project: name, version, filename, sha256 } = attested;
  const file = {
    filename,
    hashes: { sha256 },
    "upload-time": "2024-11-08T15:29:30.000000Z",
    url: `${root}/files/${filename}`,
    provenance: `${root}/provenance/${filename}`,
    yanked: false,
  };
  return { meta: { "api-version": "1.3" }, name, versions: [version], files: [file] };
}
