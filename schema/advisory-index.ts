import * as z from "zod/mini";

const event = z.strictObject({
  introduced: z.optional(z.string()),
  fixed: z.optional(z.string()),
  last_affected: z.optional(z.string()),
  limit: z.optional(z.string()),
});

/** What an index of advisories says of one project: it is checked where the index comes from outside. */
export const advisoryEntries = z.array(
  z.strictObject({
    id: z.string(),
    aliases: z.optional(z.array(z.string())),
    malware: z.optional(z.literal(true)),
    severity: z.optional(z.enum(["low", "medium", "high", "critical"])),
    published: z.optional(z.number()),
    versions: z.optional(z.array(z.string())),
    ranges: z.optional(z.array(z.array(event))),
  }),
);
