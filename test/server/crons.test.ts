import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type Crons, startCrons } from "../../server/crons.ts";

let crons: Crons;
let lines: string[];
beforeEach(() => {
  lines = [];
  vi.useFakeTimers({ now: Date.parse("2026-11-22T12:03:30Z") });
});
afterEach(async () => {
  vi.useRealTimers();
  await crons.stop(0);
});

const start = (expressions: readonly string[], run: (expression: string) => Promise<void>) => {
  crons = startCrons(expressions, run, (line) => lines.push(line));
};
const time = () => new Date().toISOString().slice(11, 19);

test("each cron is fired at its times in UTC, until they are stopped", async () => {
  const fired: string[] = [];
  start(["* * * * *", "*/5 * * * *", "0 13 * * *"], (expression) => {
    fired.push(`${time()} ${expression}`);
    return Promise.resolve();
  });
  await vi.advanceTimersByTimeAsync(140_000);
  expect(fired).toEqual(["12:04:00 * * * * *", "12:05:00 * * * * *", "12:05:00 */5 * * * *"]);
  await vi.advanceTimersByTimeAsync(3_600_000);
  expect(fired.filter((line) => line.endsWith("13 * * *"))).toEqual(["13:00:00 0 13 * * *"]);
  await crons.stop(0);
  const { length } = fired;
  await vi.advanceTimersByTimeAsync(600_000);
  expect(fired).toHaveLength(length);
});

test("a cron that comes due while its last run goes on is fired once, after that run has ended", async () => {
  const fired: string[] = [];
  start(["* * * * *"], async () => {
    fired.push(time());
    if (fired.length === 1) await new Promise((resolve) => setTimeout(resolve, 150_000));
  });
  await vi.advanceTimersByTimeAsync(270_000);
  expect(fired).toEqual(["12:04:00", "12:06:30", "12:07:00", "12:08:00"]);
});

test("one that fails is said in a line, and comes again", async () => {
  let times = 0;
  start(["* * * * *"], () => (times++ === 0 ? Promise.reject(new Error("the disk is full")) : Promise.resolve()));
  await vi.advanceTimersByTimeAsync(100_000);
  expect([times, lines]).toEqual([
    2,
    ["The cron * * * * * failed: the disk is full; it comes again at its next time."],
  ]);
});

test("stop waits for a run under way, but no longer than it was told to", async () => {
  const end = Promise.withResolvers<void>();
  start(["* * * * *"], () => end.promise);
  await vi.advanceTimersByTimeAsync(40_000);
  vi.useRealTimers();
  await crons.stop(10);
  let stopped = false;
  const stopping = crons.stop(60_000).then(() => (stopped = true));
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(stopped).toBe(false);
  end.resolve();
  await stopping;
});
