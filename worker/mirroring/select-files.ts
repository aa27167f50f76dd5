import type { MirrorFilters } from "../../schema/mirror.ts";
import { entryFinder, isHashRule, isWhole } from "../pypi/file-rule.ts";
import { isWheel } from "../pypi/filename.ts";
import { isSdist } from "../pypi/kind.ts";
import type { ProjectName } from "../pypi/name.ts";
import { isUnderQuarantine, isYanked, type FileEntry, type ProjectPage } from "../pypi/page.ts";
import { matcher } from "../pypi/pattern.ts";
import { canonicalVersion, compareVersions, parseVersion, type Version } from "../pypi/pep440.ts";
import { parsePlatform } from "../pypi/platform-tag.ts";
import { parsePython } from "../pypi/python-tag.ts";
import { versionOf } from "../pypi/version.ts";
import { versionMatcher } from "../pypi/version-match.ts";
import { wheelFits } from "../pypi/wheel-fits.ts";

/** Why files of a page are not mirrored. The names are those of the filters, and `version`: no entry asks for it. */
export type LeftOutReason =
  | "version"
  | "only"
  | "deny"
  | "exclude"
  | "prereleases"
  | "yanked"
  | "latest"
  | "tags"
  | "types"
  | "max_file"
  | "max_project"
  | "min_age"
  | "since"
  | "statuses";

/** What is to be mirrored of a project. */
export interface Selection {
  readonly wanted: readonly FileEntry[];
  /** How many files are left out, by the first reason. */
  readonly leftOut: ReadonlyMap<LeftOutReason, number>;
  /** When a file that is too young is old enough. Milliseconds since the epoch; undefined: none is. */
  readonly until: number | undefined;
}

/**
 * Selects the files of a page.
 *
 * @param specifiers of what asks for the project, each a set of PEP 440; `latest` counts the releases of each by itself
 * @param now milliseconds since the epoch
 */
export type SelectFiles = (page: ProjectPage, specifiers: readonly string[], now: number) => Selection;

/** A file whose version was read from its name. */
interface Versioned {
  readonly entry: FileEntry;
  readonly text: string;
  readonly version: Version | undefined;
}

/** Whether a rule leaves a file out. */
type Refuses = (file: Versioned, project: ProjectName) => boolean;

/** Makes the selection by a mirror's filters. Pure: no I/O, no clock. */
export function selecting(filters: MirrorFilters): SelectFiles {
  const rules = rulesOf(filters);
  const { min_age: minAge, latest, max_project: largest = Infinity, statuses } = filters;
  return (page, specifiers, now) => {
    const leftOut = new Map<LeftOutReason, number>();
    const leave = (reason: LeftOutReason, files = 1) =>
      files > 0 && leftOut.set(reason, (leftOut.get(reason) ?? 0) + files);
    const all = page.files.length;
    const nothing = (reason: LeftOutReason): Selection => ({
      wanted: [],
      leftOut: new Map([[reason, all]]),
      until: undefined,
    });
    const status = page.status?.status.toLowerCase() ?? "active";
    if (isUnderQuarantine(page.status) || (statuses && !statuses.some((each) => each === status)))
      return nothing("statuses");

    let until = Infinity;
    const admitted: Versioned[] = [];
    for (const entry of page.files) {
      const text = versionOf(entry.filename, page.name) ?? "";
      const file = { entry, text, version: parseVersion(text) };
      const refusal = rules.find(({ refuses }) => refuses(file, page.name));
      const uploaded = Date.parse(entry["upload-time"] ?? "");
      if (refusal) leave(refusal.reason);
      else if (minAge !== undefined && !(uploaded + minAge <= now)) {
        leave("min_age");
        if (uploaded + minAge > now) until = Math.min(until, uploaded + minAge);
      } else admitted.push(file);
    }

    const demanded = [...new Set(specifiers)].map((set) => {
      const fits = versionMatcher(set);
      return admitted.filter(({ text }) => set === "" || fits(text) === true);
    });
    const asked = new Set(demanded.flat());
    leave("version", admitted.length - asked.size);
    const newest = latest === undefined ? asked : new Set(demanded.flatMap((files) => newestOf(files, latest)));
    leave("latest", asked.size - newest.size);
    const wanted = admitted.filter((file) => newest.has(file)).map(({ entry }) => entry);
    if (listedBytes(wanted) > largest) return nothing("max_project");
    return { wanted, leftOut, until: until === Infinity ? undefined : until };
  };
}

