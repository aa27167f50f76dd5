import * as z from "zod/mini";
import { heldFix } from "./held-fix.ts";

export const PIN_STATUSES = ["allowed", "held", "blocked", "unknown"] as const;

const rule = z.object({ rule: z.string(), sentence: z.string() });

/** The answer of `POST {base}/-/api/policy/report`; times are ISO 8601. */
export const policyReport = z.object({
  index: z.string(),
  pins: z.array(
    z.object({
      project: z.string(),
      version: z.string(),
      status: z.enum(PIN_STATUSES),
      /** Of what is held: from when on all of it is admitted. */
      until: z.optional(z.string()),
      files: z.number(),
      refused: z.number(),
      /** How many of the files are proven to be by a publisher, and by which. */
      verified: z._default(z.number(), 0),
      publishers: z._default(z.array(z.string()), []),
      rules: z.array(rule),
      /** Of what is unknown. */
      reason: z.optional(z.string()),
    }),
  ),
  counts: z.object({ allowed: z.number(), held: z.number(), blocked: z.number(), unknown: z.number() }),
  /** Packages that come from no index, or from another one. */
  elsewhere: z.array(z.string()),
  /** Of these projects, whatever versions the lock has. */
  heldFixes: z.array(heldFix),
});

export type PolicyReport = z.infer<typeof policyReport>;
