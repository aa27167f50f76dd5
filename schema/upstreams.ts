import * as z from "zod/mini";
import { pageAddress, upstreamAddress } from "./address.ts";
import { carriedKeys, resolveCarriedKeys, type CarriedKey } from "./carried-keys.ts";
import { mirror, resolveMirror, type MirrorConfig } from "./mirror.ts";
import { patterns } from "./patterns.ts";

/**
 * Statuses that never mean absence: 401 is answered for every name if credentials are missing or wrong, and the others
 * ask to wait or to send another request.
 */
const NEVER_ABSENCE = new Set([401, 405, 406, 407, 408, 421, 425, 429, 431]);

/** Whether a status may be configured to mean that an upstream lacks a project; 404 and 410 always mean it. */
export const canBeAbsence = (status: number) => status >= 400 && status < 500 && !NEVER_ABSENCE.has(status);

/** Keys for what is fetched. */
const ONLINE = ["files", "absent", "credentials", "on_upstream_removal", "on_upstream_change", "mirror"] as const;

/** An upstream as `[vars.UPSTREAMS]` has it. */
export const upstream = z
  .strictObject({
    url: z.optional(upstreamAddress),
    find_links: z.optional(pageAddress),
    kind: z.optional(z.literal("offline", 'must be "offline", or left out')),
    key: z.optional(carriedKeys),
    retired: z.optional(carriedKeys),
    files: z.optional(upstreamAddress),
    projects: z.optional(patterns),
    credentials: z.optional(z.string()),
    unknown_time: z.optional(z.enum(["hold", "allow"], 'must be "hold" or "allow"')),
    on_upstream_removal: z.optional(z.enum(["keep", "hide", "drop"], 'must be "keep", "hide" or "drop"')),
    on_upstream_change: z.optional(z.enum(["follow", "keep"], 'must be "follow" or "keep"')),
    mirror: z.optional(mirror),
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
      (it) => [it.url, it.find_links, it.kind].filter((place) => place !== undefined).length === 1,
      'must have one of url, the root of a Simple API, find_links, a page of links, and kind = "offline", for what is carried here',
    ),
    z.refine(
      (it) => (it.kind === undefined) === (it.key === undefined),
      'has one of kind = "offline" and key, the public key by which carried steps are verified, without the other',
    ),
    z.refine((it) => it.kind !== undefined || it.retired === undefined, 'has retired, which is for kind = "offline"'),
    z.refine(
      (it) => it.kind === undefined || ONLINE.every((name) => it[name] === undefined),
      `is offline, where ${ONLINE.join(", ")} have no effect`,
    ),
    z.refine(
      (it) => it.find_links === undefined || it.absent === undefined,
      "has absent, which is for url: of a page of links, what it does not list is absent",
    ),
  );

const PLAIN_MIRROR = resolveMirror(mirror.parse({}));

/** An upstream. */
export interface UpstreamConfig {
  readonly name: string;
  readonly kind: "simple" | "find-links" | "offline";
  /**
   * The root of its Simple API, ending in `/`, or its page of links. Of an offline one it stands for the source alone: its
   * host is never resolved (RFC 2606).
   */
  readonly url: URL;
  /** Of an offline one only. */
  readonly keys?: readonly CarriedKey[] | undefined;
  /** The root of its file host, ending in `/`. */
  readonly files: URL;
  /**
   * A claim: an index asks this upstream for names that match these patterns only, and asks no upstream without such a
   * claim for them. undefined: it may be asked for any name that no upstream of the index claims.
   */
  readonly projects?: readonly string[] | undefined;
  /** Statuses by which it says that it lacks a project, besides 404 and 410. */
  readonly absent?: readonly number[] | undefined;
  /** What is done with a stored file that it no longer lists; see `ChangeRules`. */
  readonly onRemoval?: "keep" | "hide" | "drop" | undefined;
  /** What is done where it has other bytes by the name of a stored file. */
  readonly onChange?: "follow" | "keep" | undefined;
  /** Whether policies hold its files where it does not say when they were uploaded; undefined: each policy says so itself. */
  readonly unknownTime?: "hold" | "allow" | undefined;
  /** `user:password`. */
  readonly credentials?: string | undefined;
  readonly mirror: MirrorConfig;
}

/**
 * Resolves the configured upstreams, by name.
 *
 * @param env contains the secrets with their credentials
 * @param problems collects what is wrong; where there is something, the result must not be used
 */
export function resolveUpstreams(
  shapes: Readonly<Record<string, z.infer<typeof upstream>>>,
  env: Readonly<Record<string, unknown>>,
  problems: string[],
): ReadonlyMap<string, UpstreamConfig> {
  const upstreams = new Map<string, UpstreamConfig>();
  for (const [
    name,
    { url, find_links: links, kind, key, retired, files, projects, credentials, absent, mirror: kept, ...rules },
  ] of Object.entries(shapes)) {
    const place = kind ? new URL(`https://${name}.offline.invalid/`) : (links ?? url);
    if (!place) continue;
    const twin = [...upstreams.values()].find((other) => other.url.href === place.href);
    if (twin) problems.push(`UPSTREAMS.${name}: has the same address as UPSTREAMS.${twin.name}`);
    const keys = key === undefined ? undefined : resolveCarriedKeys(key, retired);
    const both = keys?.find((one) => !one.isRetired && keys.some((other) => other.isRetired && other.key === one.key));
    if (both) problems.push(`UPSTREAMS.${name}.retired: has ${both.name}, which is in key as well`);
    const secret = credentials === undefined ? undefined : env[credentials];
    if (credentials !== undefined && !(typeof secret === "string" && secret.includes(":"))) {
      problems.push(
        `UPSTREAMS.${name}.credentials: there is no secret ${credentials} of the form user:password. Set it in the environment of pypi-edge deploy or pypi-edge serve`,
      );
    }
    upstreams.set(name, {
      name,
      kind: kind ?? (links ? "find-links" : "simple"),
      url: place,
      keys,
      files: files ?? new URL("/", place),
      projects,
      absent,
      unknownTime: rules.unknown_time,
      onRemoval: rules.on_upstream_removal,
      onChange: rules.on_upstream_change,
      credentials: typeof secret === "string" ? secret : undefined,
      mirror: kept ? resolveMirror(kept) : PLAIN_MIRROR,
    });
  }
  return upstreams;
}
