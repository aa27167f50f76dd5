import { expect, test } from "vitest";
import { freeBytes } from "../../../server/objects/room.ts";
import { noSmallDisks, smallDisk } from "../../support/node/small-disk.ts";

const because = noSmallDisks === undefined ? "" : ` (not run: ${noSmallDisks})`;

test.skipIf(noSmallDisks !== undefined)(`what is free is what is left of the disk${because}`, async () => {
  const disk = smallDisk(4 * 1024 * 1024);
  try {
    expect(await freeBytes(disk.folder)).toBe(4 * 1024 * 1024);
    disk.fill(64 * 1024);
    expect(await freeBytes(disk.folder)).toBe(64 * 1024);
  } finally {
    disk.remove();
  }
});
