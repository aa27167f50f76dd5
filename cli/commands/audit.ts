import { escaped } from "../../worker/pypi/shown.ts";
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

/** `pypi-edge audit`: prints the audit log as it arrives, the oldest entry first. */
export const auditCommand = () =>
  forServer(
    command("audit", "print the audit log: who wrote what, when, from where; the oldest entry first", [
      ["pypi-edge audit --since 2026-11-22 --index team", "one index, from a day on"],
      ["pypi-edge audit > audit.ndjson", "all of it, one line of JSON each"],
    ]),
  )
    .option("--since <time>", "from then on: 2026-11-22, 2026-11-22T12:00:00Z")
    .option("--index <name>", "of this index only")
    .option("--project <name>", "of this project only")
    .option("--actor <token>", "of this token only: its id, or its name at that time (admin: the admin token)")
    .option("--after <id>", "only entries that come after the one with this id")
    .option("--limit <n>", "this many entries at most")
    .action(async ({ since, index, project, actor, after, limit, json, ...options }) => {
      const given = Object.entries({ since, index, project, actor, after, limit }).filter(
        (pair): pair is [string, string] => pair[1] !== undefined,
      );
      await print(await findServer(options), Object.fromEntries(given), json === true || !process.stdout.isTTY);
    });

async function print(server: ServerAccess, query: Readonly<Record<string, string>>, json: boolean): Promise<void> {
  const parameters = new URLSearchParams(query);
  const answer = await sendRequest(server, "GET", `audit${parameters.size > 0 ? `?${parameters}` : ""}`);
  let last = query["after"];
  let screen: AuditLine[] = [];
  const flush = () => {
    for (const line of auditTable(screen)) console.log(line);
    screen = [];
  };
  try {
    for await (const text of createInterface({ input: Readable.from(answer.body ?? []) })) {
      const { data } = auditLine.safeParse(parsedJson(text));
      if (!data)
        throw new CommandError(
          `${server.url.href} sent an answer that is not an audit log. Is that a current version of pypi-edge?`,
        );
      if (json) console.log(escaped(text));
      else screen.push(data);
      if (screen.length >= SCREEN) flush();
      last = String(data.id);
    }
  } catch (error) {
    flush();
    if (error instanceof CommandError) throw error;
    const goOn = last === undefined ? "run it again" : `--after ${last} goes on from here`;
    throw new CommandError(`${server.url.href} broke off (${causeOf(error)}): ${goOn}.`);
  }
  flush();
  // On standard error: a program that reads the entries from standard output gets none.
  if (last === query["after"]) console.error("No entry of the audit log matches.");
}
