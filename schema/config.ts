import * as z from "zod/mini";
import { SECOND } from "../worker/duration.ts";
import { asProjectName, type ProjectName } from "../worker/pypi/name.ts";
import { resolveAdminTokens } from "./admin-tokens.ts";
import { publicRoot, upstreamAddress } from "./address.ts";
import { complaints } from "./complaints.ts";
import { DEFAULT, index, indexName, resolveIndexes, type IndexConfig } from "./indexes.ts";
import { pattern } from "./patterns.ts";
import { receiver, resolveReceivers, type ReceiverConfig } from "./notify.ts";
import { resolveTrusted, trusted, type TrustedConfig } from "./trusted.ts";
import { trustedRootText } from "./trusted-root.ts";
import { resolveUpstreams, upstream } from "./upstreams.ts";
import { ARRAY_OF_TABLES } from "./wrong-type.ts";

const whole = (of: string) =>
  z.pipe(
    z
      .union([z.string(), z.number()], `must be a whole number of ${of}`)
      .check(z.refine((it) => /^\d{1,7}$/.test(`${it}`), `must be a whole number of ${of}`)),
    z.transform(Number),
  );

const projectName = z.pipe(
  z.string().check(z.refine((it) => asProjectName(it) !== undefined, "must be a project's name")),
  z.transform((it) => asProjectName(it) as ProjectName),
);

const name = z
  .string()
  .check(z.regex(/^[a-z][a-z0-9-]{0,30}$/, 'must be lower-case letters, digits and "-", at most 31 of them'));

/** Further projects are refreshed by the change log, or when clients ask for them. */
const MAX_POPULAR = 2_000;

/** Longer, a name that is hosted meanwhile would come from an upstream for too long. Seconds. */
const MAX_GRACE = 60;

/** How a line of the log is written. */
export const logFormat = z.enum(["json", "text"], 'must be "json" or "text"');

/** The `[vars]` of wrangler.toml. A deployment with an invalid variable must not start. */
export const vars = z.object({
  UPSTREAMS: z.record(name, upstream),
  INDEXES: z.record(indexName, index),
  RESERVED: z.array(pattern),
  TRUSTED: z.array(trusted, ARRAY_OF_TABLES),
  AUDIENCE: z.string(),
  NOTIFY: z._default(z.array(receiver, ARRAY_OF_TABLES), []),
  PAGE_TTL: whole("seconds"),
  FEED: z.boolean(),
  POPULAR: whole("projects").check(z.refine((it) => it <= MAX_POPULAR, `must be at most ${MAX_POPULAR} projects`)),
  SEED: z.array(projectName),
  QUOTA: whole("gigabytes"),
  FREE_SPACE: z._default(whole("gigabytes"), 1),
  SCRUB: z.optional(whole("objects")),
  DATABASE_GRACE: z._default(
    whole("seconds").check(z.refine((it) => it <= MAX_GRACE, `must be at most ${MAX_GRACE} seconds`)),
    0,
  ),
  PREFETCH: z._default(whole("megabytes"), 5),
  NEW_A_DAY: z._default(whole("gigabytes"), 20),
  PUBLIC_URL: publicRoot,
  OSV: z._default(
    z.union([z.literal(""), upstreamAddress], 'must be an address such as https://osv.example/PyPI/, or ""'),
    "",
  ),
  TRUSTED_ROOT: z._default(trustedRootText, ""),
  METRICS: z._default(z.enum(["token", "open"], 'must be "token" or "open"'), "token"),
  LOG: z.enum(["requests", "problems"], 'must be "requests" or "problems"'),
  LOG_FORMAT: z._default(logFormat, "json"),
});

/** The names of all variables. Secrets are not among them: the user names them. */
export const VARIABLES = Object.keys(vars.shape);

export interface Config {
  /** The default index, whose base is empty, is the first. */
  readonly indexes: readonly [IndexConfig, ...IndexConfig[]];
  /** Patterns of names that no upstream is ever asked for. */
  readonly reserved: readonly string[];
  /** Rules by which identity tokens are exchanged. */
  readonly trusted: readonly TrustedConfig[];
  /** The `aud` that identity tokens must have. */
  readonly audience: string;
  /** Who is told of events. */
  readonly receivers: readonly ReceiverConfig[];
  /** How long a page is served without revalidation, in milliseconds. */
  readonly pageTtl: number;
  /** Whether upstreams' change logs are followed. */
  readonly feed: boolean;
  /** How many of the most popular projects are refreshed by a cron. */
  readonly popular: number;
  /** Projects that count as popular before a client has asked for them. */
  readonly seed: readonly ProjectName[];
  /** Bytes of mirrored files above which the longest unused are deleted; 0: no limit. */
  readonly quota: number;
  /** Bytes of the disk that are left free of mirrored files, where the stores are on one; 0: none are. */
  readonly freeSpace: number;
  /** How many stored objects are read in an hour and compared with their digests; 0: none; undefined: as the platform says. */
  readonly scrub: number | undefined;
  /** How long names that were not hosted go on to come from upstreams while the database cannot be read. Milliseconds. */
  readonly databaseGrace: number;
  /** Bytes: wheels up to this size are stored when their `.metadata` is fetched; 0: none are. */
  readonly prefetchUpTo: number;
  /** Bytes that requests without a token may have stored in a day; 0: no limit. */
  readonly bytesADay: number;
  /** Each gives access to `/-/api/`. */
  readonly adminTokens: readonly string[];
  /** The public address without a final slash, where it is not the request's own; else empty. */
  readonly publicUrl: string;
  /** Where OSV's export is, by which advisories are kept; ends in `/`. undefined: they are loaded by hand. */
  readonly osv: URL | undefined;
  /** By what provenance is verified, sigstore's trusted root; undefined: by the one that this version has. */
  readonly trustedRoot: unknown;
  /** Whether anyone may read `/-/metrics`; otherwise a token that may read every index is needed. */
  readonly openMetrics: boolean;
  readonly logRequests: boolean;
  readonly logFormat: z.infer<typeof logFormat>;
}

