import * as z from "zod/mini";
import { DAY, HOUR, WEEK } from "../worker/duration.ts";
import { coversRule, fileRuleOf, isHashRule, type FileRule } from "../worker/pypi/file-rule.ts";
import { isSpecifierSet } from "../worker/pypi/specifiers.ts";
import { pattern } from "./patterns.ts";
import { provenanceRule, type ProvenanceRuleConfig } from "./provenance-rule.ts";

const mode = z.enum(["off", "audit", "warn", "enforce"], 'must be "off", "audit", "warn" or "enforce"');

type Mode = z.infer<typeof mode>;

/** Least first. */
const SEVERITIES = ["low", "medium", "high", "critical"] as const;

/** `3d`, `48h`, `2w`, and the same as ISO 8601 has it: `P3D`, `PT48H`, `P2W`. */
const AGE = /^(?:(\d{1,4})([hdw])|P(\d{1,4})([DW])|PT(\d{1,4})(H))$/;

const UNITS: Readonly<Record<string, number>> = { h: HOUR, d: DAY, w: WEEK };

/** Milliseconds; NaN where the text is not such a time. */
export const ageOf = (text: string) => {
  const [count, unit] = (AGE.exec(text) ?? []).slice(1).filter((part) => part !== undefined);
  return Number(count) * (UNITS[unit?.toLowerCase() ?? ""] ?? Number.NaN);
};

const MUST_BE_AGE = 'must be a time such as "3d", "48h", "2w" or "P7D"';

/** Milliseconds. */
export const age = z.pipe(
  z.string(MUST_BE_AGE).check(z.refine((it) => ageOf(it) > 0, MUST_BE_AGE)),
  z.transform(ageOf),
);

const MUST_BE_DATE = 'must be a date, "2026-12-31", which is its first moment in UTC, or "2026-12-31T18:00:00Z"';

/** Milliseconds since the epoch. */
export const dateTime = z.pipe(
  z
    .string(MUST_BE_DATE)
    .check(
      z.refine((it) => z.union([z.iso.date(), z.iso.datetime({ offset: true })]).safeParse(it).success, MUST_BE_DATE),
    ),
  z.transform((it) => Date.parse(it)),
);

const MUST_BE_RULE =
  'must be patterns of project names, each with version specifiers where not all are meant ("demo-*<2"), or digests of files ("sha256:" and 64 hex digits)';

/** A text that `fileRuleOf` takes apart. */
export const fileRule = z.string(MUST_BE_RULE).check(
  z.refine((it) => {
    const rule = fileRuleOf(it);
    return isHashRule(rule) || (pattern.safeParse(rule.pattern).success && isSpecifierSet(rule.specifiers));
  }, MUST_BE_RULE),
);

export const fileRules = z
  .array(z.pipe(fileRule, z.transform(fileRuleOf)))
  .check(z.minLength(1, "must name at least one project, or be left out"));

/** The rules whose keys have a value of their own; `modes` has their modes. */
const WITH_MODE = ["min_age", "before", "deny", "status", "provenance"] as const;
const SOURCES = 'must be what the ids of records begin with: "MAL", "GHSA", "PYSEC"';

/** A mode, or a table with one. */
const malware = z.pipe(
  z.union(
    [
      mode,
      z.strictObject({
        mode: z._default(mode, "enforce"),
        sources: z.optional(
          z
            .array(z.string().check(z.regex(/^[A-Z]{2,12}$/, SOURCES)))
            .check(z.minLength(1, "must name at least one source, or be left out")),
        ),
        delay: z.optional(age),
      }),
    ],
    'must be a mode, or a table: { mode = "enforce", sources = ["MAL"], delay = "1h" }',
  ),
  z.transform((it) => (typeof it === "string" ? { mode: it, sources: undefined, delay: undefined } : it)),
);

const vulnerable = z.strictObject(
  {
    severity: z.enum(SEVERITIES, 'must be "low", "medium", "high" or "critical"'),
    mode: z._default(mode, "enforce"),
    unknown: z._default(mode, "off"),
  },
  'must be a table: { severity = "high", mode = "enforce", unknown = "audit" }',
);

