import { SCRIPT_SOURCE } from "../../worker/ui/script.ts";
import { host } from "./hosted.ts";
import { filePath, JSON_TYPE, Rig } from "./rig.ts";
import { FakeUpstream } from "./upstream.ts";

export const WHEEL = "demo-1.0-py3-none-any.whl";
export const FILE = filePath(WHEEL);
export const PROVENANCE = `/integrity/demo/1.0/${WHEEL}/provenance`;

const INTEGRITY_TYPE = "application/vnd.pypi.integrity.v1+json";

/** Stands for a value that follows from the content, or is the request's own. */
const ANY = "*";
const CONTENT = new Set(["etag", "last-modified", "content-length", "x-request-id", "server-timing"]);

const POLICY =
  "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox allow-downloads";
const VALIDATORS = { etag: ANY, "last-modified": ANY };
const COMES = {
  memory: { "cache-status": "pypi-edge; hit; detail=memory" },
  r2: { "cache-status": "pypi-edge; hit; detail=r2" },
  d1: { "cache-status": "pypi-edge; hit; detail=d1" },
  upstream: { "cache-status": "pypi-edge; fwd=miss" },
  stale: { "cache-status": "pypi-edge; hit; detail=stale-upstream-away" },
};

/** What an answer is in. */
export const HTML = { "content-type": "text/html; charset=utf-8", "content-security-policy": POLICY };
export const PEP_HTML = { ...HTML, "content-type": "application/vnd.pypi.simple.v1+html; charset=utf-8" };
export const HOME = {
  "content-type": "text/html; charset=UTF-8",
  "content-security-policy": `default-src 'none'; style-src 'self'; script-src ${SCRIPT_SOURCE}; img-src data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'`,
  "referrer-policy": "same-origin",
  vary: "Cookie",
  "x-robots-tag": "noindex, nofollow",
};
export const PAGE_JSON = { "content-type": JSON_TYPE };
export const DATA = { "content-type": "application/json" };
export const LINES = { "content-type": "application/x-ndjson" };
export const FIGURES = { "content-type": "text/plain; version=0.0.4; charset=utf-8" };
export const INTEGRITY = { "content-type": INTEGRITY_TYPE };
/** A sentence that says what is wrong. */
export const SENTENCE = { "content-type": "text/plain; charset=utf-8", vary: "Accept" };
export const PROBLEM = { ...SENTENCE, "content-type": "application/problem+json" };
const BYTES = { "content-type": "application/octet-stream", "content-length": ANY };
const METADATA = { ...BYTES, "content-type": "text/plain; charset=utf-8" };

/** What pages of other origins may read. */
export const OPEN = {
  "access-control-allow-origin": "*",
  "access-control-expose-headers":
    "Accept-Ranges, Cache-Status, Content-Length, Content-Range, ETag, Retry-After, Warning, X-PyPI-Last-Serial, X-Request-Id",
};
export const ASKABLE = {
  "access-control-allow-methods": "GET, HEAD",
  "access-control-allow-headers": "*, If-Modified-Since, If-None-Match, If-Range, Range",
  "access-control-max-age": "86400",
};

/** Who keeps an answer for how long. */
export const KEPT = {
  page: {
    "cache-control": "public, max-age=60, no-transform",
    "cloudflare-cdn-cache-control": "public, max-age=60, stale-while-revalidate=60, stale-if-error=604800",
  },
  file: { "cache-control": "public, max-age=31536000, immutable, no-transform" },
  absent: {
    "cache-control": "public, max-age=30",
    "cloudflare-cdn-cache-control": "public, max-age=30, stale-if-error=0",
  },
  redirect: {
    "cache-control": "public, max-age=60",
    "cloudflare-cdn-cache-control": "public, max-age=60, stale-if-error=0",
  },
  /** Of what may be uploaded at any moment. */
  atOnce: { "cache-control": "public, no-cache", "cloudflare-cdn-cache-control": "no-store" },
  own: { "cache-control": "private, no-cache" },
  ownFile: { "cache-control": "private, max-age=31536000, immutable" },
  never: { "cache-control": "no-store" },
};

