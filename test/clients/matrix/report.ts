import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Reporter, TestModule, Vitest } from "vitest/node";
import { MICROPIP } from "../../support/node/clients/micropip.ts";
import { CLIENT_NAMES, CLIENTS } from "../../support/node/clients/table.ts";
import { PUBLISHER_NAMES, PUBLISHERS } from "../../support/node/publishers/table.ts";
import { PUBLISH_COLUMNS } from "../publishing/columns.ts";
import { TABLES, type TableName } from "./cell.ts";
import { COLUMNS } from "./columns.ts";
import { render, type Outcome } from "./render.ts";

const PAGE = join(import.meta.dirname, "../../../docs/clients.md");

/** What a table has on its sides, and between which comments it is in docs/clients.md. */
interface Sides {
  readonly marker: string;
  readonly rows: readonly string[];
  readonly columns: readonly string[];
}

const SIDES: Readonly<Record<TableName, Sides>> = {
  installing: {
    marker: "matrix",
    rows: [...CLIENT_NAMES.map((name) => CLIENTS[name].label), MICROPIP],
    columns: COLUMNS.map(({ title }) => title),
  },
  publishing: {
    marker: "publish-matrix",
    rows: PUBLISHER_NAMES.map((name) => PUBLISHERS[name].label),
    columns: PUBLISH_COLUMNS.map(({ title }) => title),
  },
};

const blockOf = (marker: string) => new RegExp(`(?<=<!-- ${marker} -->\\n).*?(?=<!-- /${marker} -->)`, "s");

/**
 * Ends a run of the matrix with its tables, and fails one with a table that is not the page's. `--update` writes it there
 * instead. A table with a cell that failed, or could not be tried here, says so and is compared with nothing.
 */
export default class MatrixReport implements Reporter {
  #update = false;

  onInit({ snapshot }: Vitest): void {
    this.#update = snapshot.options.updateSnapshot === "all";
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    for (const table of TABLES) this.#table(table, new Map(modules.flatMap((module) => outcomesOf(module, table))));
    for (const said of modules.flatMap(summariesOf)) console.log(said);
  }

  #table(table: TableName, outcomes: ReadonlyMap<string, Outcome>): void {
    if (outcomes.size === 0) return;
    const { rows, columns, marker } = SIDES[table];
    const text = render(rows, columns, (row, column) => outcomes.get(keyOf({ row, column })));
    console.log(`\n${text}`);
    if ([...outcomes.values()].includes("failed")) return;
    if (outcomes.size < rows.length * columns.length || [...outcomes.values()].includes("missing")) {
      console.log("Not every cell was tried: the table in docs/clients.md is not compared.");
      return;
    }
    const page = readFileSync(PAGE, "utf8");
    const block = `\n${text}\n`;
    if (blockOf(marker).exec(page)?.[0] === block) return;
    if (this.#update) {
      writeFileSync(
        PAGE,
        page.replace(blockOf(marker), () => block),
      );
      console.log("docs/clients.md has this table now.");
      return;
    }
    console.error(
      "The table in docs/clients.md is another one: npm run test:clients -- --update writes this one there.",
    );
    process.exitCode = 1;
  }
}

function outcomesOf(module: TestModule, table: TableName): [key: string, Outcome][] {
  return [...module.children.allTests()].flatMap((test) => {
    const { cell } = test.meta();
    if (cell?.table !== table) return [];
    const { state } = test.result();
    const outcome =
      cell.note !== undefined ? { note: cell.note } : state === "passed" || state === "failed" ? state : "missing";
    return [[keyOf(cell), outcome]];
  });
}

function summariesOf(module: TestModule): string[] {
  return [...module.children.allTests()].flatMap((test) => test.meta().summary ?? []);
}

const keyOf = ({ row, column }: { readonly row: string; readonly column: string }) => `${row}: ${column}`;
