import * as z from "zod/mini";

/** What is known of the index of advisories; times are ISO 8601. */
export const advisoriesState = z.object({
  loaded: z.boolean(),
  records: z.number(),
  entries: z.number(),
  /** When it was last known to be what the export has, or was loaded by a person. */
  checked: z.optional(z.string()),
  /** Why the export could not be taken over the last time. */
  failure: z.optional(z.string()),
});

export type AdvisoriesState = z.infer<typeof advisoriesState>;
