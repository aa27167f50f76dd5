import { DAY, HOUR } from "../duration.ts";
import { counted } from "../pypi/counted.ts";
import { entryFinder, isHashRule, isWhole, type FileRule } from "../pypi/file-rule.ts";
import type { ProjectName } from "../pypi/name.ts";
import { matcher } from "../pypi/pattern.ts";
import { parseVersion } from "../pypi/pep440.ts";
import { malwareIn, vulnerabilityIn } from "./advisory-rules.ts";
import { exempter } from "./exempter.ts";
import { moment } from "./moment.ts";
import { provenanceIn } from "./provenance-rule.ts";
import {
  RULES,
  type Finding,
  type Hit,
  type JudgedFile,
  type Mode,
  type Policy,
  type Rule,
  type RuleName,
  type Wording,
} from "./policy.ts";
import { held, refused } from "./wording.ts";

/** Tells which rules apply to a file, in the order of `RULES`. `now` in milliseconds since the epoch. */
export type Judge = (file: JudgedFile, now: number) => readonly Finding[];

/** The policies of an index: its own, and those of the indexes that it stands on. Each of them must admit a file. */
export function judgeBy(policies: readonly Policy[]): Judge {
  const judges = policies.map(judgeByOne);
  const [only] = judges;
  if (judges.length === 1 && only) return only;
  return (file, now) =>
    judges
      .flatMap((judge) => judge(file, now))
      .toSorted((one, other) => RULES.indexOf(one.rule) - RULES.indexOf(other.rule));
}

/** The finding that refuses the file; undefined where it is admitted. */
export const refusing = (findings: readonly Finding[]) =>
  findings.find(({ mode, exempted }) => mode === "enforce" && !exempted);

/** The finding that marks an admitted file as yanked; undefined where none does. */
export const warning = (findings: readonly Finding[]) =>
  findings.find(({ mode, exempted }) => mode === "warn" && !exempted);

/** Returns a function that finds the rule by which a project is refused whole, whatever files it has, at `now`. */
export function refusedProjects(policies: readonly Policy[]): (name: ProjectName, now: number) => Finding | undefined {
  const rules = policies
    .filter(({ modes }) => modes.deny === "enforce")
    .flatMap((policy) =>
      denials(policy).flatMap(({ id, rule, until = Infinity, reason }) =>
        isWhole(rule) ? [{ matches: matcher(rule.pattern), until, index: policy.index, id, rule, reason }] : [],
      ),
    );
  return (name, now) => {
    const found = rules.find(({ matches, until }) => now < until && matches(name));
    if (!found) return undefined;
    const { index } = found;
    return {
      rule: "deny",
      mode: "enforce",
      index,
      writtenIn: placeOf(found, index),
      sentence: (as) => denied(name, index, found, as),
    };
  };
}

/** An entry of `deny`, of the configuration or beside it. */
export interface Denial {
  /** Of an entry beside the configuration. */
  readonly id?: string | undefined;
  readonly rule: FileRule;
  readonly reason?: string | undefined;
  readonly until?: number | undefined;
}

/** What a policy denies, of its configuration and of its entries. */
export const denials = ({ deny, entries = [] }: Policy): Denial[] => [
  ...deny.map((rule) => ({ rule })),
  ...entries.filter(({ kind }) => kind === "deny"),
];

/** Whether a list names files by their digests. */
export const needsDigest = (policies: readonly Policy[]) =>
  policies.some(({ deny, allow, entries = [] }) =>
    [...deny, ...allow, ...entries.map(({ rule }) => rule)].some(isHashRule),
  );

/** Whether a rule in one of these modes looks at what only the project's page says of a file. */
export const needsPage = (policies: readonly Policy[], inModes: readonly Mode[]) =>
  needsWholePage(policies, inModes) || policies.some(({ modes }) => inModes.includes(modes.yanked));

/** Whether a rule in one of these modes looks at more of the page than the file's entry. */
export const needsWholePage = (policies: readonly Policy[], inModes: readonly Mode[]) =>
  policies.some(
    ({ modes, status = [], provenance }) =>
      (inModes.includes(modes.status) && status.length > 0) ||
      (inModes.includes(modes.provenance) && provenance !== undefined),
  );

/** Whether a rule looks at files' provenance. */
export const asksForProvenance = ({ modes, provenance }: Pick<Policy, "modes" | "provenance">) =>
  modes.provenance !== "off" && provenance !== undefined;

/** Whether a rule looks at what advisories say. */
export const needsAdvisories = (policies: readonly Policy[]) =>
  policies.some(({ modes }) => modes.malware !== "off" || modes.vulnerable !== "off");

/** Whether a rule that refuses looks at what advisories say. */
export const dependsOnAdvisories = (policies: readonly Policy[]) =>
  policies.some(
    ({ modes, vulnerable }) =>
      modes.malware === "enforce" ||
      modes.vulnerable === "enforce" ||
      (modes.vulnerable !== "off" && vulnerable?.unknown === "enforce"),
  );

/** Whether a rule that refuses looks at the time of a file's upload. */
export const needsTime = (policies: readonly Policy[]) =>
  policies.some(
    ({ modes, minAge, before }) =>
      (minAge !== undefined && modes["min-age"] === "enforce") || (before !== undefined && modes.before === "enforce"),
  );

