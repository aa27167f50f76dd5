import type { Signer } from "../pypi/verdict.ts";
import { statedOf } from "./publisher-of.ts";
import type { TrustedRoot } from "./trusted-root.ts";
import { MAX_PROVENANCE, verifyAttestations, type AttestedFile } from "./verify.ts";

/** More attestations than an upload may have: publish and SLSA, one each. */
const MAX_ATTESTATIONS = 2;

/** What came of the attestations of an upload. A reason is a sentence. */
export type UploadVerdict =
  | { readonly state: "verified"; readonly signer: Signer; readonly provenance: string }
  | { readonly state: "refused" | "unknown"; readonly reason: string };

/**
 * Verifies the attestations that come with an upload, as PyPI does, and makes the provenance object of them that the index
 * serves: it states the publisher that the certificates name.
 *
 * @param text the form's field `attestations`: a JSON array of attestation objects (PEP 740)
 */
export function verifyUpload(
  text: string,
  file: AttestedFile,
  root: TrustedRoot | undefined,
  now: number,
): UploadVerdict {
  const attestations = arrayIn(text);
  if (!attestations) return { state: "refused", reason: "they are no JSON array of attestations (PEP 740)." };
  if (attestations.length === 0 || attestations.length > MAX_ATTESTATIONS) {
    return { state: "refused", reason: `there are ${attestations.length}, and a file has one or two.` };
  }
  const texts = attestations.map((each) => JSON.stringify(each));
  const verdict = verifyAttestations(texts, file, root, now);
  if (verdict.state !== "verified") return verdict;
  const { state, ...signer } = verdict;
  const bundle = { publisher: statedOf(signer.publisher), attestations };
  return { state, signer, provenance: JSON.stringify({ version: 1, attestation_bundles: [bundle] }) };
}

function arrayIn(text: string): unknown[] | undefined {
  if (text.length > MAX_PROVENANCE) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? (value as unknown[]) : undefined;
  } catch {
    return undefined;
  }
}
