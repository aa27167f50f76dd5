import { IndexError } from "../errors.ts";
import { type Layer } from "../repository/repository.ts";
import { TIMED_OUT, within } from "../repository/timeout.ts";
import { discard } from "../repository/artifact.ts";
import type { Context } from "../repository/context.ts";

/** An answer from memory takes up to 16 turns of the microtask queue. */
const TURNS_OF_MEMORY = 20;

/**
 * Fails a request whose answer has not begun after `timeoutMs` milliseconds. Each upstream has a deadline of its own,
 * but one request may have to wait for several upstreams. A context that is `patient` has none.
 */
export function answerDeadline(timeoutMs: number): Layer {
  async function answered<T>(work: Promise<T>, cancel: (late: T) => Promise<unknown>, ctx: Context): Promise<T> {
    if (ctx.patient) return work;
    const answer = await within(timeoutMs, work, TURNS_OF_MEMORY);
    if (answer !== TIMED_OUT) return answer;
    ctx.defer(work.then(cancel, () => undefined));
    throw new IndexError(
      "upstream-failed",
      "The upstreams took too long to answer. Try again in a moment: what they send meanwhile is stored.",
    );
  }
  return (inner) => ({
    ...inner,
    projects: (ctx) => answered(inner.projects(ctx), (list) => list.cancel(), ctx),
    project: (name, ctx, demand) =>
      answered(inner.project(name, ctx, demand), async (project) => project?.page.cancel(), ctx),
    document: (request, ctx) => answered(inner.document(request, ctx), async (document) => document?.cancel(), ctx),
    file: (request, ctx) => answered(inner.file(request, ctx), async (file) => file && discard(file), ctx),
  });
}
