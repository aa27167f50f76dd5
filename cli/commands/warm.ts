import { counted } from "../../worker/pypi/counted.ts";
import { escaped, escapedLines } from "../../worker/pypi/shown.ts";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { warmLine, type WarmPlan, type WarmProgress, type WarmSummary } from "../../schema/warm.ts";
import { causeOf, sendRequest } from "../lib/admin-api.ts";
import { sizeText } from "../../worker/pypi/size-text.ts";
import { command, forServer } from "../lib/command.ts";
import { CommandError } from "../lib/command-error.ts";
import { parsedJson } from "../../worker/pypi/parsed-json.ts";
import { showProgress, type ProgressState } from "../lib/progress.ts";
import { findServer, type ServerAccess } from "../lib/server-address.ts";
import { lockRequest } from "./lock-file.ts";
import { LOCK_FILES } from "../../worker/locks/formats/formats.ts";
import { namesUpTo } from "../../worker/pypi/names-up-to.ts";

/** The most names that are listed. */
const SHOWN = 10;

/** `pypi-edge warm`: sends a lock file, and shows the progress until all its files are stored. */
export const warmCommand = () =>
  forServer(
    command("warm", "store the files that a lock file asks for, before a client asks", [
      ["pypi-edge warm uv.lock", "all files that the lock names"],
      [
        "pypi-edge warm uv.lock --python 3.12 --platform manylinux_2_28_x86_64",
        "only the files for one kind of runner",
      ],
      ["pypi-edge warm uv.lock --dry-run", "how much that would be"],
    ]),
  )
    .argument("<file>", LOCK_FILES)
    .option("--index <name>", "the index that the lock is for (the token's, or default)")
    .option("--python <version>", "only files for this Python, such as 3.12, or 3.13t without the GIL")
    .option("--platform <tag>", "only files for this platform, such as manylinux_2_28_x86_64")
    .option("--dry-run", "say what would be fetched, and fetch no file")
    .action(async (file, options) => {
      const { dryRun = false, json = false } = options;
      const server = await findServer(options);
      const { query, body } = await lockRequest(file, options);
      if (dryRun) query.set("dry-run", "true");
      const answer = await sendRequest(server, "POST", `warm?${query}`, body);
      const summary = await follow(answer, server, { dryRun, json });
      if (summary) sumUp(summary, json);
    });

interface FollowOptions {
  readonly dryRun: boolean;
  readonly json: boolean;
}

/** Prints the stored files; throws a `CommandError` where some could not be stored. */
function sumUp(summary: WarmSummary, json: boolean): void {
  const { done, packages, files, metadata, alreadyStored, pending, reasons, seconds } = summary;
  const what = amountOf(summary);
  if (!done) {
    const why = [...new Set(reasons)].slice(0, SHOWN).map((reason) => `\n  ${escapedLines(reason)}`);
    throw new CommandError(
      `${pending.length} of these ${files + metadata} ${pending.length === 1 ? "is" : "are"} not stored (${what}): ${listed(pending)}.${why.join("")}\nWhat can be stored later is still in the queue; the server's log has all reasons.`,
    );
  }
  if (!json && packages > 0)
    console.log(`Stored: ${what}, ${alreadyStored} of these ${files + metadata} before; ${seconds} s.`);
}

const amountOf = ({ files, metadata, packages }: WarmPlan | WarmSummary) =>
  `${counted(files, "file")} and ${metadata.toLocaleString("en")} .metadata of ${counted(packages, "package")}`;

/** Prints how much a lock asks for, how much of it is to be fetched, and what is left out. */
function sayPlan(plan: WarmPlan): void {
  const { files, metadata, missing, missingBytes, unsized, unfit, leftOut } = plan;
  sayElsewhere(plan);
  if (unfit.length > 0) console.log(`No file of these packages fits: ${listed(unfit)}.`);
  if (leftOut > 0) {
    console.log(`${leftOut} more .metadata are too many for one request, and left out: send the lock in parts.`);
  }
  if (plan.packages === 0) return console.log("Nothing to store: no package of this lock comes from this index.");
  const sizes = `${sizeText(plan.bytes)}${unsized === 0 ? "" : ` and ${counted(unsized, "file")} of unknown size`}`;
  const left =
    missing === 0
      ? "all are stored"
      : `${missing} of these ${files + metadata} ${missing === 1 ? "is" : "are"} not stored yet, ${sizeText(missingBytes)} to fetch`;
  console.log(`To store: ${amountOf(plan)}, ${sizes}; ${left}.`);
}

/** Prints the packages that were left out, and the index of each. */
function sayElsewhere({ elsewhere, otherIndexes }: WarmPlan): void {
  const indexed = new Set(otherIndexes.flatMap((other) => other.packages));
  const direct = elsewhere.filter((name) => !indexed.has(name));
  if (direct.length > 0) console.log(`Not from an index, so left out: ${listed(direct)}.`);
  for (const { index, packages } of otherIndexes.slice(0, SHOWN)) {
    const why = index === "--no-index" ? "The file says --no-index" : `From another index (${escaped(index)})`;
    console.log(`${why}, so left out: ${listed(packages)}.`);
  }
  if (otherIndexes.length > SHOWN) console.log(`And from ${otherIndexes.length - SHOWN} more indexes.`);
}

/**
 * Shows the lines of the answer; throws a `CommandError` where it ends without its last one.
 *
 * @returns the summary; undefined after a dry run
 */
async function follow(
  answer: Response,
  { url }: ServerAccess,
  { dryRun, json }: FollowOptions,
): Promise<WarmSummary | undefined> {
  const bar = showProgress(process.stderr);
  let summary: WarmSummary | undefined;
  let planned = false;
  let waitedFor: string | undefined;
  try {
    for await (const line of createInterface({ input: Readable.from(answer.body ?? []) })) {
      const parsed = warmLine.safeParse(parsedJson(line));
      if (!parsed.success)
        throw new CommandError(
          `${url.href} sent an answer that is not a progress report. Is that a current version of pypi-edge?`,
        );
      const { data } = parsed;
      if (json) console.log(line);
      if ("problem" in data) throw new CommandError(escapedLines(data.problem.detail));
      if ("done" in data) summary = data;
      if ("plan" in data) planned = true;
      if (json || "done" in data) continue;
      if ("plan" in data) {
        bar.end();
        sayPlan(data.plan);
      } else if ("waiting" in data) {
        if (data.waiting === waitedFor) continue;
        waitedFor = data.waiting;
        console.error(
          `Waiting, ${data.read} of ${counted(data.of, "page")} ${data.read === 1 ? "is" : "are"} read: ${escapedLines(data.waiting)}`,
        );
      } else bar.show(shown(data));
    }
  } catch (error) {
    if (error instanceof CommandError) throw error;
    throw new CommandError(
      `The connection to ${url.href} broke off (${causeOf(error)}). Run the command again; files that are already stored are not fetched again.`,
    );
  } finally {
    bar.end();
  }
  if (summary || (dryRun && planned)) return summary;
  throw new CommandError(
    `${url.href} ended its answer too early. Run the command again; files that are already stored are not fetched again.`,
  );
}

/** The progress with a line for each stored file. */
function shown({ stored, of, file }: WarmProgress): ProgressState {
  const name = file && escaped(file);
  return { done: stored, of, unit: "files", text: name ?? "", line: name && `${stored} of ${of} stored: ${name}` };
}

const listed = (names: readonly string[]) => escaped(namesUpTo(names, SHOWN));
