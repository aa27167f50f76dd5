import { moment } from "./moment.ts";
import type { Advisory } from "./osv/advisories.ts";
import { isAtLeast, severityRank } from "./osv/severity.ts";
import type { Hit, JudgedFile, Policy, Rule } from "./policy.ts";
import { refused } from "./wording.ts";

/** Makes the rule `malware` of a policy. It is about what comes from upstreams: hosted files are the team's own. */
export function malwareIn({ malware, onMissing, index }: Policy): Rule | undefined {
  if (!malware) return undefined;
  const { sources, delay } = malware;
  const counts = ({ isMalware, records }: Advisory) =>
    isMalware && (sources.length === 0 || records.some((id) => sources.includes(sourceOf(id))));
  return (file, now) => {
    if (file.isHosted) return undefined;
    if (!file.advisories) return onMissing === "refuse" ? withoutAdvisories(file, index) : undefined;
    return affecting(file)
      .filter(counts)
      .map((advisory): Hit => {
        const begins = from(advisory, delay);
        const { id } = advisory;
        if (begins <= now) {
          return {
            advisory,
            sentence: (as) => `${file.filename} ${refused(as)}: it is malware, ${id}. Do not install it.`,
          };
        }
        // Until then it is counted and listed.
        const sentence = () => `${file.filename} will be refused from ${moment(begins)} on: it is malware, ${id}.`;
        return { advisory, mode: "audit", until: begins, sentence };
      });
  };
}

/** Makes the rule `vulnerable` of a policy. */
export function vulnerabilityIn({ vulnerable, onMissing, index }: Policy): Rule | undefined {
  if (!vulnerable) return undefined;
  const { floor, unknown } = vulnerable;
  return (file) => {
    if (file.isHosted) return undefined;
    if (!file.advisories) {
      if (onMissing !== "refuse") return undefined;
      // It could be affected by one of either kind.
      return { ...withoutAdvisories(file, index), ...(unknown === "enforce" && { mode: unknown }) };
    }
    return affecting(file).flatMap((advisory): Hit[] => {
      const { severity } = advisory;
      if (severity) return isAtLeast(severity, floor) ? [affected(file, advisory, ` (${severity})`, index)] : [];
      if (unknown === "off") return [];
      return [{ ...affected(file, advisory, ", whose severity is not known", index), mode: unknown }];
    });
  };
}

/** The database that a record comes from: `MAL`, `GHSA`, `PYSEC`. */
const sourceOf = (id: string) => id.slice(0, Math.max(id.indexOf("-"), 0));

const from = ({ publishedAt }: Advisory, delay: number) =>
  publishedAt === undefined ? -Infinity : publishedAt + delay;

/** The worst first. A file whose name has no version may be of any: what is about every version is about it. */
const affecting = ({ advisories, version = "" }: JudgedFile): readonly Advisory[] =>
  (advisories?.affecting(version) ?? []).toSorted(
    (one, other) => severityRank(other.severity) - severityRank(one.severity),
  );

const affected = ({ filename }: JudgedFile, advisory: Advisory, how: string, index: string): Hit => ({
  advisory,
  sentence: (as) =>
    `${filename} ${refused(as)}: it is affected by ${advisory.id}${how}, by the rule of index ${index} on vulnerabilities.`,
});

const withoutAdvisories = ({ filename }: JudgedFile, index: string): Hit => ({
  sentence: (as) =>
    `${filename} ${refused(as)}: no advisories are loaded here, and index ${index} has nothing that was not compared with them.`,
});
