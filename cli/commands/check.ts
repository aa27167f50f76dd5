import { CheckClient } from "../check/client.ts";
import { tryCaching } from "../check/caching.ts";
import { tryConnection } from "../check/connection.ts";
import { CHECK_PROJECT, tryPublishing } from "../check/publishing.ts";
import { tryReading } from "../check/reading.ts";
import { NotAsExpected, Report, type CheckRow } from "../check/report.ts";
import { command } from "../lib/command.ts";
import { CommandError, usageError } from "../lib/command-error.ts";
import { checkTokenText, parseServerAddress, tokenFromInput } from "../lib/server-address.ts";
import { parsedJson } from "../../worker/pypi/parsed-json.ts";

interface CheckOptions {
  readonly index?: string | undefined;
  readonly project: string;
  readonly token?: string | undefined;
  readonly upload?: true | undefined;
  readonly json?: true | undefined;
}

/** `pypi-edge check`: tries at a deployed address what only its platform can show; each try is a row. */
export const checkCommand = () =>
  command(
    "check",
    "try at a deployed address what only its platform shows: caches, parts, TLS; it sends at most 100 requests",
    [
      ["pypi-edge check https://pypi.example.com", "the index default, read only"],
      ["pypi-edge check https://pypi.example.com --index team --token - --upload", "a private index, with an upload"],
    ],
  )
    .argument("<url>", "the root address of the pypi-edge")
    .option("--index <name>", "the index that is read (default)")
    .option("--project <name>", "a project that its upstream has, with small files", "idna")
    .option("--token <token>", "a token that may read the index (PYPI_EDGE_TOKEN); - reads it from standard input")
    .option("--upload", `upload a wheel of the project ${CHECK_PROJECT}, read it, and delete it: needs a token`)
    .option("--json", "print each row as a line of JSON")
    .action(async (url, options) => check(parseServerAddress("URL", url), options));

async function check(root: URL, options: CheckOptions): Promise<void> {
  const { index = "default", project, upload = false, json = false } = options;
  const named = options.token ?? (process.env["PYPI_EDGE_TOKEN"] || undefined);
  const given = named === "-" ? await tokenFromInput() : named;
  if (upload && given === undefined) throw usageError("--upload needs a token: --token, or PYPI_EDGE_TOKEN.");
  const client = new CheckClient(root, given === undefined ? undefined : checkTokenText(given));
  const report = new Report((row) => console.log(json ? JSON.stringify(row) : lineOf(row)));
  const base = index === "default" ? "" : `${encodeURIComponent(index)}/`;
  try {
    await demandServer(client);
    const reading = { client, report, page: `${base}simple/${encodeURIComponent(project)}/` };
    const found = await tryReading(reading);
    await tryCaching(reading, found);
    await tryConnection(reading, base);
    if (upload) await tryPublishing({ client, report, index, base });
  } finally {
    client.close();
  }
  const count = (outcome: CheckRow["outcome"]) => report.rows.filter((row) => row.outcome === outcome).length;
  const sum = `${count("passed")} passed, ${count("failed")} failed, ${count("not tried")} could not be tried.`;
  if (count("failed") > 0) throw new CommandError(sum);
  if (!json) console.log(sum);
}

const lineOf = ({ outcome, what, expected, seen }: CheckRow) =>
  `${outcome.padEnd(9)}  ${what}\n           expected: ${expected}\n           seen:     ${seen}`;

/** Throws a `CommandError` where no pypi-edge answers. */
async function demandServer(client: CheckClient): Promise<void> {
  const answer = await client.ask("-/health").catch((error: unknown) => {
    if (!(error instanceof NotAsExpected)) throw error;
    throw new CommandError(`No server answers at ${client.root.href}: ${error.message}.`, "unreachable");
  });
  const health = parsedJson(answer.body.toString()) as { readonly status?: unknown } | undefined;
  if (answer.status !== 200 || typeof health?.status !== "string")
    throw new CommandError(`${client.root.href} is no pypi-edge: /-/health answers ${answer.status}.`, "unreachable");
}
