import type { Context as HonoContext } from "hono";
import type { AuditLine } from "../../../schema/release.ts";
import { badRequest, messageOf } from "../../errors.ts";
import { asProjectName, parseProjectName } from "../../pypi/name.ts";
import type { AuditEntry, AuditLog, AuditQuestion } from "../../publishing/releases/audit-log.ts";
import { readable } from "../../repository/readable.ts";
import type { Gate } from "../access.ts";
import type { AppEnv } from "../context.ts";
import { LIFETIMES } from "../headers.ts";
import { parametersOf } from "./parameters.ts";
import type { Context } from "../../repository/context.ts";

/** Entries that are in memory at once. */
const AT_ONCE = 500;

const PARAMETERS = ["after", "since", "index", "project", "actor", "limit"] as const;

/**
 * The audit log line by line (NDJSON), the oldest first. All of it is for who may do everything; that of an index, or of a
 * project in it, is for who may do everything there.
 */
export async function answerAudit(c: HonoContext<AppEnv>, gate: Gate, log: AuditLog): Promise<Response> {
  const { index, project, actor, after, since, limit } = parametersOf(c.req.url, PARAMETERS);
  await gate(c, { scope: "admin", index: index ?? "*", project: asProjectName(project ?? "") });
  const question: AuditQuestion = {
    after: whole("after", after) ?? 0,
    since: timeOf(since),
    index,
    project: project === undefined ? undefined : parseProjectName(project),
    actor,
  };
  const most = whole("limit", limit) ?? Infinity;
  // The first ones before the answer begins: where the store is away, that is a failure, and not a log that is cut off.
  const first = await log.read(question, Math.min(AT_ONCE, most));
  const headers = { "Content-Type": "application/x-ndjson", ...LIFETIMES.live };
  return new Response(readable(lines(log, question, first, most, c.var.ctx)), { headers });
}

async function* lines(
  log: AuditLog,
  question: AuditQuestion,
  first: readonly AuditEntry[],
  most: number,
  ctx: Context,
): AsyncGenerator<string> {
  let entries = first;
  let left = most;
  for (;;) {
    yield entries.map((entry) => `${JSON.stringify(shown(entry))}\n`).join("");
    left -= entries.length;
    const last = entries.at(-1);
    if (!last || left <= 0 || entries.length < AT_ONCE) return;
    try {
      entries = await log.read({ ...question, after: last.id }, Math.min(AT_ONCE, left));
    } catch (error) {
      ctx.report({ event: "storage-failed", what: `the audit log after ${last.id}`, reason: messageOf(error) });
      throw error;
    }
  }
}

const shown = ({ id, at, details, ...rest }: AuditEntry): AuditLine => ({
  id,
  at: new Date(at).toISOString(),
  ...rest,
  details: JSON.parse(details) as unknown,
});

function whole(name: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d{1,15}$/.test(value)) return Number(value);
  throw badRequest(`${name} is ${JSON.stringify(value.slice(0, 40))}; it must be a whole number.`);
}

/** Milliseconds since the epoch, from such or from a date of ISO 8601, which means UTC where it does not say. */
function timeOf(since: string | undefined): number | undefined {
  if (since === undefined) return undefined;
  // A year would be one, too.
  if (/^\d{10,15}$/.test(since)) return Number(since);
  const [, date = "", time, zone = "Z"] = ISO.exec(since) ?? [];
  const at = Date.parse(time === undefined ? date : `${date}T${time}${zone}`);
  if (!Number.isNaN(at)) return at;
  throw badRequest(
    `since is ${JSON.stringify(since.slice(0, 40))}; it must be a time such as 2026-11-22 or 2026-11-22T12:00:00Z, or milliseconds since 1970.`,
  );
}

const ISO = /^(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)(Z|[+-]\d\d:\d\d)?)?$/;
