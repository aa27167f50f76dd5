import { DAY, inSeconds } from "../../duration.ts";
import type { ResponseCache } from "../../platform/platform.ts";
import type { HostedProject } from "../../repository/ports/hosted-packages.ts";
import type { sharedKeys } from "../keys.ts";
import type { ProjectCopies } from "../snapshots/hosted-packages.ts";

/** Seconds. */
const COPY_TTL = inSeconds(30 * DAY);

/** Hosted projects in the data centre's cache, each under the revision of its last change. A failure costs a query. */
export const projectCopiesIn = (cache: ResponseCache, keys: ReturnType<typeof sharedKeys>): ProjectCopies => ({
  async get({ index, name, changed }) {
    try {
      const found = await cache.match(keys.hosted(index, name, changed));
      return found && { project: await found.json<HostedProject>(), changed };
    } catch {
      return undefined;
    }
  },

  async put({ project, changed }) {
    const headers = { "Cache-Control": `max-age=${COPY_TTL}` };
    const copy = new Response(JSON.stringify(project), { headers });
    await cache.put(keys.hosted(project.index, project.name, changed), copy).catch(() => undefined);
  },
});
