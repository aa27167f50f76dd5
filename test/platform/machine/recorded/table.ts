import type { Wheel } from "../../../../cli/demo/wheel.ts";
import { uploadFields } from "../../../support/upload-fields.ts";
import { form, JSON_PAGE, reads, refusedWrites, request, type Recorded } from "./requests.ts";

/** What the requests are about. */
export interface Content {
  /** Is on the upstream. */
  readonly mirrored: Wheel;
  /** The address of its file below `files/`, as pages here have it. */
  readonly address: string;
  /** Is uploaded in the course of the requests: one in one request, one in parts. */
  readonly uploaded: Wheel;
  readonly inParts: Wheel;
  readonly adminToken: string;
}

/** Of no session, and what a browser says beside it. */
const SESSION = `__Host-pypi-edge=admin.9999999999999.${"A".repeat(43)}`;
const ORIGIN = "https://edge.test";
const FORM = { "Content-Type": "application/x-www-form-urlencoded" };

type Table = readonly (readonly [route: string, requests: readonly Recorded[]])[];

/** Reads of an index whose paths begin with `base`. */
function ofIndex(base: string, headers: Readonly<Record<string, string>>, content: Content): Table {
  const { mirrored, address } = content;
  const { project, version, filename } = mirrored;
  const read = (path: string) => [
    ...reads(`${base}${path}`, headers),
    ...reads(`${base}${path.replace(project, "no-such")}`, headers),
  ];
  const file = `/files/${address}`;
  const post = (path: string) => refusedWrites("POST", `${base}${path}`, headers);
  return [
    [`GET ${base}/`, reads(`${base}/`, headers)],
    [`GET ${base}/simple`, [...reads(`${base}/simple/`, headers), ...reads(`${base}/simple`, headers)]],
    [
      `GET ${base}/simple/:project`,
      [
        ...read(`/simple/${project}/`),
        ...read(`/simple//${project.toUpperCase()}`),
        ...reads(`${base}/simple/%2e%2e/${project}/`, headers),
        ...reads(`${base}/simple/${project}%00/`, headers),
      ],
    ],
    [
      `GET ${base}/project/:project/:version?`,
      [...read(`/project/${project}/`), ...read(`/project/${project}/${version}/`)],
    ],
    [
      `GET ${base}/files/*`,
      [
        ...read(file),
        ...reads(`${base}${file}.metadata`, headers),
        ...reads(`${base}/files/a/%2e%2e/${address}`, headers),
        ...reads(`${base}/files/..\\${filename}`, headers),
      ],
    ],
    [`GET ${base}/packages/*`, read(`/packages/${address.slice(address.indexOf("/") + 1)}`)],
    [
      `GET ${base}/pypi/:project/:rest{json|[^/]+/json}`,
      [...read(`/pypi/${project}/json`), ...read(`/pypi/${project}/${version}/json`)],
    ],
    [
      `GET ${base}/integrity/:project/:version/:filename/provenance`,
      read(`/integrity/${project}/${version}/${filename}/provenance`),
    ],
    [`GET ${base}/-/api/projects`, reads(`${base}/-/api/projects`, headers)],
    [`GET ${base}/-/api/stored`, reads(`${base}/-/api/stored`, headers)],
    [`GET ${base}/search`, [...reads(`${base}/search?q=${project}`, headers), ...reads(`${base}/search`, headers)]],
    [`POST ${base}/`, post("/")],
    [`POST ${base}/simple`, post("/simple")],
  ];
}