/** How a token is asked for. */
export const BASIC = { "www-authenticate": 'Basic realm="pypi-edge", charset="UTF-8"' };
export const BEARER = { "www-authenticate": 'Bearer realm="pypi-edge"' };

type Source = keyof typeof COMES;

export const tag = (project = "demo") => ({ "cache-tag": `project-${project}` });
export const SERIAL = { "x-pypi-last-serial": "7" };
/** Of an index that does not show just what its one source has: when its rig asks. */
export const DATED = { "x-pypi-last-serial": `${Date.parse("2026-11-22T12:00:00Z")}` };

/** What a page has whoever may read it, its lifetime and its type aside. */
export const page = (source: Source = "upstream") => ({
  ...VALIDATORS,
  ...COMES[source],
  vary: "Accept, Accept-Encoding",
});

/** The same of a document. */
export const document = (source: Source = "upstream") => ({
  ...VALIDATORS,
  ...COMES[source],
  vary: "Accept-Encoding",
});

/** The same of a file; a 304 and a 416 have no type. */
export const noFile = (source: Source = "r2") => ({ ...VALIDATORS, ...COMES[source], "accept-ranges": "bytes" });
export const file = (source: Source = "r2") => ({ ...noFile(source), ...BYTES });
export const metadata = (source: Source = "upstream") => ({ ...noFile(source), ...METADATA });
export const range = (of: string) => ({ "content-range": `bytes ${of}` });

export interface Asked {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  /** What has happened before. */
  readonly before?: (rig: Rig) => unknown;
}

/** A kind of answer: a request, where `{hosted}` stands for a hosted file's path, and all the headers it is answered with. */
export type Row = readonly [
  what: string,
  path: string,
  status: number,
  headers: Readonly<Record<string, string>>,
  asked?: Asked,
];

/** An open index, `shared` that hosts and is open, and `team` that hosts and needs a token. */
async function rigOfAll() {
  const team = { sources: ["default"], hosted: true };
  const INDEXES = { default: { sources: ["pypi"] }, team, shared: { ...team, read: "anyone" } };
  const rig = new Rig({ INDEXES, PUBLIC_URL: "https://pypi.corp.example" });
  const bytes = new Uint8Array(9);
  const provenance = `https://upstream.test${PROVENANCE}`;
  const wheel = { filename: WHEEL, bytes, metadata: "Name: demo\n", ranges: true, entry: { provenance } };
  await rig.upstream.publish("demo", [wheel]);
  const answering = (url: string, body: string, type: string) =>
    rig.upstream.on(url, () => new Response(body, { headers: { "Content-Type": type } }));
  answering(provenance, "{}", INTEGRITY_TYPE);
  answering("https://upstream.test/pypi/demo/json", '{"info":{},"releases":{}}', "application/json");
  answering(FakeUpstream.INDEX, '{"meta":{},"projects":[{"name":"demo"}]}', JSON_TYPE);
  rig.upstream.on(`${FakeUpstream.INDEX}away/`, () => new Response("no", { status: 403 }));
  const { path } = await host("acme", "acme-1.0-py3-none-any.whl", { bytes });
  await host("acme", "acme-1.0-py3-none-any.whl", { bytes, index: "shared" });
  return { rig, hosted: path };
}

/** The status and all headers that a row states; each answer has `nosniff`, an id and how long it took. */
export const stated = ([, , status, headers]: Row) => [
  status,
  { ...headers, "x-content-type-options": "nosniff", "x-request-id": ANY, "server-timing": ANY },
];

/** The status and all headers that a row is answered with. `usual` is sent where the row says nothing else. */
export async function answered([, path, , , asked = {}]: Row, usual: Record<string, string> = {}) {
  const { method = "GET", headers = {}, before } = asked;
  const { rig, hosted } = await rigOfAll();
  await before?.(rig);
  const answer = await rig.get(path.replace("{hosted}", hosted), { ...usual, ...headers }, method);
  const got = [...answer.headers].map(([name, value]) => [name, CONTENT.has(name) ? ANY : value]);
  return [answer.status, Object.fromEntries(got)];
}
