import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { digestOf, importStep } from "../support/carried.ts";
import { advisoryFile } from "../support/advisory-file.ts";
import { demoRecord } from "../support/osv.ts";
import { carriedPath, carriedWheel, offline } from "../support/offline.ts";
import { JSON_TYPE } from "../support/rig.ts";

const NEW = { "upload-time": "2026-11-20T08:00:00Z" };
const [ONE, TWO] = [carriedWheel("demo", "1.0"), carriedWheel("demo", "2.0", NEW)];

const PROVENANCE = JSON.stringify({ version: 1, attestation_bundles: [] });

async function carried(index: Record<string, unknown> = {}, vars: Record<string, unknown> = {}) {
  const made = await offline(index, vars);
  const pages = { demo: [{ ...ONE, provenance: PROVENANCE }, TWO], six: [carriedWheel("six", "1.16")] };
  const step = await made.exporter.step({ pages });
  await importStep(made.send, step);
  const [one, two] = [await digestOf(ONE.bytes), await digestOf(TWO.bytes)];
  return { ...made, one: carriedPath("demo", one, ONE.filename), two: carriedPath("demo", two, TWO.filename), step };
}

describe("an index on an offline source", () => {
  test("has pages with all that the other index said, and their validators", async () => {
    const { rig, asked, one } = await carried();
    const { json, headers } = await rig.page("demo");
    expect(json?.versions).toEqual(["1.0", "2.0"]);
    expect(json?.files[0]).toMatchObject({
      filename: ONE.filename,
      url: `../..${one}`,
      size: ONE.bytes.byteLength,
      "requires-python": ">=3.9",
      "upload-time": "2026-01-01T00:00:00Z",
      "core-metadata": { sha256: await digestOf(new TextEncoder().encode(ONE.metadata)) },
    });
    const again = await rig.get("/simple/demo/", { Accept: JSON_TYPE, "If-None-Match": headers.get("ETag") ?? "" });
    expect(again.status).toBe(304);
    expect(headers.get("Last-Modified")).toBe("Sun, 22 Nov 2026 12:00:00 GMT");
    expect((await rig.get("/simple/demo/")).text()).toContain(`${ONE.filename}</a>`);
    expect(asked).toEqual([]);
  });

  test("has files, parts of them, their metadata and their provenance", async () => {
    const { rig, one, asked } = await carried({}, { PUBLIC_URL: "https://edge.test" });
    expect((await rig.get(one)).text()).toBe("demo 1.0");
    expect((await rig.get(one, { Range: "bytes=5-" })).text()).toBe("1.0");
    expect((await rig.get(`${one}.metadata`)).text()).toBe(ONE.metadata);
    const { json } = await rig.page("demo");
    const path = `/integrity/demo/1.0/${ONE.filename}/provenance`;
    expect(json?.files.map((file) => file["provenance"])).toEqual([`https://edge.test${path}`, undefined]);
    expect((await rig.get(path)).text()).toBe(PROVENANCE);
    expect((await rig.get(`/integrity/demo/2.0/${TWO.filename}/provenance`)).status).toBe(404);
    expect(asked).toEqual([]);
  });

  test("lists what was carried, is searched, has JSON, and pages for people", async () => {
    const { rig, asked } = await carried();
    const listed = JSON.parse((await rig.get("/simple/", { Accept: JSON_TYPE })).text()) as {
      projects: { name: string }[];
    };
    expect(listed.projects.map(({ name }) => name)).toEqual(["demo", "six"]);
    const json = JSON.parse((await rig.get("/pypi/demo/json")).text()) as { info: object; releases: object };
    expect([json.info, Object.keys(json.releases)]).toMatchObject([{ version: "2.0" }, ["1.0", "2.0"]]);
    expect((await rig.get("/search?q=dem")).text()).toContain("/project/demo/");
    expect((await rig.get("/project/demo/")).text()).toContain("from what was carried here (main)");
    expect((await rig.get("/")).text()).toContain("no other server is ever asked");
    expect(asked).toEqual([]);
  });

  test("says of what was not carried that it is offline, and at which step it stands", async () => {
    const { rig, exporter, send, asked } = await carried();
    const absent = async () => rig.get("/simple/requests/", { Accept: JSON_TYPE });
    expect([(await absent()).status, (await absent()).text()]).toMatchObject([
      404,
      expect.stringMatching(/offline \(main stands at step 1\), and requests was not carried here/),
    ]);
    await importStep(send, await exporter.step({}));
    expect((await absent()).text()).toContain("main stands at step 2");
    expect((await rig.get("/files/files.pythonhosted.org/packages/requests-2.0.tar.gz")).status).toBe(404);
    expect(asked).toEqual([]);
  });

  test("says before the first step that nothing was carried", async () => {
    const { rig } = await offline();
    const { status, text } = await rig.get("/simple/demo/", { Accept: JSON_TYPE });
    expect([status, text()]).toMatchObject([404, expect.stringContaining("nothing was carried to main yet")]);
    expect((await rig.get("/simple/", { Accept: JSON_TYPE })).status).toBe(200);
  });

  test("answers 503 where bytes are lost that were carried, never 404", async () => {
    const { rig, one, step } = await carried();
    for (const { member } of step.members) await env.FILES.delete(`carried/${member.sha256}`);
    rig.restart();
    for (const path of ["/simple/demo/", one, `${one}.metadata`]) {
      const { status, text } = await rig.get(path, { Accept: JSON_TYPE });
      expect([path, status]).toEqual([path, 503]);
      expect(text()).toContain("was carried here, but its bytes cannot be read");
    }
    expect((await rig.get("/simple/requests/", { Accept: JSON_TYPE })).status).toBe(404);
  });

  test("answers 503 where the database does not say what was carried", async () => {
    const { rig } = await carried();
    rig.breakOnce("d1.prepare");
    expect((await rig.get("/simple/absent/", { Accept: JSON_TYPE })).status).toBe(503);
  });

  test("is asked for nothing by any job", async () => {
    const { rig, asked, one } = await carried({ policy: { malware: "enforce", on_missing: "allow" } });
    for (const cron of ["* * * * *", "*/5 * * * *", "0 * * * *"]) await rig.tick(cron);
    rig.wait(400 * 86_400_000);
    for (const cron of ["* * * * *", "*/5 * * * *", "0 * * * *"]) await rig.tick(cron);
    expect([rig.queue.messages, rig.refreshes.messages, rig.mirrors.messages, asked]).toEqual([[], [], [], []]);
    expect((await rig.get(one)).text()).toBe("demo 1.0");
  });

  test("gives files of a project only at that project's address, and as they are listed", async () => {
    const { rig, one, two } = await carried();
    const other = (path: string) => rig.get(path);
    expect((await other(one.replace("/demo/", "/six/"))).status).toBe(404);
    expect((await other(two.replace("demo-2.0", "demo-3.0"))).status).toBe(404);
    expect((await other(one.replace("main.offline", "other.offline"))).status).toBe(404);
    expect((await other(one.replace("/demo/", "/Demo/"))).status).toBe(404);
  });
});

