import { expect, test, vi } from "vitest";
import { content, received, type MachineRig } from "./rig.ts";
import { testRig } from "./support.ts";

const METADATA = "Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n";
const WHEEL = content(900_000);

const open = testRig();

/** An upstream with metadata, and a server that prefetches wheels of up to one megabyte, at each look of whose clock `step` ms have passed. */
async function prefetching(bytes = WHEEL, vars = {}, step = 60): Promise<MachineRig> {
  let time = Date.parse("2026-11-29T12:00:00Z");
  const rig = await open(() => ({ now: () => (time += step) }), { PREFETCH: 1, ...vars });
  rig.origin.metadata = METADATA;
  rig.origin.publish(bytes);
  return rig;
}

const metadata = async (rig: MachineRig, method = "GET", headers = {}) =>
  (await received(await rig.ask(method, headers, ".metadata"))).status;

/** The metadata and the wheel. */
const bothStored = (rig: MachineRig) => vi.waitFor(() => expect(rig.stored()).toHaveLength(2), 20_000);

test("a wheel is stored as soon as its metadata was fetched, and then served from the store", async () => {
  const rig = await prefetching();
  expect(await metadata(rig)).toBe(200);
  await bothStored(rig);
  expect((await received(await rig.ask())).bytes.equals(WHEEL)).toBe(true);
  expect(rig.origin.asked).toEqual(["GET"]);
});

test("a client that asks for it meanwhile follows the same read", async () => {
  const rig = await prefetching();
  const sendRest = rig.origin.sendFirst(100_000);
  await metadata(rig);
  await vi.waitFor(() => expect(rig.origin.asked).toEqual(["GET"]), 20_000);
  const asked = rig.ask();
  sendRest();
  expect((await received(await asked)).bytes.equals(WHEEL)).toBe(true);
  expect(rig.origin.asked).toEqual(["GET"]);
});

test("wrong bytes that were prefetched are not stored, and no client gets them whole", async () => {
  const rig = await prefetching();
  rig.origin.manner = (response) => void response.end(Buffer.alloc(WHEEL.byteLength));
  await metadata(rig);
  await vi.waitFor(() => expect(rig.origin.asked).toEqual(["GET"]), 20_000);
  const { status, isWhole } = await rig.ask().then(received, () => ({ status: 0, isWhole: false }));
  expect(status === 200 && isWhole).toBe(false);
  await vi.waitFor(() => expect(rig.stored()).toHaveLength(1), 20_000);
});

test.each([
  ["it is larger than the setting says", "GET", {}, content(1_000_001), {}, 60],
  ["the setting is 0", "GET", {}, WHEEL, { PREFETCH: 0 }, 60],
  ["only the head was asked for", "HEAD", {}, WHEEL, {}, 60],
  ["a part of the metadata was asked for", "GET", { Range: "bytes=0-3" }, WHEEL, {}, 60],
  ["the upstream is near", "GET", {}, WHEEL, {}, 0],
])("nothing is prefetched where %s", async (_, method, headers, bytes, vars, step) => {
  const rig = await prefetching(bytes, vars, step);
  await metadata(rig, method, headers);
  await rig.stopServing();
  expect(rig.origin.asked).toEqual([]);
});
