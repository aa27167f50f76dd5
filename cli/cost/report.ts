import { PLAN, PRICES } from "../../schema/prices.ts";
import type { Bill } from "./bill.ts";

interface Table {
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** A number for people: `0.05`, `43.2`, `1,950`, `54.1 M`. */
export function amountText(amount: number): string {
  if (amount >= 1e6) return `${(amount / 1e6).toLocaleString("en", { maximumFractionDigits: amount < 1e8 ? 1 : 0 })} M`;
  return amount.toLocaleString("en", { maximumFractionDigits: amount < 10 ? 2 : amount < 100 ? 1 : 0 });
}

/** The lines of a bill: what a month uses, what the plan includes, and dollars. */
export const linesTable = ({ lines, total }: Bill): Table => ({
  header: ["line", "unit", "used", "included", "$"],
  rows: [
    ["Workers Paid", "", "", "", PLAN.toFixed(2)],
    ...lines.map(({ line, used, dollars }) => {
      const { name, unit, included } = PRICES[line];
      return [name, unit, amountText(used), amountText(included), dollars.toFixed(2)];
    }),
    ["all", "", "", "", total.toFixed(2)],
  ],
});

const EACH = { day: "a day", month: "a month", account: "at once", request: "a request, at most" } as const;

/** The limits of the free plan, the one that is used up first at the top. */
export const freeTable = ({ free }: Bill): Table => ({
  header: ["limit", "per", "used", "allowed", "share"],
  rows: free.map(({ name, each, used, limit }) => [
    name,
    EACH[each],
    amountText(used),
    amountText(limit),
    `${Math.round((100 * used) / limit).toLocaleString("en")} %`,
  ]),
});
