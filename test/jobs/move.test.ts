import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { LAST_MIGRATION } from "../../schema/moving.ts";
import { LEFT_TABLES, MOVED_TABLES } from "../../worker/storage/moving/tables.ts";
import { at, call, host, team } from "../support/releases.ts";
import { ADMIN_TOKEN, type Rig } from "../support/rig.ts";
import { inStore, read, store } from "../support/swept.ts";

const { MIGRATIONS } = env as Env & { MIGRATIONS: { name: string }[] };

async function job(rig: Rig, name: string) {
  const { status, text } = await rig.post(`jobs/${name}`);
  return { status, text: text() };
}

/** Puts the move folder and what lies beside it into a store in which nothing else is, as a copy of the bucket does. */
async function intoNewDeployment(): Promise<void> {
  const keys = await inStore();
  const copies = await Promise.all(
    keys.map(async (key) => [key, await (await env.FILES.get(key))?.arrayBuffer()] as const),
  );
  await env.FILES.delete(keys);
  for (const { name } of (await env.PAGES.list()).keys) await env.PAGES.delete(name);
  await env.DB.batch(Object.keys(MOVED_TABLES).map((table) => env.DB.prepare(`DELETE FROM "${table}"`)));
  for (const [key, bytes] of copies) {
    await env.FILES.put(key, bytes ?? "", { customMetadata: { mtime: "1764400000.5" } });
  }
}

test("what a deployment has stored is moved out and in, through a copy of its bucket", async () => {
  const rig = team();
  const { object } = await host("team", "demo-1.0-py3-none-any.whl");
  const mirrored = await store(rig, "mirrored");
  const before = await env.FILES.head(mirrored);
  expect(await job(rig, "move-out")).toMatchObject({
    status: 200,
    text: expect.stringContaining("Copy the bucket now"),
  });
  await intoNewDeployment();
  rig.restart();
  rig.forget();
  expect(await job(rig, "move-in")).toMatchObject({ status: 200, text: expect.stringContaining("are moved in.") });
  expect((await env.FILES.head(mirrored))?.customMetadata).toEqual(before?.customMetadata);
  expect((await env.FILES.head(object ?? ""))?.customMetadata).toEqual({});
  expect((await read(rig, "mirrored")).status).toBe(200);
  expect((await rig.get("/team/simple/demo/", { Authorization: `Bearer ${ADMIN_TOKEN}` })).status).toBe(200);
  expect(rig.upstream.requests).toEqual([]);
});

test("the trash moves along: what was deleted before can be restored after it", async () => {
  const rig = team();
  await host("team", "demo-1.0-py3-none-any.whl");
  await call(rig, "DELETE", at("team", "demo", "1.0"));
  await env.DB.prepare("INSERT INTO hosted_use VALUES ('team', 'demo', '1.0', 7)").run();
  await job(rig, "move-out");
  await intoNewDeployment();
  rig.restart();
  expect(await job(rig, "move-in")).toMatchObject({ status: 200, text: expect.stringContaining("are moved in.") });
  expect((await env.DB.prepare("SELECT used_at FROM hosted_use").all()).results).toEqual([{ used_at: 7 }]);
  expect((await call(rig, "POST", at("team", "demo", "1.0", "restore"))).status).toBe(200);
});

test("a move whose copy lacks bytes of the trash is refused", async () => {
  const rig = team();
  const { object } = await host("team", "demo-1.0-py3-none-any.whl");
  await call(rig, "DELETE", at("team", "demo", "1.0"));
  await job(rig, "move-out");
  await intoNewDeployment();
  rig.restart();
  await env.FILES.delete(object ?? "");
  expect((await job(rig, "move-in")).status).toBeGreaterThanOrEqual(400);
});

test("a move has no dry run", async () => {
  const rig = team();
  expect((await rig.post("jobs/move-out?dry-run=true")).status).toBe(400);
  expect((await rig.post("jobs/move-in?dry-run=true")).status).toBe(400);
  expect(await inStore()).toEqual([]);
});

test("a bucket without a move folder says so", async () => {
  expect(await job(team(), "move-in")).toMatchObject({
    status: 422,
    text: expect.stringContaining("There is no move/manifest.json"),
  });
});

test("each table is moved or left, and the last migration is the last one", async () => {
  const { results } = await env.DB.prepare(
    "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT GLOB 'sqlite_*' AND name NOT GLOB '_cf_*' AND name <> 'd1_migrations'",
  ).all<{ name: string }>();
  expect(results.map(({ name }) => name).toSorted()).toEqual([...Object.keys(MOVED_TABLES), ...LEFT_TABLES].toSorted());
  expect(MIGRATIONS.at(-1)?.name).toBe(LAST_MIGRATION);
});
