import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { removeDirectory, temporaryDirectory } from "../../cli/demo/leftovers.ts";
import { MIGRATIONS } from "../../cli/lib/project-folder.ts";
import { openMachine } from "../../server/machine.ts";
import { pypiEdge } from "../support/node/command.ts";
import { noSmallDisks, smallDisk, type SmallDisk } from "../support/node/small-disk.ts";

const because = noSmallDisks === undefined ? "" : ` (not run: ${noSmallDisks})`;
const folder = temporaryDirectory();
let disk: SmallDisk | undefined;

/** A state directory that no server uses, on a disk and in a snapshot of it that cannot be written. */
beforeAll(async () => {
  if (noSmallDisks !== undefined) return;
  const state = join(folder, "state");
  mkdirSync(state);
  const machine = await openMachine({ state, migrations: MIGRATIONS, consumers: [], log: () => {} });
  await machine.platform.objects.put("list/4/one", "a listing");
  await machine.close();
  await pypiEdge(["backup", "backup", "--state", "state"], folder);
  disk = smallDisk(32 * 1024 * 1024);
  cpSync(state, join(disk.folder, "state"), { recursive: true });
  execFileSync("mount", ["-o", "remount,ro", disk.folder]);
});
afterAll(() => {
  disk?.remove();
  removeDirectory(folder);
});

const edge = async (...words: string[]) => {
  const { code, output } = await pypiEdge(
    words.map((word) => word.replace("DISK", disk?.folder ?? "")),
    folder,
  );
  return `${code} ${output.trim()}`.replaceAll(disk?.folder ?? "", "DISK").replaceAll(`${folder}/`, "");
};

test.skipIf(noSmallDisks !== undefined)(
  `what is on a disk that cannot be written is verified and backed up${because}`,
  async () => {
    expect(await edge("verify", "--state", "DISK/state")).toMatch(/^0 Verified: .*all files \(1, 9 B\)/);
    expect(await edge("backup", "copy", "--mirror", "--state", "DISK/state")).toMatch(/^0 Written into copy /);
  },
);

const MOUNT = "Mount the disk so that it can be written, or name a place on another one.";
const STATE =
  "the file system is read-only. Mount it so that it can be written (in a container, its volume without :ro), or choose another one with --state DIR.";

test.skipIf(noSmallDisks !== undefined).each([
  [
    "backup DISK/copy --state state",
    `The backup DISK/copy did not come to its end: DISK/copy: the file system is read-only. ${MOUNT}`,
  ],
  [
    "backup DISK/copy.tar --state state",
    `The backup DISK/copy.tar did not come to its end: DISK/copy.tar.unfinished: the file system is read-only. ${MOUNT}`,
  ],
  [
    "move-out DISK/out --state state",
    `state could not be moved to its end: DISK/out: the file system is read-only. ${MOUNT}`,
  ],
  ["restore backup --state DISK/new", `The state directory DISK/new cannot be used: ${STATE}`],
  ["verify --repair --state DISK/state", `The state directory DISK/state cannot be used: ${STATE}`],
  ["serve --state DISK/state", `The state directory DISK/state cannot be used: ${STATE}`],
])("pypi-edge %s says what to do", async (line, sentence) => {
  expect(await edge(...line.split(" "))).toBe(`1 ${sentence}`);
});
