import { attestationRefusal } from "./attestation-refusal.ts";
import type { Author } from "../auth/audit-entry.ts";
import { badRequest, IndexError } from "../errors.ts";
import { publisherLabel } from "../pypi/publisher.ts";
import type { ProvenanceVerifier } from "../repository/ports/provenance.ts";
import type { TrustedJobs, VerifiedProvenance } from "./ports.ts";

/** Verifies the attestations of a file that is uploaded. */
export type Attest = (
  attestations: string,
  file: { readonly filename: string; readonly sha256: string },
  author: Author,
  now: number,
) => Promise<VerifiedProvenance>;

/**
 * Verifies the attestations of an upload. Where a CI job uploads without a secret, they must be of that job's repository.
 *
 * The function throws `bad-request` with the reason where they are not valid, `unprocessable` where nothing can be verified now, and
 * `storage-failed`.
 */
export function createAttest(
  { refresh, verifyUpload }: Pick<ProvenanceVerifier, "refresh" | "verifyUpload">,
  jobs: TrustedJobs,
): Attest {
  return async (attestations, file, { principal }, now) => {
    await refresh();
    const verdict = verifyUpload(attestations, file, now);
    if (verdict.state !== "verified") throw notVerified(file.filename, verdict);
    const { signer, provenance: object } = verdict;
    const { publisher } = signer;
    const repository = await jobs.repositoryOf(principal.id);
    if (repository !== undefined && repository !== publisher.repository) {
      throw badRequest(
        attestationRefusal(
          `The attestations of ${file.filename} are by ${publisherLabel(publisher)}, and the job that uploads it is of ${repository}.`,
        ),
      );
    }
    return { object, signer };
  };
}

const notVerified = (
  filename: string,
  { state, reason }: { readonly state: "refused" | "unknown"; readonly reason: string },
) =>
  state === "refused"
    ? badRequest(
        attestationRefusal(
          `The attestations of ${filename} are not valid: ${reason}`,
          "Upload it without attestations, or with its own.",
        ),
      )
    : new IndexError(
        "unprocessable",
        attestationRefusal(
          `The attestations of ${filename} cannot be verified. ${reason}`,
          "Ask an admin for a newer root (pypi-edge trusted-root update), or upload it without attestations and add them later.",
        ),
      );
