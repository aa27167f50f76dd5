import { baseScore3 } from "./cvss3.ts";
import { baseScore4 } from "./cvss4.ts";

/** How severe an advisory is, least first: the levels of CVSS ("Qualitative Severity Rating Scale"). */
export const SEVERITIES = ["low", "medium", "high", "critical"] as const;
export type Severity = (typeof SEVERITIES)[number];

/** What a record says of its severity, as the OSV schema has it. */
export interface Rated {
  readonly severity?: readonly { readonly type: string; readonly score: string }[] | null | undefined;
  readonly database_specific?: { readonly severity?: string | null | undefined } | null | undefined;
}

/** GitHub's word for a level is another than CVSS's. */
const WORDS: Readonly<Record<string, Severity>> = {
  low: "low",
  moderate: "medium",
  medium: "medium",
  high: "high",
  critical: "critical",
};

/**
 * The severity of a record: what its database says, else by the highest base score of its CVSS vectors (3.0, 3.1 and 4.0);
 * undefined where it has neither.
 */
export function severityIn({ severity, database_specific: specific }: Rated): Severity | undefined {
  const said = WORDS[specific?.severity?.toLowerCase() ?? ""];
  if (said) return said;
  const scores = (severity ?? []).flatMap(({ score }) => baseScore3(score) ?? baseScore4(score) ?? []);
  return scores.length === 0 ? undefined : levelOf(Math.max(...scores));
}

/** The more severe of two; an unknown one is below all. */
export const worse = (one: Severity | undefined, other: Severity | undefined) =>
  severityRank(one) < severityRank(other) ? other : one;

/** Whether a severity is at least the floor. */
export const isAtLeast = (severity: Severity, floor: Severity) => severityRank(severity) >= severityRank(floor);

/** Its place among the levels, the least first; an unknown one is below all. */
export const severityRank = (severity: Severity | undefined) =>
  severity === undefined ? -1 : SEVERITIES.indexOf(severity);

const levelOf = (score: number): Severity =>
  score >= 9 ? "critical" : score >= 7 ? "high" : score >= 4 ? "medium" : "low";
