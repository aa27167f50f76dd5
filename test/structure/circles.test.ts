import { globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "..", "..");

/** What each file imports; types count: a circle of types cannot be read from one end either. */
type Imports = ReadonlyMap<string, readonly string[]>;

/** The shortest way from a file back to itself; undefined where there is none. */
function circleOf(start: string, imports: Imports): string[] | undefined {
  const cameFrom = new Map<string, string>();
  const queue = [start];
  for (const file of queue) {
    for (const next of imports.get(file) ?? []) {
      if (next === start) {
        const way = [start];
        for (let at = file; at !== start; at = cameFrom.get(at) ?? start) way.unshift(at);
        return [start, ...way];
      }
      if (cameFrom.has(next)) continue;
      cameFrom.set(next, file);
      queue.push(next);
    }
  }
  return undefined;
}

test("a circle is found, whatever its length, and nothing else", () => {
  const imports = new Map([
    ["a", ["b"]],
    ["b", ["c", "d"]],
    ["c", ["a"]],
    ["d", []],
    ["e", ["a"]],
    ["f", ["f"]],
  ]);
  expect([...imports.keys()].map((file) => circleOf(file, imports)?.join(" "))).toEqual([
    "a b c a",
    "b c a b",
    "c a b c",
    undefined,
    undefined,
    "f f",
  ]);
});

test("no file imports itself through others", () => {
  const files = globSync("{worker,schema,server,cli,ci}/**/*.{ts,tsx}", { cwd: ROOT });
  const imports: Imports = new Map(
    files.map((file) => {
      const targets = readFileSync(join(ROOT, file), "utf8").matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g);
      return [file, [...targets].map(([, target = ""]) => normalize(join(dirname(file), target)))];
    }),
  );
  expect([...imports.values()].flat().length).toBeGreaterThan(800);
  const circles = files.map((file) => circleOf(file, imports)).filter((circle) => circle);
  expect(circles.map((circle) => circle?.join(" → "))).toEqual([]);
});
