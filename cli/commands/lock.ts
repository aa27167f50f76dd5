import { upstreamAddress } from "../../schema/address.ts";
import { command, repeated } from "../lib/command.ts";
import { CommandError, usageError } from "../lib/command-error.ts";
import { indexOf, rootOf, type Address } from "../lock/address.ts";
import { planCanonical } from "../lock/canonical.ts";
import { readLockFile, writeLockFile, type LockFile } from "../lock/file.ts";
import { planLocal } from "../lock/local.ts";
import { withoutCredentials, type Plan } from "../lock/plan.ts";
import { LOCK_FILES } from "../../worker/locks/formats/formats.ts";

/** `pypi-edge lock`: maps the URLs in lock files between pypi-edge's and the upstream's. */
export const lockCommand = () =>
  command("lock", "map the URLs in lock files between pypi-edge's and the upstream's")
    .addCommand(canonicalCommand())
    .addCommand(localCommand());

const UPSTREAM = "https://pypi.org/simple/";

const canonicalCommand = () =>
  command("lock canonical", "write the upstream's URLs in place of pypi-edge's", [
    ["pypi-edge lock canonical uv.lock", "before it is committed"],
  ])
    .argument("<files...>", LOCK_FILES)
    .option("--url <url>", "where pypi-edge was when the files were made; may be given several times", repeated)
    .option("--upstream <url>", "the Simple API root that pypi-edge mirrors", UPSTREAM)
    .option("--json", "print a line of JSON for each file")
    .action(async (files, { url = [], upstream, json }) => {
      const options = { upstream: upstreamOf(upstream), roots: url.map((text) => rootAt("--url", text)) };
      await mapAll(files, (file) => planCanonical(file, options), json === true);
    });

const localCommand = () =>
  command("lock local", "write the URLs of a pypi-edge in the place of the upstream's", [
    ["pypi-edge lock local http://127.0.0.1:8787 uv.lock", "on a machine that reaches pypi-edge only"],
  ])
    .argument("<url>", "the address of the pypi-edge")
    .argument("<files...>", LOCK_FILES)
    .option("--upstream <url>", "the Simple API root that pypi-edge mirrors", UPSTREAM)
    .option("--json", "print a line of JSON for each file")
    .action(async (url, files, { upstream, json }) => {
      const options = { upstream: upstreamOf(upstream), root: rootAt("local", url) };
      await mapAll(files, (file) => planLocal(file, options), json === true);
    });

/** Reads and maps every file before the first is written: where one cannot be mapped, none is changed. */
async function mapAll(names: readonly string[], map: (file: LockFile) => Plan, json: boolean): Promise<void> {
  const plans: Plan[] = [];
  const refusals: string[] = [];
  for (const name of names) {
    try {
      plans.push(map(await readLockFile(name)));
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      refusals.push(error.message);
    }
  }
  if (refusals.length > 0) throw new CommandError([...refusals, "No file was changed."].join("\n"));
  for (const { file, text, summary } of plans) {
    const changed = text !== file.text;
    if (changed) await writeLockFile(file, text);
    console.log(json ? JSON.stringify({ file: file.name, changed, summary }) : summary);
  }
}

function upstreamOf(text: string): Address {
  const parsed = upstreamAddress.safeParse(text);
  if (parsed.success) return indexOf(parsed.data);
  throw usageError(`--upstream ${withoutCredentials(text)}: ${parsed.error.issues[0]?.message}.`);
}

function rootAt(option: string, text: string): Address {
  const root = rootOf(text);
  if (root) return root;
  throw usageError(
    `${option} ${withoutCredentials(text)}: pypi-edge's address is expected, such as http://127.0.0.1:8787.`,
  );
}
