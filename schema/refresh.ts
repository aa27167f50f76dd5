import * as z from "zod/mini";
import { asProjectName, type ProjectName } from "../worker/pypi/name.ts";

/** How many projects one message may name. */
export const MAX_PROJECTS_PER_MESSAGE = 100;

/**
 * A message of the refreshes queue: a source, and the projects whose pages must be fetched again. What a page must
 * contain is read from D1 when the message is handled, so late, repeated and reordered messages do no harm.
 */
const message = z.object({
  /** The upstream's URL, percent-encoded as in the store's keys. */
  source: z.string(),
  projects: z.array(z.string()).check(z.minLength(1), z.maxLength(MAX_PROJECTS_PER_MESSAGE)),
  /**
   * What planned it: the upstream's change log, or the cron that refreshes popular projects. `verify`: the pages' files have
   * provenance that is to be verified.
   */
  cause: z.union([z.literal("feed"), z.literal("popular"), z.literal("verify")]),
});

export type RefreshMessage = z.infer<typeof message>;

/** Parses a message and its project names; a message with an invalid name is refused. */
export const refreshMessage = z.pipe(
  message,
  z.transform(({ source, projects, cause }, context) => {
    const names = projects.map(asProjectName).filter((name): name is ProjectName => name !== undefined);
    if (names.length === projects.length) return { source, names, cause };
    context.issues.push({ code: "custom", input: projects, message: "one of them is no project's name" });
    return z.NEVER;
  }),
);
