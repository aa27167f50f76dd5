import { comparable } from "../support/headers.ts";
import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { parseConfig } from "../../schema/config.ts";
import { cloudflare } from "../../worker/cloudflare/platform.ts";
import { createApp } from "../../worker/app.ts";
import { JSON_TYPE, Rig, VARS } from "../support/rig.ts";
import { basic, bearer, give } from "../support/tokens.ts";
import { FakeUpstream } from "../support/upstream.ts";

const WHEEL = "demo-1.0-py3-none-any.whl";
const INDEXES = { default: { sources: ["pypi"] }, team: { sources: ["default"], hosted: true } };
const PROVENANCE = `/integrity/demo/1.0/${WHEEL}/provenance`;

const PAGES = "private, no-cache";
const FILES = "private, max-age=31536000, immutable";
const NEVER = "no-store";

const file = (name: string) => `/files/files.upstream.test/packages/${name}`;

/** What can be asked of an index that is read with a token. */
const ROWS: readonly [what: string, path: string, headers: Record<string, string>, status: number, lifetime: string][] =
  [
    ["the page about it", "/", {}, 200, PAGES],
    ["the root listing", "/simple/", {}, 200, PAGES],
    ["the root listing as JSON", "/simple/", { Accept: JSON_TYPE }, 200, PAGES],
    ["a page", "/simple/demo/", {}, 200, PAGES],
    ["a page as JSON", "/simple/demo/", { Accept: JSON_TYPE }, 200, PAGES],
    ["a page spelled otherwise", "/simple/Demo", {}, 302, PAGES],
    ["a page with doubled slashes", "//simple//demo/", {}, 302, PAGES],
    ["an absent project", "/simple/absent/", {}, 404, PAGES],
    ["no name at all", "/simple/-/", {}, 400, NEVER],
    ["a page that cannot be had", "/simple/away/", {}, 503, NEVER],
    ["a representation that is not offered", "/simple/demo/?format=no/such", {}, 400, NEVER],
    ["a file", file(WHEEL), {}, 200, FILES],
    ["a part of a file", file(WHEEL), { Range: "bytes=1-2" }, 206, FILES],
    ["a part that is not there", file(WHEEL), { Range: "bytes=99-" }, 416, NEVER],
    ["a file's metadata", `${file(WHEEL)}.metadata`, {}, 200, FILES],
    ["an absent file", file("demo-2.0-py3-none-any.whl"), {}, 404, NEVER],
    ["an absent project's file", file("absent-2.0-py3-none-any.whl"), {}, 404, NEVER],
    ["no file at all", "/files/", {}, 400, NEVER],
    ["a file by its upstream's path", `/packages/${WHEEL}`, {}, 200, FILES],
    ["a project's JSON", "/pypi/demo/json", {}, 200, PAGES],
    ["a project's JSON spelled otherwise", "/pypi/Demo/json", {}, 302, PAGES],
    ["an absent project's JSON", "/pypi/absent/json", {}, 404, PAGES],
    ["a provenance", PROVENANCE, {}, 200, PAGES],
    ["an absent provenance", PROVENANCE.replace("any.whl", "win32.whl"), {}, 404, PAGES],
  ];

async function rigWith(indexes: Record<string, unknown> = INDEXES): Promise<Rig> {
  const rig = new Rig({ INDEXES: indexes, PUBLIC_URL: "https://pypi.corp.example" });
  const provenance = `https://upstream.test${PROVENANCE}`;
  const demo = { filename: WHEEL, bytes: new Uint8Array(9), metadata: "Name: demo\n", entry: { provenance } };
  await rig.upstream.publish("demo", [demo]);
  rig.upstream.on(provenance, () => Response.json({}));
  rig.upstream.on("https://upstream.test/pypi/demo/json", () => Response.json({ info: {}, releases: {} }));
  const listing = '{"meta":{},"projects":[{"name":"demo"}]}';
  rig.upstream.on(FakeUpstream.INDEX, () => new Response(listing, { headers: { "Content-Type": JSON_TYPE } }));
  rig.upstream.on(`${FakeUpstream.INDEX}away/`, () => new Response("no", { status: 403 }));
  return rig;
}

/** Who keeps an answer for how long; the edge gives to anyone what it keeps, whoever it was for. */
const keepers = (headers: Headers) => [
  headers.get("Cache-Control"),
  headers.get("Cloudflare-CDN-Cache-Control"),
  headers.get("CDN-Cache-Control"),
  headers.get("Cache-Tag"),
];
const alone = (lifetime: string) => [lifetime, null, null, null];

beforeEach(() => {
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
});

