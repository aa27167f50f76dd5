import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { beforeWriting, call, at, hosted } from "../support/releases.ts";
import { onCloudflare } from "../support/rig.ts";
import { audited, DAY, days, keepingTeam, release, restore, run, shown, wheelOf } from "../support/kept.ts";

const SOME = { per_project: 1, dev: "10d", unused: "7d" };

/** `1.0` and a development release go, once it is known that they are not used. */
async function published(platform = {}) {
  const rig = keepingTeam(SOME, platform);
  const files = { one: await release(rig, "1.0"), dev: await release(rig, "2.0.dev1"), two: await release(rig, "2.0") };
  return { rig, files };
}

test("what an index does not keep goes into the trash, audited, once uses have been recorded long enough", async () => {
  const { rig } = await published();
  await days(rig, 8);
  expect((await run(rig, "prune"))[0]).toBe(
    "team: 0 releases were moved into the trash, where they can be restored for 30 days.",
  );
  expect(await shown(rig)).toEqual(["1.0", "2.0.dev1", "2.0"].toSorted());
  await days(rig, 4);
  expect(await shown(rig)).toEqual(["2.0"]);
  expect(
    (await audited("prune")).map(({ actor, index_name, subject, details }) => [actor, index_name, subject, details]),
  ).toEqual([
    ["keep", "team", "2.0.dev1", expect.stringContaining('"reason":"dev"')],
    ["keep", "team", "1.0", expect.stringMatching(/"reason":"per_project","files":\[\{"filename":"demo-1\.0-py3/)],
  ]);
});

test("a dry run names what would go, and changes nothing, not even what is known of uses", async () => {
  const { rig } = await published();
  rig.wait(20 * DAY);
  expect(await run(rig, "prune", true)).toEqual(
    [
      "team: downloads are known since 2026-12-12T12:00:00.000Z only, so nothing is moved into the trash before 2026-12-19T12:00:00.000Z.",
      "demo 2.0.dev1 in team (1 file, 29 B): a development release that is older than keep.dev",
      "demo 1.0 in team (1 file, 24 B): older than the newest ones of its kind, as many as keep.per_project says",
      "team: 2 releases would be moved into the trash, where they can be restored for 30 days.",
    ].map((line) => expect.stringMatching(escaped(line))),
  );
  expect([
    await shown(rig),
    (await env.DB.prepare("SELECT name FROM job WHERE name NOT GLOB 'cron:*'").all()).results,
  ]).toEqual([["1.0", "2.0", "2.0.dev1"], []]);
});

const escaped = (line: string) =>
  `^${line.replaceAll(/[.()]/g, String.raw`\$&`).replaceAll(/\d+ B/g, String.raw`\d+ B`)}$`;

describe("a release stays", () => {
  test("that was downloaded, or whose .metadata was, though the isolate ended at once and others gave it before", async () => {
    const { rig, files } = await published();
    await days(rig, 5);
    await rig.get(files.one);
    await rig.get(`${files.dev}.metadata`);
    rig.restart();
    await days(rig, 8);
    expect(await shown(rig)).toEqual(["1.0", "2.0", "2.0.dev1"]);
    await days(rig, 3);
    expect(await shown(rig)).toEqual(["2.0"]);
  });

  test("of which the first record of a use failed, and the next use was of another one", async () => {
    const { rig, files } = await published();
    await days(rig, 5);
    // The file is found by two queries.
    await rig.get("/team/simple/demo/");
    rig.breakOnce("d1.prepare", 3);
    await rig.get(files.one);
    await rig.get(files.two);
    await days(rig, 8);
    expect(await shown(rig)).toEqual(["1.0", "2.0"]);
  });

  test("where recording has paused: the server was stopped, or the database is another one", async () => {
    const { rig } = await published();
    await days(rig, 6);
    rig.wait(2 * DAY);
    await days(rig, 6);
    expect(await shown(rig)).toEqual(["1.0", "2.0", "2.0.dev1"]);
    await days(rig, 2);
    expect(await shown(rig)).toEqual(["2.0"]);
  });

  test("that is in another index too, also where it is promoted in the last moment", async () => {
    const promote = (version: string) =>
      call(keepingTeam(SOME), "POST", at("team", "demo", version, "promote"), { to: "prod" });
    const { rig } = await published({ database: beforeWriting(() => promote("1.0")) });
    await promote("2.0.dev1");
    await days(rig, 12);
    expect(await shown(rig)).toEqual(["1.0", "2.0", "2.0.dev1"]);
    expect(await shown(rig, "/prod")).toEqual(["1.0", "2.0.dev1"]);
  });

  test("that is used in the last moment", async () => {
    const use = () => env.DB.prepare("INSERT INTO hosted_use VALUES ('team', 'demo', '1.0', ?1)").bind(rig.now).run();
    const { rig } = await published({ database: beforeWriting(async () => use()) });
    await days(rig, 12);
    expect(await shown(rig)).toEqual(["1.0", "2.0"]);
  });

  test("whose project is quarantined", async () => {
    const { rig } = await published();
    await call(rig, "PUT", at("team", "demo", "status"), { status: "quarantined" });
    await days(rig, 12);
    expect((await hosted("team")).every(({ object }) => object !== null)).toBe(true);
  });

  test("that came with an old date from another index, for as long as a new one", async () => {
    const { rig } = await published();
    await days(rig, 12);
    await release(rig, "1.5", { uploadedAt: 0 });
    await env.DB.prepare("INSERT INTO hosted_use VALUES ('team', 'demo', '1.5', ?1)").bind(rig.now).run();
    await days(rig, 8);
    expect(await shown(rig)).toEqual(["1.5", "2.0"].toSorted());
  });
});

test("what was restored stays for as long as what was used, and then goes again", async () => {
  const { rig } = await published();
  await days(rig, 12);
  expect((await restore(rig, "1.0")).status).toBe(200);
  await days(rig, 8);
  expect(await shown(rig)).toEqual(["1.0", "2.0"]);
  await days(rig, 3);
  expect(await shown(rig)).toEqual(["2.0"]);
});

test("the edge forgets what went, after no request sees it any more", async () => {
  const { rig } = await published(onCloudflare());
  const purged: unknown[] = [];
  rig.edge = { purge: async (tags) => void purged.push(tags) };
  await days(rig, 8);
  for (let day = 0; day < 3; day++) {
    rig.wait(DAY);
    await rig.tick("0 * * * *");
  }
  expect(purged).toContainEqual(["project-demo"]);
  expect(await shown(rig)).toEqual(["2.0"]);
});

test("an index without rules keeps all, and its files cost no record", async () => {
  const { rig } = await published();
  await call(rig, "POST", at("team", "demo", "1.0", "promote"), { to: "prod" });
  const [file] = await hosted("prod");
  await rig.get(`/prod/files/-/${file?.sha256}/${wheelOf("1.0")}`);
  expect((await env.DB.prepare("SELECT * FROM hosted_use").all()).results).toEqual([]);
});
