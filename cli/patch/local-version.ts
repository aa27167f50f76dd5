import { canonicalVersion, isLocalOf, normalVersion, publicVersion } from "../../worker/pypi/pep440.ts";
import { usageError } from "../lib/command-error.ts";

/** A local label of PEP 440: `acme.1`. */
const LABEL = /^[a-z0-9]+(?:[-_.][a-z0-9]+)*$/i;

/**
 * The version of a fork: the base's with a local label.
 *
 * @param label as it was asked for; undefined: the index's name with the first number that none of `taken` has
 * @param taken the versions of the forks that there are, and were
 * @throws CommandError (usage) where the label is none of PEP 440
 */
export function forkVersion(base: string, index: string, label: string | undefined, taken: readonly string[]): string {
  const before = normalVersion(publicVersion(base)) ?? base;
  if (label !== undefined) {
    if (LABEL.test(label)) return normalVersion(`${before}+${label}`) ?? `${before}+${label}`;
    throw usageError(
      `--local ${label} is no local label (PEP 440): letters and digits, parted by dots, such as acme.1.`,
    );
  }
  const own = index.replaceAll(/[^a-z0-9]+/g, ".").replaceAll(/^\.|\.$/g, "");
  const others = new Set(taken.filter((version) => isLocalOf(version, base)).map(canonicalVersion));
  let number = 1;
  while (others.has(canonicalVersion(`${before}+${own}.${number}`))) number++;
  return `${before}+${own}.${number}`;
}
