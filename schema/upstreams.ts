import * as z from "zod/mini";
import { pageAddress, upstreamAddress } from "./address.ts";
import { patterns } from "./patterns.ts";

/** 401 says of every name that credentials are missing or wrong; the others ask for patience, or for another request. */
const NEVER_ABSENCE = new Set([401, 405, 406, 407, 408, 421, 425, 429, 431]);

/** Whether a status can mean that an upstream does not have what is asked for; 404 and 410 always do. */
export const canBeAbsence = (status: number) => status >= 400 && status < 500 && !NEVER_ABSENCE.has(status);

/** An upstream as `[vars.UPSTREAMS]` has it. */
export const upstream = z
  .strictObject({
    url: z.optional(upstreamAddress),
    find_links: z.optional(pageAddress),
    files: z.optional(upstreamAddress),
    projects: z.optional(patterns),
    credentials: z.optional(z.string()),
    absent: z.optional(
      z.array(
        z
          .number()
          .check(
            z.refine(
              (status) => Number.isInteger(status) && canBeAbsence(status),
              "must be a status from 400 to 499 by which it says that it does not have a project, such as 403; 401, 429 and others that say something else of every project cannot be one",
            ),
          ),
      ),
    ),
  })
  .check(
    z.refine(
      (it) => (it.url === undefined) !== (it.find_links === undefined),
      "must have either url, the root of a Simple API, or find_links, a page of links",
    ),
    z.refine(
      (it) => it.find_links === undefined || it.absent === undefined,
      "has absent, which is for url: of a page of links, what it does not list is absent",
    ),
  );

/** An index of others that is mirrored. */
export interface UpstreamConfig {
  readonly name: string;
  readonly kind: "simple" | "find-links";
  /** Its Simple API root, ending in `/`, or its page of links. */
  readonly url: URL;
  /** The root of its file host, ending in `/`. */
  readonly files: URL;
  /** Patterns of the names that come from here only, and are all that comes from here; undefined: any name. */
  readonly projects?: readonly string[] | undefined;
  /** Statuses by which it says that it does not have a project, beside 404 and 410. */
  readonly absent?: readonly number[] | undefined;
  /** `user:password`. */
  readonly credentials?: string | undefined;
}

/**
 * The upstreams that a configuration describes, by name.
 *
 * @param env where the secrets are that hold their credentials
 * @param problems gets a line for each fault; what is returned is then not to be used
 */
export function resolveUpstreams(
  shapes: Readonly<Record<string, z.infer<typeof upstream>>>,
  env: Readonly<Record<string, unknown>>,
  problems: string[],
): ReadonlyMap<string, UpstreamConfig> {
  const upstreams = new Map<string, UpstreamConfig>();
  for (const [key, { url, find_links: links, files, projects, credentials, absent }] of Object.entries(shapes)) {
    const place = links ?? url;
    if (!place) continue;
    const twin = [...upstreams.values()].find((other) => other.url.href === place.href);
    if (twin) problems.push(`UPSTREAMS.${key}: has the same address as UPSTREAMS.${twin.name}`);
    const secret = credentials === undefined ? undefined : env[credentials];
    if (credentials !== undefined && !(typeof secret === "string" && secret.includes(":"))) {
      problems.push(
        `UPSTREAMS.${key}.credentials: there is no secret ${credentials} of the form user:password. Set it with "npx wrangler secret put ${credentials}", or as an environment variable for npm start`,
      );
    }
    upstreams.set(key, {
      name: key,
      kind: links ? "find-links" : "simple",
      url: place,
      files: files ?? new URL("/", place),
      projects,
      absent,
      credentials: typeof secret === "string" ? secret : undefined,
    });
  }
  return upstreams;
}
