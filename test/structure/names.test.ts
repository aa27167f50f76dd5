import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseAst } from "vitest/node";
import { expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "..", "..");

interface Named {
  readonly type: string;
  readonly name?: string;
  readonly id?: Named | null;
  readonly declarations?: readonly { readonly id: Named }[];
  readonly declaration?: Named | null;
  readonly source?: unknown;
  readonly specifiers?: readonly { readonly exported: Named }[];
}

/** The names that a file exports, types as well as values. What it only passes on from another file is exported there. */
function exportedFrom(text: string, lang: "ts" | "tsx"): string[] {
  const statements = parseAst(text, { lang }).body as readonly Named[];
  const names = statements.flatMap(({ type, declaration, source, specifiers = [] }) => {
    if (type !== "ExportNamedDeclaration" || source) return [];
    const declared = declaration?.declarations?.map(({ id }) => id) ?? [declaration?.id];
    return [...declared, ...specifiers.map(({ exported }) => exported)].map((each) => each?.name);
  });
  return [...new Set(names.filter((name) => name !== undefined))];
}

test("exported types and values are found", () => {
  const text = `export const a = 1, b = 2;
    export function c() {}
    export interface D {}
    export type E = string;
    export class F {}
    const g = 1;
    const h = 2;
    export { h as i };
    export { j } from "./other.ts";`;
  expect(exportedFrom(text, "ts")).toEqual(["a", "b", "c", "D", "E", "F", "i"]);
});

test("no exported name stands twice: one name means one thing", () => {
  const filesOf = new Map<string, string[]>();
  for (const file of globSync("{worker,schema,server,cli,ci}/**/*.{ts,tsx}", { cwd: ROOT })) {
    if (file.endsWith(".d.ts")) continue;
    for (const name of exportedFrom(readFileSync(join(ROOT, file), "utf8"), file.endsWith("x") ? "tsx" : "ts")) {
      filesOf.set(name, [...(filesOf.get(name) ?? []), file]);
    }
  }
  expect(filesOf.size).toBeGreaterThan(500);
  const twice = [...filesOf].filter(([, files]) => files.length > 1);
  expect(twice.map(([name, files]) => `${name}: ${files.toSorted().join(", ")}`).toSorted()).toEqual([]);
});
