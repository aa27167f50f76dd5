import { asProjectName, type ProjectName } from "../../pypi/name.ts";
import { affectedBy, type VersionEvent } from "./ranges.ts";
import { severityIn, type Rated, type Severity } from "./severity.ts";

/** An advisory as the OSV schema has it, as far as it is used. */
export interface OsvRecord extends Rated {
  readonly id: string;
  readonly summary?: string | null | undefined;
  readonly details?: string | null | undefined;
  readonly aliases?: readonly string[] | null | undefined;
  readonly published?: string | null | undefined;
  readonly withdrawn?: string | null | undefined;
  readonly affected?: readonly OsvAffected[] | null | undefined;
  readonly database_specific?:
    | {
        readonly severity?: string | null | undefined;
        readonly cwe_ids?: readonly string[] | null | undefined;
      }
    | null
    | undefined;
}

interface OsvAffected extends Rated {
  readonly package?: { readonly ecosystem: string; readonly name: string } | null | undefined;
  readonly versions?: readonly string[] | null | undefined;
  readonly ranges?: readonly OsvRange[] | null | undefined;
}

interface OsvRange {
  readonly type: string;
  readonly events?: readonly VersionEvent[] | null | undefined;
}

/** What one record says of one project: an entry of the index. Members that say nothing are left out. */
export interface AdvisoryEntry {
  readonly id: string;
  readonly aliases?: readonly string[];
  readonly malware?: true;
  readonly severity?: Severity;
  /** Milliseconds since the epoch. */
  readonly published?: number;
  /** Affected versions that are in none of the ranges, as written. */
  readonly versions?: readonly string[];
  /** The events of each range whose versions are those of PyPI. */
  readonly ranges?: readonly (readonly VersionEvent[])[];
}

/** A suffix, as in `Echo:PyPI`, means packages that another builds: their versions are not PyPI's. */
const ECOSYSTEM = "PyPI";

/** Ranges of commits say nothing about versions. `SEMVER` is read as PEP 440, which is what PyPI has. */
const COMPARABLE = new Set(["ECOSYSTEM", "SEMVER"]);

/** "Embedded Malicious Code", and its kinds. GitHub gives one of them to what it publishes as malware. */
const MALICIOUS_CWES = new Set(["506", "507", "508", "509", "510", "511", "512"].map((number) => `CWE-${number}`));

/** PYSEC records have no field for it; this is how their texts on malicious packages begin. */
const MALICIOUS_TEXT = /^malicious (?:code|packages?|releases?|versions?)\b/i;

/**
 * What a record says of projects on PyPI, by project. Nothing, where it was withdrawn, or is about other things. A
 * project that the record has more than once has one entry.
 */
export function entriesOf(record: OsvRecord): Map<ProjectName, AdvisoryEntry> {
  const entries = new Map<ProjectName, AdvisoryEntry>();
  if (record.withdrawn) return entries;
  const { id } = record;
  const aliases = (record.aliases ?? []).filter((alias) => alias !== id);
  const published = Date.parse(record.published ?? "");
  const isMalware = isMalicious(record);
  const named = Map.groupBy(record.affected ?? [], ({ package: it }) =>
    it?.ecosystem === ECOSYSTEM ? asProjectName(it.name) : undefined,
  );
  for (const [name, affected] of named) {
    if (name === undefined) continue;
    const ranges = affected.flatMap(({ ranges: all }) =>
      (all ?? []).filter(({ type }) => COMPARABLE.has(type)).map(({ events }) => (events ?? []).map(eventOf)),
    );
    const isInRanges = affectedBy(ranges);
    const listed = new Set(affected.flatMap(({ versions }) => versions ?? []));
    const versions = [...listed].filter((version) => isInRanges(version) !== true);
    if (versions.length === 0 && ranges.length === 0) continue;
    const severity = severityIn(record) ?? affected.map(severityIn).find((it) => it !== undefined);
    entries.set(name, {
      id,
      ...(aliases.length > 0 && { aliases }),
      ...(isMalware && { malware: true }),
      ...(severity && { severity }),
      ...(!Number.isNaN(published) && { published }),
      ...(versions.length > 0 && { versions }),
      ...(ranges.length > 0 && { ranges }),
    });
  }
  return entries;
}

/** Whether a record is about a project, or a release, that was made to do harm. */
function isMalicious({ id, aliases, summary, details, database_specific: specific }: OsvRecord): boolean {
  return (
    [id, ...(aliases ?? [])].some((each) => each.startsWith("MAL-")) ||
    (specific?.cwe_ids ?? []).some((each) => MALICIOUS_CWES.has(each)) ||
    (id.startsWith("PYSEC-") && [summary, details].some((text) => MALICIOUS_TEXT.test(text?.trimStart() ?? "")))
  );
}

/** Without members that are none of the schema's four. */
const eventOf = ({ introduced, fixed, last_affected, limit }: VersionEvent): VersionEvent => ({
  ...(introduced !== undefined && { introduced }),
  ...(fixed !== undefined && { fixed }),
  ...(last_affected !== undefined && { last_affected }),
  ...(limit !== undefined && { limit }),
});
