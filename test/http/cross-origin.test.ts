import { describe, expect, test } from "vitest";
import { host, READER, teamOf } from "../support/hosted.ts";
import { filePath, JSON_TYPE, Rig } from "../support/rig.ts";
import { bearer, give } from "../support/tokens.ts";
import { upload, wheelOf } from "../support/upload.ts";

const WHEEL = "demo-1.0-py3-none-any.whl";
const PAGE = { Origin: "https://notebook.example", "Sec-Fetch-Site": "cross-site" };
const PREFLIGHT = {
  Origin: "https://notebook.example",
  "Access-Control-Request-Method": "GET",
  "Access-Control-Request-Headers": "if-none-match,range",
};

/** An open index, one over it that hosts and anyone may read, and one that needs a token. */
async function rigOfThree(vars: Record<string, unknown> = {}) {
  const closed = { sources: ["default"], hosted: true, read: "token" };
  const rig = new Rig({ ...teamOf({}, { closed }), ...vars });
  const bytes = new Uint8Array(9);
  await rig.upstream.publish("demo", [{ filename: WHEEL, bytes, metadata: "Name: demo\n", ranges: true }]);
  rig.upstream.on("https://upstream.test/simple/away/", () => new Response("no", { status: 403 }));
  return rig;
}

/** What says that pages of other origins may read an answer. */
const shares = (headers: Headers) => [...headers.keys()].filter((name) => name.startsWith("access-control-"));

const READ = ["access-control-allow-origin", "access-control-expose-headers"];

const ROWS: readonly (readonly [what: string, path: string, status: number, headers?: Record<string, string>])[] = [
  ["the page about it", "/", 200],
  ["a page in HTML", "/simple/demo/", 200],
  ["a page in JSON", "/simple/demo/", 200, { Accept: JSON_TYPE }],
  ["a page the client has", "/simple/demo/", 304, { "If-None-Match": "*" }],
  ["a page spelled otherwise", "/simple/Demo/", 302],
  ["doubled slashes", "//simple//demo/", 302],
  ["no final slash", "/simple", 302],
  ["an absent project", "/simple/absent/", 404],
  ["no name", "/simple/-/", 400],
  ["no representation", "/simple/demo/?format=xml", 400],
  ["a long query", `/simple/demo/?${"q".repeat(1_025)}`, 400],
  ["a failure of the upstream", "/simple/away/", 503],
  ["a file", filePath(WHEEL), 200],
  ["a part of a file", filePath(WHEEL), 206, { Range: "bytes=0-1" }],
  ["no part of a file", filePath(WHEEL), 416, { Range: "bytes=99-" }],
  ["a file the client has", filePath(WHEEL), 304, { "If-None-Match": "*" }],
  ["metadata", `${filePath(WHEEL)}.metadata`, 200],
  ["an absent file", filePath("demo-9.0.tar.gz"), 404],
  ["no file", "/files/", 400],
  ["an alias of a file", `/packages/${WHEEL}`, 200],
  ["an absent document", "/pypi/absent/json", 404],
  ["an absent provenance", `/integrity/absent/1.0/${WHEEL}/provenance`, 404],
  ["an address of nothing", "/simpel/demo/", 404],
];

