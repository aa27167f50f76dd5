import { describe, expect, test } from "vitest";
import {
  at,
  audit,
  beforeWriting,
  call,
  everything,
  host,
  hosted,
  INDEXES,
  ONE,
  projectRows,
  published,
  SDIST,
  team,
  TWO,
} from "../support/releases.ts";
import { Rig } from "../support/rig.ts";

const yanks = async (index = "team") => (await hosted(index)).map(({ filename, yanked }) => [filename, yanked]);
const there = async (index: string) =>
  (await hosted(index)).filter(({ object }) => object !== null).map(({ filename }) => filename);
const revision = async (index: string) => (await projectRows()).find((row) => row.index_name === index)?.revision;

describe("yanking", () => {
  test("takes all files of the release and no other, with the reason, one revision and one line of the audit log", async () => {
    const rig = await published();
    const { status, json } = await call(rig, "POST", at("team", "demo", "1.0", "yank"), { reason: "broken" });
    expect([status, json]).toEqual([
      200,
      {
        index: "team",
        project: "demo",
        version: "1.0",
        files: [ONE, SDIST],
        did: `demo 1.0 in team is yanked (broken) now: ${ONE}, ${SDIST}.`,
        remains: "What clients have downloaded stays in their own caches.",
      },
    ]);
    expect(await yanks()).toEqual([
      [ONE, "broken"],
      [SDIST, "broken"],
      [TWO, null],
    ]);
    expect(await revision("team")).toBe(4);
    expect((await audit()).map(({ details, ...row }) => ({ ...row, details: JSON.parse(details) as unknown }))).toEqual(
      [
        {
          id: 1,
          at: rig.now,
          actor: "admin",
          actor_name: "ADMIN_TOKEN",
          origin: "",
          action: "yank",
          index_name: "team",
          project: "demo",
          subject: "1.0",
          details: { version: "1.0", files: [ONE, SDIST], reason: "broken" },
        },
      ],
    );
  });

  test("needs no reason, and no body", async () => {
    const rig = await published();
    expect((await call(rig, "POST", at("team", "demo", "2.0", "yank"))).status).toBe(200);
    expect((await yanks())[2]).toEqual([TWO, ""]);
  });

  test("takes one file where that is named", async () => {
    const rig = await published();
    await call(rig, "POST", `${at("team", "demo", "1.0", "yank")}?filename=${SDIST}`);
    expect(await yanks()).toEqual([
      [ONE, null],
      [SDIST, ""],
      [TWO, null],
    ]);
    expect((await audit())[0]).toMatchObject({ action: "yank", subject: SDIST });
  });

  test("knows a version in any of its spellings", async () => {
    const rig = team();
    await host("team", "demo-1.0+local.1.tar.gz", { version: "1.0+local.1" });
    expect((await call(rig, "POST", at("team", "demo", "v1.0.0+Local-1", "yank"))).status).toBe(200);
    expect((await call(rig, "POST", at("team", "demo", "1.0+local.2", "yank"))).status).toBe(404);
  });

  test("knows a project in any of its spellings", async () => {
    const rig = await published();
    expect((await call(rig, "POST", at("team", "DEMO", "1.0", "yank"))).json?.["project"]).toBe("demo");
  });

  test("a second time without a reason does not change the reason, and an empty one clears it", async () => {
    const rig = await published();
    const path = at("team", "demo", "1.0", "yank");
    await call(rig, "POST", `${path}?filename=${ONE}`, { reason: "broken" });
    expect((await call(rig, "POST", `${path}?filename=${ONE}`)).json?.["did"]).toBe(
      `${ONE} in team was yanked (broken) already.`,
    );
    expect(await audit()).toHaveLength(1);
    expect((await call(rig, "POST", path, {})).json?.["files"]).toEqual([SDIST]);
    expect((await yanks()).slice(0, 2)).toEqual([
      [ONE, "broken"],
      [SDIST, ""],
    ]);
    expect((await call(rig, "POST", path)).json?.["did"]).toBe("demo 1.0 in team was yanked already.");
    expect((await call(rig, "POST", path, { reason: "" })).json?.["did"]).toBe(
      `demo 1.0 in team is yanked now: ${ONE}.`,
    );
    expect((await yanks())[0]).toEqual([ONE, ""]);
  });

  test("done again changes nothing, and another reason takes the place of the first", async () => {
    const rig = await published();
    const path = at("team", "demo", "1.0", "yank");
    await call(rig, "POST", path, { reason: "broken" });
    const before = await everything();
    const { status, json } = await call(rig, "POST", path, { reason: "broken" });
    expect([status, json?.["did"], json?.["files"]]).toEqual([
      200,
      "demo 1.0 in team was yanked (broken) already.",
      [],
    ]);
    expect(await everything()).toEqual(before);
    await call(rig, "POST", path, { reason: "worse" });
    expect((await yanks())[0]).toEqual([ONE, "worse"]);
  });

  test("is undone by unyank, which done again changes nothing either", async () => {
    const rig = await published();
    await call(rig, "POST", at("team", "demo", "1.0", "yank"), { reason: "broken" });
    expect((await call(rig, "POST", at("team", "demo", "1.0", "unyank"))).json?.["files"]).toEqual([ONE, SDIST]);
    expect((await yanks()).map(([, yanked]) => yanked)).toEqual([null, null, null]);
    const before = await everything();
    expect((await call(rig, "POST", at("team", "demo", "1.0", "unyank"), {})).status).toBe(200);
    expect(await everything()).toEqual(before);
    expect((await audit()).map(({ action }) => action)).toEqual(["yank", "unyank"]);
  });

  test("leaves the same release of another index alone", async () => {
    const rig = await published();
    await host("prod", ONE);
    await call(rig, "POST", at("team", "demo", "1.0", "yank"));
    expect(await yanks("prod")).toEqual([[ONE, null]]);
  });
});