/** What publishers send, in its order: tokens, an upload in one request, one in parts, what is done with a release. */
function publishing({ uploaded, inParts, adminToken }: Content): Table {
  const admin = { Authorization: `Bearer ${adminToken}` };
  const publisher = { Authorization: "Bearer {publisher}" };
  const reader = { Authorization: "Bearer {reader}" };
  const create = (name: string, scopes: readonly string[]) =>
    request("POST", "/-/api/tokens", {
      headers: admin,
      body: JSON.stringify({ name, index: "team", scopes }),
      learn: { [name]: "token", [`${name}-id`]: "id" },
    });
  const fields = uploadFields(uploaded);
  const whole = form(fields, uploaded.filename, uploaded.bytes);
  const wrong = form({ ...fields, sha256_digest: "0".repeat(64) }, uploaded.filename, uploaded.bytes);
  const damaged = form({ ...fields, sha256_digest: "" }, uploaded.filename, uploaded.bytes.subarray(0, 99));
  const upload = (path: string, { headers, body } = whole) =>
    request("POST", path, { headers: { ...publisher, ...headers }, body });
  const cut = request("POST", "/team/legacy/", {
    headers: { ...publisher, ...whole.headers, "Content-Length": String(whole.body.length) },
    body: whole.body.slice(0, whole.body.length / 2),
    cut: true,
  });
  const waiting = request("POST", "/team/legacy/", {
    headers: { ...publisher, ...whole.headers, Expect: "100-continue" },
    body: whole.body,
  });
  const announcement = JSON.stringify({
    index: "team",
    filename: inParts.filename,
    size: inParts.bytes.byteLength,
    sha256: inParts.sha256,
  });
  const of = (path: string) => `/-/api/indexes/team/projects/${uploaded.project}${path}`;
  const change = (method: string, path: string, body: string) => [
    ...refusedWrites(method, of(path), admin),
    request(method, of(path), { headers: admin, body }),
    request(method, of(path).replace("team", "no-such"), { headers: admin, body }),
  ];
  return [
    [
      "POST /-/api/tokens",
      [
        ...refusedWrites("POST", "/-/api/tokens", admin),
        create("publisher", ["read", "upload", "yank"]),
        create("reader", ["read"]),
      ],
    ],
    ["GET /-/api/tokens", [...reads("/-/api/tokens"), ...reads("/-/api/tokens?index=team", admin)]],
    ["POST /legacy", refusedWrites("POST", "/legacy", publisher)],
    ["POST /legacy/", [...refusedWrites("POST", "/legacy/", publisher), upload("/legacy/")]],
    ["POST /team/legacy", [...refusedWrites("POST", "/team/legacy", reader), upload("/team/legacy", wrong)]],
    [
      "POST /team/legacy/",
      [
        ...refusedWrites("POST", "/team/legacy/", publisher),
        upload("/team/legacy/", wrong),
        upload("/team/legacy/", damaged),
        cut,
        waiting,
        upload("/team/legacy/"),
      ],
    ],
    [
      "POST /-/api/uploads",
      [
        ...refusedWrites("POST", "/-/api/uploads", publisher),
        request("POST", "/-/api/uploads", { headers: publisher, body: announcement, learn: { upload: "id" } }),
      ],
    ],
    ["GET /-/api/uploads/:id", [...reads("/-/api/uploads/{upload}", publisher), ...reads("/-/api/uploads/team.0")]],
    [
      "PUT /-/api/uploads/:id/:number",
      [
        ...refusedWrites("PUT", "/-/api/uploads/{upload}/1", publisher),
        request("PUT", "/-/api/uploads/{upload}/0", { headers: publisher, body: "x" }),
        request("PUT", "/-/api/uploads/{upload}/1", {
          headers: publisher,
          body: Buffer.from(inParts.bytes).toString("latin1"),
        }),
      ],
    ],
    [
      "POST /-/api/uploads/:id/:number",
      [
        ...refusedWrites("POST", "/-/api/uploads/team.0/finish", publisher),
        request("POST", "/-/api/uploads/{upload}/finish", { headers: publisher }),
        request("POST", "/-/api/uploads/{upload}/finish", { headers: publisher }),
      ],
    ],
    ["DELETE /-/api/uploads/:id", refusedWrites("DELETE", "/-/api/uploads/{upload}", publisher)],
    ["GET /team/find-links", reads("/team/find-links/", reader)],
    ["GET /team/legacy/+simple/:project/", reads(`/team/legacy/+simple/${uploaded.project}/`, publisher)],
    ["ALL /-/api/indexes/:index/projects/:project", [...reads(of(""), admin), ...reads(of(""), reader)]],
    ["GET /-/api/indexes/:index/forks", reads("/-/api/indexes/team/forks", reader)],
    [
      "GET /-/api/indexes/:index/forks/:project/:version",
      reads(`/-/api/indexes/team/forks/${uploaded.project}/${uploaded.version}`, reader),
    ],
    [
      "ALL /-/api/indexes/:index/projects/:project/:version/yank",
      change("POST", `/${uploaded.version}/yank`, '{"reason":"It is soft."}'),
    ],
    [
      "ALL /-/api/indexes/:index/projects/:project/:version/unyank",
      change("POST", `/${uploaded.version}/unyank`, "{}"),
    ],
    [
      "ALL /-/api/indexes/:index/projects/:project/:version/restore",
      change("POST", `/${uploaded.version}/restore`, "{}"),
    ],
    [
      "ALL /-/api/indexes/:index/projects/:project/:version/promote",
      change("POST", `/${uploaded.version}/promote`, '{"to":"team"}'),
    ],
    [
      "ALL /-/api/indexes/:index/projects/:project/:version",
      [...change("PUT", "/status", '{"status":"archived"}'), ...change("DELETE", `/${uploaded.version}`, "")],
    ],
    ["GET /-/why/:project/:version?", reads("/-/why/no-such", reader)],
    [
      "GET /team/-/why/:project/:version?",
      [
        ...reads("/team/-/why/no-such", reader),
        ...reads(`/team/-/why/${uploaded.project}/${uploaded.version}`, reader),
      ],
    ],
    [
      "GET /-/api/policy/entries",
      [...reads("/-/api/policy/entries", reader), ...reads("/-/api/policy/entries", admin)],
    ],
    ["POST /-/api/policy/entries", refusedWrites("POST", "/-/api/policy/entries", admin)],
    ["DELETE /-/api/policy/entries/:id", refusedWrites("DELETE", "/-/api/policy/entries/0123456789abcdef", admin)],
    ["POST /-/api/policy/report", refusedWrites("POST", "/-/api/policy/report?filename=uv.lock", admin)],
    ["POST /team/-/api/policy/report", refusedWrites("POST", "/team/-/api/policy/report?filename=uv.lock", admin)],
    ...["", "/team"].flatMap((base): Table => [
      [`GET ${base}/-/api/policy/pending`, reads(`${base}/-/api/policy/pending`, admin)],
      [`POST ${base}/-/api/policy/forecast`, refusedWrites("POST", `${base}/-/api/policy/forecast`, admin)],
      [
        `GET ${base}/-/api/carried`,
        [...reads(`${base}/-/api/carried`, reader), ...reads(`${base}/-/api/carried`, admin)],
      ],
      [`POST ${base}/-/api/carried`, refusedWrites("POST", `${base}/-/api/carried`, admin)],
      [`POST ${base}/-/api/carried/done`, refusedWrites("POST", `${base}/-/api/carried/done`, admin)],
      [`PUT ${base}/-/api/carried/members/:number`, refusedWrites("PUT", `${base}/-/api/carried/members/1`, admin)],
    ]),
    ["GET /-/api/advisories", [...reads("/-/api/advisories", reader), ...reads("/-/api/advisories", admin)]],
    ["PUT /-/api/advisories", refusedWrites("PUT", "/-/api/advisories", admin)],
    ["GET /-/api/trusted-root", [...reads("/-/api/trusted-root", reader), ...reads("/-/api/trusted-root", admin)]],
    ["PUT /-/api/trusted-root", refusedWrites("PUT", "/-/api/trusted-root", admin)],
    ["GET /-/api/audit", [...reads("/-/api/audit", reader), ...reads("/-/api/audit?index=team", admin)]],
    [
      "DELETE /-/api/tokens/:id",
      [
        ...refusedWrites("DELETE", "/-/api/tokens/{reader-id}", reader),
        request("DELETE", "/-/api/tokens/{publisher-id}", { headers: admin }),
        request("DELETE", "/-/api/tokens/{publisher-id}", { headers: admin }),
      ],
    ],
  ];
}