describe("another origin's page may read", () => {
  test.each([
    ["", "the default index"],
    ["/team", "an index that hosts, and that anyone may read"],
  ])("all that is below %s/ (%s)", async (base) => {
    const rig = await rigOfThree();
    for (const [what, path, status, headers = {}] of ROWS) {
      for (const method of ["GET", "HEAD"]) {
        if (method === "HEAD" && headers["Range"]) continue;
        const answer = await rig.get(base + path, { ...PAGE, ...headers }, method);
        expect([what, answer.status, shares(answer.headers)]).toEqual([what, status, READ]);
        expect(answer.headers.get("Access-Control-Allow-Origin")).toBe("*");
        expect(answer.headers.has("Access-Control-Allow-Credentials")).toBe(false);
      }
    }
  });

  test("the headers that clients read", async () => {
    const answer = await (await rigOfThree()).get("/simple/demo/", PAGE);
    const exposed = answer.headers.get("Access-Control-Expose-Headers")?.split(", ");
    expect(exposed).toEqual(
      expect.arrayContaining(["ETag", "Content-Length", "Content-Range", "Accept-Ranges", "X-PyPI-Last-Serial"]),
    );
  });

  test("the links and the hosted files of an open index", async () => {
    const rig = await rigOfThree();
    const hosted = await host("acme", "acme-1.0-py3-none-any.whl");
    for (const path of ["/team/find-links/", `/team${hosted.path}`, "/team/simple/acme/"]) {
      const { status, headers } = await rig.get(path, PAGE);
      expect([path, status, headers.get("Access-Control-Allow-Origin")]).toEqual([path, 200, "*"]);
    }
  });

  test("no answer of an index that needs a token", async () => {
    const rig = await rigOfThree();
    const odd = [
      "//closed/simple//demo",
      "/closed//simple/demo/",
      "/closed",
      "/closed/nothing",
      "/closed/@main/simple/",
    ];
    for (const path of [...ROWS.map(([, each]) => `/closed${each}`), ...odd]) {
      for (const headers of [{}, READER, PREFLIGHT]) {
        const method = headers === PREFLIGHT ? "OPTIONS" : "GET";
        expect([path, shares((await rig.get(path, { ...PAGE, ...headers }, method)).headers)]).toEqual([path, []]);
      }
    }
  });

  test("no answer of a default index that needs a token, and every answer of a public one beside it", async () => {
    const rig = new Rig({ INDEXES: { default: { sources: ["pypi"], read: "token" }, open: { sources: ["pypi"] } } });
    const shared = async (path: string, method = "GET", headers: Record<string, string> = READER) =>
      shares((await rig.get(path, { ...PAGE, ...headers }, method)).headers).length > 0;
    for (const path of ["/", "/simple/demo/", "/simple/open/", "/packages/open", "/nothing", "/-/open/simple/"]) {
      expect([path, await shared(path), await shared(path, "OPTIONS", PREFLIGHT)]).toEqual([path, false, false]);
    }
    for (const path of ["/open", "/open/", "/open/simple/demo/", "//open/simple/demo/", "/open/nothing"]) {
      expect([path, await shared(path), await shared(path, "OPTIONS", PREFLIGHT)]).toEqual([path, true, true]);
    }
  });

  test.each(["/-/health", "/-/metrics", "/-/api/tokens", "/-/api/audit", "/-/nothing", "/_/oidc/audience", "/legacy/"])(
    "nothing of %s",
    async (path) => {
      const rig = await rigOfThree();
      for (const [method, headers] of [
        ["GET", READER],
        ["POST", READER],
        ["OPTIONS", PREFLIGHT],
      ] as const) {
        expect(shares((await rig.get(path, { ...PAGE, ...headers }, method)).headers)).toEqual([]);
        expect(shares((await rig.get(`/team${path}`, { ...PAGE, ...headers }, method)).headers)).toEqual([]);
      }
    },
  );
});

