import type * as z from "zod/mini";
import { wrongTypeText } from "./wrong-type.ts";

/**
 * What is wrong with a value that was read from a file, a sentence each, without its full stop: `key.within: what is wrong`. The value
 * must have been parsed with `reportInput`, by which a missing key differs from a wrong one.
 */
export const complaints = ({ issues }: z.core.$ZodError): string[] => issues.flatMap(complaintsOf);

function complaintsOf(issue: z.core.$ZodIssue): string[] {
  const path = issue.path.join(".");
  if (issue.code === "unrecognized_keys")
    return issue.keys.map((key) => `${[...issue.path, key].join(".")}: is not known`);
  if (issue.code === "invalid_key") return issue.issues.map(({ message }) => `${path}: the name ${message}`);
  if (issue.input === undefined) return [`${path}: must be given`];
  if (issue.code === "invalid_type") return [`${path}: ${wrongTypeText(issue)}`];
  return [`${path}: ${issue.message}`];
}
