import * as z from "zod/mini";
import { isPrintable } from "../worker/pypi/shown.ts";
import { fileRule } from "./policy.ts";

export const ENTRY_KINDS = ["allow", "deny", "exemption"] as const;

/** Limit of the entries that one request adds. */
export const MAX_ADDED = 100;

/** Limit of a rule's text: a long name with specifiers. Characters. */
const MAX_RULE = 300;

/** Limit of a reason. Characters. */
const MAX_REASON = 300;

/** As OSV has ids: `MAL-2026-1234`, `GHSA-xxxx-xxxx-xxxx`. */
const ADVISORY = /^[A-Za-z][A-Za-z0-9]*(?:-[A-Za-z0-9.]+)+$/;

/** The body that adds entries to the lists of an index. */
export const newEntries = z.strictObject({
  index: z.string("must be the name of an index"),
  kind: z.enum(ENTRY_KINDS, `must be one of ${ENTRY_KINDS.join(", ")}`),
  what: z
    .array(fileRule.check(z.maxLength(MAX_RULE, `must be at most ${MAX_RULE} characters each`)), "must be an array")
    .check(
      z.minLength(1, "must name at least one project or file"),
      z.maxLength(MAX_ADDED, `must be at most ${MAX_ADDED} in one request`),
    ),
  reason: z
    .string(`must be a text of 1 to ${MAX_REASON} characters`)
    .check(
      z.regex(/\S/, "must be more than spaces"),
      z.refine(isPrintable, "must be printable characters, on one line"),
      z.maxLength(MAX_REASON, `must be at most ${MAX_REASON} characters`),
    ),
  advisory: z.optional(
    z
      .string("must be the id of an advisory")
      .check(z.regex(ADVISORY, 'must be the id of an advisory, such as "MAL-2026-1234"'), z.maxLength(100)),
  ),
  expires: z.optional(z.union([z.string(), z.number()], "must be a text or a number")),
});

/** An entry in the API's form; times are ISO 8601. */
export const shownEntry = z.object({
  id: z.string(),
  index: z.string(),
  kind: z.enum(ENTRY_KINDS),
  what: z.string(),
  reason: z.string(),
  advisory: z.nullable(z.string()),
  created: z.string(),
  /** A token's id, or `admin`. */
  createdBy: z.string(),
  createdByName: z.string(),
  /** null: never. */
  expires: z.nullable(z.string()),
  ended: z.boolean(),
});

export type ShownEntry = z.infer<typeof shownEntry>;

export const listedEntries = z.object({ entries: z.array(shownEntry) });

/** The answer to new entries. `remarks`: sentences about what they do to entries that were there, and about what could not be checked. */
export const addedEntries = z.extend(listedEntries, { remarks: z.array(z.string()) });
