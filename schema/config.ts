import * as z from "zod/mini";
import { isPrivate } from "../worker/pypi/host.ts";

/** Longer ones would not leave room for a project's name in KV's keys (512 bytes). */
const MAX_UPSTREAM = 200;

/** The index at the root of the host; the others lie below their names. */
const DEFAULT = "default";

/** What stands first in an address of the default index, or will not be an index. */
const RESERVED = new Set(["simple", "files", "packages", "integrity", "pypi", "legacy"]);

const isHttp = (text: string) => /^https?:$/.test(URL.parse(text)?.protocol ?? "");
const isEncrypted = ({ protocol, hostname }: URL) => protocol === "https:" || isPrivate(hostname);
const isBare = ({ username, password, search, hash }: URL) => username + password + search + hash === "";

/** An address that may be fetched from, out of text. */
const address = (toUrl: (text: string) => URL) =>
  z.pipe(
    z
      .string()
      .check(
        z.refine(isHttp, "an address such as https://pypi.org/simple/ is expected"),
        z.maxLength(MAX_UPSTREAM, `at most ${MAX_UPSTREAM} characters are expected`),
      ),
    z.pipe(
      z.transform(toUrl),
      z
        .instanceof(URL)
        .check(
          z.refine(isEncrypted, "plain http is for loopback and private addresses; use https://"),
          z.refine(isBare, "no credentials, query or fragment can be part of it"),
        ),
    ),
  );

/** Relative links and projects' pages hang below it. */
const folder = address((text) => new URL(text.endsWith("/") ? text : `${text}/`));

/** The address of an upstream's Simple API root, from text; ends in `/`. */
export const upstreamAddress = folder;

const seconds = z.pipe(
  z.string().check(z.regex(/^\d{1,7}$/, "must be a whole number of seconds")),
  z.transform(Number),
);

const name = z
  .string()
  .check(z.regex(/^[a-z][a-z0-9-]{0,30}$/, 'must be lower-case letters, digits and "-", at most 31 of them'));

const pattern = z
  .string()
  .check(z.regex(/^[A-Za-z0-9._*-]+$/, 'must be project names, in which "*" stands for any characters'));

const upstream = z
  .strictObject({
    url: z.optional(folder),
    find_links: z.optional(address((text) => new URL(text))),
    files: z.optional(folder),
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

/** What wrangler.toml's `[vars]` say. A deployment with a wrong one must not start half-configured. */
const vars = z.object({
  UPSTREAMS: z.record(name, upstream),
  INDEXES: z.record(name.check(z.refine((text) => !RESERVED.has(text), "is an address of the default index")), index),
  PAGE_TTL: seconds,
  PUBLIC_URL: z.union([z.literal(""), z.url()]),
  LOG: z.union([z.literal("requests"), z.literal("problems")]),
});

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
  /** The address people use, without a final slash, where it is not the request's own; else empty. */
  readonly publicUrl: string;
  readonly logRequests: boolean;
}

/**
 * Reads the configuration from the worker's environment: variables, and the secrets that they name. Throws an `Error` that
 * names each wrong key and says what it must be.
 */
export function parseConfig(env: Record<string, unknown>): Config {
  const parsed = vars.safeParse(env);
  if (!parsed.success) throw wrong(parsed.error.issues.flatMap(complaints));
  const { UPSTREAMS, INDEXES, PAGE_TTL, PUBLIC_URL, LOG } = parsed.data;
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

  const [main, ...others] = indexes.toSorted((a, b) => Number(a.base !== "") - Number(b.base !== ""));
  if (main?.base !== "") problems.push(`INDEXES.${DEFAULT}: is missing; it is the index at /simple/`);
  if (problems.length > 0 || !main) throw wrong(problems);
  return {
    indexes: [main, ...others],
    pageTtl: PAGE_TTL * 1_000,
    publicUrl: PUBLIC_URL.replace(/\/$/, ""),
    logRequests: LOG === "requests",
  };
}

const wrong = (problems: readonly string[]) => new Error(`The configuration is wrong: ${problems.join("; ")}.`);

/** What is wrong with which key, from what zod found. */
function complaints(issue: z.core.$ZodIssue): string[] {
  const path = issue.path.join(".");
  if (issue.code === "unrecognized_keys") return issue.keys.map((key) => `${path}.${key}: is not known`);
  if (issue.code === "invalid_type") return [`${path}: must be given, as a ${issue.expected}`];
  if (issue.code === "invalid_key") return issue.issues.map(({ message }) => `${path}: the name ${message}`);
  return [`${path}: ${issue.message}`];
}

/** The variables with the default index's last upstream replaced by `url`: the one that any name may come from. */
export function withUpstream<Value>(variables: Record<string, Value>, url: URL) {
  const { UPSTREAMS, INDEXES } = variables as {
    UPSTREAMS?: Record<string, Value>;
    INDEXES?: Record<string, { sources?: string[] }>;
  };
  const last = INDEXES?.[DEFAULT]?.sources?.at(-1);
  return last === undefined ? variables : { ...variables, UPSTREAMS: { ...UPSTREAMS, [last]: { url: url.href } } };
}
