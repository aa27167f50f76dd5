import { expect, test, vi } from "vitest";
import { TIMED_OUT, within } from "../../worker/repository/timeout.ts";

/** How many turns of the microtask queue pass until a timer is set. */
async function turnsBeforeTimer(turns?: number): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const set = vi.spyOn(globalThis, "setTimeout");
  const outcome = within(60_000, promise, turns);
  let passed = 0;
  for (; passed < 1_000 && set.mock.calls.length === 0; passed++) await Promise.resolve();
  resolve();
  await outcome;
  set.mockRestore();
  return passed;
}

async function settledAfter(turns: number): Promise<string> {
  for (let turn = 0; turn < turns; turn++) await Promise.resolve();
  return "done";
}

test.each([
  [3, undefined],
  [16, 20],
])("work that is done after %i turns needs no timer", async (taken, turns) => {
  const set = vi.spyOn(globalThis, "setTimeout");
  expect(await within(60_000, settledAfter(taken), turns)).toBe("done");
  expect(set).not.toHaveBeenCalled();
  set.mockRestore();
});

test("work that waits for something outside has a timer after a few turns: a cold answer waits so several times", async () => {
  expect(await turnsBeforeTimer()).toBeLessThanOrEqual(7);
  expect(await turnsBeforeTimer(20)).toBeLessThanOrEqual(22);
});

test("what takes longer is late, and its failure is the caller's", async () => {
  expect(await within(1, new Promise(() => undefined))).toBe(TIMED_OUT);
  await expect(within(60_000, Promise.reject(new Error("lost")))).rejects.toThrow("lost");
});
