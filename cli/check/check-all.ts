import { parsedJson } from "../../worker/pypi/parsed-json.ts";
import { CommandError } from "../lib/command-error.ts";
import { indexPath } from "../lib/index-path.ts";
import { tryCaching } from "./caching.ts";
import type { CheckClient } from "./client.ts";
import { tryConnection } from "./connection.ts";
import { tryPublishing } from "./publishing.ts";
import { tryReading } from "./reading.ts";
import { NotAsExpected, Report, type CheckRow } from "./report.ts";

interface ToCheck {
  /** It is closed at the end. */
  readonly client: CheckClient;
  readonly index: string;
  /** A project that its upstream has, with small files. */
  readonly project: string;
  readonly upload: boolean;
  /** Called with each row as soon as it is there. */
  readonly onRow: (row: CheckRow) => void;
}

/**
 * Tries at a deployed address what only its platform shows.
 *
 * @returns the sum of the rows, as a sentence
 * @throws CommandError with that sentence where a row has failed, or where no pypi-edge answers
 */
export async function checkAll({ client, index, project, upload, onRow }: ToCheck): Promise<string> {
  const report = new Report(onRow);
  const base = indexPath(index);
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
  return sum;
}

/** Throws a `CommandError` where no pypi-edge answers. */
export async function demandServer(client: CheckClient): Promise<void> {
  const answer = await client.ask("-/health").catch((error: unknown) => {
    if (!(error instanceof NotAsExpected)) throw error;
    throw new CommandError(`No server answers at ${client.root.href}: ${error.message}.`, "unreachable");
  });
  const health = parsedJson(answer.body.toString()) as { readonly status?: unknown } | undefined;
  if (answer.status !== 200 || typeof health?.status !== "string")
    throw new CommandError(`${client.root.href} is no pypi-edge: /-/health answers ${answer.status}.`, "unreachable");
}
