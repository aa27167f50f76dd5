import * as z from "zod/mini";

/** A pattern of project names, as `worker/pypi/pattern.ts` reads it. */
export const pattern = z.string().check(
  z.regex(/^[A-Za-z0-9._*-]+$/, 'must be project names, in which "*" stands for any characters'),
  // Project names begin and end like this (PEP 508), so other patterns would match nothing.
  z.regex(/^[^._-](?:.*[^._-])?$/, 'must begin and end with a letter, a digit or "*"'),
);

export const patterns = z.array(pattern).check(z.minLength(1, "must name at least one project, or be left out"));
