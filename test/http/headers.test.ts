import { beforeEach, describe, expect, test, vi } from "vitest";
import * as is from "../support/answers.ts";
import {
  answered,
  DATED,
  file,
  FILE,
  HTML,
  KEPT,
  OPEN,
  page,
  range,
  SENTENCE,
  SERIAL,
  stated,
  tag,
} from "../support/answers.ts";
import { READER } from "../support/hosted.ts";
import { filePath, JSON_TYPE, type Rig } from "../support/rig.ts";

// Every header of every kind of answer, as one table: one that is missing, or that was not expected, fails here.

const ABSENT_FILE = filePath("demo-9.0.tar.gz");
const OPEN_PAGE = { ...OPEN, ...KEPT.page, ...tag(), ...SERIAL, ...page() };
const OPEN_FILE = { ...OPEN, ...KEPT.file, ...tag(), ...file() };
const AT_ONCE = { ...OPEN, ...KEPT.atOnce };
const OPEN_ERROR = { ...SENTENCE, ...OPEN, ...KEPT.never };
/** Of a listing that is not stored yet nothing is known that an ETag could be made of. */
const { etag: _, ...ARRIVING } = page();
const ERROR = { ...SENTENCE, ...KEPT.never };
const REFUSED = { ...ERROR, ...is.BASIC };

const KNOWN = { "If-None-Match": "*" };
const PART = { Range: "bytes=1-2" };
const BEYOND = { Range: "bytes=99-" };

const token = (digit: string) => ({ Authorization: `Bearer pypi-edge_${"0".repeat(16)}_${digit.repeat(43)}` });

/** Asked for before, so that it is stored. */
const stored = (headers: Record<string, string> = {}) => ({ headers, before: (rig: Rig) => rig.get(FILE) });

async function staleForAWeek(rig: Rig) {
  await rig.get("/simple/demo/");
  rig.upstream.down = true;
  rig.wait(601_000);
  await rig.get("/simple/demo/");
  rig.wait(8 * 24 * 3_600_000);
}

const defective = (rig: Rig) =>
  rig.services.indexes.map(({ repository }) =>
    vi.spyOn(repository, "project").mockRejectedValue(new TypeError("a defect")),
  );

async function guessedOften(rig: Rig) {
  for (let n = 0; n < 20; n++) await rig.get("/team/simple/", token("0"));
}

const ANYONE: readonly is.Row[] = [
  ["a page in HTML", "/simple/demo/", 200, { ...HTML, ...OPEN_PAGE }],
  ["a page in JSON", "/simple/demo/", 200, { ...is.PAGE_JSON, ...OPEN_PAGE }, { headers: { Accept: JSON_TYPE } }],
  [
    "a page by ?format=",
    `/simple/demo/?format=${JSON_TYPE.replace("json", "html")}`,
    200,
    { ...is.PEP_HTML, ...OPEN_PAGE },
  ],
  [
    "a page in gzip",
    "/simple/demo/",
    200,
    { ...HTML, ...OPEN_PAGE, "content-encoding": "gzip" },
    { headers: { "Accept-Encoding": "gzip" } },
  ],
  ["a page asked for with a token", "/simple/demo/", 200, { ...HTML, ...OPEN_PAGE }, { headers: READER }],
  [
    "a page from memory",
    "/simple/demo/",
    200,
    { ...HTML, ...OPEN_PAGE, ...page("memory") },
    { before: (rig) => rig.get("/simple/demo/") },
  ],
  ["HEAD of a page", "/simple/demo/", 200, { ...HTML, ...OPEN_PAGE }, { method: "HEAD" }],
  ["a page that the client has", "/simple/demo/", 304, OPEN_PAGE, { headers: KNOWN }],
  [
    "a page not checked for a week",
    "/simple/demo/",
    200,
    { ...HTML, ...OPEN_PAGE, ...page("stale"), warning: '110 pypi-edge "Not checked with the upstream for 8 days."' },
    { before: staleForAWeek },
  ],
  [
    "the root listing",
    "/simple/",
    200,
    { ...HTML, ...OPEN, ...KEPT.page, ...page("r2") },
    { before: (rig) => rig.get("/simple/") },
  ],
  ["the root listing as it arrives", "/simple/", 200, { ...HTML, ...OPEN, ...KEPT.page, ...ARRIVING }],
  ["a redirect", "/simple/Demo/", 302, { ...OPEN, ...KEPT.redirect, location: "../../simple/demo/" }],
  ["an absent project", "/simple/absent/", 404, { ...SENTENCE, ...OPEN, ...KEPT.absent }],
  [
    "an absent project, to clients that read JSON",
    "/simple/absent/",
    404,
    { ...is.PROBLEM, ...OPEN, ...KEPT.absent },
    { headers: { Accept: JSON_TYPE } },
  ],
  ["a file", FILE, 200, { ...OPEN_FILE, ...file("upstream") }],
  ["a stored file", FILE, 200, OPEN_FILE, stored()],
  ["HEAD of a file", FILE, 200, OPEN_FILE, { method: "HEAD", ...stored() }],
  ["a part of a stored file", FILE, 206, { ...OPEN_FILE, ...range("1-2/9") }, stored(PART)],
  [
    "a part of a file that is not stored",
    FILE,
    206,
    { ...OPEN_FILE, ...file("upstream"), ...range("1-2/9"), ...KEPT.never },
    { headers: PART },
  ],
  [
    "a part that is not there",
    FILE,
    416,
    { ...OPEN, ...KEPT.never, ...tag(), ...is.noFile(), ...range("*/9") },
    stored(BEYOND),
  ],
  ["a file that the client has", FILE, 304, { ...OPEN, ...KEPT.file, ...tag(), ...is.noFile() }, stored(KNOWN)],
  ["a .metadata", `${FILE}.metadata`, 200, { ...OPEN, ...KEPT.file, ...tag(), ...is.metadata() }],
  ["an absent file", ABSENT_FILE, 404, OPEN_ERROR],
  ["a provenance", is.PROVENANCE, 200, { ...is.INTEGRITY, ...OPEN, ...KEPT.page, ...tag(), ...is.document() }],
  ["the JSON API", "/pypi/demo/json", 200, { ...is.DATA, ...OPEN, ...KEPT.page, ...tag(), ...is.document() }],
  ["an absent document", "/pypi/absent/json", 404, { ...SENTENCE, ...OPEN, ...KEPT.absent }],
  ["a wrong request", "/simple/-/", 400, OPEN_ERROR],
  ["a method that is not offered", "/simple/demo/", 405, { ...OPEN_ERROR, allow: "GET, HEAD" }, { method: "DELETE" }],
  [
    "a preflight",
    "/simple/demo/",
    204,
    { ...OPEN, ...is.ASKABLE, ...KEPT.never, allow: "GET, HEAD, OPTIONS" },
    { method: "OPTIONS" },
  ],
  [
    "a write by another site's page",
    "/simple/",
    403,
    OPEN_ERROR,
    { method: "POST", headers: { "Sec-Fetch-Site": "cross-site" } },
  ],
  ["a defect", "/simple/demo/", 500, OPEN_ERROR, { before: defective }],
  ["an outage", "/simple/away/", 503, { ...OPEN_ERROR, "retry-after": "1" }],
  ["an address of nothing", "/nowhere", 404, OPEN_ERROR],
  ["the page for a person", "/", 200, { ...is.HOME, ...OPEN, ...KEPT.own }],
];

