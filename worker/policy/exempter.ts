import { entryFinder, type FileRule } from "../pypi/file-rule.ts";
import type { PolicyEntry } from "../pypi/policy-entry.ts";
import type { Exempted, JudgedFile, Policy } from "./policy.ts";

/** An entry of either kind, of the configuration or beside it. */
type Source = { readonly by: Exempted["by"]; readonly rule: FileRule } & Partial<
  Pick<PolicyEntry, "id" | "reason" | "advisory" | "until">
>;

/** What is known of a rule that applies to a file. */
interface AppliedTo {
  readonly rule: string;
  /** The advisories for which it applies: their ids and aliases. */
  readonly advisories?: readonly string[] | undefined;
}

/** Tells what lets a file through where a rule applies to it; undefined where nothing does. `now` in milliseconds. */
export type Exempt = (file: JudgedFile, applied: AppliedTo, now: number) => Exempted | undefined;

/**
 * Denied files are never let through, and malware only by an exemption that names its advisory. An exemption that names
 * an advisory is from that one only.
 */
export function exempter({ allow, entries = [] }: Pick<Policy, "allow" | "entries">): Exempt {
  const sources: Source[] = [
    ...allow.map((rule) => ({ by: "allow" as const, rule })),
    ...entries.flatMap(({ kind, ...entry }) =>
      kind === "deny" ? [] : [{ by: kind, ...entry, advisory: entry.advisory?.toLowerCase() }],
    ),
  ];
  if (sources.length === 0) return () => undefined;
  const find = entryFinder(sources, false);
  return (file, { rule, advisories = [] }, now) => {
    if (rule === "deny") return undefined;
    // People write the ids by hand, and only GitHub's have lower-case letters.
    const named = new Set(advisories.map((id) => id.toLowerCase()));
    const found = find(
      file,
      ({ advisory, until = Infinity }) =>
        now < until && (advisory === undefined ? rule !== "malware" : named.has(advisory)),
    );
    return found && { by: found.by, text: found.rule.text, id: found.id, reason: found.reason, until: found.until };
  };
}
