import * as z from "zod/mini";

const text = z.nullish(z.string());

const severity = z.nullish(z.array(z.object({ type: z.string(), score: z.string() })));

const event = z.object({
  introduced: z.optional(z.string()),
  fixed: z.optional(z.string()),
  last_affected: z.optional(z.string()),
  limit: z.optional(z.string()),
});

/** A record of OSV (https://ossf.github.io/osv-schema/), as far as it is used. What it has beside that is not looked at. */
export const osvRecord = z.object({
  // It becomes a part of addresses and of lines of the log.
  id: z.string().check(z.regex(/^[A-Za-z0-9][\w.-]{0,99}$/)),
  summary: text,
  details: text,
  aliases: z.nullish(z.array(z.string())),
  published: text,
  withdrawn: text,
  severity,
  affected: z.nullish(
    z.array(
      z.object({
        package: z.nullish(z.object({ ecosystem: z.string(), name: z.string() })),
        severity,
        versions: z.nullish(z.array(z.string())),
        ranges: z.nullish(z.array(z.object({ type: z.string(), events: z.nullish(z.array(event)) }))),
      }),
    ),
  ),
  database_specific: z.nullish(
    z.object({
      severity: z.catch(text, undefined),
      cwe_ids: z.catch(z.nullish(z.array(z.string())), undefined),
    }),
  ),
});
