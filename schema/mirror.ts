import * as z from "zod/mini";
import { isPlatformTag } from "../worker/pypi/platform-tag.ts";
import { isPythonVersion } from "../worker/pypi/python-tag.ts";
import { isHashRule, type FileRule } from "../worker/pypi/file-rule.ts";
import { age, fileRules, dateTime } from "./policy.ts";

const SIZE = /^(\d{1,6})(kB|MB|GB|TB)$/;
const BYTES: Readonly<Record<string, number>> = { kB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 };

const MUST_BE_SIZE = 'must be a size such as "500kB", "100MB", "20GB" or "1TB"';

/** A size as the configuration and commands have it; bytes. */
export const byteSize = z.pipe(
  z.string(MUST_BE_SIZE).check(z.regex(SIZE, MUST_BE_SIZE)),
  z.transform((text) => {
    const [, count, unit = ""] = SIZE.exec(text) ?? [];
    return Number(count) * (BYTES[unit] ?? Number.NaN);
  }),
);

const expression = z.pipe(
  z.string().check(
    z.refine((text) => {
      try {
        return new RegExp(text, "u").source.length <= 500;
      } catch {
        return false;
      }
    }, "must be regular expressions of JavaScript, of at most 500 characters each"),
  ),
  z.transform((text) => new RegExp(text, "u")),
);

const some = <Item extends z.ZodMiniType>(item: Item) =>
  z.array(item).check(z.minLength(1, "must have at least one member, or be left out"));

const count = (most: number, what: string) =>
  z
    .number(`must be a whole number from 1 to ${most}`)
    .check(
      z.refine(
        (it) => Number.isInteger(it) && it >= 1 && it <= most,
        `must be a whole number of ${what} from 1 to ${most}`,
      ),
    );

const projectRules = fileRules.check(
  z.refine(
    (rules: readonly FileRule[]) => !rules.some(isHashRule),
    "must be patterns of project names with version specifiers, not digests",
  ),
);

const MUST_BE_PYTHONS = 'must be versions of CPython 3, such as "3.12" or "3.13t"';
const FILE_TYPES = ["wheel", "sdist", "other"] as const;
const STATUSES = ["active", "archived", "deprecated"] as const;

/** `[vars.UPSTREAMS.NAME.mirror.filters]`. */
export const mirrorFilters = z.strictObject({
  only: z.optional(projectRules),
  deny: z.optional(fileRules),
  exclude: z.optional(some(expression)),
  prereleases: z._default(z.boolean(), true),
  yanked: z._default(z.boolean(), true),
  latest: z.optional(count(10_000, "releases")),
  pythons: z.optional(some(z.string(MUST_BE_PYTHONS).check(z.refine(isPythonVersion, MUST_BE_PYTHONS)))),
  platforms: z.optional(
    some(
      z
        .string()
        .check(z.refine(isPlatformTag, "must be platform tags of wheels, such as manylinux_2_28_x86_64 or win_amd64")),
    ),
  ),
  types: z.optional(some(z.enum(FILE_TYPES, 'must be "wheel", "sdist" or "other"'))),
  max_file: z.optional(byteSize),
  max_project: z.optional(byteSize),
  min_age: z.optional(age),
  since: z.optional(dateTime),
  statuses: z.optional(some(z.enum(STATUSES, 'must be "active", "archived" or "deprecated"'))),
});

/** `[vars.UPSTREAMS.NAME.mirror]`. */
export const mirror = z.strictObject({
  serve: z._default(z.enum(["through", "complete"], 'must be "through" or "complete"'), "through"),
  max_requests_per_second: z._default(
    z
      .number("must be a number from 0.01 to 1000")
      .check(z.refine((it) => it >= 0.01 && it <= 1_000, "must be a number from 0.01 to 1000")),
    10,
  ),
  max_dependencies: z._default(count(1_000_000, "projects"), 2_000),
  max_dependency_size: z._default(byteSize, 100e9),
  filters: z.optional(mirrorFilters),
});

/** What is mirrored of the projects that are listed. Times in milliseconds, sizes in bytes. */
export type MirrorFilters = z.infer<typeof mirrorFilters>;

/** The mirror of one source. */
export interface MirrorConfig {
  /** Whether clients get only what is stored. */
  readonly isComplete: boolean;
  readonly requestsPerSecond: number;
  /** Ceilings of what is mirrored because something else requires it. */
  readonly maxDependencies: number;
  readonly maxDependencyBytes: number;
  readonly filters: MirrorFilters;
}

/** The configuration of a source's mirror. */
export function resolveMirror({ serve, filters, ...rest }: z.infer<typeof mirror>): MirrorConfig {
  return {
    isComplete: serve === "complete",
    requestsPerSecond: rest.max_requests_per_second,
    maxDependencies: rest.max_dependencies,
    maxDependencyBytes: rest.max_dependency_size,
    filters: filters ?? mirrorFilters.parse({}),
  };
}

/** A message of the mirror queue: the source whose mirror has something to do. What that is, the database says. */
export const mirrorMessage = z.object({
  /** The upstream's URL, percent-encoded as in the store's keys. */
  source: z.string(),
});

export type MirrorMessage = z.infer<typeof mirrorMessage>;
