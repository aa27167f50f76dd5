import * as z from "zod/mini";

/*
 * The lines of the answer of `POST /-/api/warm`: any number that say that an upstream is waited for, the plan, the progress, and the
 * summary; or, in the place of what cannot come any more, a problem.
 */

const facts = {
  packages: z.number(),
  pages: z.number(),
  files: z.number(),
  metadata: z.number(),
  alreadyStored: z.number(),
  elsewhere: z.array(z.string()),
  // Older servers do not send this member.
  otherIndexes: z._default(z.array(z.object({ index: z.string(), packages: z.array(z.string()) })), []),
  unfit: z.array(z.string()),
};

const plan = z.object({
  ...facts,
  bytes: z.number(),
  unsized: z.number(),
  missing: z.number(),
  missingBytes: z.number(),
  leftOut: z.number(),
});

const waiting = z.object({ waiting: z.string(), read: z.number(), of: z.number() });

const progress = z.object({ stored: z.number(), of: z.number(), file: z.optional(z.string()) });

const summary = z.object({
  done: z.boolean(),
  ...facts,
  pending: z.array(z.string()),
  // Older servers do not send this member.
  reasons: z._default(z.array(z.string()), []),
  seconds: z.number(),
});

/** What fails after the answer has begun (RFC 9457). */
const problem = z.object({ status: z.number(), title: z.string(), detail: z.string() });

export type WarmPlan = z.infer<typeof plan>;
export type WarmProgress = z.infer<typeof progress>;
export type WarmSummary = z.infer<typeof summary>;

/** Any line of the answer. */
export const warmLine = z.union([z.object({ plan }), waiting, progress, summary, z.object({ problem })]);
