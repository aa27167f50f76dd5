import * as z from "zod/mini";

/** A line of the answer of `POST /-/api/warm`, except the last. */
const progress = z.object({ stored: z.number(), of: z.number(), file: z.optional(z.string()) });

const summary = z.object({
  done: z.boolean(),
  packages: z.number(),
  pages: z.number(),
  files: z.number(),
  metadata: z.number(),
  alreadyStored: z.number(),
  pending: z.array(z.string()),
  elsewhere: z.array(z.string()),
  // Older servers do not send this member.
  otherIndexes: z._default(z.array(z.object({ index: z.string(), packages: z.array(z.string()) })), []),
  unfit: z.array(z.string()),
  seconds: z.number(),
});

export type WarmProgress = z.infer<typeof progress>;
export type WarmSummary = z.infer<typeof summary>;

/** Any line of the answer. */
export const warmLine = z.union([progress, summary]);
