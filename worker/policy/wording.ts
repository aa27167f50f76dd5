import type { Finding, Wording } from "./policy.ts";

const VERDICTS: Readonly<Record<Wording, (verdict: "refused" | "held") => string>> = {
  does: (verdict) => `is ${verdict}`,
  would: (verdict) => `would be ${verdict}`,
  advises: () => "should not be used",
};

/** `is refused`: what a rule that never admits the file says of it. */
export const refused = (wording: Wording = "does"): string => VERDICTS[wording]("refused");

/** `is held`: what a rule that may admit the file later says of it. */
export const held = (wording: Wording = "does"): string => VERDICTS[wording]("held");

/** What a rule says of a file, true for what its mode does. */
export function explainedSentence({
  mode,
  exempted,
  sentence,
}: Pick<Finding, "mode" | "exempted" | "sentence">): string {
  if (mode === "audit" || exempted) return sentence("would");
  return sentence(mode === "warn" ? "advises" : "does");
}