/** Bytes, as the page says. */
export const listedBytes = (entries: readonly FileEntry[]) => entries.reduce((sum, { size = 0 }) => sum + size, 0);

function rulesOf(filters: MirrorFilters): { readonly reason: LeftOutReason; readonly refuses: Refuses }[] {
  const { only = [], deny = [], exclude = [], prereleases, yanked, types, since } = filters;
  const { max_file: largest, pythons = [], platforms = [] } = filters;
  const allowed = only.flatMap((rule) =>
    isHashRule(rule)
      ? []
      : [{ matches: matcher(rule.pattern), fits: versionMatcher(rule.specifiers), whole: isWhole(rule) }],
  );
  const rules: { reason: LeftOutReason; refuses: Refuses }[] = [];
  if (allowed.length > 0) {
    rules.push({
      reason: "only",
      refuses({ text }, project) {
        const about = allowed.filter(({ matches }) => matches(project));
        return about.length > 0 && !about.some(({ whole, fits }) => whole || fits(text) === true);
      },
    });
  }
  if (deny.length > 0) {
    // A version that cannot be compared counts as denied: it could be any.
    const find = entryFinder(
      deny.map((rule) => ({ rule })),
      true,
    );
    const isDenied: Refuses = ({ text, entry }, project) =>
      find({ project, version: text, sha256: entry.hashes["sha256"] }) !== undefined;
    rules.push({ reason: "deny", refuses: isDenied });
  }
  if (exclude.length > 0) {
    rules.push({ reason: "exclude", refuses: ({ entry }) => exclude.some((each) => each.test(entry.filename)) });
  }
  if (!prereleases) rules.push({ reason: "prereleases", refuses: ({ version }) => version?.isPrerelease === true });
  if (!yanked) rules.push({ reason: "yanked", refuses: ({ entry }) => isYanked(entry) });
  if (types) rules.push({ reason: "types", refuses: ({ entry }) => !types.includes(typeOf(entry)) });
  if (pythons.length + platforms.length > 0) {
    const fits = environments(pythons, platforms);
    rules.push({
      reason: "tags",
      refuses: ({ entry }) => isWheel(entry.filename) && !fits.some((fit) => fit(entry.filename)),
    });
  }
  if (largest !== undefined) rules.push({ reason: "max_file", refuses: ({ entry }) => (entry.size ?? 0) > largest });
  // What has no time is not known to be new enough.
  if (since !== undefined) {
    rules.push({ reason: "since", refuses: ({ entry }) => !(Date.parse(entry["upload-time"] ?? "") >= since) });
  }
  return rules;
}

function environments(pythons: readonly string[], platforms: readonly string[]) {
  const interpreters = pythons.length > 0 ? pythons.map(parsePython) : [undefined];
  const systems = platforms.length > 0 ? platforms.map(parsePlatform) : [undefined];
  return interpreters.flatMap((interpreter) => systems.map((system) => wheelFits(interpreter, system)));
}

const typeOf = ({ filename }: FileEntry) => (isWheel(filename) ? "wheel" : isSdist(filename) ? "sdist" : "other");

/**
 * The files of the `count` highest versions; where all of these are pre-releases, the highest final version takes the place of the
 * lowest. A file without a PEP 440 version is not among them.
 */
function newestOf(files: readonly Versioned[], count: number): Versioned[] {
  const versions = new Map<string, Version>();
  for (const { text, version } of files) if (version) versions.set(canonicalVersion(text), version);
  const sorted = [...versions].toSorted(([, one], [, other]) => compareVersions(other, one));
  const kept = sorted.slice(0, count);
  const final = sorted.find(([, { isPrerelease }]) => !isPrerelease);
  if (final && !kept.includes(final)) kept[kept.length - 1] = final;
  const names = new Set(kept.map(([name]) => name));
  return files.filter(({ text, version }) => version && names.has(canonicalVersion(text)));
}
