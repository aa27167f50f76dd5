import type { Filename } from "../../pypi/filename.ts";
import type { ProjectName } from "../../pypi/name.ts";
import type { Signer, Verdict } from "../../pypi/verdict.ts";

/** What a verdict stands on, beside the file and its provenance. With another of either it is made anew. */
export interface Basis {
  /** The id of the trusted root; empty: the file is gone, and the verdict, by an earlier root, is the last one. */
  readonly root: string;
  /** The version of what verifies. */
  readonly verifier: string;
}

/** What came of verifying a file's provenance, and what that stands on. */
export interface KnownVerdict extends Basis {
  readonly filename: Filename;
  /** Lower-case hex; empty where the page gives none: the file is then not verified. */
  readonly sha256: string;
  readonly verdict: Exclude<Verdict, { readonly state: "unknown" }>;
  /** When the file was uploaded, as its upstream says. Milliseconds since the epoch; null: it does not say. */
  readonly uploadedAt: number | null;
  /** Milliseconds since the epoch. */
  readonly judgedAt: number;
}

/** The verdicts on the files of one source. Those on files that are gone stay: they say who published the project. */
export interface VerdictStore {
  /** By filename. */
  of(project: ProjectName): Promise<ReadonlyMap<string, KnownVerdict>>;
  record(project: ProjectName, verdicts: readonly KnownVerdict[]): Promise<void>;
  /** Projects with verdicts that stand on something else: at most `limit`. */
  outdated(basis: Basis, limit: number): Promise<readonly ProjectName[]>;
}

/** Verifies provenance by the trusted root of the deployment. */
export interface ProvenanceVerifier {
  /** Reads the trusted root that counts now. Rejects with `storage-failed`; the one before then goes on to count. */
  readonly refresh: () => Promise<void>;
  readonly basis: () => Basis;
  /** Why nothing can be verified at `now`, a sentence; undefined where it can. */
  readonly unusable: (now: number) => string | undefined;
  /** From when on nothing is verified by the root that counts. Milliseconds since the epoch; undefined: it has no end. */
  readonly expiresAt: () => number | undefined;
  /** @param attestations the field of an upload's form: a JSON array of attestation objects */
  readonly verifyUpload: (
    attestations: string,
    file: { readonly filename: string; readonly sha256: string },
    now: number,
  ) =>
    | { readonly state: "verified"; readonly signer: Signer; readonly provenance: string }
    | { readonly state: "refused" | "unknown"; readonly reason: string };
  /** @param text the provenance object, as the upstream sent it */
  readonly verify: (text: string, file: { readonly filename: string; readonly sha256: string }, now: number) => Verdict;
}

/** What a source has whose provenance is verified. */
export interface VerifiedSource {
  readonly verdicts: VerdictStore;
  readonly verifier: ProvenanceVerifier;
}

/** What is known of who built the files of projects, over several sources. */
export interface KnownBuilders {
  /** The verdicts on a project's files, by filename; of those that rules ask for alone. Rejects where the store fails. */
  of(sources: readonly string[], project: ProjectName): Promise<ReadonlyMap<string, KnownVerdict>>;
  /** Why nothing of these sources can be verified at `now`, a sentence; undefined where it can, or no rule asks for it. */
  unusable(sources: readonly string[], now: number): Promise<string | undefined>;
}
