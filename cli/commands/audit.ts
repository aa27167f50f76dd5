import { escaped } from "../../worker/pypi/shown.ts";
import { Option } from "@commander-js/extra-typings";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { auditLine, type AuditLine } from "../../schema/release.ts";
import { causeOf, sendRequest } from "../lib/admin-api.ts";
import { command, forServer } from "../lib/command.ts";
import { CommandError } from "../lib/command-error.ts";
import { parsedJson } from "../../worker/pypi/parsed-json.ts";
import { findServer, type ServerAccess } from "../lib/server-address.ts";
import { auditTable } from "./audit-table.ts";

/** Entries that are printed as one table. */
const SCREEN = 50;

/** `pypi-edge audit`: prints the audit log as it arrives. */
export const auditCommand = () =>
  forServer(
    command("audit", "print the audit log: who wrote what, when, from where; the oldest entry first", [
      ["pypi-edge audit --since 2026-11-22 --index team", "one index, from a day on"],
      ["pypi-edge audit --newest --limit 20", "what happened last"],
      ["pypi-edge audit > audit.ndjson", "all of it, one line of JSON each"],
      ["pypi-edge audit --action delete --format csv > deleted.csv", "for a spreadsheet"],
    ]),
  )
    .option("--since <time>", "from then on: 2026-11-22, 2026-11-22T12:00:00Z")
    .option("--until <time>", "until then; a day is meant whole")
    .option("--index <name>", "of this index only")
    .option("--project <name>", "of this project only")
    .option("--actor <token>", "of this token only: its id, or its name at that time (admin: the admin token)")
    .option("--action <kind>", "of this kind only: upload, yank, delete, token.create, …")
    .option("--after <id>", "only entries that come after the one with this id")
    .option("--before <id>", "only entries that come before the one with this id")
    .option("--newest", "the newest entry first")
    .option("--limit <n>", "this many entries at most")
    .addOption(new Option("--format <format>", "how it is printed; a table on a terminal").choices(["json", "csv"]))
    .action(async ({ json, url, token, state, newest, ...asked }) => {
      const query = new URLSearchParams(asked);
      if (newest) query.set("newest", "true");
      const isTable = asked.format === undefined && json !== true && process.stdout.isTTY;
      await print(await findServer({ url, token, state }), query, isTable);
    });

async function print(server: ServerAccess, query: URLSearchParams, isTable: boolean): Promise<void> {
  const answer = await sendRequest(server, "GET", `audit${query.size > 0 ? `?${query}` : ""}`);
  const lines = createInterface({ input: Readable.from(answer.body ?? []) });
  const beyond = query.has("newest") ? "before" : "after";
  const isCsv = query.get("format") === "csv";
  let last: string | undefined;
  let screen: AuditLine[] = [];
  const flush = () => {
    for (const line of auditTable(screen)) console.log(line);
    screen = [];
  };
  try {
    for await (const text of lines) {
      const id = isCsv ? CSV_ID.exec(text)?.[1] : undefined;
      const data = isCsv ? undefined : auditLine.safeParse(parsedJson(text)).data;
      if (!data && id === undefined)
        throw new CommandError(
          `${server.url.href} sent an answer that is not an audit log. Is that a current version of pypi-edge?`,
        );
      if (isTable && data) screen.push(data);
      else console.log(escaped(text));
      if (screen.length >= SCREEN) flush();
      if (id !== "id") last = id ?? String(data?.id);
    }
  } catch (error) {
    flush();
    if (error instanceof CommandError) throw error;
    const goOn = last === undefined ? "run it again" : `--${beyond} ${last} goes on from here`;
    throw new CommandError(`${server.url.href} broke off (${causeOf(error)}): ${goOn}.`);
  }
  flush();
  // On standard error: a program that reads the entries from standard output gets none.
  if (last === undefined) console.error("No entry of the audit log matches.");
}

/** The first cell of a line of CSV: an entry's id, or what stands above them. */
const CSV_ID = /^"(\d+|id)",/;
