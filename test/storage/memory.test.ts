import { expect, test } from "vitest";
import { Memory } from "../../worker/storage/memory.ts";

test("gives back what was set until its time has come", () => {
  const memory = new Memory<string>(10_000);
  memory.set("a", "value", 5, 100);
  expect([memory.get("a", 99), memory.get("a", 100), memory.get("a", 99)]).toEqual(["value", undefined, undefined]);
});

test("pushes out what was used longest ago once the budget is spent", () => {
  const memory = new Memory<string>(3_000);
  for (const key of ["a", "b", "c"]) memory.set(key, key, 700);
  expect(memory.get("a", 0)).toBe("a");
  memory.set("d", "d", 700);
  expect(["a", "b", "c", "d"].map((key) => memory.get(key, 0))).toEqual(["a", undefined, "c", "d"]);
});

test("takes a new value also where all others were used, and then drops the one that was set longest ago", () => {
  const memory = new Memory<string>(3_000);
  for (const key of ["a", "b", "c"]) memory.set(key, key, 700);
  for (const key of ["b", "a", "c"]) memory.get(key, 0);
  memory.set("d", "d", 700);
  expect(["a", "b", "c", "d"].map((key) => memory.get(key, 0))).toEqual([undefined, "b", "c", "d"]);
});

test("does not store a value above its limit, and drops the earlier value", () => {
  const memory = new Memory<string>(1_000_000);
  memory.set("a", "small", 5);
  memory.set("a", "large", Memory.MAX_VALUE + 1);
  expect(memory.get("a", 0)).toBeUndefined();
});

test("counts a replaced value no longer: setting one key again and again never pushes another out", () => {
  const memory = new Memory<string>(2_500);
  memory.set("kept", "kept", 500);
  for (let n = 0; n < 100; n++) memory.set("often", "often", 500);
  for (let n = 0; n < 100; n++) {
    memory.set("expired", "expired", 500, 1);
    memory.get("expired", 1);
  }
  expect(memory.get("kept", 0)).toBe("kept");
});