/**
 * Reads the configuration from the worker's environment: variables, and the secrets that they name. Throws an `Error`
 * that names each invalid key and says what it must be.
 */
export function parseConfig(env: Record<string, unknown>): Config {
  const parsed = vars.safeParse(env, { reportInput: true });
  if (!parsed.success) throw wrong(complaints(parsed.error));
  const {
    UPSTREAMS,
    INDEXES,
    RESERVED,
    TRUSTED,
    AUDIENCE,
    NOTIFY,
    PAGE_TTL,
    FEED,
    POPULAR,
    SEED,
    QUOTA,
    FREE_SPACE,
    SCRUB,
    DATABASE_GRACE,
    PREFETCH,
    NEW_A_DAY,
    PUBLIC_URL,
    OSV,
    TRUSTED_ROOT,
    METRICS,
    LOG,
    LOG_FORMAT,
  } = parsed.data;
  const problems: string[] = [];

  const upstreams = resolveUpstreams(UPSTREAMS, env, problems);
  const indexes = resolveIndexes(INDEXES, upstreams, problems);
  const trustedRules = resolveTrusted(TRUSTED, indexes, AUDIENCE, problems);

  const receivers = resolveReceivers(NOTIFY, env, problems);
  const adminTokens = resolveAdminTokens(env, problems);

  const [main, ...others] = indexes;
  if (problems.length > 0 || !main) throw wrong(problems);
  return {
    indexes: [main, ...others],
    reserved: RESERVED,
    trusted: trustedRules,
    audience: AUDIENCE,
    receivers,
    pageTtl: PAGE_TTL * SECOND,
    feed: FEED,
    popular: POPULAR,
    seed: SEED,
    quota: QUOTA * 1_000_000_000,
    freeSpace: FREE_SPACE * 1_000_000_000,
    scrub: SCRUB,
    databaseGrace: DATABASE_GRACE * SECOND,
    prefetchUpTo: PREFETCH * 1_000_000,
    bytesADay: NEW_A_DAY * 1_000_000_000,
    adminTokens,
    publicUrl: PUBLIC_URL,
    osv: OSV === "" ? undefined : OSV,
    trustedRoot: TRUSTED_ROOT === "" ? undefined : TRUSTED_ROOT,
    openMetrics: METRICS === "open",
    logRequests: LOG === "requests",
    logFormat: LOG_FORMAT,
  };
}

const wrong = (problems: readonly string[]) => new Error(`The configuration is wrong: ${problems.join("; ")}.`);

/** Whether an upstream may be replaced by another address: not what is offline on purpose. */
const isOpen = (shape: { readonly projects?: unknown; readonly kind?: unknown } | undefined) =>
  shape?.projects === undefined && shape?.kind === undefined;

/**
 * Replaces one upstream by `url`: the last source of the default index that has no `projects` and is not offline. How it is mirrored stays. Invalid variables are
 * returned unchanged; `parseConfig` reports them.
 *
 * @throws Error where every source of the default index has `projects`
 */
export function withUpstream<Value>(variables: Record<string, Value>, url: URL) {
  const { data } = vars.safeParse(variables);
  const sources = data?.INDEXES[DEFAULT]?.sources;
  if (!data || !sources?.every((source) => data.UPSTREAMS[source])) return variables;
  const open = sources.findLast((source) => isOpen(data.UPSTREAMS[source]));
  if (open === undefined) {
    throw new Error(
      `--upstream replaces the last source of INDEXES.${DEFAULT} without "projects" that is not offline, and there is none.`,
    );
  }
  const shapes = variables["UPSTREAMS"] as Readonly<Record<string, { readonly mirror?: unknown }>>;
  const mirror = shapes[open]?.mirror;
  return { ...variables, UPSTREAMS: { ...shapes, [open]: { url: url.href, ...(mirror !== undefined && { mirror }) } } };
}
