import { DAY, HOUR, MINUTE } from "../duration.ts";
import type { ProjectName } from "../pypi/name.ts";
import { matcher } from "../pypi/pattern.ts";
import { parseVersion } from "../pypi/pep440.ts";
import { versionMatcher } from "../pypi/version-match.ts";
import { RULES, type Finding, type JudgedFile, type Policy, type ProjectRule, type RuleName } from "./policy.ts";

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
export const refusing = (findings: readonly Finding[]) => findings.find(({ mode }) => mode === "enforce");

/** The finding that marks an admitted file as yanked; undefined where none does. */
export const warning = (findings: readonly Finding[]) => findings.find(({ mode }) => mode === "warn");

/** Returns a function that finds the rule by which a project is refused whole, whatever files it has. */
export function refusedProjects(policies: readonly Policy[]): (name: ProjectName) => Finding | undefined {
  const rules = policies
    .filter(({ modes }) => modes.deny === "enforce")
    .flatMap(({ index, deny }) =>
      deny
        .filter(({ specifiers }) => specifiers === "")
        .map(({ pattern, text }) => ({ matches: matcher(pattern), text, index })),
    );
  return (name) => {
    const found = rules.find(({ matches }) => matches(name));
    if (!found) return undefined;
    const { index, text } = found;
    return { rule: "deny", mode: "enforce", index, sentence: () => denied(name, index, text) };
  };
}

/** Whether a rule that refuses looks at what only the project's page says of a file. */
export const needsPage = (policies: readonly Policy[]) =>
  needsWholePage(policies) || policies.some(({ modes }) => modes.yanked === "enforce");

/** Whether a rule that refuses looks at more of the page than the file's entry. */
export const needsWholePage = (policies: readonly Policy[]) =>
  policies.some(
    ({ modes, status = [], provenance }) =>
      (modes.status === "enforce" && status.length > 0) || (modes.provenance === "enforce" && provenance !== undefined),
  );

/** Whether a rule that refuses looks at the time of a file's upload. */
export const needsTime = (policies: readonly Policy[]) =>
  policies.some(
    ({ modes, minAge, before }) =>
      (minAge !== undefined && modes["min-age"] === "enforce") || (before !== undefined && modes.before === "enforce"),
  );

type Hit = Pick<Finding, "until" | "sentence">;

/** A rule of one policy. */
type Rule = (file: JudgedFile, now: number) => Hit | undefined;

function judgeByOne(policy: Policy): Judge {
  const { index, modes } = policy;
  const rules = RULES.flatMap((rule) => {
    const mode = modes[rule];
    const applies = mode === "off" ? undefined : MAKERS[rule](policy);
    return applies && mode !== "off" ? [{ rule, mode, applies }] : [];
  });
  const allows = policy.allow.map(projectMatcher);
  const isAllowed = (file: JudgedFile) => allows.some((matches) => matches(file) === true);
  return (file, now) => {
    let found: Finding[] | undefined;
    let allowed: boolean | undefined;
    for (const { rule, mode, applies } of rules) {
      const hit = applies(file, now);
      if (!hit || (rule !== "deny" && (allowed ??= isAllowed(file)))) continue;
      (found ??= []).push({ rule, mode, index, ...hit });
    }
    return found ?? NONE;
  };
}

const NONE: readonly Finding[] = [];

/** Tells whether a rule is about a file; undefined where the file's version cannot be read. */
function projectMatcher({ pattern, specifiers }: ProjectRule): (file: JudgedFile) => boolean | undefined {
  const [matchesName, fits] = [matcher(pattern), versionMatcher(specifiers)];
  return (file) => matchesName(file.project) && (specifiers === "" || fits(file.version ?? ""));
}

