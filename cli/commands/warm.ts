import { escaped } from "../../worker/pypi/shown.ts";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { warmLine, type WarmProgress, type WarmSummary } from "../../schema/warm.ts";
import { causeOf, sendRequest } from "../lib/admin-api.ts";
import { command, forServer } from "../lib/command.ts";
import { CommandError } from "../lib/command-error.ts";
import { parsedJson } from "../lib/json.ts";
import { showProgress, type ProgressState } from "../lib/progress.ts";
import { findServer, type ServerAccess } from "../lib/server-address.ts";
import { lockRequest } from "./lock-file.ts";
import { LOCK_FILES } from "../../worker/locks/formats/formats.ts";

/** More names are not listed. */
const SHOWN = 10;

/** `pypi-edge warm`: sends a lock file, and shows how far it is until all of it is stored. */
export const warmCommand = () =>
  forServer(
    command("warm", "store what a lock file asks for, before a client asks", [
      ["pypi-edge warm uv.lock", "everything that the lock names"],
      ["pypi-edge warm uv.lock --python 3.12 --platform manylinux_2_28_x86_64", "what one kind of runner installs"],
    ]),
  )
    .argument("<file>", LOCK_FILES)
    .option("--index <name>", "the index that it is for (default)")
    .option("--python <version>", "only what this Python would install, such as 3.12, or 3.13t without the GIL")
    .option("--platform <tag>", "only what this platform would install, such as manylinux_2_28_x86_64")
    .action(async (file, options) => {
      const server = await findServer(options);
      const { query, body } = await lockRequest(file, options);
      const answer = await sendRequest(server, "POST", `warm?${query}`, body);
      sumUp(await follow(answer, server, options.json === true), options.json === true);
    });

/** Prints what was stored; throws a `CommandError` where not all of it was. */
function sumUp(summary: WarmSummary, json: boolean): void {
  const { done, files, metadata, packages, alreadyStored, pending, unfit, seconds } = summary;
  const what = `${files} files and ${metadata} .metadata of ${packages} packages`;
  if (!json) sayElsewhere(summary);
  if (!json && unfit.length > 0) console.log(`Nothing of these fits: ${listed(unfit)}.`);
  if (!done) {
    throw new CommandError(
      `${pending.length} of these ${files + metadata} are not stored yet (${what}), and nothing has come for a while: ${listed(pending)}. What is still in the queue is stored later; the server's log says what went wrong.`,
    );
  }
  if (!json) console.log(`Stored: ${what}, ${alreadyStored} of these ${files + metadata} before; ${seconds} s.`);
}

/** What was left out, and which index it would have to be asked of. */
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
      `The connection to ${url.href} broke off (${causeOf(error)}). Run the command again: files that are stored already are kept.`,
    );
  } finally {
    bar.end();
  }
  if (summary) return summary;
  throw new CommandError(`${url.href} broke off. Run it again: what is stored stays.`);
}

/** A file that has come is worth a line. */
function shown({ stored, of, file }: WarmProgress): ProgressState {
  const name = file && escaped(file);
  return { done: stored, of, unit: "files", text: name ?? "", line: name && `${stored} of ${of} stored: ${name}` };
}

const listed = (names: readonly string[]) =>
  escaped(names.slice(0, SHOWN).join(", ")) + (names.length > SHOWN ? ` and ${names.length - SHOWN} more` : "");
