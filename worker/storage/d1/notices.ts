import { DAY } from "../../duration.ts";
import type { Database } from "../../platform/database.ts";
import type { NewNotice, Notice, NoticeStore } from "../../repository/ports/notices.ts";

/** Entries and notices that are read at a time. */
const AT_ONCE = 100;

/** What is older is not told: receivers were not configured then, or it came with a move. Milliseconds. */
const TOO_OLD = 7 * DAY;

/** For how long what was told is remembered, so that it is told once. Milliseconds. */
const REMEMBERED = 90 * DAY;

/** Longer details would not fit into a message. Characters. */
const MAX_DETAILS = 4_000;

const POSITION = "SELECT origin, audit_id AS auditId, notice_id AS noticeId FROM notice_position WHERE id = 1";

const BEGIN = `INSERT INTO notice_position (id, origin, audit_id, notice_id, at)
  VALUES (1, ?1, (SELECT coalesce(max(id), 0) FROM audit), (SELECT coalesce(max(id), 0) FROM notice), ?2) ON CONFLICT DO NOTHING`;

const ENTRIES = `SELECT id, at, actor_name AS by, action, index_name AS "index", project, subject, details
  FROM audit WHERE id > ?1 ORDER BY id LIMIT ?2`;

const NOTICES = `SELECT id, at, event, index_name AS "index", project, subject, details
  FROM notice WHERE id > ?1 ORDER BY id LIMIT ?2`;

const ADD = `INSERT INTO notice (key, at, event, index_name, project, subject, details)
  VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING`;

const ENDED = `SELECT id, index_name AS "index", what, reason, expires_at AS at FROM policy_entry
  WHERE kind = 'exemption' AND expires_at > ?1 AND expires_at <= ?2`;

/** The position moves forward only, so that of two runs at once the slower one does not set it back. */
const MOVE = `UPDATE notice_position SET audit_id = max(audit_id, ?1), notice_id = max(notice_id, ?2), at = max(at, ?3) WHERE id = 1`;

interface Position {
  readonly origin: string;
  readonly auditId: number;
  readonly noticeId: number;
}

interface Row {
  readonly id: number;
  readonly at: number;
  readonly index: string;
  readonly project: string;
  readonly subject: string;
  readonly details: string;
}

interface EntryRow extends Row {
  readonly by: string;
  readonly action: string;
}

/** What receivers are told of, in D1: entries of the audit log, and the table `notice`. */
export function noticesIn(db: Database, freshId: () => string): NoticeStore {
  async function positionAt(now: number): Promise<Position> {
    const known = await db.prepare(POSITION).first<Position>();
    if (known) return known;
    await db.prepare(BEGIN).bind(freshId(), now).run();
    const begun = await db.prepare(POSITION).first<Position>();
    if (!begun) throw new Error("the position of the notices is gone");
    return begun;
  }

  return {
    async add(notices, now) {
      if (notices.length === 0) return;
      await db.batch(
        notices.map(({ key, event, index, project, subject, details }) =>
          db.prepare(ADD).bind(key, now, event, index, project, subject, JSON.stringify(details)),
        ),
      );
    },

    async endedExemptions(after, now) {
      const { results } = await db
        .prepare(ENDED)
        .bind(after, now)
        .all<{ id: string; index: string; what: string; reason: string; at: number }>();
      return results.map(({ id, index, what, reason, at }): NewNotice => ({
        key: `exemption-ended ${id}`,
        event: "exemption-ended",
        index,
        project: "",
        subject: what,
        details: { id, reason, ended: new Date(at).toISOString() },
      }));
    },

    async next(now) {
      const { origin, auditId, noticeId } = await positionAt(now);
      const entries = (await db.prepare(ENTRIES).bind(auditId, AT_ONCE).all<EntryRow>()).results;
      const rows = (await db.prepare(NOTICES).bind(noticeId, AT_ONCE).all<Row & { event: string }>()).results;
      const told = [
        ...entries.flatMap((entry) => {
          const event = eventOf(entry);
          return event === undefined ? [] : [noticeOf(entry, event, `${origin}.a${entry.id}`, entry.by)];
        }),
        ...rows.map((row) => noticeOf(row, row.event, `${origin}.n${row.id}`)),
      ];
      return {
        notices: told.filter((notice) => Date.parse(notice.at) > now - TOO_OLD),
        hasMore: entries.length === AT_ONCE || rows.length === AT_ONCE,
        async done() {
          // Most minutes have nothing, and shall write nothing.
          if (entries.length + rows.length === 0) return;
          const last = [entries.at(-1)?.id ?? auditId, rows.at(-1)?.id ?? noticeId];
          const move = db.prepare(MOVE).bind(...last, now);
          const forget = db
            .prepare("DELETE FROM notice WHERE at < ?1 AND id <= ?2")
            .bind(now - REMEMBERED, last[1] ?? 0);
          await db.batch([move, forget]);
        },
      };
    },
  };
}

/** The event of an entry of the audit log; undefined where receivers are not told of it. */
function eventOf({ action, details }: EntryRow): string | undefined {
  if (action === "upload" || action === "promote") return "published";
  if (action === "upstream.remove" || action === "upstream.change") return "changed-upstream";
  if (action !== "policy.add") return undefined;
  return (JSON.parse(details) as { kind?: unknown }).kind === "exemption" ? "exemption-made" : undefined;
}

function noticeOf({ at, index, project, subject, details }: Row, event: string, id: string, by?: string): Notice {
  const known = details.length > MAX_DETAILS ? {} : (JSON.parse(details) as object);
  return {
    id,
    event,
    at: new Date(at).toISOString(),
    index,
    project,
    subject,
    details: { ...known, ...(by !== undefined && { by }) },
  };
}
