import { upstreamAddress } from "../../schema/address.ts";
import { command, repeated } from "../lib/command.ts";
import { CommandError, usageError } from "../lib/command-error.ts";
import { checkTokenText } from "../lib/server-address.ts";
import { IndexError } from "../../worker/errors.ts";
import { LOCK_FILES } from "../../worker/locks/formats/formats.ts";
import { indexOf, rootOf, type Address } from "../../worker/locks/mapping/address.ts";
import { planCanonical, type CanonicalOptions } from "../../worker/locks/mapping/canonical.ts";
import { planLocal } from "../../worker/locks/mapping/local.ts";
import { withoutCredentials, type Plan } from "../../worker/locks/mapping/plan.ts";
import type { LockUpstreams } from "../../worker/locks/mapping/upstream.ts";
import { readLockFile, writeLockFile, type LockFile } from "../lock/file.ts";

/** `pypi-edge lock`: maps the URLs in lock files between pypi-edge's and the upstream's. */
export const lockCommand = () =>
  command("lock", "map the URLs in lock files between pypi-edge's and the upstream's")
    .addCommand(canonicalCommand())
    .addCommand(localCommand())
    .addCommand(carriedCommand());

const UPSTREAM = "https://pypi.org/simple/";
const UPSTREAM_HELP = `the Simple API root that pypi-edge mirrors; may be given several times (${UPSTREAM})`;

const canonicalCommand = () =>
  command("lock canonical", "write the upstream's URLs in place of pypi-edge's", [
    ["pypi-edge lock canonical uv.lock", "before it is committed"],
  ])
    .argument("<files...>", LOCK_FILES)
    .option("--url <url>", "where pypi-edge was when the files were made; may be given several times", repeated)
    .option("--upstream <url>", UPSTREAM_HELP, repeated)
    .option("--json", "print a line of JSON for each file")
    .action(async (files, { url = [], upstream, json }) => {
      const options = { upstreams: upstreamsOf(upstream), roots: url.map((text) => rootAt("--url", text)) };
      await mapAll(files, (file) => provenCanonical(file, options), json === true);
    });

const localCommand = () =>
  command("lock local", "write the URLs of a pypi-edge in the place of the upstream's", [
    ["pypi-edge lock local http://127.0.0.1:8787 uv.lock", "on a machine that reaches pypi-edge only"],
  ])
    .argument("<url>", "the address of the pypi-edge")
    .argument("<files...>", LOCK_FILES)
    .option("--upstream <url>", UPSTREAM_HELP, repeated)
    .option("--json", "print a line of JSON for each file")
    .action(async (url, files, { upstream, json }) => {
      const options = { upstreams: upstreamsOf(upstream), root: rootAt("local", url) };
      await mapAll(files, (file) => planLocal(file, options), json === true);
    });

const carriedCommand = () =>
  command("lock carried", "write the URLs of an index to which the files were carried, in the place of any others", [
    ["pypi-edge lock carried http://127.0.0.1:8787 uv.lock", "behind an air gap; then uv sync --frozen"],
  ])
    .argument("<url>", "the address of the index, which is asked where it has each file, by its digest")
    .argument("<files...>", LOCK_FILES)
    .option("--token <token>", "a token that may read the index, where it needs one (PYPI_EDGE_TOKEN)")
    .option("--json", "print a line of JSON for each file")
    .action(async (url, files, { token, json }) => {
      const root = rootAt("carried", url);
      const own = token ?? (process.env["PYPI_EDGE_TOKEN"] || undefined);
      const { planByDigest } = await import("../lock/listed.ts");
      await mapAll(files, (file) => planByDigest(file, root, own && checkTokenText(own)), json === true);
    });

/** The same as `planCanonical`; throws a `CommandError` where an address may be pypi-edge's and this was not said. */
function provenCanonical(file: LockFile, options: CanonicalOptions): Plan {
  const { suspect, ...plan } = planCanonical(file, options);
  if (suspect === undefined) return plan;
  if (options.roots.length > 0) {
    const hint = `${suspect} may be a pypi-edge's address too: if it is, give it with --url.`;
    return { ...plan, summary: `${plan.summary} ${hint}` };
  }
  throw new CommandError(
    `${file.name}: ${suspect} may be the address of a pypi-edge server, but nothing in the file proves it. If it is one, run the command again with --url ${suspect}, and with --upstream where its upstream is not PyPI. If it is not, give the address of your pypi-edge server with --url.`,
  );
}

/** Reads and maps every file before the first is written: where one cannot be mapped, none is changed. */
async function mapAll(
  names: readonly string[],
  map: (file: LockFile) => Plan | Promise<Plan>,
  json: boolean,
): Promise<void> {
  const plans: { readonly file: LockFile; readonly plan: Plan }[] = [];
  const refusals: string[] = [];
  for (const name of names) {
    try {
      const file = await readLockFile(name);
      plans.push({ file, plan: await map(file) });
    } catch (error) {
      if (!(error instanceof CommandError || error instanceof IndexError)) throw error;
      refusals.push(error.message);
    }
  }
  if (refusals.length > 0) throw new CommandError([...refusals, "No file was changed."].join("\n"));
  for (const { file, plan } of plans) {
    const { text, summary } = plan;
    const changed = text !== file.text;
    if (changed) await writeLockFile(file, text);
    console.log(json ? JSON.stringify({ file: file.name, changed, summary }) : summary);
  }
}

function upstreamsOf(given: readonly string[] = []): LockUpstreams {
  const [first = UPSTREAM, ...others] = given;
  return [{ index: upstreamOf(first) }, ...others.map((text) => ({ index: upstreamOf(text) }))];
}

function upstreamOf(text: string): Address {
  const parsed = upstreamAddress.safeParse(text);
  if (parsed.success) return indexOf(parsed.data);
  throw usageError(`--upstream ${withoutCredentials(text)}: ${parsed.error.issues[0]?.message}.`);
}

/** What lies below a pypi-edge's root or an index: written into a lock it would lead nowhere. */
const BELOW_ROOT = /\/(?:simple|legacy|files|project|-)(?:\/|$)/;

function rootAt(option: string, text: string): Address {
  const root = rootOf(text);
  if (root && !BELOW_ROOT.test(root.path)) return root;
  throw usageError(
    `${option} ${withoutCredentials(text)}: pypi-edge's address is expected, such as http://127.0.0.1:8787.`,
  );
}
