import * as z from "zod/mini";
import { heldFix } from "./held-fix.ts";
import { policy } from "./policy.ts";

const about = {
  index: z.string(),
  days: z.number(),
  /** How many projects that clients asked for were looked at, and whether there are more of them. */
  projects: z.number(),
  cut: z.boolean(),
  /** Projects that could not be looked at. */
  unknown: z.array(z.string()),
};

/** The answer of `GET {base}/-/api/policy/pending`; times are ISO 8601. */
export const pendingFiles = z.object({
  ...about,
  files: z.array(
    z.object({
      project: z.string(),
      filename: z.string(),
      uploadTime: z.optional(z.string()),
      /** When it is admitted. */
      until: z.string(),
    }),
  ),
  heldFixes: z.array(heldFix),
});

export type PendingFiles = z.infer<typeof pendingFiles>;

/** The body of `POST {base}/-/api/policy/forecast`. Without a policy, the index's own is meant. */
export const forecastRequest = z.strictObject({ policy: z.optional(policy) });

/** The answer of `POST {base}/-/api/policy/forecast`. */
export const policyForecast = z.object({
  ...about,
  /** How many of the files that clients were given would still be given. */
  admitted: z.number(),
  files: z.array(z.object({ project: z.string(), filename: z.string(), rule: z.string(), sentence: z.string() })),
});

export type PolicyForecast = z.infer<typeof policyForecast>;
