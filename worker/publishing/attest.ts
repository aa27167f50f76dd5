import type { Author } from "../auth/audit-entry.ts";
import { badRequest } from "../errors.ts";
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
 * The function throws `bad-request` with the reason where they are not valid, and `storage-failed`.
 */
export function createAttest(
  { refresh, verifyUpload }: Pick<ProvenanceVerifier, "refresh" | "verifyUpload">,
  jobs: TrustedJobs,
): Attest {
  return async (attestations, file, { principal }, now) => {
    await refresh();
    const verdict = verifyUpload(attestations, file, now);
    if (verdict.state !== "verified") {
      throw badRequest(
        `The attestations of ${file.filename} are not valid: ${verdict.reason} Nothing was changed. Upload it without attestations, or with its own.`,
      );
    }
    const { signer, provenance: object } = verdict;
    const { publisher } = signer;
    const repository = await jobs.repositoryOf(principal.id);
    if (repository !== undefined && repository !== publisher.repository) {
      throw badRequest(
        `The attestations of ${file.filename} are by ${publisherLabel(publisher)}, and the job that uploads it is of ${repository}. Nothing was changed.`,
      );
    }
    return { object, signer };
  };
}
