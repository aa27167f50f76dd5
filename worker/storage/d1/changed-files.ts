import type { Database } from "../../platform/database.ts";
import type { NoteChangedFile } from "../../repository/ports/changed-files.ts";
import { auditEntryStatement } from "./audit-entry.ts";

/**
 * Audit entries of what upstreams do to stored files. A source is not one index's, so the entries are of all indexes.
 *
 * @param upstream its name in the configuration, or its address
 */
export const changedFilesIn =
  (db: Database, upstream: string): NoteChangedFile =>
  ({ project, filename, change, done }, ctx) => {
    const principal = { id: "upstream", name: upstream, index: "*", scopes: [] };
    const action = change === "removed" ? "upstream.remove" : "upstream.change";
    const entry = { principal, origin: "", action, index: "*", project, subject: filename, details: { done } } as const;
    ctx.defer(auditEntryStatement(db, entry, ctx.now).run());
  };
