import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { Rig } from "../support/rig.ts";
import {
  at,
  audit,
  beforeWriting,
  call,
  everything,
  host,
  hosted,
  INDEXES,
  projectRows,
  team,
  UPLOADED_AT,
} from "../support/releases.ts";

const WHEEL = "demo-1.0-py3-none-any.whl";
const SDIST = "demo-1.0.tar.gz";

/** A release of two files in `team`, one of them yanked, beside another release. */
async function published() {
  const rig = team();
  await host("team", WHEEL, { yanked: "broken" });
  await host("team", SDIST, { version: "1.0", metadata_sha256: null });
  await host("team", "demo-2.0-py3-none-any.whl");
  return rig;
}

const promote = (rig: Rig, to: string, from = "team", version = "1.0") =>
  call(rig, "POST", at(from, "demo", version, "promote"), { to });

const setStatus = (rig: Rig, index: string, status: string) =>
  call(rig, "PUT", at(index, "demo", "status"), { status });

describe("promoting", () => {
  test("has the other index show the same objects, and copies no byte", async () => {
    const rig = await published();
    const before = await hosted("team");
    rig.forget();
    const { status, json } = await promote(rig, "prod");
    expect([status, json]).toEqual([
      200,
      {
        index: "team",
        project: "demo",
        version: "1.0",
        files: [WHEEL, SDIST],
        did: `demo 1.0 is in prod now, as it is in team: ${WHEEL}, ${SDIST}.`,
      },
    ]);
    expect(Object.keys(rig.counts).filter((operation) => operation.startsWith("r2."))).toEqual([]);
    // Uploaded there is when it came there: who installs what there was at some time gets the same at any.
    const expected = before
      .filter(({ version }) => version === "1.0")
      .map((row) => ({ ...row, index_name: "prod", uploaded_at: rig.now }));
    expect(await hosted("prod")).toEqual(expected);
    expect(expected.map(({ yanked }) => yanked)).toEqual(["broken", null]);
    expect([await hosted("team"), before[0]?.uploaded_at]).toEqual([before, UPLOADED_AT]);
    expect((await projectRows()).map(({ index_name, revision }) => [index_name, revision])).toEqual([
      ["prod", 1],
      ["team", 3],
    ]);
    expect((await audit()).map(({ details, ...row }) => ({ ...row, details: JSON.parse(details) as unknown }))).toEqual(
      [
        expect.objectContaining({
          action: "promote",
          index_name: "prod",
          project: "demo",
          subject: "1.0",
          details: { from: "team", files: expected.map(({ filename, sha256 }) => ({ filename, sha256 })) },
        }),
      ],
    );
  });

  test("done again changes nothing, and what has been added to the release since comes with the next one", async () => {
    const rig = await published();
    await promote(rig, "prod");
    const before = await everything();
    expect((await promote(rig, "prod")).json).toMatchObject({
      files: [],
      did: "demo 1.0 was in prod already, as it is in team.",
    });
    expect(await everything()).toEqual(before);
    await host("team", "demo-1.0-cp312-cp312-any.whl");
    expect((await promote(rig, "prod")).json?.["files"]).toEqual(["demo-1.0-cp312-cp312-any.whl"]);
    expect(await hosted("prod")).toHaveLength(3);
    expect((await projectRows())[0]?.revision).toBe(2);
  });

  test("outlives the release it came from", async () => {
    const rig = await published();
    await promote(rig, "prod");
    await call(rig, "DELETE", at("team", "demo", "1.0"));
    const objects = (await hosted("prod")).map(({ object }) => object);
    expect(await Promise.all(objects.map(async (key) => (await env.FILES.head(key ?? ""))?.size))).toEqual([
      WHEEL.length,
      SDIST.length,
    ]);
  });

  test("leaves deleted files behind", async () => {
    const rig = await published();
    await call(rig, "DELETE", `${at("team", "demo", "1.0")}?filename=${SDIST}`);
    expect((await promote(rig, "prod")).json?.["files"]).toEqual([WHEEL]);
    await call(rig, "DELETE", at("team", "demo", "1.0"));
    expect(await promote(rig, "prod")).toMatchObject({
      status: 404,
      text: "All files of demo 1.0 in team were deleted.\n",
    });
  });
});