const HOSTING: readonly is.Row[] = [
  ["a hosted page", "/shared/simple/acme/", 200, { ...HTML, ...AT_ONCE, ...tag("acme"), ...DATED, ...page("d1") }],
  ["a mirrored page", "/shared/simple/demo/", 200, { ...HTML, ...AT_ONCE, ...tag(), ...DATED, ...page() }],
  ["an absent project", "/shared/simple/absent/", 404, { ...SENTENCE, ...AT_ONCE }],
  ["a redirect", "/shared/simple/Acme/", 302, { ...AT_ONCE, location: "../../../shared/simple/acme/" }],
  [
    "a hosted file",
    "/shared{hosted}",
    200,
    { ...OPEN_FILE, ...tag("acme"), "cloudflare-cdn-cache-control": "public, max-age=60" },
  ],
  ["find-links", "/shared/find-links/", 200, { ...HTML, ...AT_ONCE }],
  ["what hatch looks at", "/shared/legacy/+simple/acme/", 200, { ...HTML, ...KEPT.atOnce }],
  ["an upload without a token", "/shared/legacy/", 401, REFUSED, { method: "POST" }],
  ["an upload of no form", "/shared/legacy/", 400, ERROR, { method: "POST", headers: READER }],
  ["an upload where none is taken", "/legacy/", 403, ERROR, { method: "POST", headers: READER }],
  [
    "an upload by another site's page",
    "/shared/legacy/",
    403,
    ERROR,
    { method: "POST", headers: { ...READER, Origin: "https://evil.example" } },
  ],
  ["a preflight of an upload", "/shared/legacy/", 405, { ...ERROR, allow: "POST" }, { method: "OPTIONS" }],
];

