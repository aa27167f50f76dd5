import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { WitnessAnswer, WitnessSource } from "../../../../cli/demo/witness.ts";
import { jsonApi, provenance } from "./documents.ts";
import { pathOf, type Distribution } from "./distribution.ts";
import {
  findLinksHtml,
  projectHtml,
  projectJson,
  provenancePath,
  rootHtml,
  rootJson,
  SERIAL,
  SHAPES,
  type Shape,
} from "./simple.ts";

const SIMPLE_JSON = "application/vnd.pypi.simple.v1+json";

/**
 * An index over distributions held in memory, in whatever shape it is told to have at the moment. A page has an ETag and a file byte
 * ranges; `/links/` is a page for `--find-links`; JSON API and provenance exist where the shape is PyPI's.
 *
 * @param serialOf a project's serial
 */
export function fakeIndex(
  distributions: readonly Distribution[],
  shapeNow: () => Shape,
  serialOf: (project: string) => number = () => SERIAL,
): WitnessSource {
  const projects = Map.groupBy(distributions, ({ project }) => project);
  const files = new Map(distributions.map((file) => [decodeURIComponent(pathOf(file)), file]));
  const documents = new Map(distributions.map((file) => [decodeURIComponent(provenancePath(file)), file]));

  function answer(request: IncomingMessage): WitnessAnswer {
    const shape = shapeNow();
    const { json, metadata } = SHAPES[shape];
    const origin = `http://${request.headers.host}`;
    const path = decodeURIComponent(new URL(request.url ?? "/", origin).pathname);
    if (path === "/simple/")
      return simple(request, json && rootJson([...projects.keys()]), rootHtml([...projects.keys()]));
    if (path === "/links/") return found("text/html", Buffer.from(findLinksHtml(distributions)));

    const [, asked = "", slash] = /^\/simple(?:\/([^/]+))?(\/)?$/.exec(path) ?? [];
    const name = asked.replace(/[-_.]+/g, "-").toLowerCase();
    const own = projects.get(name);
    if ((own && name !== asked) || (slash === undefined && (own || path === "/simple"))) {
      return { status: 301, headers: { location: name ? `/simple/${name}/` : "/simple/" }, body: Buffer.alloc(0) };
    }
    if (own) {
      const serial = serialOf(name);
      const page = json && projectJson(own[0]?.project ?? "", own, shape, origin, serial);
      return simple(request, page, projectHtml(own, shape, origin), serial);
    }
    const file = files.get(path);
    if (file) return part(request, file.bytes);
    const described = metadata ? files.get(path.replace(/\.metadata$/, ""))?.metadata : undefined;
    if (described) return found("text/plain", described);
    return (shape === "pypi" ? document(path, origin) : undefined) ?? absent(path);
  }

  function document(path: string, origin: string): WitnessAnswer | undefined {
    const attested = documents.get(path);
    if (attested) return found("application/vnd.pypi.integrity.v1+json", jsonBytes(provenance(attested)));
    const [, project = "", version] = /^\/pypi\/([^/]+)(?:\/([^/]+))?\/json$/.exec(path) ?? [];
    const own = projects.get(project);
    if (!own || (version !== undefined && !own.some((file) => file.version === version))) return undefined;
    return found("application/json", jsonBytes(jsonApi(own, version, origin)), {
      "x-pypi-last-serial": String(SERIAL),
    });
  }

  return (request) => Promise.resolve(answer(request));
}

/** A page or the root listing: JSON to whoever asks for it where there is any, and 304 to whoever has it. */
function simple(request: IncomingMessage, json: unknown, html: string, serial = SERIAL): WitnessAnswer {
  const asJson = json !== false && (request.headers.accept ?? "").includes(SIMPLE_JSON);
  const body = asJson ? jsonBytes(json) : Buffer.from(html);
  const etag = `"${createHash("sha256").update(body).digest("hex").slice(0, 16)}"`;
  const headers = { etag, ...(json !== false && { "x-pypi-last-serial": String(serial) }) };
  if (request.headers["if-none-match"] === etag) return { status: 304, headers, body: Buffer.alloc(0) };
  return found(asJson ? SIMPLE_JSON : "text/html", body, headers);
}

/** A file, or the one byte range of it that was asked for (RFC 9110, 14.2). */
function part(request: IncomingMessage, bytes: Uint8Array): WitnessAnswer {
  const size = bytes.byteLength;
  const whole = found("application/octet-stream", bytes, { "accept-ranges": "bytes" });
  const [, first = "", last = ""] = /^bytes=(\d*)-(\d*)$/.exec(request.headers.range ?? "") ?? [];
  if (first === "" && last === "") return whole;
  const start = first === "" ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === "" || last === "" ? size : Math.min(size, Number(last) + 1);
  if (start >= end) return { status: 416, headers: { "content-range": `bytes */${size}` }, body: Buffer.alloc(0) };
  const headers = { ...whole.headers, "content-range": `bytes ${start}-${end - 1}/${size}` };
  return { status: 206, headers, body: bytes.subarray(start, end) };
}

function jsonBytes(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}

function found(type: string, body: Uint8Array, headers: Record<string, string> = {}): WitnessAnswer {
  return { status: 200, headers: { "content-type": type, ...headers }, body };
}

function absent(path: string): WitnessAnswer {
  return { status: 404, headers: { "content-type": "text/plain" }, body: Buffer.from(`nothing at ${path}\n`) };
}
