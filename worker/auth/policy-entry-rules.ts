import { DAY } from "../duration.ts";
import { IndexError } from "../errors.ts";
import { coversRule, isHashRule, isWhole, versionIn, type FileRule } from "../pypi/file-rule.ts";
import { asProjectName, type ProjectName } from "../pypi/name.ts";
import type { PolicyEntry } from "../pypi/policy-entry.ts";

/** The longest time that an exemption is for. Milliseconds. */
const MAX_EXEMPTION = 90 * DAY;

/** Limit of the entries of an index: each isolate has them in memory. */
const MAX_ENTRIES = 5_000;

/** What entries are to be added, all alike but for their rules. */
interface Wanted extends Pick<PolicyEntry, "kind" | "advisory" | "until"> {
  readonly index: string;
  readonly rules: readonly FileRule[];
}

/** What an index has already: the entries of its lists, and what its configuration denies. */
interface Present {
  readonly entries: readonly PolicyEntry[];
  readonly denied: readonly FileRule[];
}

/**
 * Checks that new entries have an effect. Returns sentences about entries that lose theirs.
 *
 * @param now milliseconds since the epoch
 * @throws IndexError `unprocessable`
 */
export function checkNewEntries(wanted: Wanted, { entries, denied }: Present, now: number): string[] {
  const { index, kind, advisory, until, rules } = wanted;
  if (kind === "exemption") for (const rule of rules) requireOneProject(rule);
  else if (advisory !== undefined) throw refused("Only an exemption names an advisory");
  if (kind === "exemption") {
    if (until === undefined) throw refused("An exemption ends: give expires, such as 14d");
    if (until > now + MAX_EXEMPTION) throw refused("An exemption ends within 90 days");
  }
  const active = entries.filter(({ until: end = Infinity }) => now < end);
  if (entries.length + rules.length > MAX_ENTRIES) {
    throw refused(`Index ${index} would have more than ${MAX_ENTRIES} entries; remove those that have ended`);
  }
  for (const rule of rules) {
    const same = active.find(
      (entry) =>
        entry.kind === kind &&
        entry.advisory === advisory &&
        (entry.until ?? Infinity) >= (until ?? Infinity) &&
        isSame(entry.rule, rule),
    );
    if (same) throw refused(`${rule.text} is there already, as entry ${same.id}`);
  }
  const denials = [
    ...denied.map((rule) => ({ rule, where: "by its configuration" })),
    ...active.flatMap(({ kind: of, id, rule }) => (of === "deny" ? [{ rule, where: `by entry ${id}` }] : [])),
  ];
  if (kind !== "deny") {
    for (const rule of rules) {
      const denial = denials.find((each) => coversRule(each.rule, rule));
      if (!denial) continue;
      throw refused(
        `${rule.text} would have no effect: index ${index} denies ${denial.rule.text} ${denial.where}, and deny wins`,
      );
    }
    return [];
  }
  return active.flatMap((entry) => {
    const denial = entry.kind === "deny" ? undefined : rules.find((rule) => coversRule(rule, entry.rule));
    return denial
      ? [`Entry ${entry.id} (${entry.kind} ${entry.rule.text}) has no effect any more: ${denial.text} is denied.`]
      : [];
  });
}

const isSame = (one: FileRule, other: FileRule) => coversRule(one, other) && coversRule(other, one);

/** The project that a rule is about; undefined where it may be about several. */
export const projectOf = (rule: FileRule): ProjectName | undefined =>
  isHashRule(rule) ? undefined : asProjectName(rule.pattern);

/** An exemption is the answer to one refusal: what is let through for longer, or of many projects, is allowed instead. */
function requireOneProject(rule: FileRule): void {
  if (isHashRule(rule) || projectOf(rule) === undefined || !(isWhole(rule) || versionIn(rule) !== undefined)) {
    throw refused(
      `An exemption is for one project or one version of it, demo or demo==2.1.4, and ${rule.text} is neither; what is to be let through besides is allowed`,
    );
  }
}

const refused = (sentence: string) => new IndexError("unprocessable", `${sentence}.`);