/** Makes each rule of a policy; undefined where the policy does not have it. */
const MAKERS: Readonly<Record<RuleName, (policy: Policy) => Rule | undefined>> = {
  deny({ deny, index }) {
    const rules = deny.map((rule) => ({ ...rule, matches: projectMatcher(rule) }));
    if (rules.length === 0) return undefined;
    return (file) => {
      // A version that cannot be compared counts as denied: it could be any.
      const found = rules.find(({ matches }) => matches(file) !== false);
      if (!found) return undefined;
      const { text, specifiers } = found;
      return { sentence: () => denied(specifiers === "" ? file.project : file.filename, index, text) };
    };
  },

  before({ before, unknownTime, datesHosted, index }) {
    if (before === undefined) return undefined;
    const fixed = `index ${index} has what was uploaded before ${moment(before)}`;
    return ({ filename, uploadedAt, isHosted }) => {
      if (isHosted && !datesHosted) return undefined;
      if (uploadedAt === undefined) {
        return unknownTime === "allow"
          ? undefined
          : { sentence: () => `${filename} is held: ${UNKNOWN}, and ${fixed}.` };
      }
      if (uploadedAt < before) return undefined;
      return { sentence: () => `${filename} is held: it was uploaded at ${moment(uploadedAt)}, and ${fixed}.` };
    };
  },

  "min-age"({ minAge, unknownTime, datesHosted, index }) {
    if (minAge === undefined) return undefined;
    const admits = `index ${index} admits files ${period(minAge)} after their upload`;
    return ({ filename, uploadedAt, isHosted }, now) => {
      if (isHosted && !datesHosted) return undefined;
      if (uploadedAt === undefined) {
        return unknownTime === "allow"
          ? undefined
          : { sentence: () => `${filename} is held: ${UNKNOWN}, and ${admits}.` };
      }
      const until = uploadedAt + minAge;
      return until <= now
        ? undefined
        : { until, sentence: () => `${filename} is held until ${moment(until)}: ${admits}.` };
    };
  },

  prerelease:
    ({ index }) =>
    ({ filename, version }) =>
      version !== undefined && parseVersion(version)?.isPrerelease
        ? { sentence: () => `${filename} is refused: it is a pre-release, of which index ${index} has none.` }
        : undefined,

  yanked:
    ({ index }) =>
    ({ filename, isYanked }) =>
      isYanked
        ? { sentence: () => `${filename} is refused: it was yanked, and index ${index} has no yanked files.` }
        : undefined,

  status({ status: refused = [], index }) {
    if (refused.length === 0) return undefined;
    return ({ filename, project, status, isHosted }) =>
      !isHosted && status !== undefined && refused.includes(status)
        ? {
            sentence: () => `${filename} is refused: ${project} is ${status}, and index ${index} has no such projects.`,
          }
        : undefined;
  },

  provenance({ provenance: wanted, index }) {
    if (wanted === undefined) return undefined;
    return ({ filename, project, provenance, isHosted }) => {
      if (isHosted) return undefined;
      if (provenance === "lost") {
        return {
          sentence: () => `${filename} is refused: it has no provenance, and an earlier file of ${project} has.`,
        };
      }
      return wanted === "require" && provenance !== "present"
        ? { sentence: () => `${filename} is refused: it has no provenance, which index ${index} requires.` }
        : undefined;
    };
  },
};

const UNKNOWN = "its upstream does not say when it was uploaded";

const denied = (what: string, index: string, text: string) => `${what} is refused: index ${index} denies ${text}.`;

/** `2026-12-01 10:00 UTC`: to the minute, rounded up, so that it is true once it has come. */
function moment(at: number): string {
  const minute = new Date(Math.ceil(at / MINUTE) * MINUTE).toISOString();
  return `${minute.slice(0, 10)} ${minute.slice(11, 16)} UTC`;
}

const period = (duration: number) =>
  duration % DAY === 0 ? counted(duration / DAY, "day") : counted(Math.round((duration / HOUR) * 10) / 10, "hour");

const counted = (count: number, unit: string) => `${count} ${unit}${count === 1 ? "" : "s"}`;
