import { escaped } from "../worker/pypi/shown.ts";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { auditLine, type AuditLine } from "../schema/release.ts";
import { auditTable } from "./admin/audit-table.ts";
import { readServer, SERVER_OPTIONS, SERVER_USAGE, type Server } from "./admin/options.ts";
import { reasonOf, send } from "./admin/post.ts";
import { runCommand, Sentence } from "./sentence.ts";
import { parseArguments } from "./arguments.ts";

const USAGE = `npm run audit -- [options]   who wrote what, and when: the audit log, the oldest first
  --since TIME     from then on: 2026-11-22, 2026-11-22T12:00:00Z
  --index NAME     of this index alone
  --project NAME   of this project alone
  --actor WHO      of this token alone: its id, or what it was called then (admin: the admin token)
  --after ID       what came after this line
  --limit N        no more lines
  --json           a line of JSON each (NDJSON), as it also is where it is piped into a file or a program
${SERVER_USAGE}`;

/** Lines of a table that are set beside each other. */
const SCREEN = 50;

interface AuditOptions {
  readonly server: Server;
  /** What is asked, as it was given. */
  readonly query: Readonly<Record<string, string>>;
  readonly json: boolean;
}

/** `npm run audit`: prints the log as it arrives. */
async function audit({ server, query, json }: AuditOptions): Promise<void> {
  const parameters = new URLSearchParams(query);
  const answer = await send(server, "GET", `audit${parameters.size > 0 ? `?${parameters}` : ""}`);
  let last = query["after"];
  let screen: AuditLine[] = [];
  const flush = () => {
    for (const line of auditTable(screen)) console.log(line);
    screen = [];
  };
  try {
    for await (const text of createInterface({ input: Readable.from(answer.body ?? []) })) {
      const { data } = auditLine.safeParse(parsedJson(text));
      if (!data) throw new Sentence(`${server.url.href} sent what is no audit log; is it a current pypi-edge?`);
      if (json) console.log(escaped(text));
      else screen.push(data);
      if (screen.length >= SCREEN) flush();
      last = String(data.id);
    }
  } catch (error) {
    flush();
    if (error instanceof Sentence) throw error;
    const goOn = last === undefined ? "run it again" : `--after ${last} goes on from here`;
    throw new Sentence(`${server.url.href} broke off (${reasonOf(error)}): ${goOn}.`);
  }
  flush();
  // Beside the lines, so that a program that reads those reads none.
  if (last === query["after"]) console.error("The audit log has no line that fits.");
}

function parsedJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function readOptions(args: string[]): AuditOptions | "help" {
  const values = parse(args);
  if (values.help) return "help";
  const { since, index, project, actor, after, limit } = values;
  const given = Object.entries({ since, index, project, actor, after, limit }).filter(
    (pair): pair is [string, string] => pair[1] !== undefined,
  );
  const json = values.json || !process.stdout.isTTY;
  return { server: readServer(values), query: Object.fromEntries(given), json };
}

function parse(args: string[]) {
  const text = { type: "string" } as const;
  return parseArguments(
    {
      args,
      options: {
        ...SERVER_OPTIONS,
        since: text,
        index: text,
        project: text,
        actor: text,
        after: text,
        limit: text,
        json: { type: "boolean", default: false },
      },
    },
    USAGE,
  ).values;
}

await runCommand(async () => {
  const options = readOptions(process.argv.slice(2));
  if (options === "help") console.log(USAGE);
  else await audit(options);
});
