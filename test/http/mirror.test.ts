import { expect, test } from "vitest";
import { bearer, give } from "../support/tokens.ts";
import { ask, mirrored, statusOf, wheel } from "../support/mirrored.ts";
import { ADMIN_TOKEN, Rig } from "../support/rig.ts";
import { FakeUpstream } from "../support/upstream.ts";

const admin = { Authorization: `Bearer ${ADMIN_TOKEN}` };

const UPSTREAMS = {
  pypi: { url: FakeUpstream.INDEX, mirror: { filters: { deny: ["demo<2"], types: ["wheel"] } } },
  acme: { url: "https://acme.test/simple/", projects: ["acme-*"] },
};
const two = () => new Rig({ UPSTREAMS, INDEXES: { default: { sources: ["acme", "pypi"] } } });

test("what is added is listed, with who did it, and both changes are in the audit log", async () => {
  const rig = new Rig();
  await rig.upstream.publish("demo", [wheel("demo")]);
  await ask(rig, "add", { projects: ["Demo[Fast]>=1", "acme_*"], withDependencies: true });
  const listed = JSON.parse((await rig.get("/-/api/mirror/entries", admin)).text()) as { entries: object[] };
  const entry = { withDependencies: true, added: "2026-11-22T12:00:00.000Z", addedBy: "admin" };
  expect(listed.entries).toEqual([
    { project: "acme-*", ...entry },
    { project: "demo[fast]>=1", ...entry },
  ]);
  expect(await ask(rig, "remove", { projects: ["demo==3"] })).toEqual({ source: "pypi", entries: 0 });
  expect(await ask(rig, "remove", { projects: ["demo", "acme-*"] })).toEqual({ source: "pypi", entries: 2 });
  const audit = (await rig.get("/-/api/audit", admin)).text().trim().split("\n");
  const lines = audit.map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(lines.map(({ action, subject, details }) => [action, subject, details])).toEqual([
    ["mirror.add", "pypi", { projects: ["Demo[Fast]>=1", "acme_*"], withDependencies: true }],
    ["mirror.remove", "pypi", { projects: ["demo==3"] }],
    ["mirror.remove", "pypi", { projects: ["demo", "acme-*"] }],
  ]);
});

test.each<[path: string, body: object, status: number, sentence: RegExp]>([
  ["add", { projects: ["demo"] }, 400, /There are several upstreams: name one with source \(--source\): acme, pypi\./],
  ["add", { source: "npm", projects: ["demo"] }, 400, /There is no upstream "npm" here; there are: acme, pypi\./],
  ["add", { source: "acme", projects: ["demo"] }, 422, /acme is never asked for demo: its "projects"/],
  ["add", { source: "pypi", projects: ["demo>>1"] }, 422, /"demo>>1" is not a project's name or a pattern/],
  ["add", { source: "pypi", projects: [] }, 422, /projects must name at least one/],
  ["add", { source: "pypi", projects: "demo" }, 422, /projects must be an array/],
  ["remove", { source: "pypi", projects: ["a b"] }, 422, /"a b" is not a project's name/],
  ["run", { source: "pypi", projects: ["demo"] }, 422, /"projects" is not known here/],
  ["verification", { source: "npm" }, 400, /There is no upstream "npm" here; there are: acme, pypi\./],
  ["verification", { source: "pypi", sample: 0 }, 422, /sample must be a number above 0, of at most 100/],
  ["verification", { source: "pypi", sample: "5%" }, 422, /sample must be a number above 0, of at most 100/],
  ["verification", { source: "pypi", repair: 1 }, 422, /repair must be true or false/],
])("mirror/%s of %j is refused with %i and a sentence", async (path, body, status, sentence) => {
  const answer = await two().post(`mirror/${path}`, JSON.stringify(body));
  expect([answer.status, answer.text()]).toEqual([status, expect.stringMatching(sentence)]);
});

test("only who administers every index may see or change what is mirrored", async () => {
  const rig = two();
  const { text } = await give(rig, { index: "default", scopes: ["admin"] });
  for (const [method, path] of [
    ["GET", ""],
    ["GET", "/entries"],
    ["POST", "/add"],
    ["POST", "/plan"],
    ["GET", "/verification"],
    ["POST", "/verification"],
  ] as const) {
    const authorization = bearer(text);
    expect((await rig.get(`/-/api/mirror${path}`, authorization, method)).status).toBe(403);
    expect((await rig.get(`/-/api/mirror${path}`, {}, method)).status).toBe(401);
  }
});

test("a plan says how much it would be, what is stored of it, and why files are left out; no file is fetched", async () => {
  const rig = two();
  const sdist = { filename: "demo-3.0.tar.gz", bytes: new Uint8Array(10) };
  await rig.upstream.publish("demo", [wheel("demo", "1.0"), wheel("demo", "2.0"), wheel("demo", "3.0"), sdist]);
  const plan = () => ask(rig, "plan", { source: "pypi", projects: ["demo", "nowhere"] });
  const size = wheel("demo", "2.0").bytes.byteLength;
  const amounts = { projects: 2, files: 2, bytes: 2 * size, metadata: 2, read: 2, absent: ["nowhere"] };
  const reasons = { deny: 1, types: 1 };
  expect(await plan()).toMatchObject({ ...amounts, leftOut: 2, reasons, stored: 0, requests: 6, seconds: 1 });
  expect(rig.upstream.requests.filter((line) => line.includes("/packages/"))).toEqual([]);
  await ask(rig, "add", { source: "pypi", projects: ["demo"] });
  await rig.deliverMirrors();
  expect(await plan()).toMatchObject({ ...amounts, stored: 4, storedBytes: 2 * size, requests: 2 });
});

test("an upstream that fails is told as such, and its project is tried again", async () => {
  const rig = new Rig();
  rig.upstream.down = true;
  expect((await rig.post("mirror/plan", JSON.stringify({ projects: ["demo"] }))).status).toBe(503);
  await mirrored(rig, "demo");
  expect(await statusOf(rig)).toMatchObject({ projects: 1, errors: 1, due: 0 });
  rig.upstream.down = false;
  await rig.upstream.publish("demo", [wheel("demo")]);
  rig.wait(5 * 60_000);
  await rig.tick("* * * * *");
  await rig.deliverMirrors();
  expect(await statusOf(rig)).toMatchObject({ files: 1, errors: 0, missing: 0 });
});
