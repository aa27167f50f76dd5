import type { FileRule } from "../pypi/file-rule.ts";
import type { ProjectName } from "../pypi/name.ts";
import type { PolicyEntry } from "../pypi/policy-entry.ts";
import type { KnownPublisher, Publisher } from "../pypi/publisher.ts";
import type { Advisories, Advisory } from "./osv/advisories.ts";
import type { Severity } from "./osv/severity.ts";

/**
 * What a rule does with a file that it applies to. `audit`: counts it. `warn`: also marks it as yanked, with the rule's
 * sentence. `enforce`: refuses it, on the page and at its address.
 */
export type Mode = "off" | "audit" | "warn" | "enforce";

/** All rules, in the order in which they decide. */
export const RULES = [
  "malware",
  "deny",
  "vulnerable",
  "before",
  "min-age",
  "prerelease",
  "yanked",
  "status",
  "provenance",
] as const;
export type RuleName = (typeof RULES)[number];

/** Which advisories on malware count. */
export interface MalwareRule {
  /** What the ids of its records begin with, before the hyphen (`MAL`, `GHSA`, `PYSEC`): one of them; empty: any. */
  readonly sources: readonly string[];
  /** For so long after its publication an advisory does not count. Milliseconds. */
  readonly delay: number;
}

/** Which advisories on vulnerabilities count. */
export interface VulnerableRule {
  /** The least severity. */
  readonly floor: Severity;
  /** The mode for advisories whose severity no record says. */
  readonly unknown: Mode;
}

/** Who must have built a project: all that is given must be so. */
export interface WantedPublisher extends Publisher {
  /** A pattern of names. */
  readonly project: string;
}

/** What must be proven of files (PEP 740). */
export interface ProvenanceRule {
  /** Patterns of the projects whose every file must be verified. */
  readonly require: readonly string[];
  /** Whether files must be verified, and by the same publisher, once an earlier file of their project was. */
  readonly regressed: boolean;
  /** For some projects: the only publishers that count. Such a project is also one that must not regress. */
  readonly publishers: readonly WantedPublisher[];
}

/** What is known of who built a project's files. */
export interface ProvenanceHistory {
  /** The publishers of files that were verified, the first one first. */
  readonly publishers: readonly KnownPublisher[];
  /**
   * When the first file whose provenance is not verified yet was uploaded. Milliseconds since the epoch; infinite where
   * there is none, and 0 where the upstream says no time of it.
   */
  readonly undecidedSince: number;
}

/** The policy of one index. A rule that is left out, or whose mode is `off`, applies to nothing. */
export interface Policy {
  /** The index that it was configured for. */
  readonly index: string;
  readonly deny: readonly FileRule[];
  /** All rules but `malware` and `deny` let these through. */
  readonly allow: readonly FileRule[];
  /** Added to `deny` and `allow`. */
  readonly entries?: readonly PolicyEntry[];
  /** Milliseconds between a file's upload and the moment from which it is admitted. */
  readonly minAge?: number | undefined;
  /** Only what was uploaded before is admitted. Milliseconds since the epoch. */
  readonly before?: number | undefined;
  /** Whether a file without a time of its upstream is held by `min-age` and `before`. */
  readonly unknownTime: "hold" | "allow";
  /** The same for the files of some sources, by their keys. */
  readonly unknownTimes?: ReadonlyMap<string, "hold" | "allow">;
  /** Whether `min-age` and `before` apply to hosted files as well. */
  readonly datesHosted?: boolean;
  /** Projects with one of these statuses (PEP 792, lower case) are refused. */
  readonly status?: readonly string[];
  readonly provenance?: ProvenanceRule | undefined;
  /** Why no provenance can be verified at `now`, a sentence; undefined where it can. */
  readonly unverifiable?: ((now: number) => string | undefined) | undefined;
  readonly malware?: MalwareRule | undefined;
  readonly vulnerable?: VulnerableRule | undefined;
  /** What `malware` and `vulnerable` do with files while no advisories are loaded. */
  readonly onMissing?: "allow" | "refuse" | undefined;
  readonly modes: Readonly<Record<RuleName, Mode>>;
}

/** What is known of a file's provenance, and of that of its project. */
export interface JudgedProvenance {
  readonly own:
    | { readonly state: "verified"; readonly publisher: Publisher }
    | { readonly state: "refused"; readonly reason: string }
    | { readonly state: "undecided" | "missing" };
  readonly history: ProvenanceHistory;
}

/** What the rules look at. */
export interface JudgedFile {
  readonly project: ProjectName;
  readonly filename: string;
  /** As written in the filename; undefined where that has none. Read only where a rule needs it. */
  readonly version: string | undefined;
  readonly isHosted: boolean;
  /**
   * When it was uploaded: here, or as its own upstream says. Milliseconds since the epoch; undefined: the upstream does
   * not say.
   */
  readonly uploadedAt: number | undefined;
  readonly isYanked: boolean;
  /** Lower-case hex; undefined where it is not known. */
  readonly sha256?: string | undefined;
  /** The key of the source that it comes from; undefined for hosted files. */
  readonly source?: string | undefined;
  /** Of its project (PEP 792), lower case; undefined where it has none, or where no page was read. */
  readonly status?: string | undefined;
  /** PEP 740. Undefined where no page was read. */
  readonly provenance?: JudgedProvenance | undefined;
  /** What is known of the project's versions; undefined: no advisories are loaded, or no rule asks for them. */
  readonly advisories?: Advisories | undefined;
}

/** What lets a file through although a rule applies to it. */
export interface Exempted {
  readonly by: "allow" | "exemption";
  /** The rule of the list, as it was written. */
  readonly text: string;
  /** Of an entry beside the configuration. */
  readonly id?: string | undefined;
  readonly reason?: string | undefined;
  /** Milliseconds since the epoch; undefined: it has no end. */
  readonly until?: number | undefined;
}

/**
 * How a rule's sentence speaks of a file. `does`: the rule refuses it; `would`: its mode only counts, or the file is exempted; `advises`:
 * its mode warns, and the file can be installed.
 */
export type Wording = "does" | "would" | "advises";

/** A rule that applies to a file. */
export interface Finding {
  readonly rule: RuleName;
  readonly mode: Exclude<Mode, "off">;
  /** The index whose policy has the rule. */
  readonly index: string;
  /** From when on the rule does not apply. Milliseconds since the epoch; undefined: as long as nothing else changes. */
  readonly until?: number | undefined;
  /** The advisory that the rule goes by. */
  readonly advisory?: Advisory | undefined;
  /** Where it is set, the rule does nothing. */
  readonly exempted?: Exempted | undefined;
  /** Of the rule `deny`: where it is written, a sentence for people. */
  readonly writtenIn?: string | undefined;
  /** What the rule says of the file, which client and operator read, of one line; without a wording, that it refuses the file. */
  readonly sentence: (wording?: Wording) => string;
}

/** What a rule says of a file to which it applies; a `mode` of its own where that is not the rule's. */
export type Hit = Pick<Finding, "until" | "sentence" | "advisory" | "writtenIn"> & { readonly mode?: Finding["mode"] };

/**
 * A rule of one policy. Where it goes by advisories, it says something for each: who exempts a file from one is not
 * exempted from the others. `now` in milliseconds since the epoch.
 */
export type Rule = (file: JudgedFile, now: number) => Hit | readonly Hit[] | undefined;