/** `[vars.INDEXES.NAME.policy]`. */
export const policy = z
  .strictObject({
    min_age: z.optional(age),
    before: z.optional(dateTime),
    unknown_time: z._default(z.enum(["hold", "allow"], 'must be "hold" or "allow"'), "hold"),
    malware: z.optional(malware),
    vulnerable: z.optional(vulnerable),
    on_missing: z._default(z.enum(["allow", "refuse"], 'must be "allow" or "refuse"'), "allow"),
    deny: z.optional(fileRules),
    allow: z.optional(fileRules),
    prerelease: z._default(mode, "off"),
    yanked: z._default(mode, "off"),
    status: z.optional(
      z
        .array(z.enum(["archived", "deprecated"], 'must be "archived", "deprecated" or both'))
        .check(z.minLength(1, "must name at least one status, or be left out")),
    ),
    provenance: z.optional(provenanceRule),
    modes: z.optional(
      z.strictObject({
        min_age: z.optional(mode),
        before: z.optional(mode),
        deny: z.optional(mode),
        status: z.optional(mode),
        provenance: z.optional(mode),
      }),
    ),
  })
  .check(
    z.refine(
      ({ modes = {}, ...rules }) => WITH_MODE.every((rule) => !modes[rule] || rules[rule] !== undefined),
      "has a mode for a rule that it does not have",
    ),
    z.check(({ value: { allow = [], deny = [], modes }, issues }) => {
      if ((modes?.deny ?? "enforce") !== "enforce") return;
      for (const rule of allow) {
        const denial = deny.find((each) => coversRule(each, rule));
        if (!denial) continue;
        const message = `has ${rule.text}, which has no effect: deny has ${denial.text}, and wins`;
        issues.push({ code: "custom", input: rule.text, path: ["allow"], message });
      }
    }),
  );

/** A policy, resolved. */
export interface PolicyConfig {
  /** The index that it was configured for. */
  readonly index: string;
  readonly deny: readonly FileRule[];
  readonly allow: readonly FileRule[];
  /** Milliseconds. */
  readonly minAge: number | undefined;
  /** Milliseconds since the epoch. */
  readonly before: number | undefined;
  readonly unknownTime: "hold" | "allow";
  /** Whether hosted files have an age too. */
  readonly datesHosted?: boolean;
  readonly status?: readonly string[];
  readonly provenance?: ProvenanceRuleConfig | undefined;
  /** `delay` in milliseconds. */
  readonly malware?: { readonly sources: readonly string[]; readonly delay: number } | undefined;
  readonly vulnerable?: { readonly floor: (typeof SEVERITIES)[number]; readonly unknown: Mode } | undefined;
  readonly onMissing?: "allow" | "refuse";
  readonly modes: Readonly<
    Record<
      "malware" | "deny" | "vulnerable" | "before" | "min-age" | "prerelease" | "yanked" | "status" | "provenance",
      Mode
    >
  >;
}

/** The policy of an index. */
export function resolvePolicy(
  index: string,
  { min_age: minAge, before, unknown_time: unknownTime, deny = [], allow = [], ...rules }: z.infer<typeof policy>,
): PolicyConfig {
  const { modes = {}, prerelease, yanked, status = [], provenance } = rules;
  const { malware: harmful, vulnerable: weak, on_missing: onMissing } = rules;
  return {
    index,
    deny,
    allow,
    minAge,
    before,
    unknownTime,
    status,
    provenance,
    malware: harmful && { sources: harmful.sources ?? [], delay: harmful.delay ?? 0 },
    vulnerable: weak && { floor: weak.severity, unknown: weak.unknown },
    onMissing,
    modes: {
      malware: harmful?.mode ?? "off",
      vulnerable: weak?.mode ?? "off",
      deny: modes.deny ?? "enforce",
      before: modes.before ?? "enforce",
      "min-age": modes.min_age ?? "enforce",
      prerelease,
      yanked,
      status: modes.status ?? "enforce",
      provenance: modes.provenance ?? "enforce",
    },
  };
}
