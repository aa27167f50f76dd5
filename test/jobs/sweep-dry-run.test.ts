import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { Rig } from "../support/rig.ts";
import { DAY, inStore, keyOf, MINUTE, resize, SOURCE, store, sweep, wheelOf } from "../support/swept.ts";

const GB = 1_000_000_000;

/** Everything that a sweep could change. */
async function everything() {
  const tables = ["object", "stored", "listing", "page", "file"];
  const rows = await Promise.all(tables.map((table) => env.DB.prepare(`SELECT * FROM ${table}`).all()));
  return [rows.map(({ results }) => results), await inStore(), (await env.PAGES.list()).keys];
}

test("a dry run names the objects that would be deleted, oldest first, and changes nothing", async () => {
  const rig = new Rig({ QUOTA: 2 });
  const start = rig.now;
  for (const name of ["gone", "ann", "bob", "cid"]) {
    await store(rig, name);
    rig.wait(MINUTE);
  }
  rig.upstream.on("https://upstream.test/simple/gone/", () => new Response("", { status: 404 }));
  rig.wait(DAY);
  await rig.page("gone");
  await resize(GB);
  await env.FILES.put(keyOf("unknown-1.0.zip"), "not known yet");
  rig.wait(DAY);
  const before = await everything();
  rig.forget();
  const told = await sweep(rig, true);
  const used = (minutes: number) => new Date(start + minutes * MINUTE).toISOString();
  expect(told).toEqual([
    "4 objects (4.0 GB) are stored; the quota is 2.0 GB.",
    "1 object (1.0 GB) of projects that are gone upstream would be deleted, if their sources confirm it.",
    "1 object (1.0 GB) that had been unused for the longest time would be deleted.",
    `${keyOf(wheelOf("gone").filename)}, 1.0 GB, last used ${used(0)}`,
    `${keyOf(wheelOf("ann").filename)}, 1.0 GB, last used ${used(1)}`,
  ]);
  expect([await everything(), rig.upstream.requests]).toEqual([before, []]);
  // The other sentences are true of what then happens.
  expect((await sweep(rig)).slice(0, 4)).toEqual([
    told[0],
    "1 object (1.0 GB) of projects that are gone upstream was deleted.",
    "1 object (1.0 GB) that had been unused for the longest time was deleted.",
    "3 stored objects were compared with the database: 3 rows added or corrected, 0 deleted.",
  ]);
});

test("a dry run names ten of many, and the sources of files that are no longer configured", async () => {
  const rig = new Rig({ QUOTA: 1 });
  const rows = Array.from({ length: 30 }, (_, n) => [keyOf(`p${n}.zip`), SOURCE, n]);
  rows.push(["file/old/host/x.zip", "old", 100]);
  await env.DB.prepare(
    "INSERT INTO object (key, source, project, size, used_at, known_at) SELECT value ->> 0, value ->> 1, 'p', ?2, value ->> 2, 0 FROM json_each(?1)",
  )
    .bind(JSON.stringify(rows), GB)
    .run();
  await env.DB.prepare("INSERT INTO page (source, project, changed_at) VALUES (?1, 'p', 0)").bind(SOURCE).run();
  const told = await sweep(rig, true);
  expect(told.filter((line) => line.includes("last used"))).toHaveLength(10);
  expect(told.at(-1)).toBe(
    "1 object (1.0 GB) is of the source old, which is no longer configured; each is deleted when it has been unused for the longest time.",
  );
});

test("a dry run without a quota reports that there is none", async () => {
  expect((await sweep(new Rig(), true))[0]).toBe("0 objects (0 B) are stored; there is no quota.");
});
