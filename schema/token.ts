import * as z from "zod/mini";
import { isPrintable } from "../worker/pypi/shown.ts";
import { pattern } from "./patterns.ts";

/** What a token lets its holder do with an index; `admin` includes all others. */
export const SCOPES = ["read", "upload", "yank", "admin"] as const;
export type Scope = (typeof SCOPES)[number];

/** What a person gives a token to be known by. Characters. */
const MAX_NAME = 100;

/** More would be a list of projects that nobody reads again. */
const MAX_PATTERNS = 100;

/** As long as the longest name. Characters. */
const MAX_PATTERN = 200;

/** A token that is to be made, as it is sent. */
export const newToken = z.strictObject({
  name: z
    .string(`must be a text of 1 to ${MAX_NAME} characters`)
    .check(
      z.regex(/^\P{C}+$/u, "must be printable characters, at least one"),
      z.refine(isPrintable, "must be printable characters, at least one"),
      z.regex(/\S/, "must be more than spaces"),
      z.maxLength(MAX_NAME, `must be at most ${MAX_NAME} characters`),
    ),
  index: z.string('must be the name of an index, or "*" for every index'),
  scopes: z
    .array(z.enum(SCOPES, `must be one of ${SCOPES.join(", ")}`), "must be an array")
    .check(z.minLength(1, `must name at least one of ${SCOPES.join(", ")}`)),
  projects: z.optional(
    z
      .array(pattern.check(z.maxLength(MAX_PATTERN, `must be at most ${MAX_PATTERN} characters`)), "must be an array")
      .check(
        z.minLength(1, "must name at least one, or be left out"),
        z.maxLength(MAX_PATTERNS, `must be at most ${MAX_PATTERNS}`),
      ),
  ),
  expires: z.optional(z.union([z.string(), z.number()], "must be a text or a number")),
});

/** A token as the API shows it; times are ISO 8601, and null is never. */
export const shownToken = z.object({
  id: z.string(),
  name: z.string(),
  index: z.string(),
  scopes: z.array(z.enum(SCOPES)),
  /** Patterns of the projects that it may write; null: any. */
  projects: z.nullable(z.array(z.string())),
  created: z.string(),
  /** A token's id, or `admin`. */
  createdBy: z.string(),
  expires: z.nullable(z.string()),
  revoked: z.nullable(z.string()),
  lastUsed: z.nullable(z.string()),
});

export type ShownToken = z.infer<typeof shownToken>;

/** What is answered when one has been made: the only time that its text is shown. */
export const createdToken = z.extend(shownToken, { token: z.string() });

export const listedTokens = z.object({ tokens: z.array(shownToken) });
