import * as z from "zod/mini";

/** A table with these keys and no others. */
const table = <Shape extends z.core.$ZodLooseShape>(shape: Shape) =>
  z.strictObject(shape, "must be a table with the keys of the scenarios in schema/scenarios, and no others");

const amount = z.number("must be a number").check(z.nonnegative("must not be negative"));
const share = amount.check(z.lte(1, "must be between 0 and 1"));
const some = amount.check(z.gt(0, "must be above 0"));

/** What `pypi-edge cost` reads: what is asked of a deployment, in TOML. */
export const scenario = table({
  /** One line. */
  title: z.string("must be a text").check(z.regex(/^[^\p{Cc}]+$/u, "must be a line of text")),
  /** `team`: with a token, so that the edge answers no request. `default`: by anyone. */
  index: z.enum(["team", "default"], 'must be "team" or "default"'),
  /** People, or runners of CI. */
  users: some,
  /** Of one of them a day. */
  installs: some,
  /** How many isolates live at once, and in how many data centres, which share the requests evenly. */
  isolates: some,
  dataCentres: some,
  /** Requests of one install, on average. */
  install: table({ pages: amount, metadata: amount, files: amount }),
  /** The projects that are asked for: how many, and the exponent of Zipf's law by which they are. */
  projects: table({ count: some.check(z.lte(1_000_000, "must be at most 1000000")), zipf: amount }),
  /** A day: releases of stored projects, files of them that are prefetched, and what is asked for that is not stored yet. */
  upstream: table({ releases: amount, prefetched: amount, newPages: amount, newFiles: amount }),
  /** The share of requests for what the team hosts, and its uploads a day. */
  hosted: table({ share, uploads: amount }),
  /** The share of requests that the edge answers, and how that is known. */
  edge: table({ pages: share, files: share, source: z.string("must be a text") }),
  /** Gigabytes, and the number of stored files. */
  stored: table({ r2: amount, kv: amount, d1: amount, files: amount }),
  /** `head_sampling_rate` in wrangler.toml, and the bytes of a logged request. */
  logs: table({ sampling: share, bytes: amount }),
});

export type Scenario = z.infer<typeof scenario>;
