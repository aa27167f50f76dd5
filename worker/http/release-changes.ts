import type { Context as HonoContext } from "hono";
import type { STATUSES } from "../../schema/release.ts";
import type { Author } from "../auth/audit-entry.ts";
import type { ReleaseActions } from "../publishing/releases/actions.ts";
import type { ActionResult, ProjectRef } from "../publishing/releases/optimistic-write.ts";
import type { FileSelection } from "../publishing/releases/select-files.ts";
import type { AppEnv } from "./context.ts";
import type { Settling } from "./settle.ts";

type Asked = Pick<HonoContext<AppEnv>, "env" | "get">;

/** What was done, and where copies of what was withdrawn may remain. */
export type ReleaseDone = ActionResult & { readonly remains?: string };

/**
 * What is done with releases, for the API and the pages alike: each is settled when it returns, and what must no longer be given is
 * dropped from the cache in front. The caller has checked the permission. All throw as `ReleaseActions`.
 */
export interface ReleaseChanges {
  /** @param reason may be empty; undefined keeps the present reason; null unyanks */
  yank(
    c: Asked,
    target: ProjectRef,
    of: FileSelection,
    reason: string | null | undefined,
    by: Author,
  ): Promise<ReleaseDone>;
  remove(c: Asked, target: ProjectRef, of: FileSelection, by: Author): Promise<ReleaseDone>;
  restore(c: Asked, target: ProjectRef, of: FileSelection, by: Author): Promise<ReleaseDone>;
  mark(
    c: Asked,
    target: ProjectRef,
    status: (typeof STATUSES)[number],
    reason: string | undefined,
    by: Author,
  ): Promise<ReleaseDone>;
}

export function createReleaseChanges(settling: Settling, releases: ReleaseActions): ReleaseChanges {
  /** The result of an action after which clients must no longer get, or choose, some files. */
  const withdrawn = async (c: Asked, done: ActionResult): Promise<ReleaseDone> => ({
    ...done,
    remains:
      `${await settling.purge(c, done.index, done.project)} What clients have downloaded stays in their own caches.`.trimStart(),
  });

  return {
    async yank(c, target, of, reason, by) {
      const done = await settling.settle(() => releases.yank(target, of, reason, by, c.get("ctx")));
      return reason === null ? done : withdrawn(c, done);
    },

    remove: async (c, target, of, by) =>
      withdrawn(c, await settling.settle(() => releases.remove(target, of, by, c.get("ctx")))),

    restore: (c, target, of, by) => settling.settle(() => releases.restore(target, of, by, c.get("ctx"))),

    async mark(c, target, status, reason, by) {
      const wanted = status === "active" ? undefined : { status, reason: reason || undefined };
      const done = await settling.settle(() => releases.mark(target, wanted, by, c.get("ctx")));
      return status === "quarantined" ? withdrawn(c, done) : done;
    },
  };
}
