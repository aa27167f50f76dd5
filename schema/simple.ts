import * as z from "zod/mini";
import { isVisible } from "../worker/pypi/text.ts";

/**
 * An optional member: missing, `null` and of a wrong type are the same, so that an invalid one does not invalidate the
 * page.
 */
const optional = <T extends z.core.SomeType>(type: T) => z.catch(z.optional(type), undefined);

/** Each digest is checked where it is used: so a schema of the members, of which a page has thousands, would say nothing. */
const hashes = z.custom<Readonly<Record<string, unknown>>>(
  (value) => typeof value === "object" && value !== null && !Array.isArray(value),
);

/** PEP 714 renamed the key: some indexes write the old one, some both. */
const metadata = optional(z.union([z.literal(true), hashes]));

/** One file of an upstream's PEP 691 page. Unknown keys are dropped. */
const simpleFile = z.object({
  filename: z.string(),
  url: z.string(),
  // Not optional in this sense: a value of a wrong type may have been a digest, and without it the file would not be
  // verified.
  hashes: z.nullish(hashes),
  "requires-python": optional(z.string()),
  size: optional(z.int().check(z.nonnegative())),
  "upload-time": optional(z.string()),
  yanked: optional(z.union([z.boolean(), z.string()])),
  "core-metadata": metadata,
  "dist-info-metadata": metadata,
  provenance: optional(z.string()),
});

/** Files of an upstream's PEP 691 page; an invalid one, which is undefined, invalidates only itself. */
export const simpleFiles = z.array(optional(simpleFile));

/** An upstream's PEP 691 page without its files. */
export const upstreamPage = z.object({
  meta: z.object({ "api-version": z.optional(z.unknown()), "_last-serial": z.optional(z.unknown()) }),
  name: z.string(),
  versions: optional(
    z.pipe(
      z.array(z.string()),
      z.transform((all) => all.filter(isVisible)),
    ),
  ),
  files: z.array(z.unknown()),
  "project-status": optional(z.object({ status: z.string(), reason: optional(z.string()) })),
});
