import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { watchClock } from "../../server/clock-watch.ts";
import { startCrons } from "../../server/crons.ts";
import { openQueues } from "../../server/queues/queues.ts";
import { Writer } from "../../server/sqlite/writer.ts";
import { DAY, HOUR, MINUTE, SECOND } from "../../worker/duration.ts";
import { openDiskRig } from "./disk/rig.ts";

const MONTH = 30 * DAY;

const opened: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0).toReversed()) await close();
  vi.useRealTimers();
  vi.restoreAllMocks();
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "pypi-edge-clock-"));
  opened.push(() => rmSync(folder, { recursive: true }));
  return folder;
}

test("a clock that is set back is noticed, and no other step is", () => {
  vi.useFakeTimers();
  let [wall, steady, seen] = [MONTH, 0, 0];
  opened.push(watchClock(() => seen++, { wall: () => wall, steady: () => steady }));
  const pass = (step: number) => {
    steady += 5 * SECOND;
    wall += 5 * SECOND + step;
    vi.advanceTimersByTime(5 * SECOND);
  };
  for (const step of [0, -SECOND, -20 * SECOND, MONTH, 0]) pass(step);
  expect(seen).toBe(0);
  pass(-MONTH);
  expect(seen).toBe(1);
  pass(0);
  expect(seen).toBe(1);
});

test("crons fire by a clock that was set back", async () => {
  vi.useFakeTimers({ now: Date.parse("2026-12-22T12:03:30Z") });
  let fired = 0;
  const crons = startCrons(["* * * * *"], async () => void fired++);
  opened.push(() => crons.stop(0));
  await vi.advanceTimersByTimeAsync(MINUTE);
  expect(fired).toBe(1);
  vi.setSystemTime(Date.now() - MONTH);
  crons.clockWasSetBack();
  await vi.advanceTimersByTimeAsync(3 * MINUTE);
  expect(fired).toBe(4);
});

test.each(["while it runs", "before it is started"])(
  "messages of a clock that was set back %s are delivered",
  async (when) => {
    let now = Date.now() + MONTH;
    const writer = new Writer();
    opened.push(() => writer.end());
    const file = join(newFolder(), "queues.sqlite");
    const open = () => openQueues(file, writer, [{ queue: "q", max_batch_timeout: 0 }], { now: () => now });
    let queues = await open();
    const seen: unknown[] = [];
    const start = () => queues.start(async ({ messages }) => void seen.push(...messages.map(({ body }) => body)));
    if (when === "while it runs") await start();
    await queues.queue("q").send("late", { delaySeconds: 3600 });
    now -= MONTH;
    await queues.queue("q").send("later", { delaySeconds: 3600 });
    if (when === "while it runs") await queues.clockWasSetBack();
    else {
      await queues.close();
      queues = await open();
      await start();
    }
    opened.push(async () => {
      await queues.stop(0);
      await queues.close();
    });
    await vi.waitFor(() => expect(seen).toEqual(["late"]));
    now += HOUR;
    await queues.clockWasSetBack();
    await vi.waitFor(() => expect(seen).toEqual(["late", "later"]));
  },
);

test("a server whose clock is set back keeps nothing in memory for longer", async () => {
  vi.useFakeTimers({ toFake: ["Date", "setInterval", "clearInterval"], now: Date.now() + MONTH });
  const said = vi.spyOn(console, "error").mockImplementation(() => undefined);
  const rig = await openDiskRig(join(newFolder(), "state"));
  opened.push(() => rig.close());
  const status = async () => (await rig.ask("/simple/demo/")).status;
  rig.origin.isThere = false;
  expect(await status()).toBe(404);
  rig.origin.isThere = true;
  rig.origin.publish(Buffer.alloc(10));
  expect(await status()).toBe(404);
  vi.setSystemTime(Date.now() - MONTH);
  await vi.advanceTimersByTimeAsync(5 * SECOND);
  expect(await status()).toBe(200);
  expect(said.mock.calls.flat().join()).toContain("The clock was set back.");
});
