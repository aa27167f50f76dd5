import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseAst } from "vitest/node";
import { expect, test } from "vitest";
import { superlinear } from "../../support/node/linear/growth.ts";
import { hostileTexts, type Growing } from "../../support/node/linear/hostile.ts";
import { READERS, readersTexts } from "../../support/node/linear/readers.ts";

const ROOT = join(import.meta.dirname, "..", "..", "..");

/** The regular expressions that a source file writes out. */
function expressionsIn(file: string): RegExp[] {
  const found: RegExp[] = [];
  const tree = parseAst(readFileSync(join(ROOT, file), "utf8"), { lang: file.endsWith("x") ? "tsx" : "ts" });
  JSON.stringify(tree, (_key, value: unknown) => {
    if (!(value instanceof RegExp)) return typeof value === "bigint" ? null : value;
    found.push(value);
    return null;
  });
  return found;
}

const slownessOf = (run: (text: string) => unknown, texts: Iterable<Growing>) => {
  for (const text of texts) {
    const slow = superlinear(run, text);
    if (slow !== undefined) return [slow];
  }
  return [];
};

/** What a caller does with it: replaces or finds all, or looks for the first. */
const use = (expression: RegExp) => (text: string) =>
  expression.global ? text.replace(expression, "") : expression.exec(text);

test("the measure finds expressions that are more than linear, and no others", { timeout: 300_000 }, () => {
  const slow = [/"(?:[^"\\]|\\.)*"/g, /(\/\/|%2f%2f)[^/@\s]+@/gi, /^===\s*(.*)$/, /b: (.+):(\d+)/g, /^[\s,]+|[\s,]+$/g];
  const quick = [
    /^[^/]+\/$/,
    /"[^"]*"/g,
    /^(\S+) +(\S+) *$/,
    /\/{2,}/g,
    /^a*b*$/,
    /^b: (.+):(\d+)$/gm,
    /(?<![\s,])[\s,]+$/,
  ];
  const isSlow = (expression: RegExp) => slownessOf(use(expression), hostileTexts(expression)).length > 0;
  expect(slow.filter((expression) => !isSlow(expression))).toEqual([]);
  expect(quick.filter(isSlow)).toEqual([]);
});

const files = globSync("{worker,schema,server,cli,ci}/**/*.{ts,tsx}", { cwd: ROOT }).filter(
  (file) => !file.endsWith(".d.ts"),
);

test("every regular expression of worker, schema, server and cli takes a time that is linear in its text", () => {
  let count = 0;
  const slow = files.flatMap((file) =>
    expressionsIn(file).flatMap((expression) => {
      count++;
      return slownessOf(use(expression), hostileTexts(expression)).map(
        (how) => `${file}: ${String(expression)}: ${how}`,
      );
    }),
  );
  expect(count).toBeGreaterThan(100);
  expect(slow).toEqual([]);
});

test.each(Object.entries(READERS))("%s takes a time that is linear in its text", (_name, read) => {
  expect(slownessOf(read, readersTexts())).toEqual([]);
});
