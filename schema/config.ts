import * as z from "zod/mini";
import { isPrivate } from "../worker/pypi/host.ts";

/** Longer ones would not leave room for a project's name in KV's keys (512 bytes). */
const MAX_UPSTREAM = 200;

const isHttp = (text: string) => /^https?:$/.test(URL.parse(text)?.protocol ?? "");
const isEncrypted = ({ protocol, hostname }: URL) => protocol === "https:" || isPrivate(hostname);
const isBare = ({ username, password, search, hash }: URL) => username + password + search + hash === "";

/** The address of an upstream's Simple API root, from text; ends in `/`. */
export const upstreamAddress = z.pipe(
  z
    .string()
    .check(
      z.refine(isHttp, "an address such as https://pypi.org/simple/ is expected"),
      z.maxLength(MAX_UPSTREAM, `at most ${MAX_UPSTREAM} characters are expected`),
    ),
  z.pipe(
    // Relative links and projects' pages hang below it.
    z.transform((text: string) => new URL(text.endsWith("/") ? text : `${text}/`)),
    z
      .instanceof(URL)
      .check(
        z.refine(isEncrypted, "plain http is for loopback and private addresses; use https://"),
        z.refine(isBare, "no credentials, query or fragment can be part of it"),
      ),
  ),
);

const seconds = z.pipe(
  z.string().check(z.regex(/^\d{1,7}$/, "must be a whole number of seconds")),
  z.transform(Number),
);

/** What wrangler.toml's `[vars]` say. A deployment with a wrong one must not start half-configured. */
const vars = z.object({
  UPSTREAM_URL: upstreamAddress,
  PAGE_TTL: seconds,
  PUBLIC_URL: z.union([z.literal(""), z.url()]),
  LOG: z.union([z.literal("requests"), z.literal("problems")]),
});

export interface Config {
  /** The upstream's Simple API root, ending in `/`. */
  readonly upstream: URL;
  /** Milliseconds for which a page is served without asking the upstream. */
  readonly pageTtl: number;
  /** The address people use, without a final slash, where it is not the request's own; else empty. */
  readonly publicUrl: string;
  readonly logRequests: boolean;
}

/** Reads the configuration, or throws an `Error` that names the variable and what it must be. */
export function parseConfig(env: Record<string, unknown>): Config {
  const parsed = vars.safeParse(env);
  if (!parsed.success) {
    const wrong = parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
    throw new Error(`The configuration is wrong: ${wrong.join("; ")}.`);
  }
  const { UPSTREAM_URL, PAGE_TTL, PUBLIC_URL, LOG } = parsed.data;
  return {
    upstream: UPSTREAM_URL,
    pageTtl: PAGE_TTL * 1_000,
    publicUrl: PUBLIC_URL.replace(/\/$/, ""),
    logRequests: LOG === "requests",
  };
}
