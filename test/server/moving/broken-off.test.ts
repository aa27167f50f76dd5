import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { folderPlace } from "../../../server/moving/folder-place.ts";
import { moveOut } from "../../../worker/storage/moving/move-out.ts";
import { MINUTE } from "../../../worker/duration.ts";
import { MOVED_TABLES } from "../../../worker/storage/moving/tables.ts";
import { fill, HOSTED, moveFolderInto, movedObjectsOf, newFolder, openDeployment, type Deployment } from "./rig.ts";

/** Goes on with a move to its end, or for so many files. */
function goOn({ platform }: Deployment, folder: string, files = Infinity) {
  let [left, clock] = [files, 0];
  return moveOut(
    platform,
    folderPlace(folder),
    () => left-- > 0,
    () => (clock += MINUTE),
  );
}

test("a move that was broken off, and gone on with after an upload, says that it may lack it; run again, it has it", async () => {
  const [source, folder] = [await openDeployment(), newFolder()];
  expect(await goOn(source, folder, Object.keys(MOVED_TABLES).length)).toMatchObject({ isDone: false, late: 0 });
  await fill(source);
  const after = await goOn(source, folder);
  expect(after.isDone).toBe(true);
  expect(after.late).toBeGreaterThan(0);
  expect(await goOn(source, folder)).toMatchObject({ isDone: true, late: 0 });
  const target = await openDeployment();
  await moveFolderInto(target, folder);
  expect(await movedObjectsOf(target)).toEqual(await movedObjectsOf(source));
  expect((await target.ask("/team/simple/hosted/")).text).toContain(HOSTED.filename);
});

test("a move that jobs go on with, each of which the audit log has, lacks nothing", async () => {
  const [source, folder] = [await openDeployment(), newFolder()];
  await fill(source);
  await goOn(source, folder, 10);
  await source.platform.database
    .prepare(
      "INSERT INTO audit SELECT max(id) + 1, 1, 'admin', 'admin', '', 'job.run', '*', '', 'move-out', '{}' FROM audit",
    )
    .run();
  expect(await goOn(source, folder)).toMatchObject({ isDone: true, late: 0 });
});

test("a position of an earlier version is not gone on with: its rows have other columns", async () => {
  const [source, folder] = [await openDeployment(), newFolder()];
  await fill(source);
  await goOn(source, folder, 10);
  const path = join(folder, "move/position.json");
  const position = JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>;
  writeFileSync(path, JSON.stringify({ ...position, migration: "0001_earlier.sql" }));
  await goOn(source, folder);
  const manifest = JSON.parse(readFileSync(join(folder, "move/manifest.json"), "utf8")) as Record<string, unknown>;
  expect(manifest["id"]).not.toBe(position["id"]);
});
