import type { FetchInit } from "../../worker/platform/platform.ts";
import { hex } from "../../worker/pypi/encode.ts";

/** A distribution file that a fake upstream offers. */
export interface FakeFile {
  readonly filename: string;
  readonly bytes: Uint8Array;
  /** Members of its PEP 691 entry that differ from what the bytes say; `undefined` leaves one out. */
  readonly entry?: Record<string, unknown>;
  readonly metadata?: string;
  /** Whether parts of it can be asked for. */
  readonly ranges?: boolean;
  readonly lastModified?: string | undefined;
}

type Handler = (request: Request) => Response | Promise<Response>;

/** An upstream index in memory. Of other hosts than its own two it has what a test names, so that each test proves to be offline. */
export class FakeUpstream {
  static readonly INDEX = "https://upstream.test/simple/";
  static readonly FILES = "https://files.upstream.test/packages/";
  /** Every request that arrived, as `GET https://…`; one for a part as `GET https://… bytes=…`. */
  readonly requests: string[] = [];
  /** While set, nothing can be reached. */
  down = false;
  #answersLeft = Infinity;
  readonly #handlers = new Map<string, Handler>();

  readonly fetch = async (address: URL, init: FetchInit): Promise<Response> => {
    const request = new Request(address, init);
    const range = request.headers.get("Range");
    this.requests.push(`${request.method} ${request.url}${range === null ? "" : ` ${range}`}`);
    const url = new URL(request.url);
    const handler = this.#handlers.get(request.url);
    const isOwn = /^(?:files\.)?upstream\.test$/.test(url.hostname);
    if (!isOwn && !handler) throw new Error(`a test tried to reach ${url.host}`);
    if (this.#answersLeft-- <= 0) this.down = true;
    if (this.down) throw new Error("connection refused");
    if (!handler) return new Response("no such page", { status: 404 });
    const response = await handler(request);
    return init.encodeResponseBody === "manual" ? response : decodedAsThePlatformDoes(response);
  };

  /** What it answers to a request without headers. */
  get(url: string): Promise<Response> {
    return this.fetch(new URL(url), { method: "GET", headers: {}, redirect: "manual" });
  }

  /** Goes down once it has answered so many requests more. */
  failAfter(answers: number): void {
    this.#answersLeft = answers;
  }

  /** Answers `url` by `handler`, or with a fixed body and headers. */
  on(url: string, handler: Handler): void {
    this.#handlers.set(url, handler);
  }

  /** Offers a project with these files, as JSON with sha256, size and an ETag that it answers 304 to. */
  async publish(project: string, files: readonly FakeFile[], extra: Record<string, unknown> = {}): Promise<void> {
    const entries = await Promise.all(files.map((file) => this.#offer(file)));
    const meta = { "api-version": "1.1", "_last-serial": 7 };
    const body = JSON.stringify({ meta, name: project, versions: ["1.0"], files: entries, ...extra });
    const etag = `"${(await sha256(new TextEncoder().encode(body))).slice(0, 8)}"`;
    this.on(`${FakeUpstream.INDEX}${project}/`, (request) =>
      request.headers.get("If-None-Match") === etag
        ? new Response(null, { status: 304, headers: { ETag: etag } })
        : new Response(body, { headers: { "Content-Type": "application/vnd.pypi.simple.v1+json", ETag: etag } }),
    );
  }

  async #offer({ filename, bytes, entry, metadata, ...manner }: FakeFile): Promise<Record<string, unknown>> {
    const url = FakeUpstream.FILES + encodeURIComponent(filename);
    this.on(url, (request) => fileResponse(request, bytes, manner));
    const text = metadata === undefined ? undefined : new TextEncoder().encode(metadata);
    if (text) this.on(`${url}.metadata`, (request) => fileResponse(request, text));
    return {
      filename,
      url,
      hashes: { sha256: await sha256(bytes) },
      size: bytes.byteLength,
      "upload-time": "2026-01-02T03:04:05.000006Z",
      yanked: false,
      ...(text && { "core-metadata": { sha256: await sha256(text) } }),
      ...entry,
    };
  }
}

/** What `fetch` makes of an answer when it is not told otherwise: the headers stay as they were. */
function decodedAsThePlatformDoes(response: Response): Response {
  const { body, headers, status } = response;
  if (!body || headers.get("Content-Encoding") !== "gzip") return response;
  return new Response(body.pipeThrough(new DecompressionStream("gzip")), { status, headers, encodeBody: "manual" });
}

/** A file as a server of files answers for it; a part only with `ranges`, and then as RFC 9110 says. */
export function fileResponse(
  request: Request,
  bytes: Uint8Array,
  { ranges = false, lastModified }: Pick<FakeFile, "ranges" | "lastModified"> = {},
): Response {
  const dated = lastModified === undefined ? undefined : { "Last-Modified": lastModified };
  const [, from, to] = (ranges && /^bytes=(\d+)-(\d+)$/.exec(request.headers.get("Range") ?? "")) || [];
  if (from !== undefined && request.method === "GET") {
    const part = bytes.slice(Number(from), Number(to) + 1);
    const range = `bytes ${from}-${Number(from) + part.byteLength - 1}/${bytes.byteLength}`;
    return new Response(part, { status: 206, headers: { ...dated, "Content-Range": range } });
  }
  const headers = { ...dated, "Content-Length": String(bytes.byteLength) };
  return new Response(request.method === "HEAD" ? null : bytes, { headers });
}

/** Hex. */
export async function sha256(bytes: Uint8Array): Promise<string> {
  return hex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
}
