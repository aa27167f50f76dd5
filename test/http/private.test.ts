import { comparable } from "../support/headers.ts";
import { describe, expect, test } from "vitest";
import { host, READER, TEAM } from "../support/hosted.ts";
import { filePath, Rig } from "../support/rig.ts";

const HOSTED = "acme-1.0-py3-none-any.whl";
const MIRRORED = "demo-1.0.tar.gz";
const METADATA = "Name: acme\n";

async function privately() {
  const rig = new Rig({ ...TEAM, PUBLIC_URL: "https://pypi.corp.example" });
  await rig.upstream.publish("demo", [{ filename: MIRRORED, bytes: new Uint8Array(9), ranges: true }]);
  rig.upstream.on("https://upstream.test/pypi/demo/json", () => Response.json({ info: {}, releases: {} }));
  return { rig, hosted: await host("acme", HOSTED, { metadata: METADATA }) };
}

type Row = readonly [what: string, path: (hosted: string) => string, status: number, headers: Record<string, string>];

const PAGE = "private, no-cache";
const FILE = "private, max-age=31536000, immutable";

const KEPT_BY_CLIENTS: readonly (readonly [...Row, lifetime: string])[] = [
  ["a hosted page", () => "/simple/acme/", 200, {}, PAGE],
  ["a mirrored page", () => "/simple/demo/", 200, {}, PAGE],
  ["an absent project", () => "/simple/absent/", 404, {}, PAGE],
  ["a redirect", () => "/simple/Acme/", 302, {}, PAGE],
  ["a redirect of links", () => "/find-links", 302, {}, PAGE],
  ["the page of links", () => "/find-links/", 200, {}, PAGE],
  ["what hatch looks at", () => "/legacy/+simple/acme/", 200, {}, PAGE],
  ["what hatch does not find", () => "/legacy/+simple/demo/", 404, {}, PAGE],
  ["a project's JSON", () => "/pypi/demo/json", 200, {}, PAGE],
  ["a hosted project's JSON", () => "/pypi/acme/json", 200, {}, PAGE],
  ["an absent document", () => "/pypi/absent/json", 404, {}, PAGE],
  ["a hosted file", (hosted) => hosted, 200, {}, FILE],
  ["its metadata", (hosted) => `${hosted}.metadata`, 200, {}, FILE],
  ["a part of it", (hosted) => hosted, 206, { Range: "bytes=0-1" }, FILE],
  ["no part of it", (hosted) => hosted, 416, { Range: "bytes=999-" }, "no-store"],
  ["what is unchanged of it", (hosted) => hosted, 304, { "If-None-Match": "*" }, FILE],
  ["no such file", () => `/files/-/${"0".repeat(64)}/${HOSTED}`, 404, {}, "no-store"],
  ["a mirrored file", () => filePath(MIRRORED), 200, {}, FILE],
  ["a part of a mirrored file", () => filePath(MIRRORED), 206, { Range: "bytes=0-1" }, "no-store"],
  ["no such mirrored file", () => filePath("demo-9.0.tar.gz"), 404, {}, "no-store"],
  ["the page for a person", () => "/", 200, {}, PAGE],
  ["a redirect to it", () => "", 302, {}, PAGE],
];

describe("an index that needs a token", () => {
  test.each(KEPT_BY_CLIENTS)("lets only its reader keep %s", async (_what, path, status, headers, lifetime) => {
    const { rig, hosted } = await privately();
    const answer = await rig.get(`/team${path(hosted.path)}`, { ...READER, ...headers });
    expect([answer.status, answer.headers.get("Cache-Control")]).toEqual([status, lifetime]);
    expect(answer.headers.has("Cloudflare-CDN-Cache-Control")).toBe(false);
    expect(answer.headers.has("Cache-Tag")).toBe(false);
  });

  test("applies to everything below it", async () => {
    const { rig } = await privately();
    const answer = await rig.get("/team/simple/Acme", READER);
    expect(new URL(answer.headers.get("Location") ?? "", "https://edge.test/team/simple/Acme").pathname).toBe(
      "/team/simple/acme/",
    );
  });

  test("does not tell other clients what exists, and reads nothing for them", async () => {
    const { rig, hosted } = await privately();
    await rig.get("/team/simple/demo/", READER);
    await rig.get(`/team${hosted.path}`, READER);
    const other = hosted.path.replace(/[0-9a-f]{64}/, "0".repeat(64));
    const paths = [
      ...["acme", "demo", "absent", "Acme", "acm%2Fe", "%ff", "!"].map((name) => `/simple/${name}/`),
      "/simple",
      "/simple/",
      "//simple//acme",
      "/simple/acme",
      "/find-links",
      "/find-links/",
      "/",
      "",
      ...["acme", "absent"].map((name) => `/legacy/+simple/${name}/`),
      ...["acme", "demo", "absent"].map((name) => `/pypi/${name}/json`),
      ...["acme", "absent"].map((name) => `/integrity/${name}/1.0/${HOSTED}/provenance`),
      hosted.path,
      other,
      "/files/",
      filePath(MIRRORED),
      filePath("absent-1.0.tar.gz"),
      `${hosted.path}.metadata`,
      `${other}.metadata`,
      `/packages/${MIRRORED}`,
      "/packages/absent-1.0.tar.gz",
    ];
    const addresses = [
      ...paths.map((path) => `/team${path}`),
      `/packages/-/team${filePath(MIRRORED).replace("/files", "")}`,
      "/packages/-/team/absent-1.0.tar.gz",
    ];
    rig.forget();
    const answers = new Set<string>();
    for (const method of ["GET", "HEAD"]) {
      for (const headers of [{}, { Authorization: "Bearer wrong" }, { Range: "bytes=0-1", "If-None-Match": "*" }]) {
        for (const path of addresses) {
          // One that has seen few wrong tokens, of which only some are looked at.
          rig.restart();
          const answer = await rig.get(path, headers, method);
          answers.add(
            `${method} ${Object.keys(headers)} ${answer.status} ${answer.text()} ${JSON.stringify(comparable(answer.headers))}`,
          );
        }
      }
    }
    expect([...answers].filter((answer) => !/ 401 /.test(answer))).toEqual([]);
    // By method and token, one and the same.
    expect(answers.size).toBe(6);
    expect([rig.counts, rig.upstream.requests]).toEqual([{}, []]);
  });

  test("leaves the index below open, which has nothing of it", async () => {
    const { rig, hosted } = await privately();
    rig.forget();
    expect((await rig.get("/simple/acme/")).status).toBe(404);
    expect((await rig.get(hosted.path)).status).toBe(404);
    expect(rig.counts["d1.prepare"]).toBeUndefined();
    expect((await rig.get("/simple/demo/")).headers.get("Cache-Control")).toContain("public");
  });
});
