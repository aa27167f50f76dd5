import * as z from "zod/mini";
import { isPrintable } from "../worker/pypi/shown.ts";
import { pattern } from "./patterns.ts";

/** What a token may do with an index; `admin` includes all others. */
export const SCOPES = ["read", "warm", "upload", "yank", "admin"] as const;
export type Scope = (typeof SCOPES)[number];

/** Scopes that change nothing of what an index hosts: they are for the whole index, whichever projects a token may write. */
export const changesPackages = (scope: Scope): boolean => scope !== "read" && scope !== "warm";

/**
 * The projects that a token may change, for people: patterns, "any" or "none".
 *
 * @param projects patterns; undefined or null: all that its scopes may change
 */
export const changeableProjects = (
  scopes: readonly Scope[],
  projects: readonly string[] | undefined | null,
): readonly string[] => (scopes.some(changesPackages) ? (projects ?? ["any"]) : ["none"]);

/** Limit of a token's name. Characters. */
const MAX_NAME = 100;

/** Limit of a token's project patterns. */
const MAX_PATTERNS = 100;

/** The length of the longest project name. Characters. */
const MAX_PATTERN = 200;

/** The body that creates a token. */
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

export type WantedToken = z.infer<typeof newToken>;

/** A token in the API's form; times are ISO 8601, and null means never. */
export const shownToken = z.object({
  id: z.string(),
  name: z.string(),
  index: z.string(),
  scopes: z.array(z.enum(SCOPES)),
  /** Patterns of the projects that it may write; null: any, where its scopes write. */
  projects: z.nullable(z.array(z.string())),
  created: z.string(),
  /** A token's id, or `admin`. */
  createdBy: z.string(),
  expires: z.nullable(z.string()),
  revoked: z.nullable(z.string()),
  lastUsed: z.nullable(z.string()),
});

/**
 * What revoking a token does, on Cloudflare as on one machine: the revocation is answered when nothing that was read of the token
 * before is used any more.
 */
export const AFTER_REVOCATION = "no request that begins after that is accepted with it";

export type ShownToken = z.infer<typeof shownToken>;

/** The answer that creates a token, and the only one that contains its text. */
export const createdToken = z.extend(shownToken, { token: z.string() });

export const listedTokens = z.object({ tokens: z.array(shownToken) });

/** The indexes that a token is for, as a text: the name of one, or "every index" for `*`. */
export const indexText = (index: string) => (index === "*" ? "every index" : index);
