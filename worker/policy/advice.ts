import type { Finding } from "./policy.ts";

/**
 * What is said of a file of which a rule only warns: it can be installed, so that it is neither refused nor held.
 *
 * @param sentence what the rule says of it
 */
export const adviceOf = (sentence: string): string => sentence.replace(VERDICT, " should not be used");

/** What a rule says of a file, true for what its mode does: a file that is only counted, or exempted, is not refused. */
export function explainedSentence({
  mode,
  exempted,
  sentence,
}: Pick<Finding, "mode" | "exempted" | "sentence">): string {
  if (mode === "audit" || exempted) return sentence().replace(VERDICT, " would be $1");
  return mode === "warn" ? adviceOf(sentence()) : sentence();
}

const VERDICT = / is (refused|held)(?=: | until )/;
