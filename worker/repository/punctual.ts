import { IndexError } from "../errors.ts";
import { discard, type Context, type Layer } from "./repository.ts";
import { within } from "./within.ts";

const LATE = "The upstreams took too long to answer. Try again in a moment: what they send meanwhile is kept.";

/**
 * Gives an answer up that has not begun after `milliseconds`: an upstream has a deadline of its own, but one request may have to
 * wait for several. The root listing is waited for: it is stored before it is served.
 */
export function punctual(milliseconds: number): Layer {
  async function inTime<T>(work: Promise<T>, give: (late: T) => Promise<unknown>, ctx: Context): Promise<T> {
    try {
      return await within(milliseconds, LATE, work);
    } catch (error) {
      if (!(error instanceof Error) || error.message !== LATE) throw error;
      ctx.defer(work.then(give, () => undefined));
      throw new IndexError("upstream-failed", LATE);
    }
  }
  return (inner) => ({
    projects: (ctx) => inner.projects(ctx),
    project: (name, ctx) => inTime(inner.project(name, ctx), async (page) => page?.cancel(), ctx),
    document: (request, ctx) => inTime(inner.document(request, ctx), async (document) => document?.cancel(), ctx),
    file: (request, ctx) => inTime(inner.file(request, ctx), async (file) => file && discard(file), ctx),
  });
}
