import * as z from "zod/mini";
import { isPrivate } from "../worker/pypi/host.ts";

const upstream = z.pipe(
  z.url().check(
    z.refine((text) => /^https?:/.test(text), "must be an http(s) address"),
    z.refine(
      (text) => !text.startsWith("http:") || isPrivate(new URL(text).hostname),
      "must begin with https://; plain http is for loopback and private addresses",
    ),
  ),
  // Relative links and project pages hang below it.
  z.transform((text) => new URL(text.endsWith("/") ? text : `${text}/`)),
);

const seconds = z.pipe(
  z.string().check(z.regex(/^\d{1,7}$/, "must be a whole number of seconds")),
  z.transform(Number),
);

/** What wrangler.toml's `[vars]` say. A deployment with a wrong one must not start half-configured. */
const vars = z.object({
  UPSTREAM_URL: upstream,
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
    const wrong = parsed.error.issues.map((issue) => `${issue.path.join(".")} ${issue.message}`);
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
