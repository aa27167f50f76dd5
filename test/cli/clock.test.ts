import type { Miniflare } from "miniflare";
import { expect, test, vi } from "vitest";
import { startClock } from "../../cli/server/clock.ts";

/** A platform whose worker answers a cron like this. */
const platform = (scheduled: (options: { cron: string }) => Promise<{ outcome: string }>) =>
  ({ getWorker: () => Promise.resolve({ scheduled }) }) as unknown as Miniflare;

test("each cron is fired by its own expression at its times, until the clock is stopped", async () => {
  vi.useFakeTimers({ now: Date.parse("2026-11-22T12:03:30Z") });
  const fired: string[] = [];
  const worker = platform(({ cron }) => {
    fired.push(`${new Date().toISOString().slice(11, 16)} ${cron}`);
    return Promise.resolve({ outcome: "ok" });
  });
  const clock = startClock(worker, ["* * * * *", "*/5 * * * *"]);
  await vi.advanceTimersByTimeAsync(140_000);
  clock.stop();
  await vi.advanceTimersByTimeAsync(600_000);
  vi.useRealTimers();
  expect(fired).toEqual(["12:04 * * * * *", "12:05 * * * * *", "12:05 */5 * * * *"]);
});

test("one that goes wrong is said in a line, and comes again", async () => {
  vi.useFakeTimers({ now: Date.parse("2026-11-22T12:03:30Z") });
  const said = vi.spyOn(console, "error").mockImplementation(() => undefined);
  let times = 0;
  const worker = platform(() => {
    if (times++ === 0) return Promise.reject(new Error("the runtime has gone"));
    return Promise.resolve({ outcome: "exception" });
  });
  const clock = startClock(worker, ["* * * * *"]);
  await vi.advanceTimersByTimeAsync(100_000);
  clock.stop();
  vi.useRealTimers();
  expect(said.mock.calls.flat()).toEqual([
    "The cron * * * * * could not be fired: the runtime has gone",
    "The cron * * * * * ended with exception; it comes again at its next time.",
  ]);
});

test("one that never answers is waited for as long as the platform lets one run, and then fired again", async () => {
  vi.useFakeTimers({ now: Date.parse("2026-11-22T12:03:30Z") });
  const said = vi.spyOn(console, "error").mockImplementation(() => undefined);
  said.mockClear();
  let times = 0;
  const worker = platform(() => (times++ === 0 ? new Promise(() => undefined) : Promise.resolve({ outcome: "ok" })));
  const clock = startClock(worker, ["* * * * *"]);
  await vi.advanceTimersByTimeAsync(14 * 60_000);
  expect(times).toBe(1);
  await vi.advanceTimersByTimeAsync(3 * 60_000);
  clock.stop();
  vi.useRealTimers();
  expect(times).toBeGreaterThan(1);
  expect(said.mock.calls.flat()).toEqual(["The cron * * * * * ended with no answer; it comes again at its next time."]);
});

test("the worker is asked for each time: one of a runtime that has crashed answers no more", async () => {
  vi.useFakeTimers({ now: Date.parse("2026-11-22T12:03:30Z") });
  const said = vi.spyOn(console, "error").mockImplementation(() => undefined);
  said.mockClear();
  const fired: number[] = [];
  let runtime = 0;
  const getWorker = () => {
    const own = runtime;
    const scheduled = () => {
      if (own !== runtime) return Promise.reject(new Error("poisoned stub"));
      fired.push(own);
      return Promise.resolve({ outcome: "ok" });
    };
    return Promise.resolve({ scheduled });
  };
  const clock = startClock({ getWorker } as unknown as Miniflare, ["* * * * *"]);
  await vi.advanceTimersByTimeAsync(40_000);
  runtime++;
  await vi.advanceTimersByTimeAsync(120_000);
  clock.stop();
  vi.useRealTimers();
  expect([fired, said.mock.calls]).toEqual([[0, 1, 1], []]);
});

test("what is cut off as it is stopped is no news", async () => {
  vi.useFakeTimers({ now: Date.parse("2026-11-22T12:03:30Z") });
  const said = vi.spyOn(console, "error").mockImplementation(() => undefined);
  said.mockClear();
  const cutOff = Promise.withResolvers<{ outcome: string }>();
  const clock = startClock(
    platform(() => cutOff.promise),
    ["* * * * *"],
  );
  await vi.advanceTimersByTimeAsync(40_000);
  clock.stop();
  cutOff.reject(new Error("disposed"));
  await vi.advanceTimersByTimeAsync(1_000);
  vi.useRealTimers();
  expect(said.mock.calls).toEqual([]);
});