describe("deleting", () => {
  test("deletes the bytes and not the rows, so that the names stay used; a second time changes nothing", async () => {
    const rig = await published();
    const { status, json } = await call(rig, "DELETE", at("team", "demo", "1.0"));
    expect([status, json?.["did"]]).toEqual([
      200,
      `demo 1.0 in team is deleted: ${ONE}, ${SDIST}. The names of deleted files cannot be used again; the files can be restored for 30 days.`,
    ]);
    expect((await hosted("team")).map((row) => [row.filename, row.object === null, row.deleted_at])).toEqual([
      [ONE, true, rig.now],
      [SDIST, true, rig.now],
      [TWO, false, null],
    ]);
    expect((await audit())[0]).toMatchObject({
      action: "delete",
      subject: "1.0",
      details: expect.stringContaining(ONE),
    });
    const before = await everything();
    rig.wait(1_000);
    expect((await call(rig, "DELETE", at("team", "demo", "1.0"))).json).toMatchObject({ files: [] });
    expect(await everything()).toEqual(before);
  });

  test("takes one file where that is named; the release is what is left", async () => {
    const rig = await published();
    const { json } = await call(rig, "DELETE", `${at("team", "demo", "1.0")}?filename=${ONE}`);
    expect(json).toMatchObject({ files: [ONE], did: expect.stringMatching(`^${ONE} in team is deleted\\. The names`) });
    expect(await there("team")).toEqual([SDIST, TWO]);
    await call(rig, "POST", at("team", "demo", "1.0", "yank"));
    expect(await yanks()).toEqual([
      [ONE, null],
      [SDIST, ""],
      [TWO, null],
    ]);
  });

  test("in a volatile index frees the names, and the files can be restored until one of them is used again", async () => {
    const rig = team();
    await host("scratch", ONE);
    await host("scratch", SDIST, { version: "1.0", object: null, deleted_at: 1 });
    const { json } = await call(rig, "DELETE", at("scratch", "demo", "1.0"));
    expect([json?.["files"], json?.["did"]]).toEqual([
      [ONE],
      expect.stringMatching(/can be used again here; until then, files can be restored for 30 days\.$/),
    ]);
    expect((await hosted("scratch")).map(({ object }) => object)).toEqual([null, null]);
    await host("team", ONE);
    expect((await call(rig, "POST", at("team", "demo", "1.0", "promote"), { to: "scratch" })).status).toBe(200);
    expect(await there("scratch")).toEqual([ONE]);
  });

  test("a release that was deleted cannot be yanked", async () => {
    const rig = await published();
    await call(rig, "DELETE", at("team", "demo", "2.0"));
    const { status, text } = await call(rig, "POST", at("team", "demo", "2.0", "yank"));
    expect([status, text]).toEqual([404, "All files of demo 2.0 in team were deleted.\n"]);
  });
});

