/** An index as plain as they come, some way off: PEP 503 HTML with hashes, files with ranges, no metadata of its own. */
import { createReadStream } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { pageHtml, rootHtml, wheelPage } from "../content/pages.ts";
import type { Wheel } from "../content/wheels.ts";
import { data, serve } from "../harness/upstream-thread.ts";

export interface Offer {
  readonly wheels: readonly Wheel[];
  /** Before each answer. */
  readonly latencyMs: number;
}

const { wheels, latencyMs } = data as Offer;
const projects = Map.groupBy(wheels, ({ project }) => project);
const byFilename = new Map(wheels.map((wheel) => [wheel.filename, wheel]));

serve(async (path, request, response) => {
  await sleep(latencyMs);
  const [, area, name = ""] = path.split("/");
  if (area === "simple") {
    sendPage(name, `http://${request.headers.host}`, response);
    return;
  }
  const wheel = byFilename.get(path.slice(path.lastIndexOf("/") + 1));
  if (wheel) await sendFile(wheel, request, response);
  else response.writeHead(404).end();
});

function sendPage(project: string, origin: string, response: ServerResponse): void {
  const ofProject = projects.get(project);
  if (project !== "" && ofProject === undefined) {
    response.writeHead(404).end();
    return;
  }
  const html = ofProject ? pageHtml(wheelPage(project, ofProject, origin)) : rootHtml([...projects.keys()]);
  response.writeHead(200, { "Content-Type": "text/html; charset=utf-8", "Content-Length": Buffer.byteLength(html) });
  response.end(html);
}

/** A part is a 206 even where it is the whole file: uv would take a 200 for an index without ranges, and ask for none again. */
async function sendFile(wheel: Wheel, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const part = partOf(wheel.size, request.headers.range);
  const { start, end } = part ?? { start: 0, end: wheel.size };
  response.writeHead(part ? 206 : 200, {
    "Accept-Ranges": "bytes",
    "Content-Length": end - start,
    ...(part && { "Content-Range": `bytes ${start}-${end - 1}/${wheel.size}` }),
    "Content-Type": "application/octet-stream",
    ETag: `"${wheel.sha256}"`,
  });
  if (request.method === "HEAD") response.end();
  else await pipeline(createReadStream(wheel.path, { start, end: end - 1 }), response);
}

/** What `bytes=from-to`, `bytes=from-` or `bytes=-length` asks for; `end` is not included. */
function partOf(size: number, header = ""): { readonly start: number; readonly end: number } | undefined {
  const [asked, from = "", to = ""] = /^bytes=(\d*)-(\d*)$/.exec(header) ?? [];
  if (asked === undefined) return undefined;
  if (from === "") return { start: Math.max(0, size - Number(to)), end: size };
  return { start: Number(from), end: to === "" ? size : Math.min(Number(to) + 1, size) };
}
