import type { CarriedManifest, CarriedMember } from "../../../schema/carried.ts";
import type { CarriedStep, CarriedSteps, NeededObject, NumberedMember } from "../../carrying/ports.ts";
import type { Database, Statement } from "../../platform/database.ts";
import { orStorageFailed } from "../or-storage-failed.ts";
import { auditEntryStatement, auditEntryWhere } from "./audit-entry.ts";

/** D1 takes 2 MB as one value, and a member has some 250 characters. */
const ROWS_AT_ONCE = 4_000;

const STEP = "sequence, chain, manifest, exported_at AS exportedAt, members, signed_by AS signedBy";

const MISSING = `SELECT min(number) AS first, max(number) AS last FROM (
    SELECT number, number - row_number() OVER (ORDER BY number) AS run
    FROM carried_member WHERE source = ?1 AND is_there = 0
  ) GROUP BY run ORDER BY first`;

const BEGIN = `INSERT INTO carried_step (source, sequence, chain, manifest, exported_at, members, removed, begun_at, signed_by)
  VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)`;

/** ?3: the number of the first of them, less one. */
const ADD_MEMBERS = `INSERT INTO carried_member (source, number, kind, key, size, sha256, is_there)
  SELECT ?1, ?3 + m.key + 1, m.value ->> 'kind', m.value ->> 'key', m.value ->> 'size', m.value ->> 'sha256',
    EXISTS (SELECT 1 FROM carried_object AS o WHERE o.source = ?1 AND o.kind = m.value ->> 'kind'
      AND o.file = m.value ->> 'key' AND o.sha256 = m.value ->> 'sha256')
    OR (m.value ->> 'kind' = 'page' AND EXISTS (SELECT 1 FROM carried_page AS p WHERE p.source = ?1
      AND p.project = m.value ->> 'key' AND p.sha256 = m.value ->> 'sha256'))
  FROM json_each(?2) AS m`;

/** It may be a member of another step since it was read. */
const IS_MEMBER = "source = ?1 AND number = ?2 AND kind = ?3 AND key = ?4 AND sha256 = ?5";

const ARRIVED = `UPDATE carried_member SET is_there = 1 WHERE ${IS_MEMBER} RETURNING 1`;

const ADD_OBJECT = `INSERT INTO carried_object (source, kind, file, sha256, size, stored_at)
  SELECT ?1, ?3, ?4, ?5, size, ?6 FROM carried_member WHERE ${IS_MEMBER}
  ON CONFLICT DO UPDATE SET sha256 = excluded.sha256, size = excluded.size, stored_at = excluded.stored_at`;

const SHOW_PAGE = `INSERT INTO carried_page (source, project, sha256, size, sequence, changed_at)
  SELECT ?1, ?4, ?5, size, (SELECT max(sequence) FROM carried_step WHERE source = ?1), ?6
  FROM carried_member WHERE ${IS_MEMBER}
  ON CONFLICT DO UPDATE SET sha256 = excluded.sha256, size = excluded.size, sequence = excluded.sequence,
    changed_at = excluded.changed_at`;

const LACKING = `SELECT n.value ->> 'kind' AS kind, n.value ->> 'file' AS file, n.value ->> 'sha256' AS sha256
  FROM json_each(?2) AS n WHERE NOT EXISTS (SELECT 1 FROM carried_object AS o WHERE o.source = ?1
    AND o.kind = n.value ->> 'kind' AND o.file = n.value ->> 'file' AND o.sha256 = n.value ->> 'sha256') LIMIT 1`;

/** The condition is that of the index `carried_member_rules`: without it each page would read all members. */
const LACKS_RULES = `SELECT 1 FROM carried_member
  WHERE source = ?1 AND is_there = 0 AND kind IN ('advisories', 'lists') LIMIT 1`;

const END = `UPDATE carried_step SET done_at = ?3 WHERE source = ?1 AND manifest = ?2 AND done_at IS NULL
    AND NOT EXISTS (SELECT 1 FROM carried_member WHERE source = ?1 AND is_there = 0)
  RETURNING 1`;

/** Whether `END` has just been: what follows it in the transaction must not be done otherwise. */
const hasEnded = (source: string, manifest: string, at: string) =>
  `EXISTS (SELECT 1 FROM carried_step WHERE source = ${source} AND manifest = ${manifest} AND done_at = ${at})`;

const HAS_ENDED = hasEnded("?1", "?2", "?3");

