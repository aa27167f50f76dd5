import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseAst } from "vitest/node";
import { expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "..", "..");

interface Node {
  readonly type?: string;
  readonly id?: { readonly name?: string };
  readonly operator?: string;
  readonly left?: Node;
  readonly right?: Node;
  readonly value?: unknown;
}

/** Numbers that look like units of time, and count something else. */
const COUNTS: readonly string[] = ["worker/locks/formats/limits.ts writes 120000"];

const UNIT = /^(?:SECOND|MINUTE|HOUR|DAY|WEEK|YEAR)S?(?:_|$)/;

const isThousand = (node: Node | undefined) => node?.type === "Literal" && node.value === 1_000;

/** Why a piece of code is a unit of time written by hand; undefined where it is none. */
function byHand({ type, id, operator = "", left, right, value }: Node): string | undefined {
  if (type === "VariableDeclarator" && UNIT.test(id?.name ?? "")) return `defines ${id?.name}`;
  if (type === "BinaryExpression" && "*/".includes(operator) && (isThousand(left) || isThousand(right))) {
    return "converts seconds and milliseconds by hand";
  }
  const isUnit = type === "Literal" && typeof value === "number" && value > 0;
  return isUnit && (value % 60_000 === 0 || value % 3_600 === 0) ? `writes ${value}` : undefined;
}

function unitsByHand(text: string, lang: "ts" | "tsx"): string[] {
  const found: string[] = [];
  JSON.stringify(parseAst(text, { lang }), (_key, value: unknown) => {
    if (typeof value === "bigint") return null;
    const reason = typeof value === "object" && value !== null ? byHand(value) : undefined;
    if (reason !== undefined) found.push(reason);
    return value;
  });
  return found;
}

test("units of time that are written by hand are found, and other numbers are not", () => {
  const text = `const DAY_SECONDS = 24 * 3_600;
    const TTL = 30 * 60_000;
    const at = Date.parse(text) / 1_000;
    const MAX = 5_000;
    const MAX_BYTES = 64 * 1024;`;
  expect(unitsByHand(text, "ts")).toEqual([
    "defines DAY_SECONDS",
    "writes 3600",
    "writes 60000",
    "converts seconds and milliseconds by hand",
  ]);
});

test("units of time are defined in worker/duration.ts only", () => {
  const files = globSync("{worker,schema,server,cli,ci}/**/*.{ts,tsx}", { cwd: ROOT }).filter(
    (file) => !file.endsWith(".d.ts"),
  );
  expect(files).toContain(join("worker", "duration.ts"));
  const found = files
    .filter((file) => file !== join("worker", "duration.ts"))
    .flatMap((file) =>
      unitsByHand(readFileSync(join(ROOT, file), "utf8"), file.endsWith("x") ? "tsx" : "ts").map(
        (reason) => `${file} ${reason}`,
      ),
    );
  expect(found).toEqual(COUNTS);
});
