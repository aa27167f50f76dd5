import { escaped } from "../worker/pypi/shown.ts";
import { readFile } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { warmLine, type WarmProgress, type WarmSummary } from "../schema/warm.ts";
import { readServer, SERVER_OPTIONS, SERVER_USAGE, type Server } from "./admin/options.ts";
import { post, reasonOf } from "./admin/post.ts";
import { showProgress, type Progress } from "./admin/progress.ts";
import { folderOf, whyNot } from "./named-file.ts";
import { runCommand, Sentence } from "./sentence.ts";
import { parseArguments } from "./arguments.ts";

const USAGE = `npm run warm -- FILE [options]   has pypi-edge store what a lock file asks for
  --index NAME   the index that it is for (default)
  --python V     only what this Python would install, such as 3.12
  --platform P   only what this platform would install, such as manylinux_2_28_x86_64
${SERVER_USAGE}

FILE: uv.lock, poetry.lock, pdm.lock, Pipfile.lock, pylock.toml, requirements as .txt or .in`;

/** More names are not listed. */
const SHOWN = 10;

interface WarmOptions {
  readonly server: Server;
  readonly file: string;
  /** What is sent with it, as it was given. */
  readonly query: Readonly<Record<string, string>>;
}

/** `npm run warm`: sends a lock file, and shows what comes of it until all is stored. */
async function warm({ server, file, query }: WarmOptions): Promise<void> {
  const path = resolve(folderOf("warm"), file);
  const bytes = await readFile(path).catch((error: unknown) => {
    throw new Sentence(`${file}: ${whyNot(error)}.`);
  });
  const parameters = new URLSearchParams({ filename: basename(path), ...query });
  const answer = await post(server, `warm?${parameters}`, new Uint8Array(bytes));
  const summary = await follow(answer, server);
  const { done, files, metadata, packages, alreadyStored, pending, unfit, seconds } = summary;
  const what = `${files} files and ${metadata} .metadata of ${packages} packages`;
  sayElsewhere(summary);
  if (unfit.length > 0) console.log(`Nothing of these fits: ${listed(unfit)}.`);
  if (!done) {
    throw new Sentence(
      `${pending.length} of these ${files + metadata} are not stored yet (${what}), and nothing has come for a while: ${listed(pending)}. What is still in the queue is stored later; the server's log says what went wrong.`,
    );
  }
  console.log(`Stored: ${what}, ${alreadyStored} of these ${files + metadata} before; ${seconds} s.`);
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

/** Shows the lines of the answer; throws a `Sentence` where it ends without its last one. */
async function follow(answer: Response, { url }: Server): Promise<WarmSummary> {
  const bar = showProgress(process.stderr);
  let summary: WarmSummary | undefined;
  try {
    for await (const line of createInterface({ input: Readable.from(answer.body ?? []) })) {
      const parsed = warmLine.safeParse(parsedJson(line));
      if (!parsed.success) throw new Sentence(`${url.href} sent what is no progress; is it a current pypi-edge?`);
      if ("done" in parsed.data) summary = parsed.data;
      else bar.show(shown(parsed.data));
    }
  } catch (error) {
    if (error instanceof Sentence) throw error;
    throw new Sentence(`${url.href} broke off (${reasonOf(error)}). Run it again: what is stored stays.`);
  } finally {
    bar.end();
  }
  if (summary) return summary;
  throw new Sentence(`${url.href} broke off. Run it again: what is stored stays.`);
}

/** A file that has come is worth a line. */
function shown({ stored, of, file }: WarmProgress): Progress {
  const name = file && escaped(file);
  return {
    share: of === 0 ? 1 : stored / of,
    text: `${stored} of ${of} ${name ?? ""}`,
    line: name && `${stored} of ${of} stored: ${name}`,
  };
}

function parsedJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

const listed = (names: readonly string[]) =>
  names.slice(0, SHOWN).map(escaped).join(", ") + (names.length > SHOWN ? ` and ${names.length - SHOWN} more` : "");

function readOptions(args: string[]): WarmOptions | "help" {
  const { values, positionals } = parse(args);
  if (values.help) return "help";
  const [file, ...others] = positionals;
  if (file === undefined || others.length > 0) throw new Sentence(`One lock file is expected.\n\n${USAGE}`);
  const { index, python, platform } = values;
  const given = Object.entries({ index, python, platform }).filter(
    (pair): pair is [string, string] => pair[1] !== undefined,
  );
  return { server: readServer(values), file, query: Object.fromEntries(given) };
}

function parse(args: string[]) {
  return parseArguments(
    {
      args,
      allowPositionals: true,
      options: {
        ...SERVER_OPTIONS,
        index: { type: "string" },
        python: { type: "string" },
        platform: { type: "string" },
      },
    },
    USAGE,
  );
}

await runCommand(async () => {
  const options = readOptions(process.argv.slice(2));
  if (options === "help") console.log(USAGE);
  else await warm(options);
});
