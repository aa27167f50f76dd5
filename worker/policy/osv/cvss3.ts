/** The metrics' values of CVSS 3.1, section 7.4. `PR` counts for more where the scope changes: `PR` and `S:C` together. */
const WEIGHTS: Readonly<Record<string, number>> = {
  "AV:N": 0.85,
  "AV:A": 0.62,
  "AV:L": 0.55,
  "AV:P": 0.2,
  "AC:L": 0.77,
  "AC:H": 0.44,
  "PR:N": 0.85,
  "PR:L": 0.62,
  "PR:H": 0.27,
  "PR:N/S:C": 0.85,
  "PR:L/S:C": 0.68,
  "PR:H/S:C": 0.5,
  "UI:N": 0.85,
  "UI:R": 0.62,
};

const IMPACTS: Readonly<Record<string, number>> = { H: 0.56, L: 0.22, N: 0 };

/** The base score of a CVSS 3.0 or 3.1 vector (section 7.1); undefined where it is none, or lacks a metric. */
export function baseScore3(vector: string): number | undefined {
  if (!/^CVSS:3\.[01]\//.test(vector)) return undefined;
  const metrics = new Map(vector.split("/").map((part) => part.split(":", 2) as [string, string | undefined]));
  const isChanged = metrics.get("S") === "C";
  const weight = (metric: string, scope = "") => WEIGHTS[`${metric}:${metrics.get(metric)}${scope}`] ?? Number.NaN;
  const impactOn = (what: string) => 1 - (IMPACTS[metrics.get(what) ?? ""] ?? Number.NaN);
  const base = 1 - impactOn("C") * impactOn("I") * impactOn("A");
  const impact = isChanged ? 7.52 * (base - 0.029) - 3.25 * (base - 0.02) ** 15 : 6.42 * base;
  const exploitability = 8.22 * weight("AV") * weight("AC") * weight("PR", isChanged ? "/S:C" : "") * weight("UI");
  const score = roundedUp(Math.min((isChanged ? 1.08 : 1) * (impact + exploitability), 10));
  if (Number.isNaN(score)) return undefined;
  return impact <= 0 ? 0 : score;
}

/** To one decimal, upwards, and safe against what binary fractions add (appendix A). */
function roundedUp(score: number): number {
  const whole = Math.round(score * 100_000);
  return whole % 10_000 === 0 ? whole / 100_000 : (Math.floor(whole / 10_000) + 1) / 10;
}
