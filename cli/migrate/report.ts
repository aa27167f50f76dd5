import { escaped } from "../../worker/pypi/shown.ts";
import { sizeText } from "../../worker/pypi/size-text.ts";
import { columns } from "../lib/columns.ts";
import type { Migrated } from "./migrate-all.ts";

/** Each outcome in the words of the report. */
const WORDS: Readonly<Record<Migrated["outcome"], string>> = {
  published: "published",
  "would-publish": "would be published",
  identical: "already there",
  refused: "refused",
  failed: "failed",
};

interface Summary {
  readonly index: string;
  readonly json: boolean;
  readonly seconds: number;
  /** How many files were not tried. */
  readonly left: number;
}

/**
 * Prints what became of each file: as JSON all of them, as a table those that somebody has to look at.
 *
 * @returns a sentence with the numbers, and whether all files were tried, none was refused and none failed
 */
export function printReport(
  migrated: readonly Migrated[],
  { index, json, seconds, left }: Summary,
): { readonly sum: string; readonly isWhole: boolean } {
  const counts = Object.keys(WORDS).map((each) => {
    const outcome = each as Migrated["outcome"];
    return { outcome, count: migrated.filter((file) => file.outcome === outcome).length };
  });
  const sent = migrated.reduce((total, file) => total + ("sent" in file ? file.sent : 0), 0);
  const isWhole = left === 0 && migrated.every(({ outcome }) => outcome !== "refused" && outcome !== "failed");
  const told = counts.filter(({ count }) => count > 0).map(({ outcome, count }) => `${count} ${WORDS[outcome]}`);
  if (left > 0) told.push(`${left} not tried`);
  const sum = `${index}: ${told.join(", ") || "no files"}; ${sizeText(sent)} in ${seconds.toFixed(1)} s.`;
  if (json) {
    const numbers = Object.fromEntries(counts.map(({ outcome, count }) => [outcome, count]));
    console.log(JSON.stringify({ index, counts: numbers, left, sent, files: migrated }));
    return { sum, isWhole };
  }
  const rows = migrated
    .filter(({ reason }) => reason !== undefined)
    .map(({ outcome, from, reason = "" }) => [WORDS[outcome], escaped(from), escaped(reason)]);
  for (const line of columns(rows)) console.log(line);
  if (isWhole) console.log(sum);
  return { sum, isWhole };
}
