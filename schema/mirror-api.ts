import * as z from "zod/mini";

/** Projects of one request: each is a row or two. */
const MAX_PROJECTS = 10_000;

const projects = z
  .array(z.string("must be an array of texts"), "must be an array")
  .check(
    z.minLength(1, "must name at least one"),
    z.maxLength(MAX_PROJECTS, `must be at most ${MAX_PROJECTS}; send them in parts`),
  );

/** An upstream's name in the configuration; it may be left out where there is only one. */
const source = z.optional(z.string("must be the name of an upstream"));

const withDependencies = z._default(z.boolean("must be true or false"), false);

/** The body that adds entries, or asks what they would cost. Each project is `demo`, `demo[fast]>=2`, `acme-*` or `*`. */
export const mirrorEntries = z.strictObject({ source, projects, withDependencies });

/** The body that removes entries: those with this name or pattern, and of these versions where any are given. */
export const mirrorRemoval = z.strictObject({ source, projects });

/** The body that starts a run. */
export const mirrorStart = z.strictObject({ source });

/** The body that begins a verification, or has one go on: percent of the projects, and what is done. */
export const verificationStart = z.strictObject({
  source,
  sample: z._default(
    z
      .number("must be a number above 0, of at most 100")
      .check(z.refine((it) => it > 0 && it <= 100, "must be a number above 0, of at most 100")),
    100,
  ),
  repair: z._default(z.boolean("must be true or false"), false),
  cached: z._default(z.boolean("must be true or false"), false),
});

const amounts = {
  projects: z.number(),
  files: z.number(),
  bytes: z.number(),
  leftOut: z.number(),
};

/** Times are ISO 8601. */
const run = z.object({
  began: z.string(),
  heard: z.string(),
  isUnderWay: z.boolean(),
  requests: z.number(),
  files: z.number(),
  bytes: z.number(),
  /** When the upstream is asked again, where the run paused; null: it did not. */
  retry: z.nullable(z.string()),
  failure: z.nullable(z.string()),
  ceiling: z.nullable(z.string()),
});

/** How far one source's mirror is. */
export const mirrorStatus = z.object({
  source: z.string(),
  serve: z.enum(["through", "complete"]),
  requestsPerSecond: z.number(),
  entries: z.number(),
  ...amounts,
  unexamined: z.number(),
  due: z.number(),
  dueSince: z.nullable(z.string()),
  missing: z.number(),
  missingBytes: z.number(),
  errors: z.number(),
  /** Whether nothing is due, and no run is at work but for a verification. */
  isIdle: z.boolean(),
  run: z.nullable(run),
});

export type ShownMirror = z.infer<typeof mirrorStatus>;

export const mirrorStatuses = z.object({ mirrors: z.array(mirrorStatus) });

const entry = z.object({
  /** As it is added. */
  project: z.string(),
  withDependencies: z.boolean(),
  added: z.string(),
  /** A token's id, or `admin`. */
  addedBy: z.string(),
});

export const listedMirrorEntries = z.object({ source: z.string(), entries: z.array(entry) });

export const mirrorErrors = z.object({
  source: z.string(),
  errors: z.array(
    z.object({
      project: z.string(),
      /** Empty: the project as a whole. */
      file: z.string(),
      reason: z.string(),
      /** Nothing failed; it is to be known. */
      isNote: z.boolean(),
      at: z.string(),
    }),
  ),
});

export const changedMirror = z.object({ source: z.string(), entries: z.number() });

/** What entries would have mirrored. Where there are too many projects, it follows from the pages of some that were chosen at random. */
export const mirrorPlan = z.object({
  source: z.string(),
  ...amounts,
  /** `.metadata` that is stored beside the files. */
  metadata: z.number(),
  /** Of the files and `.metadata`, those that are stored already. */
  stored: z.number(),
  storedBytes: z.number(),
  /** Of the files, those whose page says no size. */
  unsized: z.number(),
  /** Why files are left out, by the name of the filter. */
  reasons: z.record(z.string(), z.number()),
  /** Projects whose pages were read, and those of them that the upstream does not have. */
  read: z.number(),
  absent: z.array(z.string()),
  /** Requests that the upstream would get, and how long they take at the pace that is configured. */
  requests: z.number(),
  seconds: z.number(),
});

export type ShownMirrorPlan = z.infer<typeof mirrorPlan>;

const VERIFICATION_KINDS = [
  "page-outdated",
  "project-vanished",
  "file-missing",
  "file-damaged",
  "file-without-row",
  "not-checked",
] as const;

const findingKind = z.enum(VERIFICATION_KINDS);

/** How far the verification of one source against its upstream is. Times are ISO 8601. */
export const verificationStatus = z.object({
  source: z.string(),
  /** null: there was none yet. */
  verification: z.nullable(
    z.object({
      began: z.string(),
      /** null: it is not at its end. */
      ended: z.nullable(z.string()),
      sample: z.number(),
      repair: z.boolean(),
      cached: z.boolean(),
      /** Projects when it began, those that were passed, and those of them that were verified. */
      projects: z.number(),
      passed: z.number(),
      verified: z.number(),
      /** Files and `.metadata` that were read. */
      objects: z.number(),
      bytes: z.number(),
      /** When the upstream is asked again, where it asked for a pause or failed. */
      retry: z.nullable(z.string()),
      failure: z.nullable(z.string()),
      counts: z.array(z.object({ kind: findingKind, found: z.number(), repaired: z.number() })),
      /** The first 1,000; what is still wrong comes first. */
      findings: z.array(
        z.object({
          kind: findingKind,
          project: z.string(),
          /** Empty: the project as a whole. */
          file: z.string(),
          fault: z.string(),
          isRepaired: z.boolean(),
          at: z.string(),
        }),
      ),
    }),
  ),
});

export type ShownVerification = z.infer<typeof verificationStatus>;
