import { rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { noSmallDisks, smallDisk, type SmallDisk } from "../../support/node/small-disk.ts";
import { content } from "../shared-fills/rig.ts";
import { openDiskRig, type DiskRig } from "./rig.ts";

const KiB = 1024;
const MiB = 1024 * KiB;

const because = noSmallDisks === undefined ? "" : ` (not run: ${noSmallDisks})`;

const opened: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0).toReversed()) await close();
});

/** A server whose state is alone on a disk, with a token for uploads. */
async function rigOnDisk(size = 16 * MiB, files?: number): Promise<{ rig: DiskRig; disk: SmallDisk }> {
  const disk = smallDisk(size, files);
  opened.push(() => disk.remove());
  const rig = await openDiskRig(join(disk.folder, "state"));
  opened.push(() => rig.close());
  await rig.authorize();
  return { rig, disk };
}

const FULL = /^The disk of this server is full, so nothing was stored\. Make room on the disk/;

describe.skipIf(noSmallDisks !== undefined)(`a disk of its own${because}`, () => {
  test("while the disk is full, files of an upstream are served and not stored", async () => {
    const { rig, disk } = await rigOnDisk();
    const bytes = content(300 * KiB);
    rig.origin.publish(bytes);
    disk.fill();
    for (let times = 1; times <= 3; times++) {
      expect(await rig.download()).toEqual({ status: 200, bytes });
      expect(rig.origin.asked).toHaveLength(times);
    }
    disk.makeRoom();
    await rig.download();
    await rig.download();
    expect(rig.origin.asked).toHaveLength(4);
  });

  test.each([0, 9 * MiB])(
    "an upload to a full disk is 507 with a sentence, and can be repeated once there is room: %i bytes",
    async (padding) => {
      const { rig, disk } = await rigOnDisk(64 * MiB);
      disk.fill();
      const refused = await rig.upload("acme", padding);
      expect([refused.status, refused.said]).toEqual([507, expect.stringMatching(FULL)]);
      expect(await rig.hosted("acme")).toBe(404);
      disk.makeRoom();
      const { status, wheel } = await rig.upload("acme", padding);
      expect([status, await rig.hosted("acme")]).toEqual([200, wheel]);
    },
  );

  test("metrics and dashboard are given while the disk is full, and say that something is wrong", async () => {
    const { rig, disk } = await rigOnDisk();
    await rig.download();
    const trouble = async () => /^pypi_edge_storage_trouble \d$/m.exec((await rig.asAdmin("/-/metrics")).said)?.[0];
    expect(await trouble()).toBe("pypi_edge_storage_trouble 0");
    disk.fill();
    // What was counted meanwhile can be written as long as the files of SQLite need no more room.
    for (let times = 0; times < 20; times++) {
      await rig.upload(`acme${times}`);
      await rig.download();
      expect(await trouble()).toBe("pypi_edge_storage_trouble 1");
    }
    expect((await rig.asAdmin("/-/")).status).toBe(200);
    disk.makeRoom();
    expect(await trouble()).toBe("pypi_edge_storage_trouble 0");
  });

  test("however little room there is, an upload is there whole or not at all", async () => {
    const { rig, disk } = await rigOnDisk(24 * MiB);
    const statuses = new Set<number>();
    for (let left = 0; left <= 256 * KiB; left += 16 * KiB) {
      const project = `acme${left}`;
      disk.fill(left);
      const { status, wheel } = await rig.upload(project);
      statuses.add(status);
      expect(await rig.hosted(project)).toEqual(status === 200 ? wheel : 404);
      disk.makeRoom();
    }
    expect(statuses).toEqual(new Set([200, 507]));
  });

  test("what can be fetched again leaves files for uploads, where the disk takes only so many", async () => {
    const { rig, disk } = await rigOnDisk(64 * MiB, 200);
    const bytes = content(300 * KiB);
    rig.origin.publish(bytes);
    for (let at = 0; statfsSync(disk.folder).ffree > 10; at++) writeFileSync(join(disk.folder, `${at}`), "");
    for (let times = 1; times <= 2; times++) expect(await rig.download()).toEqual({ status: 200, bytes });
    expect(rig.origin.asked).toHaveLength(2);
    const { status, wheel } = await rig.upload("acme");
    expect([status, await rig.hosted("acme")]).toEqual([200, wheel]);
    const { storage } = JSON.parse((await rig.ask("/-/health")).bytes.toString()) as { storage: string };
    expect(storage).toMatch(/nearly full: .+ df -i/);
    for (let at = 0; statfsSync(disk.folder).ffree > 0; at++) writeFileSync(join(disk.folder, `more-${at}`), "");
    expect((await rig.upload("other")).status).toBe(507);
    expect(await rig.download()).toEqual({ status: 200, bytes });
  });

  test("what can be fetched again leaves room for uploads", async () => {
    const { rig, disk } = await rigOnDisk(64 * MiB);
    const bytes = content(300 * KiB);
    rig.origin.publish(bytes);
    disk.fill(3 * MiB);
    for (let times = 1; times <= 2; times++) expect(await rig.download()).toEqual({ status: 200, bytes });
    expect(rig.origin.asked).toHaveLength(2);
    const { status, wheel } = await rig.upload("acme", MiB);
    expect([status, await rig.hosted("acme")]).toEqual([200, wheel]);
  });

  test("a server starts while the disk is full, serves what it has, and heals", async () => {
    const { rig, disk } = await rigOnDisk();
    const { wheel } = await rig.upload("acme");
    await rig.stop();
    disk.fill();
    await rig.start();
    expect(await rig.hosted("acme")).toEqual(wheel);
    disk.fill();
    expect((await rig.upload("other")).status).toBe(507);
    await rig.stop();
    await rig.start();
    expect(await rig.hosted("acme")).toEqual(wheel);
    disk.makeRoom();
    expect((await rig.upload("other")).status).toBe(200);
  });

  test("one that has not even the room of its reserve says so", async () => {
    const { rig, disk } = await rigOnDisk();
    await rig.stop();
    rmSync(join(disk.folder, "state/reserve"));
    disk.fill();
    await expect(rig.start()).rejects.toThrow(
      /^The disk of the state directory \S+ is full\. Make room on it, and start again\.$/,
    );
    disk.makeRoom();
    await rig.start();
  });
});
