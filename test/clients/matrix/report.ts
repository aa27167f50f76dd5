import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Reporter, TestModule, Vitest } from "vitest/node";
import { CLIENT_NAMES, CLIENTS } from "../../support/node/clients/table.ts";
import { COLUMNS } from "./columns.ts";
import type { Cell } from "./row.ts";

const README = join(import.meta.dirname, "../../../README.md");
const BLOCK = /(?<=<!-- matrix -->\n).*?(?=<!-- \/matrix -->)/s;

/** What became of a cell; a note says why there was nothing to try. */
type Outcome = "passed" | "failed" | "missing" | { readonly note: string };

/**
 * Ends a run of the matrix with its table, and fails one whose table is not README's. `--update` writes it there instead.
 * A run in which a cell failed, or could not be tried here, says so and touches nothing.
 */
export default class MatrixReport implements Reporter {
  #update = false;

  onInit({ snapshot }: Vitest): void {
    this.#update = snapshot.options.updateSnapshot === "all";
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    const outcomes = new Map(modules.flatMap(outcomesOf));
    if (outcomes.size === 0) return;
    const text = render(outcomes);
    console.log(`\n${text}`);
    if ([...outcomes.values()].includes("failed")) return;
    if (outcomes.size < CLIENT_NAMES.length * COLUMNS.length || [...outcomes.values()].includes("missing")) {
      console.log("Not every cell was tried: the table in README.md is not compared.");
      return;
    }
    const readme = readFileSync(README, "utf8");
    const block = `\n${text}\n`;
    if (BLOCK.exec(readme)?.[0] === block) return;
    if (this.#update) {
      writeFileSync(
        README,
        readme.replace(BLOCK, () => block),
      );
      console.log("README.md has this table now.");
      return;
    }
    console.error("The table in README.md is another one: npm run test:clients -- --update writes this one there.");
    process.exitCode = 1;
  }
}

function outcomesOf(module: TestModule): [key: string, Outcome][] {
  return [...module.children.allTests()].flatMap((test) => {
    const { cell } = test.meta();
    if (cell === undefined) return [];
    const { state } = test.result();
    const outcome =
      cell.note !== undefined ? { note: cell.note } : state === "passed" || state === "failed" ? state : "missing";
    return [[keyOf(cell), outcome]];
  });
}

function keyOf({ client, column }: Pick<Cell, "client" | "column">): string {
  return `${client} ${column}`;
}

/** The table in Markdown, as the formatter would have it, and its notes. */
function render(outcomes: ReadonlyMap<string, Outcome>): string {
  const notes: string[] = [];
  const mark = (outcome: Outcome | undefined): string => {
    if (outcome === "passed") return "✓";
    if (outcome === "failed") return "✗";
    if (outcome === undefined || outcome === "missing") return "?";
    if (!notes.includes(outcome.note)) notes.push(outcome.note);
    return `(${notes.indexOf(outcome.note) + 1})`;
  };
  const rows = CLIENT_NAMES.map((client) => [
    CLIENTS[client].label,
    ...COLUMNS.map(({ title }) => mark(outcomes.get(keyOf({ client, column: title })))),
  ]);
  const header = ["", ...COLUMNS.map(({ title }) => title)];
  const widths = header.map((title, index) => Math.max(3, title.length, ...rows.map((row) => row[index]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, index) => cell.padEnd(widths[index] ?? 0)).join(" | ")} |`;
  const lines = [line(header), `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`, ...rows.map(line)];
  return [...lines, ...(notes.length > 0 ? ["", ...notes.map((note, index) => `${index + 1}. ${note}`)] : []), ""].join(
    "\n",
  );
}
