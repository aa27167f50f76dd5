import { expect, test } from "vitest";
import { MIGRATIONS } from "../../../cli/lib/project-folder.ts";
import { moveIntoState, moveOutOfState } from "../../../server/moving/move.ts";
import { MOVED_TABLES } from "../../../worker/storage/moving/tables.ts";
import { copyFromBucket, copyIntoBucket, serveS3 } from "../../support/node/s3-store.ts";
import { fill, newFolder, movedObjectsOf, openDeployment, CARRIED, ODD, rowsOf } from "./rig.ts";

const TABLES = [...Object.keys(MOVED_TABLES), "stored", "hosted"];

test("a bucket's copy is moved into a machine, and from there into another bucket: all is there, and the upstream is asked nothing", async () => {
  const first = await openDeployment();
  await fill(first);
  const [objects, served] = [await movedObjectsOf(first), await first.served()];
  expect(objects).toHaveLength(Object.keys(ODD).length + CARRIED.length + 3);
  const out = await first.job("move-out");
  expect(out.text).toContain("are in the move folder. Copy the bucket now.");

  const copy = newFolder();
  const bucket = await serveS3(first.platform.objects);
  // Keys that are no file's names cannot be copied as they are. Their bytes lie in the move folder as well.
  expect(await copyFromBucket(bucket.url, copy)).toBeGreaterThan(0);
  bucket.close();
  await first.close();
  const rows = rowsOf(first.state, TABLES);
  for (const table of [
    "page",
    "token",
    "hosted_file",
    "hosted_project",
    "hosted_provenance",
    "provenance",
    "trusted_root",
  ])
    expect([table, rows[table]]).toEqual([table, [expect.anything()]]);

  const second = await openDeployment();
  const other = await serveS3(second.platform.objects);
  await copyIntoBucket(copy, other.url);
  other.close();
  expect(await movedObjectsOf(second)).not.toEqual(objects);
  expect(await second.job("move-in")).toMatchObject({ status: 200 });
  expect(await movedObjectsOf(second)).toEqual(objects);
  await second.close();
  expect(rowsOf(second.state, ["hosted_file", "token", "audit"])).toEqual(
    rowsOf(first.state, ["hosted_file", "token", "audit"]),
  );

  const state = newFolder();
  expect(await moveIntoState({ state, folder: copy, migrations: MIGRATIONS })).toMatchObject({ isDone: true, left: 0 });
  expect(rowsOf(state, TABLES)).toEqual(rows);
  const machine = await openDeployment(state);
  machine.upstream.isAway = true;
  expect(await movedObjectsOf(machine)).toEqual(objects);
  expect(await machine.served()).toEqual(served);
  expect(machine.upstream.asked).toEqual([]);
  await machine.close();

  const folder = newFolder();
  await moveOutOfState({ state, folder, migrations: MIGRATIONS });
  const last = await openDeployment();
  last.upstream.isAway = true;
  const target = await serveS3(last.platform.objects);
  await copyIntoBucket(folder, target.url);
  target.close();
  const moved = await last.job("move-in");
  expect([moved.status, moved.text]).toEqual([200, expect.stringMatching(/pages? are moved in\./)]);
  expect(await movedObjectsOf(last)).toEqual(objects);
  expect(await last.served()).toEqual(served);
  expect(last.upstream.asked).toEqual([]);
  await last.close();
  const later = rowsOf(last.state, TABLES);
  const since = new Set(["counter", "object"]);
  for (const table of TABLES.filter((each) => !since.has(each)))
    expect([table, later[table]]).toEqual([table, rows[table]]);
});
