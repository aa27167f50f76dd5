import { expect, test, vi } from "vitest";
import { begun, content, received } from "./rig.ts";
import { testRig } from "./support.ts";

const MiB = 1024 * 1024;

const open = testRig();

test("HEAD during a fill is answered from it, where the page has no size and no time", async () => {
  const rig = await open();
  rig.origin.publish(content(6 * MiB), { size: undefined, "upload-time": undefined });
  const sendRest = rig.origin.sendFirst(2 * MiB);
  const first = await begun(await rig.ask());
  const head = await rig.ask("HEAD");
  expect([head.statusCode, head.headers["content-length"]]).toEqual([200, String(6 * MiB)]);
  sendRest();
  await received(first);
  expect(rig.origin.asked).toEqual(["GET"]);
});

test("a part that has arrived is given at once", async () => {
  const rig = await open();
  const bytes = content(6 * MiB);
  rig.origin.publish(bytes);
  const sendRest = rig.origin.sendFirst(2 * MiB);
  const first = await begun(await rig.ask());
  await vi.waitFor(async () => {
    const part = await received(await rig.ask("GET", { Range: "bytes=1000000-1000999" }));
    expect([part.status, part.bytes.equals(bytes.subarray(1_000_000, 1_001_000))]).toEqual([206, true]);
  });
  sendRest();
  await received(first);
  expect(rig.origin.asked).toEqual(["GET"]);
});

test("a part that is about to arrive is waited for, and the end of the file for its verification", async () => {
  const rig = await open();
  const bytes = content(6 * MiB);
  rig.origin.publish(bytes);
  const sendRest = rig.origin.sendFirst(2 * MiB);
  const first = await begun(await rig.ask());
  const parts = ["bytes=3000000-3999999", "bytes=-1000", "bytes=6000000-"].map(async (range) =>
    received(await rig.ask("GET", { Range: range })),
  );
  sendRest();
  const [middle, last, rest] = await Promise.all(parts);
  expect(middle?.bytes.equals(bytes.subarray(3_000_000, 4_000_000))).toBe(true);
  expect(last?.bytes.equals(bytes.subarray(-1_000))).toBe(true);
  expect(rest?.bytes.equals(bytes.subarray(6_000_000))).toBe(true);
  await received(first);
  expect(rig.origin.asked).toEqual(["GET"]);
});

test("a part that is far from having arrived is asked of the upstream", async () => {
  const rig = await open();
  const bytes = content(40 * MiB);
  rig.origin.publish(bytes);
  const sendRest = rig.origin.sendFirst(MiB);
  const first = await begun(await rig.ask());
  const sendFile = rig.origin.manner;
  rig.origin.manner = (response, part) => void response.end(part);
  const { bytes: tail } = await received(await rig.ask("GET", { Range: "bytes=-1000" }));
  rig.origin.manner = sendFile;
  expect(tail.equals(bytes.subarray(-1_000))).toBe(true);
  sendRest();
  expect((await received(first)).bytes.equals(bytes)).toBe(true);
  expect(rig.origin.asked).toEqual(["GET", `GET bytes=${40 * MiB - 1_000}-${40 * MiB - 1}`]);
});

test("a part that the file does not have is 416 during its fill", async () => {
  const rig = await open();
  rig.origin.publish(content(6 * MiB));
  const sendRest = rig.origin.sendFirst(2 * MiB);
  const first = await begun(await rig.ask());
  const outside = await rig.ask("GET", { Range: "bytes=7000000-" });
  expect([outside.statusCode, outside.headers["content-range"]]).toEqual([416, `bytes */${6 * MiB}`]);
  sendRest();
  await received(first);
  expect(rig.origin.asked).toEqual(["GET"]);
});