describe("a project's status", () => {
  test("is set with its reason, and taken away again", async () => {
    const rig = await published();
    const path = at("team", "demo", "status");
    const { json } = await call(rig, "PUT", path, { status: "deprecated", reason: "use demo2" });
    expect(json?.["did"]).toBe("demo in team is deprecated (use demo2) now; it was active.");
    expect((await projectRows())[0]).toMatchObject({ status: "deprecated", status_reason: "use demo2", revision: 4 });
    const before = await everything();
    await call(rig, "PUT", path, { status: "deprecated", reason: "use demo2" });
    expect(await everything()).toEqual(before);
    await call(rig, "PUT", path, { status: "active" });
    expect((await projectRows())[0]).toMatchObject({ status: null, status_reason: null, revision: 5 });
    expect((await audit()).map(({ action, details }) => [action, JSON.parse(details)])).toEqual([
      ["status", { status: "deprecated", reason: "use demo2" }],
      ["status", { status: "active" }],
    ]);
  });
});

describe("a project, shown", () => {
  test("has its status and its releases, the oldest first, the yanked and the deleted among them", async () => {
    const rig = team();
    for (const version of ["1.10", "1.9", "2.0a1"]) await host("team", `demo-${version}.tar.gz`, { version });
    await call(rig, "PUT", at("team", "demo", "status"), { status: "archived" });
    await call(rig, "POST", at("team", "demo", "1.9", "yank"), { reason: "old" });
    await call(rig, "DELETE", at("team", "demo", "2.0a1"));
    const { json, headers } = await call(rig, "GET", at("team", "demo"));
    expect(headers.get("Cache-Control")).toBe("no-store");
    const file = { size: expect.any(Number) as number, sha256: expect.any(String) as string };
    const uploadedAt = "2026-11-01T00:00:00.000Z";
    expect(json).toEqual({
      index: "team",
      project: "demo",
      status: "archived",
      versions: [
        { version: "1.9", files: [{ filename: "demo-1.9.tar.gz", ...file, uploadedAt, yanked: "old" }] },
        { version: "1.10", files: [{ filename: "demo-1.10.tar.gz", ...file, uploadedAt }] },
        {
          version: "2.0a1",
          files: [
            {
              filename: "demo-2.0a1.tar.gz",
              ...file,
              uploadedAt,
              deletedAt: new Date(rig.now).toISOString(),
              restorable: true,
            },
          ],
        },
      ],
    });
  });
});

test("a change by another request in between is not overwritten: the action is decided again on the new state", async () => {
  // Before the first transaction that writes somebody deletes the wheel.
  const database = beforeWriting(() => call(team(), "DELETE", `${at("team", "demo", "1.0")}?filename=${ONE}`));
  await published();
  const rig = new Rig({ INDEXES }, { database: database });
  const { status, json } = await call(rig, "POST", at("team", "demo", "1.0", "yank"));
  expect([status, json?.["files"]]).toEqual([200, [SDIST]]);
  expect((await yanks())[0]).toEqual([ONE, null]);
  expect((await audit()).map(({ action }) => action)).toEqual(["delete", "yank"]);
});
