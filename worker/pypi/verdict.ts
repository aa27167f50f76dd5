import type { Publisher } from "./publisher.ts";

/** What came of verifying a file's provenance (PEP 740). */
export type Verdict =
  | ({ readonly state: "verified" } & Signer)
  /** It was looked at, and does not prove who built the file. The reason is a sentence. */
  | { readonly state: "refused"; readonly reason: string }
  /** It could not be decided. The reason is a sentence. */
  | { readonly state: "unknown"; readonly reason: string };

/** Who signed a file's attestations, where and when. */
export interface Signer {
  readonly publisher: Publisher;
  /** The commit that was built, as the certificate has it; undefined where it has none. */
  readonly commit?: string | undefined;
  /** The branch or tag: `refs/tags/v1.0`. */
  readonly ref?: string | undefined;
  /** The address of the CI service's job. */
  readonly run?: string | undefined;
  /** When the transparency log took the first attestation. Milliseconds since the epoch. */
  readonly signedAt: number;
  /** The place of the first attestation in that log. */
  readonly logIndex: string;
  /** What was attested, each once: `publish`, `slsa`. */
  readonly predicates: readonly string[];
}
