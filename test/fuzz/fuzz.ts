/** `npm run fuzz`: has the product and Python read the same files, and says which of them they read differently. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { Command } from "@commander-js/extra-typings";
import { usageError } from "../../cli/lib/command-error.ts";
import { runCommandLine } from "../../cli/lib/run.ts";
import { PROJECT_FOLDER } from "../../cli/lib/project-folder.ts";
import { table } from "../../cli/lib/table.ts";
import type { Difference } from "./judge.ts";
import { READER_NAMES, shareOf, type ReaderName } from "./readers.ts";
import { compare, type Tally } from "./run.ts";
import { openSides, providePython, sayMissing } from "./sides.ts";

const FOUND = join(PROJECT_FOLDER, "dist", "fuzz");

interface Options {
  readonly cases: number;
  readonly seed: number;
  readonly readers: readonly ReaderName[];
  readonly number: number | undefined;
}

function optionsOf(values: { cases: string; seed: string; reader?: string; case?: string }): Options {
  const readers = READER_NAMES.filter((name) => values.reader === undefined || name === values.reader);
  if (readers.length === 0) {
    throw usageError(`--reader ${values.reader}: there is no such reader; there are ${READER_NAMES.join(", ")}.`);
  }
  if (values.case !== undefined && values.reader === undefined) {
    throw usageError(`--case ${values.case}: --reader NAME is missing.`);
  }
  const number = values.case === undefined ? undefined : whole("case", values.case);
  return { cases: whole("cases", values.cases), seed: whole("seed", values.seed), readers, number };
}

function whole(option: string, text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw usageError(`--${option} ${text}: a whole number is expected.`);
}

async function fuzz({ cases, seed, readers, number }: Options): Promise<void> {
  const sides = await openSides(await providePython());
  try {
    if (sides.missing.length > 0) console.log(sayMissing(sides.missing));
    const rows: string[][] = [];
    const found: Difference[] = [];
    for (const reader of readers.filter((name) => !sides.missing.includes(name))) {
      const share = readers.length === 1 ? cases : shareOf(reader, cases);
      const range = number === undefined ? { from: 0, to: share } : { from: number, to: number + 1 };
      const tally = await compare(sides, reader, seed, range);
      rows.push(rowOf(reader, tally));
      found.push(...tally.differences);
    }
    console.log(table(["reader", "cases", "both", "only ours", "only Python's", "neither", "differences"], rows));
    for (const difference of found) console.log(`\n${described(difference, seed)}`);
    if (found.length > 0) process.exitCode = 1;
  } finally {
    await sides.close();
  }
}

const rowOf = (reader: string, { cases, both, onlyOurs, onlyTheirs, neither, differences }: Tally) => [
  reader,
  ...[cases, both, onlyOurs, onlyTheirs, neither, differences.length].map(String),
];

function described({ reader, number, fault, changes, bytes, ours, theirs }: Difference, seed: number): string {
  mkdirSync(FOUND, { recursive: true });
  const file = join(FOUND, `${reader}-${seed}-${number}`);
  writeFileSync(file, bytes);
  const ways = Object.entries({ "pypi-edge": ours, ...theirs });
  const common = commonOf(ways.map(([, said]) => said));
  return [
    `${reader}: npm run fuzz -- --seed ${seed} --reader ${reader} --case ${number}`,
    `  ${fault}; ${changes.join(", ")}; written to ${relative(process.cwd(), file)}`,
    ...ways.map(([name, said]) => `  ${name}: ${JSON.stringify(without(said, common)).slice(0, 600)}`),
  ].join("\n");
}

const itemsOf = (said: object) => ("reading" in said && Array.isArray(said.reading) ? said.reading : []);

/** The members that all who read it have read. */
function commonOf(all: readonly object[]): ReadonlySet<string> {
  const lists = all.filter((said) => "reading" in said).map((said) => new Set(itemsOf(said).map(asText)));
  const [first, ...others] = lists;
  return new Set([...(first ?? [])].filter((item) => others.every((list) => list.has(item))));
}

/** Only what is not in `common`. */
function without(said: object, common: ReadonlySet<string>): object {
  const items = itemsOf(said).filter((item) => !common.has(asText(item)));
  return "reading" in said && Array.isArray(said.reading) ? { reading: items } : said;
}

const asText = (item: unknown) => JSON.stringify(item);

await runCommandLine(
  new Command("fuzz")
    .description("compares the product's readers with Python's")
    .option("--cases <n>", "how many files, of all readers together", "10000")
    .option("--seed <n>", "what they are made from: the same seed, the same files", "1")
    .option("--reader <name>", `one reader only: ${READER_NAMES.join(", ")}`)
    .option("--case <n>", "one case of that reader only, as a run has named it")
    .action((values) => fuzz(optionsOf(values))),
);
