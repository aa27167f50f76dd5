import type { Filename } from "../pypi/filename.ts";
import type { ProjectName } from "../pypi/name.ts";
import type { Publisher } from "../pypi/publisher.ts";
import type { Hashes } from "../pypi/page.ts";
import type { Context } from "./context.ts";

/** An advisory as people are shown it. */
export interface ShownAdvisory {
  readonly id: string;
  /** Its other names. */
  readonly aliases: readonly string[];
  /** undefined: no record says it. */
  readonly severity: string | undefined;
  /** Where people read about it. */
  readonly url: string;
}

/** A rule of a policy that applies to a file. */
export interface AppliedRule {
  readonly rule: string;
  readonly mode: "audit" | "warn" | "enforce";
  /** The index whose policy has the rule. */
  readonly index: string;
  readonly sentence: string;
  /** The advisory that it goes by. */
  readonly advisory: ShownAdvisory | undefined;
  /** From when on it does not apply. Milliseconds since the epoch; undefined: as long as nothing else changes. */
  readonly until?: number | undefined;
  /** What lets the file through although the rule applies. */
  readonly exempted?: RuleExemption | undefined;
}

/** An entry of `allow`, or an exemption. */
export interface RuleExemption {
  readonly by: "allow" | "exemption";
  /** The files that it is for, as it was written. */
  readonly text: string;
  /** Left out where the configuration has it. */
  readonly id?: string | undefined;
  readonly reason?: string | undefined;
  /** Milliseconds since the epoch; undefined: it has no end. */
  readonly until?: number | undefined;
}

/** What came of a file's provenance. `undecided`: it was not verified. */
export type ExplainedProvenance =
  | { readonly state: "verified"; readonly publisher: Publisher }
  /** The reason is a sentence. */
  | { readonly state: "refused"; readonly reason: string }
  | { readonly state: "undecided" };

/** What an index does with a file: `marked`: it is listed as yanked. */
export type FileVerdict = "admitted" | "marked" | "refused";

/** What the policy of an index says of a file. */
export interface ExplainedFile {
  readonly filename: Filename;
  /** As its name has it. */
  readonly version: string | undefined;
  readonly isHosted: boolean;
  readonly hashes: Hashes;
  /** Here, or as its own upstream says. Milliseconds since the epoch; undefined: the upstream does not say. */
  readonly uploadedAt: number | undefined;
  /** Why it is listed although its upstream has removed it, or has other bytes by its name. */
  readonly kept: "removed" | "changed" | undefined;
  readonly verdict: FileVerdict;
  /** Who built it, as far as that was verified; undefined where it has no provenance, or is hosted. */
  readonly provenance: ExplainedProvenance | undefined;
  readonly rules: readonly AppliedRule[];
  /** Those of which it cannot be told whether they affect it: a version, its own or one that they name, is not of PEP 440. */
  readonly undecided: readonly ShownAdvisory[];
  /** Of a file that is held for its age: the newest version that is admitted, and by what that is affected and this is not. */
  readonly fixes: { readonly newest: string; readonly advisories: readonly ShownAdvisory[] } | undefined;
}

/** Explains what an index lets through of a project, or of a release of it; null where there is no such project. */
export type Explain = (
  name: ProjectName,
  version: string | undefined,
  ctx: Context,
) => Promise<readonly ExplainedFile[] | null>;
