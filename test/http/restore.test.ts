import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { at, audit, call, hosted } from "../support/releases.ts";
import type { Rig } from "../support/rig.ts";
import { inStore } from "../support/swept.ts";
import { audited, DAY, keepingTeam, release, restore, run, shown, wheelOf } from "../support/kept.ts";
import { pageIn } from "../support/hosted.ts";

const remove = (rig: Rig, version: string, index = "team") => call(rig, "DELETE", at(index, "demo", version));

/** R2 dates what is put by its own clock. */
function opened() {
  const rig = keepingTeam({ dev: "1d" });
  rig.now = Date.now();
  return rig;
}

describe("restoring", () => {
  test("brings a deleted release back as it was: page, bytes, .metadata, and whether it is yanked", async () => {
    const rig = opened();
    const file = await release(rig, "1.0", { yanked: "It is soft.", requiresPython: ">=3.9" });
    const before = await pageIn(rig, "/team", "demo");
    await remove(rig, "1.0");
    expect([(await rig.get(file)).status, await shown(rig)]).toEqual([404, []]);
    rig.wait(29 * DAY);
    await run(rig, "clean");
    const { json } = await restore(rig, "1.0");
    expect(json).toMatchObject({ did: `demo 1.0 in team is restored: ${wheelOf("1.0")}.`, files: [wheelOf("1.0")] });
    expect((await pageIn(rig, "/team", "demo")).json).toEqual(before.json);
    expect([(await rig.get(file)).status, (await rig.get(`${file}.metadata`)).status]).toEqual([200, 200]);
    expect((await audit()).at(-1)).toMatchObject({
      action: "restore",
      index_name: "team",
      subject: "1.0",
      actor: "admin",
    });
    expect((await restore(rig, "1.0")).json).toMatchObject({ did: "demo 1.0 in team was not deleted.", files: [] });
  });

  test("takes one file where that is named", async () => {
    const rig = opened();
    await release(rig, "1.0");
    await release(rig, "1.0+b");
    for (const version of ["1.0", "1.0+b"]) await remove(rig, version);
    const { json } = await call(rig, "POST", `${at("team", "demo", "1.0", "restore")}?filename=${wheelOf("1.0")}`);
    expect(json).toMatchObject({ did: `${wheelOf("1.0")} in team is restored.` });
    expect(await shown(rig)).toEqual(["1.0"]);
  });

  test("in a volatile index ends where the name was used again", async () => {
    const rig = opened();
    await release(rig, "1.0");
    await call(rig, "POST", at("team", "demo", "1.0", "promote"), { to: "scratch" });
    await remove(rig, "1.0", "scratch");
    expect((await restore(rig, "1.0", "scratch")).status).toBe(200);
    await remove(rig, "1.0", "scratch");
    await call(rig, "POST", at("team", "demo", "1.0", "promote"), { to: "scratch" });
    expect((await restore(rig, "1.0", "scratch")).json).toMatchObject({ did: "demo 1.0 in scratch was not deleted." });
    expect((await hosted("scratch")).map(({ object }) => typeof object)).toEqual(["string"]);
  });

  test("is refused where the bytes are gone, as after the database was restored to an earlier time", async () => {
    const rig = opened();
    await release(rig, "1.0");
    await remove(rig, "1.0");
    const [{ trashed } = { trashed: "" }] = (
      await env.DB.prepare("SELECT trashed FROM hosted_file").all<{ trashed: string }>()
    ).results;
    await env.FILES.delete(trashed);
    const { status, text } = await restore(rig, "1.0");
    expect([status, text]).toEqual([
      404,
      "demo 1.0 in team was deleted, and is no longer in the trash: its bytes are gone.\n",
    ]);
  });
});

describe("the trash", () => {
  test("is emptied after 30 days, audited; a day later the bytes are deleted, and the name stays used", async () => {
    const rig = opened();
    await release(rig, "1.0");
    await release(rig, "2.0");
    await remove(rig, "1.0");
    rig.wait(30 * DAY - 60_000);
    expect((await run(rig, "clean"))[0]).toMatch(/none to delete/);
    rig.wait(2 * 60_000);
    expect((await run(rig, "clean", true))[0]).toBe(
      "1 deleted file of demo 1.0 in team would be taken out of the trash: it can no longer be restored.",
    );
    expect((await run(rig, "clean"))[0]).toMatch(/^1 deleted file of demo 1\.0 in team was taken out of the trash/);
    expect([(await restore(rig, "1.0")).status, (await inStore()).length]).toEqual([404, 4]);
    expect(await audited("trash.empty")).toMatchObject([
      {
        actor: "clean",
        index_name: "team",
        project: "demo",
        subject: "1.0",
        details: expect.stringContaining(wheelOf("1.0")),
      },
    ]);
    rig.wait(2 * DAY);
    await run(rig, "clean");
    expect([(await inStore()).length, (await hosted("team")).map(({ version }) => version)]).toEqual([
      2,
      ["1.0", "2.0"],
    ]);
    expect((await audited("trash.empty")).length).toBe(1);
  });

  test("keeps bytes that nothing else names", async () => {
    const rig = opened();
    await release(rig, "1.0");
    await remove(rig, "1.0");
    await env.DB.prepare("DELETE FROM unlinked_object").run();
    rig.wait(29 * DAY);
    rig.now = Date.now() + 40 * DAY;
    await env.DB.prepare("UPDATE hosted_file SET deleted_at = ?1").bind(rig.now).run();
    await run(rig, "clean");
    expect((await restore(rig, "1.0")).status).toBe(200);
  });

  test("of a volatile index loses its rows when it is emptied", async () => {
    const rig = opened();
    await release(rig, "1.0");
    await call(rig, "POST", at("team", "demo", "1.0", "promote"), { to: "scratch" });
    await remove(rig, "1.0", "scratch");
    rig.wait(31 * DAY);
    await run(rig, "clean");
    expect([(await hosted("scratch")).length, (await hosted("team")).length]).toEqual([0, 1]);
  });

  test("is counted", async () => {
    const rig = opened();
    await release(rig, "1.0");
    await remove(rig, "1.0");
    const [{ size } = { size: 0 }] = await hosted("team");
    const metrics = (await rig.get("/-/metrics", { Authorization: "Bearer a-token-for-the-tests" })).text();
    expect(metrics).toContain(`pypi_edge_trash_bytes ${size}\n`);
    expect(metrics).toContain("pypi_edge_hosted_files 0\n");
  });
});