function judgeByOne(policy: Policy): Judge {
  const { index, modes } = policy;
  const rules = RULES.flatMap((rule) => {
    const mode = modes[rule];
    const applies = mode === "off" ? undefined : MAKERS[rule](policy);
    return applies && mode !== "off" ? [{ rule, mode, applies }] : [];
  });
  const exempt = exempter(policy);
  return (file, now) => {
    let found: Finding[] | undefined;
    for (const each of rules) {
      const hit = each.applies(file, now);
      if (!hit) continue;
      const { rule, mode } = each;
      for (const one of isOne(hit) ? [hit] : hit) {
        const { advisory } = one;
        const advisories = advisory && [advisory.id, ...advisory.aliases];
        const exempted = exempt(file, { rule, advisories }, now);
        (found ??= []).push({ rule, mode, index, ...one, ...(exempted && { exempted }) });
      }
    }
    return found ?? NONE;
  };
}

const NONE: readonly Finding[] = [];

const isOne = (hit: Hit | readonly Hit[]): hit is Hit => "sentence" in hit;

/** Makes each rule of a policy; undefined where the policy does not have it. */
const MAKERS: Readonly<Record<RuleName, (policy: Policy) => Rule | undefined>> = {
  malware: malwareIn,
  vulnerable: vulnerabilityIn,

  deny(policy) {
    const all = denials(policy);
    if (all.length === 0) return undefined;
    // A version that cannot be compared counts as denied: it could be any.
    const find = entryFinder(all, true);
    return (file, now) => {
      const found = find(file, ({ until = Infinity }) => now < until);
      if (!found) return undefined;
      const what = isWhole(found.rule) ? file.project : file.filename;
      return {
        until: found.until,
        writtenIn: placeOf(found, policy.index),
        sentence: (as) => denied(what, policy.index, found, as),
      };
    };
  },

  before({ before, datesHosted, index, ...policy }) {
    if (before === undefined) return undefined;
    const admitsUnknown = unknownTimeAdmitted(policy);
    const fixed = `index ${index} has what was uploaded before ${moment(before)}`;
    return ({ filename, uploadedAt, isHosted, source }) => {
      if (isHosted && !datesHosted) return undefined;
      if (uploadedAt === undefined) {
        return admitsUnknown(source)
          ? undefined
          : { sentence: (as) => `${filename} ${held(as)}: ${UNKNOWN}, and ${fixed}.` };
      }
      if (uploadedAt < before) return undefined;
      return { sentence: (as) => `${filename} ${held(as)}: it was uploaded at ${moment(uploadedAt)}, and ${fixed}.` };
    };
  },

  "min-age"({ minAge, datesHosted, index, ...policy }) {
    if (minAge === undefined) return undefined;
    const admitsUnknown = unknownTimeAdmitted(policy);
    const admits = `index ${index} admits files ${period(minAge)} after their upload`;
    return ({ filename, uploadedAt, isHosted, source }, now) => {
      if (isHosted && !datesHosted) return undefined;
      if (uploadedAt === undefined) {
        return admitsUnknown(source)
          ? undefined
          : { sentence: (as) => `${filename} ${held(as)}: ${UNKNOWN}, and ${admits}.` };
      }
      const until = uploadedAt + minAge;
      return until <= now
        ? undefined
        : { until, sentence: (as) => `${filename} ${held(as)} until ${moment(until)}: ${admits}.` };
    };
  },

  prerelease:
    ({ index }) =>
    ({ filename, version }) =>
      version !== undefined && parseVersion(version)?.isPrerelease
        ? { sentence: (as) => `${filename} ${refused(as)}: it is a pre-release, of which index ${index} has none.` }
        : undefined,

  yanked:
    ({ index }) =>
    ({ filename, isYanked }) =>
      isYanked
        ? { sentence: (as) => `${filename} ${refused(as)}: it was yanked, and index ${index} has no yanked files.` }
        : undefined,

  status({ status: unwanted = [], index }) {
    if (unwanted.length === 0) return undefined;
    return ({ filename, project, status, isHosted }) =>
      !isHosted && status !== undefined && unwanted.includes(status)
        ? {
            sentence: (as) =>
              `${filename} ${refused(as)}: ${project} is ${status}, and index ${index} has no such projects.`,
          }
        : undefined;
  },

  provenance: provenanceIn,
};

/** Tells whether a file of a source is let through although it is not known when it was uploaded. */
const unknownTimeAdmitted =
  ({ unknownTime, unknownTimes }: Pick<Policy, "unknownTime" | "unknownTimes">) =>
  (source: string | undefined) =>
    (unknownTimes?.get(source ?? "") ?? unknownTime) === "allow";

const UNKNOWN = "its upstream does not say when it was uploaded";

const denied = (what: string, index: string, { rule, reason, until = Infinity }: Denial, as?: Wording) =>
  `${what} ${refused(as)}${until === Infinity ? "" : ` until ${moment(until)}`}: index ${index} denies ${rule.text}${reason === undefined ? "" : ` (${reason})`}.`;

/** Where an entry of `deny` is written. */
const placeOf = ({ id }: Denial, index: string) =>
  id === undefined ? placeInConfiguration("deny", index) : `The rule is the entry ${id} of the deny list of ${index}.`;

/** Where a rule is written that an index's configuration has: a sentence for people. */
export const placeInConfiguration = (rule: RuleName, index: string) =>
  `The rule is \`${rule}\` in the configuration of ${index}.`;

const period = (duration: number) =>
  duration % DAY === 0 ? counted(duration / DAY, "day") : counted(Math.round((duration / HOUR) * 10) / 10, "hour");
