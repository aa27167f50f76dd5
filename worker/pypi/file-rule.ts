import { asProjectName, type ProjectName } from "./name.ts";
import { coversPattern, matcher } from "./pattern.ts";
import { versionMatcher } from "./version-match.ts";

/** A pattern of project names and version specifiers (PEP 440): `demo-*<2`. */
export interface ProjectRule {
  readonly text: string;
  /** A pattern as `matcher` reads it. */
  readonly pattern: string;
  /** A set that `versionMatcher` reads; empty: every version. */
  readonly specifiers: string;
}

/** One file, by its digest. */
export interface HashRule {
  readonly text: string;
  /** Lower-case hex. */
  readonly sha256: string;
}

/** The files that an entry of a policy's lists names. */
export type FileRule = ProjectRule | HashRule;

const HASH = /^sha256:([0-9a-f]{64})$/i;
const PROJECT = /^([A-Za-z0-9._*-]+)([^]*)$/;

/** Takes a text apart: `demo-*<2` or `sha256:…`. Whether its pattern and its specifiers are valid is not checked. */
export function fileRuleOf(text: string): FileRule {
  const [, digest] = HASH.exec(text) ?? [];
  if (digest !== undefined) return { text, sha256: digest.toLowerCase() };
  const [, pattern = "", specifiers = ""] = PROJECT.exec(text) ?? [];
  return { text, pattern, specifiers: specifiers.trim() };
}

export const isHashRule = (rule: FileRule): rule is HashRule => "sha256" in rule;

/** Whether a rule is about every file of the projects that it names. */
export const isWhole = (rule: FileRule): rule is ProjectRule => !isHashRule(rule) && rule.specifiers === "";

/** What rules look at. */
interface NamedFile {
  readonly project: ProjectName;
  /** As written in the filename; undefined where that has none. Read only where a rule needs it. */
  readonly version: string | undefined;
  /** Lower-case hex; undefined where it is not known. */
  readonly sha256?: string | undefined;
}

/** An entry of a list, ready to be compared. `fits` returns undefined where the version cannot be compared. */
interface Compared<Entry> {
  readonly entry: Entry;
  readonly fits: (file: NamedFile) => boolean | undefined;
}

/**
 * Returns a function that finds an entry that is about a file and that `counts`. A page has thousands of files, and a list
 * thousands of entries: digests and names without "*" are looked up.
 *
 * @param uncompared whether an entry with specifiers is about a file whose version cannot be compared
 */
export function entryFinder<Entry extends { readonly rule: FileRule }>(
  entries: readonly Entry[],
  uncompared: boolean,
): (file: NamedFile, counts?: (entry: Entry) => boolean) => Entry | undefined {
  const byHash = new Map<string, Compared<Entry>[]>();
  const byName = new Map<string, Compared<Entry>[]>();
  const patterns: Compared<Entry>[] = [];
  for (const entry of entries) {
    const { rule } = entry;
    if (isHashRule(rule)) added(byHash, rule.sha256, { entry, fits: () => true });
    else {
      const fitsVersion = versionMatcher(rule.specifiers);
      const fits = isWhole(rule) ? () => true : (file: NamedFile) => fitsVersion(file.version ?? "");
      const name = asProjectName(rule.pattern);
      const isOf = matcher(rule.pattern);
      if (name === undefined) patterns.push({ entry, fits: (file) => isOf(file.project) && fits(file) });
      else added(byName, name, { entry, fits });
    }
  }
  return (file, counts = () => true) => {
    const find = (group: readonly Compared<Entry>[] = []) =>
      group.find(({ entry, fits }) => (fits(file) ?? uncompared) && counts(entry))?.entry;
    const { sha256, project } = file;
    return (sha256 === undefined ? undefined : find(byHash.get(sha256))) ?? find(byName.get(project)) ?? find(patterns);
  };
}

function added<Value>(map: Map<string, Value[]>, key: string, value: Value): void {
  const group = map.get(key);
  if (group) group.push(value);
  else map.set(key, [value]);
}

/** Whether a rule is about every file that `narrower` is about, as far as the texts tell. */
export function coversRule(rule: FileRule, narrower: FileRule): boolean {
  if (isHashRule(rule) || isHashRule(narrower)) {
    return isHashRule(rule) && isHashRule(narrower) && rule.sha256 === narrower.sha256;
  }
  if (!coversPattern(rule.pattern, narrower.pattern)) return false;
  if (rule.specifiers === "" || rule.specifiers === narrower.specifiers) return true;
  const version = versionIn(narrower);
  return version !== undefined && versionMatcher(rule.specifiers)(version) !== false;
}

/** The version, where a rule is about one version of a project; undefined where it is about more. */
export const versionIn = ({ specifiers }: ProjectRule): string | undefined =>
  /^==\s*([^\s,*][^,*]*),?$/.exec(specifiers)?.[1];
