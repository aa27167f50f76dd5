import type { Context as HonoContext } from "hono";
import type { AuditLine } from "../../../schema/release.ts";
import { badRequest, messageOf } from "../../errors.ts";
import { asProjectName, parseProjectName } from "../../pypi/name.ts";
import type { AuditEntry, AuditLog, AuditFilter } from "../../publishing/releases/audit-log.ts";
import { readable } from "../../repository/readable.ts";
import type { Authorize } from "../access.ts";
import type { AppEnv } from "../context.ts";
import { LIFETIMES } from "../headers.ts";
import { parametersOf } from "./parameters.ts";
import type { Context } from "../../repository/context.ts";

/** How many entries are read at a time. */
const BATCH = 500;

const PARAMETERS = ["after", "since", "index", "project", "actor", "limit"] as const;

/**
 * The audit log as lines of JSON (NDJSON), oldest first. The whole log needs `admin` on the installation; the entries of
 * an index or of a project in it need `admin` there.
 */
export async function answerAudit(c: HonoContext<AppEnv>, authorize: Authorize, log: AuditLog): Promise<Response> {
  const { index, project, actor, after, since, limit } = parametersOf(c.req.url, PARAMETERS);
  await authorize(c, { scope: "admin", index: index ?? "*", project: asProjectName(project ?? "") });
  const question: AuditFilter = {
    after: whole("after", after) ?? 0,
    since: timeOf(since),
    index,
    project: project === undefined ? undefined : parseProjectName(project),
    actor,
  };
  const most = whole("limit", limit) ?? Infinity;
  // Read before the answer begins, so that a failed store gives an error and not a truncated log.
  const first = await log.read(question, Math.min(BATCH, most));
  const headers = { "Content-Type": "application/x-ndjson", ...LIFETIMES.live };
  return new Response(readable(lines(log, question, first, most, c.get("ctx"))), { headers });
}

async function* lines(
  log: AuditLog,
  question: AuditFilter,
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
    if (!last || left <= 0 || entries.length < BATCH) return;
    try {
      entries = await log.read({ ...question, after: last.id }, Math.min(BATCH, left));
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

/** Milliseconds since the epoch, from such a number or from an ISO 8601 date, in UTC where it names no time zone. */
function timeOf(since: string | undefined): number | undefined {
  if (since === undefined) return undefined;
  // At least ten digits: shorter numbers could be years.
  if (/^\d{10,15}$/.test(since)) return Number(since);
  const [, date = "", time, zone = "Z"] = ISO.exec(since) ?? [];
  const at = Date.parse(time === undefined ? date : `${date}T${time}${zone}`);
  if (!Number.isNaN(at)) return at;
  throw badRequest(
    `since is ${JSON.stringify(since.slice(0, 40))}; it must be a time such as 2026-11-22 or 2026-11-22T12:00:00Z, or milliseconds since 1970.`,
  );
}

const ISO = /^(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)(Z|[+-]\d\d:\d\d)?)?$/;