/** At least five requests for each route, in the order in which they are sent. */
export function recordedRequests(content: Content): Table {
  const admin = { Authorization: `Bearer ${content.adminToken}` };
  const lock = `--extra-index-url x\n${content.mirrored.project}==${content.mirrored.version} --hash=sha256:${content.mirrored.sha256}\n`;
  const withLock = (path: string) => [
    ...refusedWrites("POST", `${path}?filename=requirements.txt`, admin),
    request("POST", `${path}?filename=requirements.txt`, { headers: { ...admin, Accept: JSON_PAGE }, body: lock }),
    request("POST", `${path}?filename=requirements.txt&index=no-such`, { headers: admin, body: lock }),
    request("POST", `${path}?filename=requirements.txt`, { headers: { Authorization: "Bearer {reader}" }, body: lock }),
  ];
  const oidc = (path: string) => refusedWrites("POST", `/_/oidc/${path}`, {});
  return [
    ...ofIndex("", {}, content),
    ...publishing(content),
    ...ofIndex("/team", { Authorization: "Bearer {reader}" }, content),
    ["GET /team", reads("/team", { Authorization: "Bearer {reader}" })],
    ["POST /team", refusedWrites("POST", "/team", {})],
    ["GET /robots.txt", reads("/robots.txt")],
    ["GET /-/style/:file", reads("/-/style/no-such.css")],
    ["GET /-/health", reads("/-/health")],
    // What it shows admins are figures, which differ.
    ["GET /-/", [...reads("/-/"), ...reads("/-/", { Authorization: "Bearer {reader}" })]],
    ["GET /-", reads("/-")],
    // What a sign-in opens has a key of its own on each server: what is answered before that is alike.
    ["GET /-/sign-in", [...reads("/-/sign-in?next=/team/"), ...reads("/-/sign-in", { Cookie: SESSION })]],
    ["GET /-/audit", [...reads("/-/audit"), ...reads("/-/audit", { Authorization: "Bearer {reader}" })]],
    ...["exemptions", "jobs"].map((path): Table[number] => [
      `GET /-/${path}`,
      [...reads(`/-/${path}`), ...reads(`/-/${path}`, { Authorization: "Bearer {reader}" })],
    ]),
    ["GET /-/tokens", [...reads("/-/tokens"), ...reads("/-/tokens", { Authorization: "Bearer {reader}" })]],
    ...[
      "sign-in",
      "sign-out",
      "tokens",
      "tokens/:id/revoke",
      "releases/:index/:project/:action",
      "exemptions",
      "exemptions/:id/end",
      "jobs/:job",
    ].map((path): Table[number] => [
      `POST /-/${path}`,
      [
        ...refusedWrites(
          "POST",
          `/-/${path.replace(":id", "0123456789abcdef").replace(":index/:project/:action", `team/${content.uploaded.project}/yank`)}`,
          { Cookie: SESSION, Origin: ORIGIN },
        ),
        ...["", "form=a.b&token=unknown"].map((body) =>
          request("POST", `/-/${path}`, {
            headers: { ...FORM, Cookie: SESSION, "Sec-Fetch-Site": "same-origin" },
            body,
          }),
        ),
      ],
    ]),
    ["GET /-/api/openapi.json", reads("/-/api/openapi.json")],
    ["POST /-/api/notify/test", refusedWrites("POST", "/-/api/notify/test", admin)],
    ["GET /-/metrics", reads("/-/metrics")],
    ["POST /-/api/warm", withLock("/-/api/warm")],
    ["POST /-/api/wheelhouse", withLock("/-/api/wheelhouse")],
    ["POST /team/-/api/warm", withLock("/team/-/api/warm")],
    ["POST /team/-/api/wheelhouse", withLock("/team/-/api/wheelhouse")],
    ...["", "/team"].flatMap((base) =>
      ["local", "canonical"].map((target): Table[number] => {
        const path = `${base}/-/api/lock/${target}`;
        return [`POST ${path}`, withLock(path)];
      }),
    ),
    [
      "POST /-/api/jobs/:name",
      [
        ...refusedWrites("POST", "/-/api/jobs/no-such", admin),
        request("POST", "/-/api/jobs/forget", { headers: admin }),
        request("POST", "/-/api/jobs/forget?dry-run=nonsense", { headers: admin }),
      ],
    ],
    ...["", "/entries", "/errors", "/verification"].map((path): Table[number] => [
      `GET /-/api/mirror${path}`,
      [...reads(`/-/api/mirror${path}`), ...reads(`/-/api/mirror${path}`, admin)],
    ]),
    ...["add", "remove", "run", "plan", "verification"].map((action): Table[number] => [
      `POST /-/api/mirror/${action}`,
      [
        ...refusedWrites("POST", `/-/api/mirror/${action}?source=pypi`, admin),
        request("POST", `/-/api/mirror/${action}`, {
          headers: admin,
          body: '{"source":"no-such","projects":["demo"]}',
        }),
      ],
    ]),
    ["GET /_/oidc/audience", reads("/_/oidc/audience")],
    ["POST /_/oidc/mint-token", oidc("mint-token")],
    ["POST /_/oidc/burn-token", oidc("burn-token")],
  ];
}
