import { expect, test } from "vitest";
import { demoWheel, metadataText } from "../../support/wheel.ts";
import { received, type MachineRig } from "./rig.ts";
import { testRig } from "./support.ts";

const open = testRig();

const metadataOf = async (rig: MachineRig) => (await received(await rig.ask("GET", {}, ".metadata"))).bytes.toString();

test("a small wheel is fetched once, for its METADATA and for the client that installs it", async () => {
  const rig = await open();
  const wheel = Buffer.from(await demoWheel(200_000));
  rig.origin.publish(wheel);
  expect(await metadataOf(rig)).toBe(metadataText("demo"));
  expect((await received(await rig.ask())).bytes.equals(wheel)).toBe(true);
  expect(rig.origin.asked).toEqual(["GET"]);
});

test("of a large wheel only a part is fetched for its METADATA", async () => {
  const rig = await open();
  rig.origin.publish(Buffer.from(await demoWheel(600_000)));
  expect(await metadataOf(rig)).toBe(metadataText("demo"));
  expect(rig.origin.asked).toEqual([expect.stringMatching(/^GET bytes=/)]);
});

test("METADATA of a small wheel that cannot be stored is read from a part of it", async () => {
  const rig = await open(({ objects }) => ({
    objects: Object.assign(Object.create(objects), { put: () => Promise.reject(new Error("The disk is away.")) }),
  }));
  rig.origin.publish(Buffer.from(await demoWheel(200_000)));
  expect(await metadataOf(rig)).toBe(metadataText("demo"));
  expect(rig.origin.asked).toEqual(["GET", expect.stringMatching(/^GET bytes=/)]);
});
