import type { Database } from "../worker/platform/database.ts";

/**
 * Has each stored page revalidated when it is next asked for, whatever a change log says of it. After a power
 * failure a page that was changed or deleted last may be in `cache.sqlite` as it was before, while the database has on the disk
 * that the change was followed: the change log, which names it once, would confirm the page for good.
 *
 * @param now milliseconds since the epoch
 * @throws D1's error
 */
export async function revalidatePages(db: Database, now = Date.now()): Promise<void> {
  await db.prepare("UPDATE feed SET since = max(since, ?1)").bind(now).run();
}
