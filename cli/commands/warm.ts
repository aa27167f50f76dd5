import { escaped } from "../../worker/pypi/shown.ts";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { warmLine, type WarmProgress, type WarmSummary } from "../../schema/warm.ts";
import { causeOf, sendRequest } from "../lib/admin-api.ts";
import { command, forServer } from "../lib/command.ts";
import { CommandError } from "../lib/command-error.ts";
import { parsedJson } from "../../worker/pypi/parsed-json.ts";
import { showProgress, type ProgressState } from "../lib/progress.ts";
import { findServer, type ServerAccess } from "../lib/server-address.ts";
import { lockRequest } from "./lock-file.ts";
import { LOCK_FILES } from "../../worker/locks/formats/formats.ts";

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
    ]),
  )
    .argument("<file>", LOCK_FILES)
    .option("--index <name>", "the index that the lock is for (default)")
    .option("--python <version>", "only files for this Python, such as 3.12, or 3.13t without the GIL")
    .option("--platform <tag>", "only files for this platform, such as manylinux_2_28_x86_64")
    .action(async (file, options) => {
      const server = await findServer(options);
      const { query, body } = await lockRequest(file, options);
      const answer = await sendRequest(server, "POST", `warm?${query}`, body);
      sumUp(await follow(answer, server, options.json === true), options.json === true);
    });

/** Prints the stored files; throws a `CommandError` where some could not be stored. */
function sumUp(summary: WarmSummary, json: boolean): void {
  const { done, files, metadata, packages, alreadyStored, pending, unfit, seconds } = summary;
  const what = `${files} files and ${metadata} .metadata of ${packages} packages`;
  if (!json) sayElsewhere(summary);
  if (!json && unfit.length > 0) console.log(`No file of these packages fits: ${listed(unfit)}.`);
  if (!done) {
    throw new CommandError(
      `${pending.length} of these ${files + metadata} are not stored yet (${what}), and none has been stored for a while: ${listed(pending)}. Those still in the queue are stored later; the server's log has the reasons.`,
    );
  }
  if (!json) console.log(`Stored: ${what}, ${alreadyStored} of these ${files + metadata} before; ${seconds} s.`);
}

/** Prints the packages that were left out, and the index of each. */
function sayElsewhere({ elsewhere, otherIndexes }: WarmSummary): void {
  const indexed = new Set(otherIndexes.flatMap((other) => other.packages));
  const direct = elsewhere.filter((name) => !indexed.has(name));
  if (direct.length > 0) console.log(`Not from an index, so left out: ${listed(direct)}.`);
  for (const { index, packages } of otherIndexes.slice(0, SHOWN)) {
    console.log(`From another index (${escaped(index)}), so left out: ${listed(packages)}.`);
  }
  if (otherIndexes.length > SHOWN) console.log(`And from ${otherIndexes.length - SHOWN} more indexes.`);
}

/** Shows the lines of the answer; throws a `CommandError` where it ends without its last one. */
async function follow(answer: Response, { url }: ServerAccess, json: boolean): Promise<WarmSummary> {
  const bar = showProgress(process.stderr);
  let summary: WarmSummary | undefined;
  try {
    for await (const line of createInterface({ input: Readable.from(answer.body ?? []) })) {
      const parsed = warmLine.safeParse(parsedJson(line));
      if (!parsed.success)
        throw new CommandError(
          `${url.href} sent an answer that is not a progress report. Is that a current version of pypi-edge?`,
        );
      if (json) console.log(line);
      if ("done" in parsed.data) summary = parsed.data;
      else if (!json) bar.show(shown(parsed.data));
    }
  } catch (error) {
    if (error instanceof CommandError) throw error;
    throw new CommandError(
      `The connection to ${url.href} broke off (${causeOf(error)}). Run the command again; files that are already stored are not fetched again.`,
    );
  } finally {
    bar.end();
  }
  if (summary) return summary;
  throw new CommandError(
    `${url.href} ended its answer too early. Run the command again; files that are already stored are not fetched again.`,
  );
}

/** The progress with a line for each stored file. */
function shown({ stored, of, file }: WarmProgress): ProgressState {
  const name = file && escaped(file);
  return { done: stored, of, unit: "files", text: name ?? "", line: name && `${stored} of ${of} stored: ${name}` };
}

const listed = (names: readonly string[]) =>
  escaped(names.slice(0, SHOWN).join(", ")) + (names.length > SHOWN ? ` and ${names.length - SHOWN} more` : "");