describe("nothing is promoted", () => {
  const refused = async (rig: Rig, to: string, from?: string) => {
    const before = await everything();
    const { status, text } = await promote(rig, to, from);
    expect(await everything()).toEqual(before);
    return [status, text.trimEnd()];
  };

  test("where one of the files is there with other bytes, not even the others", async () => {
    const rig = await published();
    await host("prod", SDIST, { version: "1.0", text: "something else" });
    expect(await refused(rig, "prod")).toEqual([
      409,
      `File already exists: prod has ${SDIST} with other bytes. Nothing was promoted; release a new version.`,
    ]);
  });

  test("where the same file is there under another spelling with other bytes", async () => {
    const rig = await published();
    await host("prod", "Demo-1.0.tar.gz", { project: "demo", identity: SDIST, version: "1.0", text: "else" });
    expect((await refused(rig, "prod"))[0]).toBe(409);
  });

  test("where one of the files was deleted there, whatever its bytes were", async () => {
    const rig = await published();
    await promote(rig, "prod");
    await call(rig, "DELETE", `${at("prod", "demo", "1.0")}?filename=${SDIST}`);
    expect(await refused(rig, "prod")).toEqual([
      409,
      `File already exists: ${SDIST} was in prod and was deleted there, and its name stays used. Nothing was promoted; release a new version.`,
    ]);
  });

  test("from a quarantined project, or into an archived or a quarantined one", async () => {
    const rig = await published();
    await host("prod", "demo-0.1.tar.gz");
    for (const status of ["archived", "quarantined"]) {
      await setStatus(rig, "prod", status);
      expect(await refused(rig, "prod")).toEqual([
        422,
        `demo is ${status} in prod, so it takes no files: an admin of prod can make it active again (pypi-edge release status demo active --index prod).`,
      ]);
    }
    await setStatus(rig, "prod", "deprecated");
    await setStatus(rig, "team", "quarantined");
    expect(await refused(rig, "prod")).toEqual([
      422,
      "demo is quarantined in team, so none of its files is promoted: an admin of team can make it active again (pypi-edge release status demo active --index team).",
    ]);
    await setStatus(rig, "team", "archived");
    expect((await promote(rig, "prod")).status).toBe(200);
  });

  test("into the index it is in, one that hosts nothing, or from one that does not", async () => {
    const rig = await published();
    expect(await refused(rig, "team")).toEqual([400, expect.stringContaining("name another index")]);
    expect(await refused(rig, "default")).toEqual([400, expect.stringContaining("default hosts no packages")]);
    expect(await refused(rig, "prod", "default")).toEqual([400, expect.stringContaining("default hosts no packages")]);
    expect(await refused(rig, "prod", "scratch")).toEqual([404, "scratch hosts no project demo."]);
  });
});

describe("the first of two", () => {
  const asItWas = [
    [WHEEL, "broken"],
    [SDIST, null],
  ];
  const late = [
    [WHEEL, "late"],
    [SDIST, "late"],
  ];

  test.each([
    ["uploads other bytes there", () => host("prod", SDIST, { version: "1.0", text: "else" }), 409, [[SDIST, null]]],
    ["uploads the very bytes there", () => host("prod", SDIST, { version: "1.0" }), 200, asItWas],
    ["makes the project there, and archives it", () => archivedThere(), 422, [["demo-0.1.tar.gz", null]]],
    ["deletes the release", () => call(team(), "DELETE", at("team", "demo", "1.0")), 404, []],
    ["quarantines it", () => setStatus(team(), "team", "quarantined"), 422, []],
    ["yanks it", () => call(team(), "POST", at("team", "demo", "1.0", "yank"), { reason: "late" }), 200, late],
  ])("is decided again where another request %s meanwhile", async (_what, happens, status, there) => {
    await published();
    const rig = new Rig({ INDEXES }, { database: beforeWriting(happens) });
    expect((await promote(rig, "prod")).status).toBe(status);
    expect((await hosted("prod")).map(({ filename, yanked }) => [filename, yanked])).toEqual(there);
    expect((await audit()).filter(({ action }) => action === "promote")).toHaveLength(status === 200 ? 1 : 0);
  });

  async function archivedThere() {
    await host("prod", "demo-0.1.tar.gz");
    await setStatus(team(), "prod", "archived");
  }

  test("where other requests keep changing it, nothing is done and the answer says so", async () => {
    await published();
    const raise = () => env.DB.prepare("UPDATE hosted_project SET revision = revision + 1").run();
    const rig = new Rig({ INDEXES }, { database: beforeWriting(raise, Infinity) });
    const { status, text } = await promote(rig, "prod");
    expect([status, text]).toEqual([503, expect.stringContaining("Other requests keep changing demo in team")]);
    expect([await hosted("prod"), await audit()]).toEqual([[], []]);
  });
});
