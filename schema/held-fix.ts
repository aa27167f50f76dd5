import * as z from "zod/mini";

/** What is shown of an advisory. */
export const shownAdvisory = z.object({
  id: z.string(),
  aliases: z.array(z.string()),
  severity: z.optional(z.string()),
  url: z.string(),
});

/** A version that is held for its age: it is not affected by these, and the newest version that is admitted is. Times are ISO 8601. */
export const heldFix = z.object({
  project: z.string(),
  version: z.string(),
  /** When it is admitted; left out where time alone does not admit it. */
  until: z.optional(z.string()),
  newest: z.string(),
  advisories: z.array(shownAdvisory),
});

/** What is said of a held file that mends the newest version that is admitted. */
export const fixSentence = ({ newest, advisories }: Pick<z.infer<typeof heldFix>, "newest" | "advisories">) =>
  `The newest version that is admitted, ${newest}, is affected by ${advisories
    .map(({ id, severity }) => (severity === undefined ? id : `${id} (${severity})`))
    .join(", ")}; this one is not.`;