describe("a preflight", () => {
  test.each(["/simple/demo/", "/team/simple/demo/", filePath(WHEEL), "/", "/team"])(
    "of %s is answered, and nothing is looked up for it",
    async (path) => {
      const rig = await rigOfThree();
      const { status, headers, body } = await rig.get(path, PREFLIGHT, "OPTIONS");
      expect([status, body.byteLength, headers.get("Cache-Control")]).toEqual([204, 0, "no-store"]);
      expect(headers.get("Access-Control-Allow-Origin")).toBe("*");
      expect(headers.get("Access-Control-Allow-Methods")).toBe("GET, HEAD");
      expect(headers.get("Access-Control-Allow-Headers")).toMatch(/\*.*If-None-Match.*Range/);
      expect(headers.get("Access-Control-Allow-Headers")).not.toMatch(/authorization/i);
      expect([rig.counts, rig.upstream.requests]).toEqual([{}, []]);
    },
  );

  test("of an upload or of the API is refused as it is for everybody", async () => {
    const rig = await rigOfThree();
    const answers = await Promise.all(
      ["/team/legacy/", "/closed/simple/demo/", "/-/api/tokens", "/-/api/warm"].map((path) =>
        rig.get(path, { ...PREFLIGHT, "Access-Control-Request-Method": "POST" }, "OPTIONS"),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual([405, 405, 401, 401]);
  });
});

/** A request whose body tells whether it was read. */
async function send(rig: Rig, method: string, path: string, headers: Record<string, string>) {
  let pulled = 0;
  const body = new ReadableStream(
    {
      pull(controller) {
        pulled++;
        controller.enqueue(new Uint8Array(1024));
        if (pulled === 4) controller.close();
      },
    },
    { highWaterMark: 0 },
  );
  const { response, settled } = await rig.open(path, { method, headers, body });
  const text = await response.text();
  await settled();
  return { status: response.status, text, headers: response.headers, wasRead: pulled > 0 };
}

const FOREIGN: readonly (readonly [what: string, headers: Record<string, string>])[] = [
  ["a page of another site", PAGE],
  ["a page of another site, without its origin", { "Sec-Fetch-Site": "cross-site" }],
  ["a page of a neighbour", { Origin: "https://other.edge.test", "Sec-Fetch-Site": "same-site" }],
  ["a page that says it is from here, and is not", { Origin: "https://edge.test", "Sec-Fetch-Site": "cross-site" }],
  ["an older browser's page of another site", { Origin: "https://notebook.example" }],
  ["an older browser's page of another port", { Origin: "https://edge.test:8443" }],
  ["a page that hides where it is from", { Origin: "null" }],
  ["an origin that is none", { Origin: "edge.test" }],
];

const WRITES: readonly (readonly [method: string, path: string])[] = [
  ["POST", "/team/legacy/"],
  ["POST", "/team/legacy"],
  ["POST", "/legacy/"],
  ["POST", "/team/"],
  ["POST", "/-/api/tokens"],
  ["DELETE", "/-/api/tokens/0123456789abcdef"],
  ["POST", "/-/api/warm"],
  ["POST", "/-/api/jobs/sweep"],
  ["POST", "/-/api/uploads"],
  ["PUT", "/-/api/uploads/team.x/1"],
  ["PUT", "/-/api/indexes/team/projects/demo/status"],
  ["DELETE", "/-/api/indexes/team/projects/demo/1.0"],
  ["POST", "/_/oidc/mint-token"],
  ["POST", "/_/oidc/burn-token"],
  ["POST", "/simple/demo/"],
  ["PATCH", "/simple/demo/"],
];

describe("a request that would change something", () => {
  test.each(FOREIGN)("is refused before its body is read where it comes from %s", async (_what, headers) => {
    const rig = await rigOfThree();
    expect((await send(rig, "POST", "/-/api/tokens", READER)).wasRead).toBe(true);
    rig.forget();
    for (const [method, path] of WRITES) {
      const answer = await send(rig, method, path, { ...READER, ...headers });
      expect([path, answer.status, answer.wasRead]).toEqual([path, 403, false]);
      expect(answer.headers.get("Cache-Control")).toBe("no-store");
      expect(answer.text).toMatch(/^A web page of another site has sent this request/);
    }
    expect([rig.counts, rig.upstream.requests]).toEqual([{}, []]);
  });

  test.each<readonly [what: string, headers: Record<string, string>]>([
    ["a client that is no browser", {}],
    ["a page of this host", { Origin: "https://edge.test", "Sec-Fetch-Site": "same-origin" }],
    ["a person", { "Sec-Fetch-Site": "none" }],
    ["an older browser's page of this host", { Origin: "https://EDGE.test" }],
    ["a page of this host, whose proxy speaks plain http to it", { Origin: "http://edge.test" }],
    ["a page of the public address", { Origin: "https://pypi.corp.example" }],
  ])("is accepted from %s", async (_what, headers) => {
    const rig = await rigOfThree({ PUBLIC_URL: "https://pypi.corp.example" });
    const { text } = await give(rig, { index: "*", scopes: ["admin"] });
    const made = await rig.post("tokens", JSON.stringify({ name: "a", index: "team", scopes: ["read"] }), {
      ...bearer(text),
      ...headers,
    });
    expect(made.status).toBe(201);
    const uploaded = await upload(rig, await wheelOf(), { headers: { ...bearer(text), ...headers } });
    expect(uploaded.text).toMatch(/^Published/);
  });

  test("is asked for by nothing that is only read", async () => {
    const rig = await rigOfThree();
    for (const method of ["GET", "HEAD"]) {
      for (const [, headers] of FOREIGN) {
        expect((await rig.get("/simple/demo/", headers, method)).status).toBe(200);
        expect((await rig.get("/closed/simple/demo/", { ...READER, ...headers }, method)).status).toBe(200);
      }
    }
  });
});

describe("a token is asked for", () => {
  test.each([
    ["/closed/simple/demo/", "GET", "Basic"],
    ["/team/legacy/", "POST", "Basic"],
    ["/-/api/tokens", "GET", "Bearer"],
    ["/-/api/warm", "POST", "Bearer"],
    ["/-/metrics", "GET", "Bearer"],
  ])("at %s (%s) as %s", async (path, method, scheme) => {
    const answer = await (await rigOfThree()).get(path, {}, method);
    expect([answer.status, answer.headers.get("WWW-Authenticate")?.split(" ")[0]]).toEqual([401, scheme]);
  });
});
