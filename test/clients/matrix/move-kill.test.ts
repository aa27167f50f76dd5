import { createHash } from "node:crypto";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { removeDirectory, temporaryDirectory } from "../../../cli/demo/leftovers.ts";
import { MIGRATIONS } from "../../../cli/lib/project-folder.ts";
import { refuseSimulatorsState } from "../../../cli/serve/simulators-state.ts";
import { openMachine } from "../../../server/machine.ts";
import { objectsOf } from "../../support/node/objects-of.ts";
import { killedWhen, pypiEdge } from "../../support/node/command.ts";

/** Many more than are there when a command is killed: looking takes a while on a busy machine. */
const OBJECTS = 1_000;

const folder = temporaryDirectory();
afterAll(() => removeDirectory(folder));
const within = (name: string) => join(folder, name);

const open = (state: string) =>
  openMachine({ state: within(state), migrations: MIGRATIONS, consumers: [], log: () => undefined });

/** Each object's key, metadata and digest. */
async function objectsIn(state: string): Promise<readonly unknown[]> {
  const { platform, close } = await open(state);
  const all = await objectsOf(platform.objects);
  await close();
  return all;
}

const filesBelow = (name: string) =>
  existsSync(within(name))
    ? readdirSync(within(name), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).length
    : 0;

test("move-out and move-in that are killed at any moment are gone on with, and no server starts meanwhile", async () => {
  const { platform, close } = await open("state");
  for (let at = 0; at < OBJECTS; at++) {
    const bytes = Buffer.alloc(1 + at, at);
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    await platform.objects.put(`file/s/host/f${at}.whl`, bytes, {
      customMetadata: { project: `f${at}`, modifiedAt: "1", digest: `sha256=${sha256}` },
    });
  }
  await close();
  const wanted = await objectsIn("state");

  for (const count of [1, 100, 200])
    await killedWhen(
      ["move-out", "folder", "--state", "state"],
      folder,
      () => filesBelow("folder/move/bytes") >= count,
    );
  expect((await pypiEdge(["move-out", "folder", "--state", "state"], folder)).code).toBe(0);
  expect(await objectsIn("state")).toEqual(wanted);

  for (const count of [1, 100, 200]) {
    await killedWhen(["move-in", "folder", "--state", "made"], folder, () => filesBelow("made/objects") >= count);
    expect(() => refuseSimulatorsState(within("made"))).toThrow(/has only a part/);
  }
  expect(await pypiEdge(["move-in", "folder", "--state", "made"], folder)).toMatchObject({ code: 0 });
  expect(await objectsIn("made")).toEqual(wanted);
  expect(filesBelow("made/partial")).toBe(0);
});
