import type { Context as HonoContext } from "hono";
import { AUDIT_ACTIONS } from "../../../schema/audit.ts";
import type { AuditLine } from "../../../schema/release.ts";
import { SOME_INDEX, SOME_PROJECT, type Principal } from "../../auth/principal.ts";
import { DAY } from "../../duration.ts";
import { badRequest, messageOf } from "../../errors.ts";
import { asProjectName, parseProjectName } from "../../pypi/name.ts";
import type { AuditEntry, AuditFilter, AuditLog, AuditOrder } from "../../publishing/releases/audit-log.ts";
import { readable } from "../../repository/readable.ts";
import type { Authorize } from "../access.ts";
import type { AppEnv } from "../context.ts";
import { LIFETIMES } from "../headers.ts";
import { CSV_HEADER, csvLine } from "./audit-csv.ts";
import { isSwitchedOn, parametersOf } from "./parameters.ts";
import type { Context } from "../../repository/context.ts";

/** How many entries are read at a time. */
const BATCH = 500;

/** The parameters that select entries, of the API and of the page. */
const SELECTING = ["after", "before", "since", "until", "index", "project", "actor", "action"] as const;

/** A form in which the log is given. */
interface Format {
  readonly type: string;
  readonly first: string;
  readonly line: (entry: AuditEntry) => string;
}

const FORMATS: ReadonlyMap<string, Format> = new Map([
  ["json", { type: "application/x-ndjson", first: "", line: (entry) => `${JSON.stringify(shown(entry))}\n` }],
  ["csv", { type: "text/csv; charset=utf-8; header=present", first: CSV_HEADER, line: csvLine }],
]);

/**
 * The audit log as lines of JSON (NDJSON) or as CSV, oldest first where nothing else is asked for. The whole log needs `admin` on the
 * installation; the entries of an index or of a project in it need `admin` there.
 *
 * @param url what is asked for: the request's address, or one that its page makes of it
 */
export async function answerAudit(
  c: HonoContext<AppEnv>,
  authorize: Authorize,
  log: AuditLog,
  url = c.req.url,
): Promise<Response> {
  const { limit, newest, format = "json", ...given } = parametersOf(url, [...SELECTING, "limit", "newest", "format"]);
  await authorizeAudit(c, authorize, given);
  const question = auditFilterOf(given);
  const order = isSwitchedOn("newest", newest) ? "newest" : "oldest";
  const made = FORMATS.get(format);
  if (!made) throw badRequest(`format is ${quoted(format)}; it can be ${[...FORMATS.keys()].join(" or ")}.`);
  const most = whole("limit", limit) ?? Infinity;
  // Read before the answer begins, so that a failed store gives an error and not a truncated log.
  const first = await log.read(question, order, Math.min(BATCH, most));
  const headers = { "Content-Type": made.type, ...LIFETIMES.live };
  return new Response(readable(lines({ log, question, order, made, most }, first, c.get("ctx"))), { headers });
}

/** What selects entries: parameters by name. */
type Selection = Partial<Record<(typeof SELECTING)[number], string>>;

/** Who looks at the page, and what is asked for: of who administers one index alone, its entries. Throws `not-authenticated` and `not-allowed`. */
export async function ownSelection(
  c: Pick<HonoContext<AppEnv>, "req" | "get">,
  authorize: Authorize,
  asked: Selection,
): Promise<{ readonly who: Principal; readonly selection: Selection }> {
  const { principal } = await authorize(c, { scope: "admin", index: SOME_INDEX, project: SOME_PROJECT });
  const selection = principal.index === "*" ? asked : { index: principal.index, ...asked };
  await authorizeAudit(c, authorize, selection);
  return { who: principal, selection };
}

/** The newest entries that are selected, at most `limit` of them, for who may read them. Throws `bad-request` and `storage-failed`. */
export async function newestEntries(log: AuditLog, selection: Selection, limit: number): Promise<AuditLine[]> {
  return (await log.read(auditFilterOf(selection), "newest", limit)).map(shown);
}

/** Lets only those read entries who administer what they are about. Throws `not-authenticated` and `not-allowed`. */
const authorizeAudit = (
  c: Pick<HonoContext<AppEnv>, "req" | "get">,
  authorize: Authorize,
  { index = "*", project = "" }: { readonly index?: string; readonly project?: string },
) => authorize(c, { scope: "admin", index, project: asProjectName(project) });

/** What parameters of an address select. Throws `bad-request`. */
function auditFilterOf(given: Selection): AuditFilter {
  const { after, before, since, until, index, project, actor, action } = given;
  return {
    after: whole("after", after),
    before: whole("before", before),
    since: timeOf("since", since)?.from,
    until: timeOf("until", until)?.until,
    index,
    project: project === undefined ? undefined : parseProjectName(project),
    actor,
    action: action === undefined ? undefined : actionOf(action),
  };
}

interface Reading {
  readonly log: AuditLog;
  readonly question: AuditFilter;
  readonly order: AuditOrder;
  readonly made: Format;
  readonly most: number;
}

async function* lines(
  { log, question, order, made, most }: Reading,
  first: readonly AuditEntry[],
  ctx: Context,
): AsyncGenerator<string> {
  let entries = first;
  let left = most;
  yield made.first;
  for (;;) {
    yield entries.map(made.line).join("");
    left -= entries.length;
    const last = entries.at(-1);
    if (!last || left <= 0 || entries.length < BATCH) return;
    try {
      const next = order === "oldest" ? { after: last.id } : { before: last.id };
      entries = await log.read({ ...question, ...next }, order, Math.min(BATCH, left));
    } catch (error) {
      ctx.report({ event: "storage-failed", what: `the audit log beyond ${last.id}`, reason: messageOf(error) });
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

const quoted = (value: string) => JSON.stringify(value.slice(0, 40));

function actionOf(value: string) {
  const action = AUDIT_ACTIONS.find((known) => known === value);
  if (action) return action;
  throw badRequest(`action is ${quoted(value)}; it can be ${AUDIT_ACTIONS.join(", ")}.`);
}

function whole(name: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d{1,15}$/.test(value)) return Number(value);
  throw badRequest(`${name} is ${quoted(value)}; it must be a whole number.`);
}

/**
 * When a time begins and ends, in milliseconds since the epoch: a day does the day after, and a moment at once. It is such a number, or
 * an ISO 8601 date, in UTC where it names no time zone.
 */
function timeOf(
  name: string,
  value: string | undefined,
): { readonly from: number; readonly until: number } | undefined {
  if (value === undefined) return undefined;
  // At least ten digits: shorter numbers could be years.
  if (/^\d{10,15}$/.test(value)) return { from: Number(value), until: Number(value) };
  const [, date = "", time, zone = "Z"] = ISO.exec(value) ?? [];
  const from = Date.parse(time === undefined ? date : `${date}T${time}${zone}`);
  if (!Number.isNaN(from)) return { from, until: time === undefined ? from + DAY : from };
  throw badRequest(
    `${name} is ${quoted(value)}; it must be a time such as 2026-11-22 or 2026-11-22T12:00:00Z, or milliseconds since 1970.`,
  );
}

const ISO = /^(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)(Z|[+-]\d\d:\d\d)?)?$/;
