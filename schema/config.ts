import * as z from "zod/mini";
import { asProjectName, type ProjectName } from "../worker/pypi/name.ts";
import { pageAddress, publicRoot, upstreamAddress } from "./address.ts";

/** The index at the root of the host; the others lie below their names. */
export const DEFAULT = "default";

/** What stands first in an address of the default index, or will not be an index. */
const RESERVED = new Set(["simple", "files", "packages", "integrity", "pypi", "legacy"]);

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

const pattern = z.string().check(
  z.regex(/^[A-Za-z0-9._*-]+$/, 'must be project names, in which "*" stands for any characters'),
  // As every name does (PEP 508): another pattern would match none.
  z.regex(/^[^._-](?:.*[^._-])?$/, 'must begin and end with a letter, a digit or "*"'),
);

const upstream = z
  .strictObject({
    url: z.optional(upstreamAddress),
    find_links: z.optional(pageAddress),
    files: z.optional(upstreamAddress),
    projects: z.optional(z.array(pattern).check(z.minLength(1, "must name at least one project, or be left out"))),
    credentials: z.optional(z.string()),
  })
  .check(
    z.refine(
      (it) => (it.url === undefined) !== (it.find_links === undefined),
      "must have either url, the root of a Simple API, or find_links, a page of links",
    ),
  );

const index = z.strictObject({ sources: z.array(z.string()).check(z.minLength(1, "must name at least one upstream")) });

/** More are refreshed by the feed, or when they are asked for. */
const MAX_POPULAR = 2_000;

/** A shorter token could be guessed. Characters. */
const MIN_TOKEN = 16;

/** What wrangler.toml's `[vars]` say. A deployment with a wrong one must not start half-configured. */
const vars = z.object({
  UPSTREAMS: z.record(name, upstream),
  INDEXES: z.record(name.check(z.refine((text) => !RESERVED.has(text), "is an address of the default index")), index),
  PAGE_TTL: whole("seconds"),
  FEED: z.boolean(),
  POPULAR: whole("projects").check(z.refine((it) => it <= MAX_POPULAR, `must be at most ${MAX_POPULAR} projects`)),
  SEED: z.array(projectName),
  QUOTA: whole("gigabytes"),
  PUBLIC_URL: publicRoot,
  LOG: z.enum(["requests", "problems"], 'must be "requests" or "problems"'),
});

/** The names of all variables; secrets have names of the user's choice. */
export const VARIABLES = Object.keys(vars.shape);

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
  /** `user:password`. */
  readonly credentials?: string | undefined;
}

/** An index of ours: a stack of upstreams, the first that owns a name wins. */
export interface IndexConfig {
  /** What its addresses begin with: empty, or a slash and its name. */
  readonly base: string;
  readonly upstreams: readonly [UpstreamConfig, ...UpstreamConfig[]];
}

export interface Config {
  /** The default one, whose base is empty, is the first. */
  readonly indexes: readonly [IndexConfig, ...IndexConfig[]];
  /** Milliseconds for which a page is served without asking the upstream. */
  readonly pageTtl: number;
  /** Whether upstreams that have a log of changes are followed. */
  readonly feed: boolean;
  /** How many projects are kept fresh by the clock. */
  readonly popular: number;
  /** Projects that count as popular before anybody has asked for them. */
  readonly seed: readonly ProjectName[];
  /** Bytes of mirrored files above which the longest unused are deleted; 0: none are. */
  readonly quota: number;
  /** What opens `/-/api/`; undefined: nothing does. */
  readonly adminToken: string | undefined;
  /** The address people use, without a final slash, where it is not the request's own; else empty. */
  readonly publicUrl: string;
  readonly logRequests: boolean;
}

/**
 * Reads the configuration from the worker's environment: variables, and the secrets that they name. Throws an `Error` that
 * names each wrong key and says what it must be.
 */