const PRIVATE: readonly is.Row[] = [
  ["a hosted page", "/team/simple/acme/", 200, { ...HTML, ...KEPT.own, ...DATED, ...page("d1") }],
  [
    "a mirrored page",
    "/team/simple/demo/",
    200,
    { ...is.PAGE_JSON, ...KEPT.own, ...DATED, ...page() },
    { headers: { Accept: JSON_TYPE } },
  ],
  ["a page that the client has", "/team/simple/demo/", 304, { ...KEPT.own, ...DATED, ...page() }, { headers: KNOWN }],
  [
    "the root listing",
    "/team/simple/",
    200,
    { ...HTML, ...KEPT.own, ...DATED, ...page("r2") },
    { before: (rig) => rig.get("/simple/") },
  ],
  ["a redirect", "/team/simple/Demo/", 302, { ...KEPT.own, location: "../../../team/simple/demo/" }],
  ["an absent project", "/team/simple/absent/", 404, { ...SENTENCE, ...KEPT.own }],
  ["a hosted file", "/team{hosted}", 200, { ...KEPT.ownFile, ...file() }],
  ["a part of it", "/team{hosted}", 206, { ...KEPT.ownFile, ...file(), ...range("1-2/9") }, { headers: PART }],
  [
    "a part that is not there",
    "/team{hosted}",
    416,
    { ...KEPT.never, ...is.noFile(), ...range("*/9") },
    { headers: BEYOND },
  ],
  ["a file that the client has", "/team{hosted}", 304, { ...KEPT.ownFile, ...is.noFile() }, { headers: KNOWN }],
  ["a mirrored file", `/team${FILE}`, 200, { ...KEPT.ownFile, ...file("upstream") }],
  ["a .metadata", `/team${FILE}.metadata`, 200, { ...KEPT.ownFile, ...is.metadata() }],
  ["an absent file", `/team${ABSENT_FILE}`, 404, ERROR],
  ["a provenance", `/team${is.PROVENANCE}`, 200, { ...is.INTEGRITY, ...KEPT.own, ...is.document() }],
  ["the JSON API", "/team/pypi/demo/json", 200, { ...is.DATA, ...KEPT.own, ...DATED, ...is.document() }],
  ["find-links", "/team/find-links/", 200, { ...HTML, ...KEPT.own }],
  ["what hatch looks at", "/team/legacy/+simple/acme/", 200, { ...HTML, ...KEPT.own }],
  ["the page for a person", "/team/", 200, { ...is.HOME, ...KEPT.own }],
  ["a wrong request", "/team/simple/-/", 400, ERROR],
  ["no token", "/team/simple/acme/", 401, REFUSED, { headers: { Authorization: "" } }],
  ["a token that is not good", "/team/simple/acme/", 401, REFUSED, { headers: token("1") }],
  [
    "too many such tokens",
    "/team/simple/",
    429,
    { ...ERROR, "retry-after": "60" },
    { headers: token("1"), before: guessedOften },
  ],
  ["a defect", "/team/simple/demo/", 500, ERROR, { before: defective }],
  ["an outage", "/team/simple/away/", 503, { ...ERROR, "retry-after": "1" }],
  [
    "a database that is away",
    "/team/simple/acme/",
    503,
    { ...ERROR, "retry-after": "1" },
    { before: (rig) => rig.breakOnce("d1.prepare") },
  ],
  ["a preflight", "/team/simple/demo/", 405, { ...ERROR, allow: "GET, HEAD" }, { method: "OPTIONS" }],
];

const NO_INDEX: readonly is.Row[] = [
  ["whether the worker runs", "/-/health", 200, { ...is.DATA, ...KEPT.never }],
  ["the figures", "/-/metrics", 200, { ...is.FIGURES, ...KEPT.never }, { headers: READER }],
  ["the figures without a token", "/-/metrics", 401, { ...ERROR, ...is.BEARER }],
  ["an answer of the API", "/-/api/tokens", 200, { ...is.DATA, ...KEPT.never }, { headers: READER }],
  ["the audit log", "/-/api/audit", 200, { ...is.LINES, ...KEPT.never }, { headers: READER }],
  ["the API without a token", "/-/api/tokens", 401, { ...ERROR, ...is.BEARER }],
  ["a method that the API does not offer", "/-/api/warm", 405, { ...ERROR, allow: "POST" }, { headers: READER }],
  ["nothing in the API", "/-/api/nothing", 404, ERROR, { headers: READER }],
  [
    "the API, asked by another site's page",
    "/-/api/tokens",
    403,
    ERROR,
    { method: "POST", headers: { ...READER, "Sec-Fetch-Site": "same-site" } },
  ],
  ["a preflight of the API", "/-/api/tokens", 401, { ...ERROR, ...is.BEARER }, { method: "OPTIONS" }],
  ["trusted publishing that is not offered", "/_/oidc/audience", 404, { ...is.PROBLEM, ...KEPT.never }],
  ["a body that is no identity token", "/_/oidc/mint-token", 404, { ...is.PROBLEM, ...KEPT.never }, { method: "POST" }],
  ["nothing below /-/", "/-/nothing", 404, ERROR],
];

beforeEach(() => {
  for (const level of ["warn", "error"] as const) vi.spyOn(console, level).mockImplementation(() => undefined);
});

describe("an index that anyone may read", () => {
  test.for(ANYONE)("%s (%s, %i)", async (row) => expect(await answered(row)).toEqual(stated(row)));
});

describe("one that hosts as well", () => {
  test.for(HOSTING)("%s (%s, %i)", async (row) => expect(await answered(row)).toEqual(stated(row)));
});

describe("one that is read with a token", () => {
  test.for(PRIVATE)("%s (%s, %i)", async (row) => expect(await answered(row, READER)).toEqual(stated(row)));
});

describe("what is of no index", () => {
  test.for(NO_INDEX)("%s (%s, %i)", async (row) => expect(await answered(row)).toEqual(stated(row)));
});
