import { PRICES_READ } from "../../schema/prices.ts";
import { billOf } from "../cost/bill.ts";
import { freeTable, linesTable } from "../cost/report.ts";
import { readScenario, SCENARIOS } from "../cost/read-scenario.ts";
import { command } from "../lib/command.ts";
import { table } from "../lib/table.ts";

/** `pypi-edge cost`: what a deployment on Cloudflare costs a month. It asks no server. */
export const costCommand = () =>
  command("cost", "calculate what a deployment on Cloudflare costs a month", [
    ["pypi-edge cost team-of-50", "a scenario that comes with pypi-edge"],
    ["pypi-edge cost ours.toml --json", "a scenario of your own; begin with a copy from schema/scenarios"],
  ])
    .argument("<scenario>", `a file, or one of ${SCENARIOS.join(", ")}`)
    .option("--json", "as JSON")
    .action(async (name, { json }) => {
      const scenario = await readScenario(name);
      const bill = billOf(scenario);
      if (json) {
        console.log(JSON.stringify(bill));
        return;
      }
      const [lines, free] = [linesTable(bill), freeTable(bill)];
      console.log(
        `${scenario.title}: $${bill.total.toFixed(2)} a month, at the prices of ${PRICES_READ}\n\n` +
          `${table(lines.header, lines.rows)}\n\nThe free plan:\n\n${table(free.header, free.rows)}`,
      );
    });