const REMOVE_PAGES = `DELETE FROM carried_page WHERE source = ?1 AND ${HAS_ENDED} AND project IN (
    SELECT value FROM json_each((SELECT removed FROM carried_step WHERE source = ?1 AND manifest = ?2)))`;

/** The steps of a source in D1. */
export function carriedStepsIn(db: Database, source: string): CarriedSteps {
  const one = <Row>(sql: string, ...values: (string | number)[]) =>
    orStorageFailed(() =>
      db
        .prepare(sql)
        .bind(source, ...values)
        .first<Row>(),
    );

  const membersIn = (members: CarriedManifest["members"]) =>
    Array.from({ length: Math.ceil(members.length / ROWS_AT_ONCE) }, (_, nth) => {
      const before = nth * ROWS_AT_ONCE;
      return db.prepare(ADD_MEMBERS).bind(source, JSON.stringify(members.slice(before, before + ROWS_AT_ONCE)), before);
    });

  /** The statement for a member, and that which notes that it has arrived. */
  const arrival = (sql: string | undefined, member: CarriedMember & { number: number }, ...more: number[]) => {
    const values = [source, member.number, member.kind, member.key, member.sha256];
    return [
      ...(sql === undefined ? [] : [db.prepare(sql).bind(...values, ...more)]),
      db.prepare(ARRIVED).bind(...values),
    ];
  };

  /** Whether the last statement has found its row. */
  const noted = (statements: Statement[]) =>
    orStorageFailed(async () => ((await db.batch(statements)).at(-1)?.results.length ?? 0) > 0);

  return {
    last: () =>
      orStorageFailed(async () => {
        const { results } = await db
          .prepare(
            `SELECT ${STEP}, done_at IS NULL AS isOpen FROM carried_step WHERE source = ?1 ORDER BY sequence DESC LIMIT 2`,
          )
          .bind(source)
          .all<CarriedStep & { isOpen: number }>();
        return { open: results.find(({ isOpen }) => isOpen === 1), whole: results.find(({ isOpen }) => isOpen === 0) };
      }),

    missing: () =>
      orStorageFailed(async () => {
        const { results } = await db.prepare(MISSING).bind(source).all<{ first: number; last: number }>();
        return results.map(({ first, last }): [number, number] => [first, last]);
      }),

    begin: ({ sequence, chain, at, members, removed }, { digest, signedBy }, audit, now) =>
      orStorageFailed(async () => {
        await db.batch([
          db.prepare("DELETE FROM carried_member WHERE source = ?1").bind(source),
          db.prepare("DELETE FROM carried_step WHERE source = ?1 AND done_at IS NULL").bind(source),
          db
            .prepare(BEGIN)
            .bind(
              source,
              sequence,
              chain,
              digest,
              Date.parse(at),
              members.length,
              JSON.stringify(removed),
              now,
              signedBy,
            ),
          ...membersIn(members),
          auditEntryStatement(db, audit, now),
        ]);
      }),

    signedBy: (digest, key) =>
      orStorageFailed(async () => {
        await db
          .prepare("UPDATE carried_step SET signed_by = ?3 WHERE source = ?1 AND manifest = ?2 AND done_at IS NULL")
          .bind(source, digest, key)
          .run();
      }),

    member: async (number) =>
      (await one<NumberedMember>(
        "SELECT number, kind, key, size, sha256, 1 AS volume FROM carried_member WHERE source = ?1 AND number = ?2",
        number,
      )) ?? undefined,

    noteObject: (member, now) => noted(arrival(ADD_OBJECT, member, now)),
    notePage: (member, _name, now) => noted(arrival(SHOW_PAGE, member, now)),
    note: (member) => noted(arrival(undefined, member)),

    lacksRules: async () => (await one(LACKS_RULES)) !== null,

    async lacking(needed) {
      for (let at = 0; at < needed.length; at += ROWS_AT_ONCE) {
        const batch = JSON.stringify(needed.slice(at, at + ROWS_AT_ONCE));
        const found = await one<NeededObject>(LACKING, batch);
        if (found) return found;
      }
      return undefined;
    },

    end: (manifest, audit, now) =>
      orStorageFailed(async () => {
        const [ended] = await db.batch([
          ...[END, REMOVE_PAGES].map((sql) => db.prepare(sql).bind(source, manifest, now)),
          auditEntryWhere(db, audit, now, hasEnded("?10", "?11", "?12"), [source, manifest, now]),
          db.prepare(`DELETE FROM carried_member WHERE source = ?1 AND ${HAS_ENDED}`).bind(source, manifest, now),
        ]);
        return (ended?.results.length ?? 0) > 0;
      }),
  };
}