describe("the guard over an offline source", () => {
  test("shows an index as it was on a day", async () => {
    const { rig, two } = await carried();
    const view = await rig.get("/@before=2026-11-01/simple/demo/", { Accept: JSON_TYPE });
    const { files } = JSON.parse(view.text()) as { files: { filename: string }[] };
    expect(files.map(({ filename }) => filename)).toEqual([ONE.filename]);
    expect((await rig.get(`/@before=2026-11-01${two}`)).status).toBe(403);
    expect((await rig.get(two)).status).toBe(200);
  });

  test("refuses malware by the advisories that were carried, before a page is shown", async () => {
    const { rig, exporter, send } = await offline({ policy: { malware: "enforce" } });
    const { file } = advisoryFile([demoRecord("MAL-1", {}, "2.0")]);
    const step = await exporter.step({ pages: { demo: [ONE, TWO] }, advisories: file });
    await importStep(send, step);
    const { json } = await rig.page("demo");
    expect(json?.files.map(({ filename }) => filename)).toEqual([ONE.filename]);
    const refused = await rig.get(carriedPath("demo", await digestOf(TWO.bytes), TWO.filename));
    expect([refused.status, refused.text()]).toMatchObject([403, expect.stringContaining("MAL-1")]);
  });

  test("goes by the lists that were carried, in the place of those of the step before", async () => {
    const { rig, exporter, send } = await offline({ policy: {} });
    const deny = (what: string) =>
      ({ kind: "deny", what, reason: "it is old", advisory: null, expires: null }) as const;
    const pages = { demo: [ONE, TWO] };
    await importStep(send, await exporter.step({ pages, lists: [deny("demo<2")] }));
    const names = async () => (await rig.page("demo")).json?.files.map(({ filename }) => filename);
    expect(await names()).toEqual([TWO.filename]);
    await rig.post(
      "policy/entries",
      JSON.stringify({ index: "default", kind: "deny", what: ["six"], reason: "our own" }),
    );
    await importStep(send, await exporter.step({ lists: [deny("demo>=2")] }));
    expect(await names()).toEqual([ONE.filename]);
    const entries = await rig.services.policyEntries.entries.list("default");
    expect(new Map(entries.map(({ rule, createdBy }) => [rule.text, createdBy]))).toEqual(
      new Map([
        ["demo>=2", "carried"],
        ["six", "admin"],
      ]),
    );
  });
});
