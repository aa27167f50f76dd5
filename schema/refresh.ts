import * as z from "zod/mini";
import { asProjectName, type ProjectName } from "../worker/pypi/name.ts";

/** More names do not go into one message. */
export const MAX_NAMES = 100;

/**
 * What the queue of refreshes carries: which source, and which of its projects' pages are to be fetched anew. What a page is
 * to have by then is asked of D1 when the message is read: one that comes late, twice or out of order does no harm.
 */
const message = z.object({
  /** The upstream's address, percent-encoded, as in the store's keys. */
  source: z.string(),
  projects: z.array(z.string()).check(z.minLength(1), z.maxLength(MAX_NAMES)),
  /** Who planned it: the upstream's log of changes, or the clock, for what is asked for often. */
  cause: z.union([z.literal("feed"), z.literal("popular")]),
});

export type RefreshMessage = z.infer<typeof message>;

/** The same with names that the layers know; a message with one that is no name is refused. */
export const refreshMessage = z.pipe(
  message,
  z.transform(({ source, projects, cause }, context) => {
    const names = projects.map(asProjectName).filter((name): name is ProjectName => name !== undefined);
    if (names.length === projects.length) return { source, names, cause };
    context.issues.push({ code: "custom", input: projects, message: "one of them is no project's name" });
    return z.NEVER;
  }),
);
