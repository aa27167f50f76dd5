import * as z from "zod/mini";
import { keepRules, resolveKeep, type KeepConfig } from "./keep.ts";
import { patterns } from "./patterns.ts";
import { policy, resolvePolicy, type PolicyConfig } from "./policy.ts";
import type { UpstreamConfig } from "./upstreams.ts";

/** The index at the root of the host; all others are below their names. */
export const DEFAULT = "default";

/** First segments of the default index's addresses, present and planned. */
const RESERVED = new Set([
  "simple",
  "files",
  "packages",
  "integrity",
  "pypi",
  "legacy",
  "find-links",
  "search",
  "project",
]);

export const indexName = z.string().check(
  z.refine((text) => !/^[-_@]/.test(text), {
    error:
      'must not begin with "-", "_" or "@": /-/ and /_/ are this server\'s own addresses, and /@NAME/ those of views',
    abort: true,
  }),
  z.regex(/^[a-z][a-z0-9-]{0,30}$/, 'must be lower-case letters, digits and "-", at most 31 of them'),
  z.refine((text) => !RESERVED.has(text), "is or will be an address of the default index: choose another name"),
);

/** An index as `[vars.INDEXES]` has it. */
export const index = z
  .strictObject({
    sources: z.array(z.string()),
    hosted: z._default(z.boolean(), false),
    read: z.optional(z.enum(["anyone", "token"], 'must be "anyone" or "token"')),
    merge: z.optional(patterns),
    volatile: z._default(z.boolean(), false),
    keep: z.optional(keepRules),
    policy: z.optional(policy),
  })
  .check(
    z.refine((it) => it.hosted || it.sources.length > 0, "must have sources, or be hosted = true, which takes uploads"),
    z.refine(
      (it) => it.hosted || !(it.merge || it.volatile || it.keep),
      "merge, volatile and keep are for an index with hosted = true",
    ),
  );

type IndexShape = z.infer<typeof index>;

/** The hosted packages of one index, as a part of an index. */
export interface OverlayConfig {
  /** The index that hosts them. */
  readonly index: string;
  /** Patterns of hosted names that hide nothing: their pages are merged with those of the sources. */
  readonly merge: readonly string[];
}

/** An index: hosted packages over upstreams, of which the first that owns a name wins. */
export interface IndexConfig {
  readonly name: string;
  /** Prefix of its addresses: empty, or a slash and its name. */
  readonly base: string;
  /** Its own hosted packages first, then those of the indexes among its sources. */
  readonly overlays: readonly OverlayConfig[];
  readonly upstreams: readonly UpstreamConfig[];
  /** Its own policy first, then those of the indexes among its sources: a file must be admitted by all of them. */
  readonly policies: readonly PolicyConfig[];
  /** Whether it takes uploads. */
  readonly hosted: boolean;
  /** Whether a hosted file may be replaced, and a deleted file's name used again. */
  readonly volatile: boolean;
  /** Which hosted releases are kept; undefined: all. */
  readonly keep?: KeepConfig | undefined;
  /** Whether reading needs a token. */
  readonly isPrivate: boolean;
}

/**
 * Resolves the configured indexes, the default one first.
 *
 * @param problems collects what is wrong; where there is something, the result must not be used
 */
export function resolveIndexes(
  shapes: Readonly<Record<string, IndexShape>>,
  upstreams: ReadonlyMap<string, UpstreamConfig>,
  problems: string[],
): IndexConfig[] {
  const resolve = (
    name: string,
    above: readonly string[],
  ): Pick<IndexConfig, "overlays" | "upstreams" | "policies"> => {
    const shape = shapes[name];
    if (!shape) return { overlays: [], upstreams: [], policies: [] };
    if (new Set(shape.sources).size < shape.sources.length) problems.push(`INDEXES.${name}.sources: names one twice`);
    const overlays: OverlayConfig[] = shape.hosted ? [{ index: name, merge: shape.merge ?? [] }] : [];
    const policies = shape.policy ? [resolvePolicy(name, shape.policy)] : [];
    const found: UpstreamConfig[] = [];
    for (const source of shape.sources) {
      const upstream = upstreams.get(source);
      if (upstream) found.push(upstream);
      else if (!(source in shapes)) {
        problems.push(`INDEXES.${name}.sources: there is neither UPSTREAMS.${source} nor INDEXES.${source}`);
      } else if ([...above, name].includes(source)) {
        problems.push(`INDEXES.${name}.sources: ${[...above, name, source].join(" has ")}, which leads in a circle`);
      } else {
        if (isPrivate(shapes[source]) && !isPrivate(shape)) {
          problems.push(
            `INDEXES.${name}.sources: anyone may read ${name}, and ${source} needs a token: give ${name} read = "token", or ${source} read = "anyone"`,
          );
        }
        const below = resolve(source, [...above, name]);
        overlays.push(...below.overlays.filter((each) => !overlays.some((other) => other.index === each.index)));
        policies.push(...below.policies.filter((each) => !policies.some((other) => other.index === each.index)));
        found.push(...below.upstreams);
      }
    }
    return { overlays, upstreams: [...new Set(found)], policies };
  };

  const indexes = Object.entries(shapes).map(([name, shape]) => ({
    name,
    base: name === DEFAULT ? "" : `/${name}`,
    ...resolve(name, []),
    hosted: shape.hosted,
    volatile: shape.volatile,
    ...(shape.keep && { keep: resolveKeep(shape.keep) }),
    isPrivate: isPrivate(shape),
  }));
  if (!(DEFAULT in shapes)) problems.push(`INDEXES.${DEFAULT}: is missing; it is the index at /simple/`);
  return indexes.toSorted((a, b) => Number(a.base !== "") - Number(b.base !== ""));
}

/** A hosted index is private unless the configuration says otherwise. */
const isPrivate = (shape: IndexShape | undefined) =>
  shape !== undefined && (shape.read ?? (shape.hosted ? "token" : "anyone")) === "token";