export function parseConfig(env: Record<string, unknown>): Config {
  const parsed = vars.safeParse(env, { reportInput: true });
  if (!parsed.success) throw wrong(parsed.error.issues.flatMap(complaints));
  const { UPSTREAMS, INDEXES, PAGE_TTL, FEED, POPULAR, SEED, QUOTA, PUBLIC_URL, LOG } = parsed.data;
  const problems: string[] = [];

  const upstreams = new Map<string, UpstreamConfig>();
  for (const [key, { url, find_links: links, files, projects, credentials }] of Object.entries(UPSTREAMS)) {
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
      credentials: typeof secret === "string" ? secret : undefined,
    });
  }

  const indexes: IndexConfig[] = [];
  for (const [key, { sources }] of Object.entries(INDEXES)) {
    const found = sources.map((source) => upstreams.get(source));
    const unknown = sources.filter((_, at) => !found[at]);
    if (unknown.length > 0) problems.push(`INDEXES.${key}.sources: there is no UPSTREAMS.${unknown.join(" or ")}`);
    if (new Set(sources).size < sources.length) problems.push(`INDEXES.${key}.sources: names one twice`);
    const [first, ...others] = found.filter((source) => source !== undefined);
    if (first) indexes.push({ base: key === DEFAULT ? "" : `/${key}`, upstreams: [first, ...others] });
  }

  const secret = env["ADMIN_TOKEN"];
  const adminToken = typeof secret === "string" ? secret : undefined;
  if (
    secret !== undefined &&
    // Another character could not stand in the header that shows it.
    !(adminToken !== undefined && /^[\x21-\x7e]+$/.test(adminToken) && adminToken.length >= MIN_TOKEN)
  ) {
    problems.push(
      `the secret ADMIN_TOKEN: must be at least ${MIN_TOKEN} characters: letters, digits and signs of ASCII, no spaces`,
    );
  }

  const [main, ...others] = indexes.toSorted((a, b) => Number(a.base !== "") - Number(b.base !== ""));
  if (!(DEFAULT in INDEXES)) problems.push(`INDEXES.${DEFAULT}: is missing; it is the index at /simple/`);
  if (problems.length > 0 || !main) throw wrong(problems);
  return {
    indexes: [main, ...others],
    pageTtl: PAGE_TTL * 1_000,
    feed: FEED,
    popular: POPULAR,
    seed: SEED,
    quota: QUOTA * 1_000_000_000,
    adminToken,
    publicUrl: PUBLIC_URL,
    logRequests: LOG === "requests",
  };
}

const wrong = (problems: readonly string[]) => new Error(`The configuration is wrong: ${problems.join("; ")}.`);

/** What zod calls the types of TOML. */
const TYPES: Readonly<Record<string, string>> = {
  array: "an array",
  boolean: "true or false",
  object: "a table",
  record: "a table",
};

/** What is wrong with which key, from what zod found. */
function complaints(issue: z.core.$ZodIssue): string[] {
  const path = issue.path.join(".");
  if (issue.code === "unrecognized_keys") return issue.keys.map((key) => `${path}.${key}: is not known`);
  if (issue.code === "invalid_key") return issue.issues.map(({ message }) => `${path}: the name ${message}`);
  if (issue.input === undefined) return [`${path}: must be given`];
  if (issue.code === "invalid_type") return [`${path}: must be ${TYPES[issue.expected] ?? `a ${issue.expected}`}`];
  return [`${path}: ${issue.message}`];
}

/**
 * The variables with one upstream replaced by `url`: the last source of the default index that any name may come from.
 * Variables that are wrong are returned as they are, for `parseConfig` to say so.
 *
 * @throws Error where each source of the default index claims names
 */
export function withUpstream<Value>(variables: Record<string, Value>, url: URL) {
  const { data } = vars.safeParse(variables);
  const sources = data?.INDEXES[DEFAULT]?.sources;
  if (!data || !sources?.every((source) => data.UPSTREAMS[source])) return variables;
  const open = sources.findLast((source) => data.UPSTREAMS[source]?.projects === undefined);
  if (open === undefined) {
    throw new Error(`--upstream replaces the last source of INDEXES.${DEFAULT} without "projects", and there is none.`);
  }
  return { ...variables, UPSTREAMS: { ...variables["UPSTREAMS"], [open]: { url: url.href } } };
}
