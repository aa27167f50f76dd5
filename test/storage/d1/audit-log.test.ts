import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import type { AuditFilter, AuditOrder } from "../../../worker/publishing/releases/audit-log.ts";
import { auditLogIn, auditQuery } from "../../../worker/storage/d1/audit-log.ts";

const HOUR = 3_600_000;
const NOON = Date.parse("2026-11-22T12:00:00Z");

/** What SQLite does for a question. */
async function planOf(filter: AuditFilter, order: AuditOrder): Promise<string> {
  const { sql, values } = auditQuery(filter, order, 50);
  const { results } = await env.DB.prepare(`EXPLAIN QUERY PLAN ${sql}`)
    .bind(...values)
    .all<{ detail: string }>();
  return results.map(({ detail }) => detail).join("; ");
}

describe("the audit log", () => {
  test.each([
    [{ after: 1, before: 9 }, /PRIMARY KEY \(rowid>\? AND rowid<\?\)$/],
    [{ since: NOON }, /PRIMARY KEY \(rowid>\?\).*COVERING INDEX audit_at \(at<\?\)/],
    [{ until: NOON }, /PRIMARY KEY \(rowid<\?\).*COVERING INDEX audit_at \(at>\?\)/],
    [{ since: NOON, until: NOON + HOUR }, /PRIMARY KEY \(rowid>\? AND rowid<\?\)/],
    [{ index: "team" }, /INDEX audit_index \(index_name=\?\)/],
    [{ project: "demo" }, /INDEX audit_any_project \(project=\?\)/],
    [{ index: "team", project: "demo" }, /INDEX audit_project \(index_name=\? AND project=\?\)/],
    [{ action: "yank" }, /INDEX audit_action \(action=\?\)/],
    [{ actor: "ci" }, /INDEX audit_actor \(actor=\?\).*INDEX audit_actor_name \(actor_name=\?\)/],
    [{ index: "team", action: "yank", before: 9 }, /\(action=\? AND rowid<\?\)|\(index_name=\? AND rowid<\?\)/],
    [{ actor: "ci", index: "team", project: "demo", action: "yank", since: NOON, until: NOON, before: 9 }, /INDEX/],
  ] as const)("reads for %o what an index has of it, in the order of ids", async (filter, expected) => {
    for (const order of ["newest", "oldest"] as const) {
      const plan = await planOf(filter, order);
      expect(plan).toMatch(expected);
      expect(plan).not.toMatch(/SCAN audit|TEMP B-TREE/);
    }
  });

  test("gives what each filter selects, also where clocks differed by hours", async () => {
    const log = auditLogIn(env.DB);
    const add = (at: number, id: string, name: string, action: "yank" | "upload", index: string, project: string) =>
      log.add(
        {
          principal: { id, name, index: "*", scopes: ["admin"], projects: undefined },
          origin: "192.0.2.1",
          action,
          index,
          project,
          subject: String(at - NOON),
        },
        at,
      );
    await add(NOON + 3 * HOUR, "one", "ci", "upload", "team", "demo");
    await add(NOON, "ci", "another", "yank", "team", "other");
    await add(NOON + 2 * HOUR, "two", "two", "upload", "lab", "demo");
    await add(NOON + HOUR, "one", "one", "upload", "team", "demo");
    const ids = async (filter: AuditFilter, order: AuditOrder = "oldest", limit = 9) => {
      const first = (await log.read({}, "oldest", 1))[0]?.id ?? 0;
      return (await log.read(filter, order, limit)).map(({ id }) => id - first + 1);
    };
    expect(await ids({}, "newest")).toEqual([4, 3, 2, 1]);
    expect(await ids({ actor: "ci" })).toEqual([1, 2]);
    expect(await ids({ actor: "one" }, "newest", 1)).toEqual([4]);
    expect(await ids({ since: NOON + 2 * HOUR })).toEqual([1, 3]);
    expect(await ids({ until: NOON + 2 * HOUR }, "newest")).toEqual([4, 2]);
    expect(await ids({ since: NOON + 9 * HOUR })).toEqual([]);
    expect(await ids({ index: "team", project: "demo" })).toEqual([1, 4]);
    expect(await ids({ project: "demo", action: "upload", since: NOON + HOUR, until: NOON + 3 * HOUR })).toEqual([
      3, 4,
    ]);
  });
});
