import { checkAll } from "../check/check-all.ts";
import { CheckClient } from "../check/client.ts";
import { CHECK_PROJECT } from "../check/publishing.ts";
import { rowText, type CheckRow } from "../check/report.ts";
import { command } from "../lib/command.ts";
import { usageError } from "../lib/command-error.ts";
import { checkTokenText, parseServerAddress, tokenFromInput } from "../lib/server-address.ts";

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
  const onRow = (row: CheckRow) => console.log(json ? JSON.stringify(row) : rowText(row));
  const sum = await checkAll({ client, index, project, upload, onRow });
  if (!json) console.log(sum);
}
