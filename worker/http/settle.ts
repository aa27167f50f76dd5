import type { Context as HonoContext } from "hono";
import { inSeconds, SECOND } from "../duration.ts";
import { IndexError, messageOf, type ErrorKind } from "../errors.ts";
import type { Platform, Staleness } from "../platform/platform.ts";
import { cacheTag } from "../pypi/cache-tag.ts";
import type { ProjectName } from "../pypi/name.ts";
import { inTime } from "../repository/timeout.ts";
import type { AppEnv } from "./context.ts";
import { EDGE_LIFETIME } from "./headers.ts";

/** Refusals that say what is stored. Others wait for nothing: they are true whatever is stored. */
const ABOUT_WHAT_IS_STORED: ReadonlySet<ErrorKind> = new Set([
  "file-exists",
  "file-not-found",
  "project-not-found",
  "upload-not-found",
]);

/** What the edge still has after this ends by itself. Milliseconds. */
const PURGE_TIMEOUT = 3 * SECOND;

/** What becomes of a write before it is answered. */
export interface Settling {
  /**
   * Does a write, and waits until every request that begins then sees what it has found or changed. It waits as well where
   * nothing had to be changed: the answer of the request that changed it may have been lost before its wait was over.
   */
  readonly settle: <Result>(write: () => Promise<Result>) => Promise<Result>;
  /**
   * Drops what the cache in front of the worker has of a project whose files must no longer be given. To be called after
   * `settle`: before, old answers could come back into it. A failure is reported.
   *
   * @returns a sentence that says where copies may remain; empty where there are none
   */
  readonly purge: (c: Pick<HonoContext<AppEnv>, "env" | "get">, index: string, project: ProjectName) => Promise<string>;
}

/**
 * @param staleness of what is read of the database: a write waits until all that was read before it is no longer used
 * @param isPublic whether an index is shown by one that needs no token: only then the cache in front of the worker has any of it
 */
export function createSettling(
  { reuse, skew }: Staleness,
  sleep: Platform["sleep"],
  isPublic: (index: string) => boolean,
): Settling {
  const wait = reuse + skew;
  return {
    async settle(write) {
      try {
        const result = await write();
        if (wait > 0) await sleep(wait);
        return result;
      } catch (error) {
        if (wait > 0 && error instanceof IndexError && ABOUT_WHAT_IS_STORED.has(error.kind)) await sleep(wait);
        throw error;
      }
    },

    async purge(c, index, project) {
      const { edge } = c.env;
      if (!edge || !isPublic(index)) return "";
      const report = (error: unknown) =>
        c.get("ctx").report({ event: "storage-failed", what: `the purge of ${project}`, reason: messageOf(error) });
      await inTime(PURGE_TIMEOUT, "the edge does not answer", edge.purge([cacheTag(project)])).catch(report);
      return `Cloudflare's cache may give files of ${project} that it has for up to ${inSeconds(EDGE_LIFETIME)} s more.`;
    },
  };
}