describe.each([
  ["a team's index", INDEXES, "/team"],
  [
    "a default index that needs a token",
    { default: { sources: ["pypi"], read: "token" }, open: { sources: ["pypi"] } },
    "",
  ],
])("of %s", (_which, indexes, base) => {
  test.each(ROWS)("%s (%s) is kept by whoever asked, alone", async (_what, path, headers, status, lifetime) => {
    const rig = await rigWith(indexes);
    const { text } = await give(rig, { index: "*" });
    const cold = await rig.get(base + path, { ...bearer(text), ...headers });
    // The first time nothing of a file is stored: what the upstream gives of a part is for this client alone.
    const first = status === 206 ? NEVER : lifetime;
    expect([cold.status, ...keepers(cold.headers)]).toEqual([status, ...alone(first)]);
    const whole = await rig.get(base + path, bearer(text));
    const warm = await rig.get(base + path, { ...bearer(text), ...headers });
    expect([warm.status, ...keepers(warm.headers)]).toEqual([status, ...alone(lifetime)]);
    const head = await rig.get(base + path, { ...bearer(text), ...headers }, "HEAD");
    expect(keepers(head.headers).slice(1)).toEqual([null, null, null]);
    expect(head.headers.get("Cache-Control")).toMatch(/^(?:private|no-store)/);
    const etag = whole.headers.get("ETag");
    if (etag === null || status === 416) return;
    const known = await rig.get(base + path, { ...bearer(text), "If-None-Match": etag });
    expect([known.status, ...keepers(known.headers)]).toEqual([304, ...alone(lifetime)]);
  });

  test("the answer to a defect is stored by no cache", async () => {
    const rig = await rigWith(indexes);
    const { text } = await give(rig, { index: "*" });
    const broken = new Proxy({}, { get: () => () => Promise.reject(new TypeError("a defect")) });
    const own = rig.services.indexes.map((index) => ({ ...index, repository: broken as typeof index.repository }));
    const config = parseConfig({ ...VARS, INDEXES: indexes });
    const app = createApp(config, { ...rig.services, indexes: own }, cloudflare(env));
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    for (const path of ["/simple/", "/simple/demo/", file(WHEEL), "/pypi/demo/json"]) {
      const request = new Request(`https://edge.test${base}${path}`, { headers: bearer(text) });
      const { status, headers } = await app.fetch(request, { work: createExecutionContext() });
      expect([path, status, ...keepers(headers)]).toEqual([path, 500, ...alone(NEVER)]);
    }
  });

  test("a client without a token gets the same answer for what exists and what does not, and nothing is read", async () => {
    const rig = await rigWith(indexes);
    const { text } = await give(rig, { index: "*" });
    // All of it is stored: it would be answered at once.
    for (const [, path] of ROWS) await rig.get(base + path, bearer(text));
    const shown: Record<string, string>[] = [
      {},
      basic("__token__", "wrong"),
      bearer("pypi-edge_0_0"),
      { Accept: JSON_TYPE },
    ];
    let address = 0;
    // Each request comes from another address: after some failures of one it would be another answer, and that for all as well.
    const from = () => ({ "CF-Connecting-IP": `192.0.2.${address++}` });
    for (const method of ["GET", "HEAD"]) {
      for (const headers of shown) {
        rig.restart();
        rig.forget();
        const answers = new Set<string>();
        const odd = ["/simple", "/simple/demo", "/simple/%64emo/", "/simple/demo/x/y", "/simple/../simple/demo/"];
        for (const path of [...ROWS.map(([, each]) => each), ...odd, "/files/x", "/pypi/demo/9/json"]) {
          const answer = await rig.get(base + path, { ...headers, ...from() }, method);
          answers.add(JSON.stringify([answer.status, comparable(answer.headers), answer.text()]));
        }
        expect([...answers]).toEqual([expect.stringMatching(/^\[401,.*"no-store"/)]);
        expect([rig.counts, rig.upstream.requests]).toEqual([{}, []]);
      }
    }
  });

  test("an address in another spelling has the same answer for a client without a token", async () => {
    const rig = await rigWith(indexes);
    const odd = (name: string) => [
      `/${base}/simple/${name}/`,
      `${base}//simple//${name}`,
      `${base}/%73imple/${name}/`,
      `${base}/SIMPLE/${name}/`,
      `${base}/simple/${name}/../${name}/`,
      `${base}/simple/./${name}/`,
      `${base}/simple%2f${name}/`,
      `${base}/simple;x/${name}/`,
      `${base}//files/files.upstream.test/packages/${name}-1.0-py3-none-any.whl`,
      `${base}/files//files.upstream.test/packages/${name}-1.0-py3-none-any.whl`,
      `${base}/pypi//${name}/json`,
    ];
    const answered = async (name: string) => {
      const answers = [];
      for (const path of odd(name)) {
        const { status, headers, text } = await rig.get(path);
        answers.push([status, comparable(headers), text()]);
      }
      return answers;
    };
    const there = await answered("demo");
    expect(await answered("none")).toEqual(there);
    expect(there.every(([status]) => status === 401 || status === 404)).toBe(true);
    expect([rig.counts, rig.upstream.requests]).toEqual([{}, []]);
  });
});

describe("beside a default index that needs a token", () => {
  const indexes = { default: { sources: ["pypi"], read: "token" }, open: { sources: ["pypi"] } };

  test.each(["/open/", "/open/simple/demo/", `/open${file(WHEEL)}`, "/-/health"])("%s needs no token", async (path) =>
    expect((await (await rigWith(indexes)).get(path)).status).toBe(200),
  );

  test("an address of nothing is 404, as everywhere", async () => {
    expect((await (await rigWith(indexes)).get("/nowhere")).status).toBe(404);
  });
});

describe("of an index that anyone may read", () => {
  test.each([
    ["a token that is good", undefined],
    ["a token that is not", "pypi-edge_0000000000000000_0000000000000000000000000000000000000000000"],
    ["a password of something else", "hunter2"],
  ])("%s in the address changes nothing", async (_what, shown) => {
    const rig = await rigWith();
    const token = shown ?? (await give(rig)).text;
    for (const path of ["/simple/demo/", "/simple/", file(WHEEL), "/simple/absent/"]) {
      const plain = await rig.get(path);
      await rig.get(path);
      rig.forget();
      const again = await rig.get(path);
      const { ...without } = rig.counts;
      rig.forget();
      const answer = await rig.get(path, basic("__token__", token));
      expect(answer).toMatchObject({ status: plain.status, body: again.body });
      expect(comparable(answer.headers)).toEqual(comparable(again.headers));
      expect(rig.counts).toEqual(without);
    }
  });
});
