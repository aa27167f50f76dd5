import { isWhole } from "../../pypi/file-rule.ts";
import { fingerprint } from "../../pypi/fingerprint.ts";
import {
  denials,
  judgeBy,
  needsDigest,
  needsPage,
  needsTime,
  needsWholePage,
  refusedProjects,
} from "../../policy/judge.ts";
import type { Policy } from "../../policy/policy.ts";
import type { Context } from "../../repository/context.ts";
import { allValues, withValue, type NowOrLater } from "../../repository/now-or-later.ts";
import type { PolicyEntry } from "../../pypi/policy-entry.ts";
import type { EntriesOf } from "../../repository/ports/policy-entries.ts";

/** The policies of an index, with their lists as they are at a moment, ready to judge. */
export type Rules = ReturnType<typeof rulesOf>;

/** The modes whose verdicts are counted. */
const COUNTED = ["audit", "warn", "enforce"] as const;

function rulesOf(policies: readonly Policy[]) {
  const denied = policies.map((policy) => ({
    index: policy.index,
    mode: policy.modes.deny,
    projects: denials(policy).flatMap(({ rule, until }) => (isWhole(rule) ? [[rule.pattern, until]] : [])),
  }));
  return {
    judge: judgeBy(policies),
    refusedProject: refusedProjects(policies),
    readsPage: needsPage(policies, ["enforce"]),
    readsWhole: needsWholePage(policies, ["enforce"]),
    /** Whether what is counted of a file is known by its page alone. */
    countsPage: needsPage(policies, COUNTED),
    countsWhole: needsWholePage(policies, COUNTED),
    readsTime: needsTime(policies),
    readsDigest: needsDigest(policies),
    hidesNames: denied.some(({ mode, projects }) => mode === "enforce" && projects.length > 0),
    /** Names which projects are refused whole. */
    routing: `policy ${fingerprint(JSON.stringify(denied))}`,
  };
}

/** Returns a function that gives the rules as they are now: the same object as long as no list has changed. */
export function currentRules(policies: readonly Policy[], entriesOf: EntriesOf): (ctx: Context) => NowOrLater<Rules> {
  let lists: readonly (readonly PolicyEntry[])[] = [];
  let rules: Rules | undefined;
  const rulesBy = (now: typeof lists): Rules => {
    if (rules && now.every((entries, at) => areSame(entries, lists[at] ?? []))) return rules;
    const made = rulesOf(policies.map((policy, at) => ({ ...policy, entries: now[at] ?? [] })));
    [lists, rules] = [now, made];
    return made;
  };
  return (ctx) => withValue(allValues(policies.map(({ index }) => entriesOf(index, ctx))), rulesBy);
}

/** Entries are added and removed, and never changed. */
const areSame = (some: readonly PolicyEntry[], others: readonly PolicyEntry[]) =>
  some === others || (some.length === others.length && some.every(({ id }, at) => id === others[at]?.id));
