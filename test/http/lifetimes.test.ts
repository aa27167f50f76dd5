import { expect, test } from "vitest";
import { filePath, JSON_TYPE, Rig } from "../support/rig.ts";
import { FakeUpstream } from "../support/upstream.ts";

const NAME = "demo-1.0-py3-none-any.whl";
const PROVENANCE = `/integrity/demo/1.0/${NAME}/provenance`;
const THEIRS = `https://upstream.test${PROVENANCE}`;

const PAGE = "public, max-age=60, no-transform";
const FILE = "public, max-age=31536000, immutable, no-transform";
/** For Cloudflare's cache alone. */
const EDGE = "public, max-age=60, stale-while-revalidate=60, stale-if-error=604800";

const ROWS: readonly [what: string, path: string, status: number, clients: string, edge: string | null][] = [
  ["a page", "/simple/demo/", 200, PAGE, EDGE],
  ["the root listing", "/simple/", 200, PAGE, EDGE],
  ["a project's JSON", "/pypi/demo/json", 200, PAGE, EDGE],
  ["a provenance", PROVENANCE, 200, PAGE, EDGE],
  ["a file", filePath(NAME), 200, FILE, null],
  ["a file's metadata", `${filePath(NAME)}.metadata`, 200, FILE, null],
  ["a redirect", "/simple/Demo/", 302, "public, max-age=60", "public, max-age=60, stale-if-error=0"],
  ["an absent project", "/simple/absent/", 404, "public, max-age=30", "public, max-age=30, stale-if-error=0"],
  ["an absent document", "/pypi/absent/json", 404, "public, max-age=30", "public, max-age=30, stale-if-error=0"],
  ["a file that its page does not list", filePath("demo-2.0-py3-none-any.whl"), 404, "no-store", null],
  ["an address of nothing", "/nowhere", 404, "no-store", null],
  ["a wrong request", "/files/", 400, "no-store", null],
  ["an outage", "/simple/away/", 503, "no-store", null],
  ["the state of the worker", "/-/health", 200, "no-store", null],
];

async function rigOfAll(vars: Record<string, unknown> = { PUBLIC_URL: "https://pypi.corp.example" }) {
  const rig = new Rig(vars);
  const entry = { provenance: THEIRS };
  await rig.upstream.publish("demo", [{ filename: NAME, bytes: new Uint8Array(9), metadata: "Name: demo\n", entry }]);
  rig.upstream.on(THEIRS, () => Response.json({}));
  rig.upstream.on("https://upstream.test/pypi/demo/json", () => Response.json({ info: {}, releases: {} }));
  rig.upstream.on(
    FakeUpstream.INDEX,
    () => new Response('{"meta":{},"projects":[{"name":"demo"}]}', { headers: { "Content-Type": JSON_TYPE } }),
  );
  rig.upstream.on(`${FakeUpstream.INDEX}away/`, () => new Response("no", { status: 403 }));
  return rig;
}

const lifetimes = (headers: Headers) => [headers.get("Cache-Control"), headers.get("Cloudflare-CDN-Cache-Control")];

test.each(ROWS)("%s (%s) says exactly who may keep it for how long", async (_what, path, status, clients, edge) => {
  const answer = await (await rigOfAll()).get(path);
  expect([answer.status, ...lifetimes(answer.headers)]).toEqual([status, clients, edge]);
});

test.each(["/simple/demo/", filePath(NAME)])("%s says the same on a 304 and to HEAD", async (path) => {
  const rig = await rigOfAll();
  const whole = await rig.get(path);
  const known = await rig.get(path, { "If-None-Match": whole.headers.get("ETag") ?? "" });
  const head = await rig.get(path, {}, "HEAD");
  expect([known.status, head.status]).toEqual([304, 200]);
  expect([lifetimes(known.headers), lifetimes(head.headers)]).toEqual(Array(2).fill(lifetimes(whole.headers)));
});

test.each(["/", "/pypi/demo/json"])("%s, that shows the host it was asked under, is no cache's", async (path) => {
  const answer = await (await rigOfAll({})).get(path);
  expect([answer.status, ...lifetimes(answer.headers)]).toEqual([200, "private, no-cache", null]);
});
