import { bundleFromJSON } from "@sigstore/bundle";
import { toSignedEntity, VerificationError, Verifier, type SignedEntity } from "@sigstore/verify";
import {
  attestation as attestationShape,
  provenanceObject,
  attestedStatement,
  type Attestation,
  type StatedPublisher,
} from "../../schema/provenance.ts";
import { asFilename, projectCandidates } from "../pypi/filename.ts";
import { identityOf } from "../pypi/identity.ts";
import { isSamePublisher, publisherLabel, type Publisher } from "../pypi/publisher.ts";
import { SECOND } from "../duration.ts";
import type { Signer, Verdict } from "../pypi/verdict.ts";
import { claimsOf, type CertificateClaims } from "./certificate.ts";
import { certificateIn, isWholeProof } from "./log-entry.ts";
import { isKnownKind, isStated, publisherOf } from "./publisher-of.ts";
import { unusable, type TrustedRoot } from "./trusted-root.ts";

/** The version of all that a verdict stands on beside the root. To be raised where the same input may come to another verdict. */
export const VERIFIER = "sigstore-verify 4.1.3, 3";

/** Longer provenance objects are not read: PyPI's have some 10,000 characters for each attestation. */
export const MAX_PROVENANCE = 256 * 1024;

/** The file that provenance must be about. */
export interface AttestedFile {
  readonly filename: string;
  /** Lower-case hex. */
  readonly sha256: string;
}

/** What attestations may be of, by the names that we show. */
const PREDICATES: ReadonlyMap<string, string> = new Map([
  ["https://docs.pypi.org/attestations/publish/v1", "publish"],
  ["https://slsa.dev/provenance/v1", "slsa"],
]);

/** Why provenance proves nothing: a clause that follows on "its provenance is not valid: ". */
class Refusal extends Error {}

/**
 * Verifies a provenance object (PEP 740) against a file. All of its attestations must be right, and of one publisher: the one
 * that the object states for each. Never throws: what cannot be read is refused.
 *
 * @param text the object, as it came
 * @param now milliseconds since the epoch: an expired root verifies nothing
 */
export function verifyProvenance(
  text: string,
  file: AttestedFile,
  root: TrustedRoot | undefined,
  now: number,
): Verdict {
  return verdictOf(root, now, (trusted) => {
    const { attestation_bundles: bundles } = parsed(text, provenanceObject, "it is not a provenance object (PEP 740)");
    return together(
      bundles.flatMap(({ publisher, attestations }) =>
        attestations.map((each) => statedSigner(verifiedSigner(each, file, trusted), publisher)),
      ),
    );
  });
}

/**
 * Verifies attestations alone, which no index has stated a publisher for: those of an upload.
 *
 * @param texts attestation objects (PEP 740), as they came
 */
export function verifyAttestations(
  texts: readonly string[],
  file: AttestedFile,
  root: TrustedRoot | undefined,
  now: number,
): Verdict {
  return verdictOf(root, now, (trusted) =>
    together(
      texts.map((text) =>
        verifiedSigner(parsed(text, attestationShape, "it is not an attestation (PEP 740)"), file, trusted),
      ),
    ),
  );
}

function verdictOf(root: TrustedRoot | undefined, now: number, signer: (root: TrustedRoot) => Signer): Verdict {
  const trouble = unusable(root, now);
  if (!root || trouble !== undefined) return { state: "unknown", reason: trouble ?? "" };
  try {
    return { state: "verified", ...signer(root) };
  } catch (error) {
    return { state: "refused", reason: `${reasonOf(error)}.` };
  }
}

const reasonOf = (error: unknown) => (error instanceof Refusal ? error.message : "it cannot be read");

function parsed<Value>(
  text: string,
  shape: { safeParse: (value: unknown) => { success: true; data: Value } | { success: false } },
  otherwise: string,
): Value {
  if (text.length > MAX_PROVENANCE) throw new Refusal(`it has more than ${MAX_PROVENANCE / 1024} KiB`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Refusal("it is not JSON");
  }
  const result = shape.safeParse(value);
  if (!result.success) throw new Refusal(otherwise);
  return result.data;
}

/** Who has signed one attestation, if all of it is right. */
function verifiedSigner(attestation: Attestation, file: AttestedFile, { material }: TrustedRoot): Signer {
  const { certificate, transparency_entries: entries } = attestation.verification_material;
  if (!entries.every(isWholeProof)) throw new Refusal(SENTENCES["TLOG_INCLUSION_PROOF_ERROR"]);
  let claims: CertificateClaims;
  try {
    claims = claimsOf(certificate);
  } catch (error) {
    throw new Refusal(
      error instanceof Error && error.message.startsWith("its ") ? error.message : "its certificate cannot be read",
    );
  }
  let signedAt: number;
  try {
    const entity = toSignedEntity(bundleOf(attestation));
    new Verifier(material).verify(entity);
    signedAt = Math.min(...entity.timestamps.map(timeOf));
  } catch (error) {
    if (!(error instanceof VerificationError)) throw new Refusal("its signature cannot be read");
    throw new Refusal(SENTENCES[error.code] ?? "its signature is not right");
  }
  if (!entries.every((entry) => certificateIn(entry) === certificate)) {
    throw new Refusal("the transparency log has it under another certificate");
  }
  const predicate = attestedPredicate(attestation.envelope.statement, file);
  const publisher = publisherOf(claims);
  if (!publisher) throw new Refusal("its certificate names no publisher that is known here");
  const [entry] = entries;
  const { commit, ref, run } = claims;
  return { publisher, commit, ref, run, signedAt, logIndex: entry?.logIndex ?? "", predicates: [predicate] };
}

/** When something was signed, as a log or a timestamp authority says. Milliseconds since the epoch. */
function timeOf(time: SignedEntity["timestamps"][number]): number {
  if (time.$case === "timestamp-authority") return time.timestamp.signingTime.getTime();
  // A log without times has no promise either (Rekor 2), and the library reads no time of such an entry.
  const { integratedTime, inclusionPromise } = time.tlogEntry;
  return inclusionPromise ? Number(integratedTime) * SECOND : Infinity;
}

/** sigstore's errors in words that need no knowledge of its parts. */
const SENTENCES: Readonly<Record<string, string>> = {
  CERTIFICATE_ERROR: "its certificate is of no authority of the trusted root, or was not valid when it signed",
  TLOG_BODY_ERROR: "its statement or signature differs from the transparency log's entry",
  TLOG_INCLUSION_PROOF_ERROR: "the transparency log does not prove to have it",
  TLOG_INCLUSION_PROMISE_ERROR: "the transparency log's entry is not signed by a log of the trusted root",
  TLOG_MISSING_INCLUSION_ERROR: "no transparency log has it",
  TLOG_ERROR: "no transparency log has it",
  SIGNATURE_ERROR: "its signature is not by the certificate's key",
  TIMESTAMP_ERROR: "nothing that is trusted says when it was signed",
};

/** The attestation as a bundle of sigstore's. */
function bundleOf({ verification_material: material, envelope }: Attestation) {
  const times = material.timestamp_verification_data?.rfc3161_timestamps;
  return bundleFromJSON({
    mediaType: "application/vnd.dev.sigstore.bundle.v0.3+json",
    verificationMaterial: {
      certificate: { rawBytes: material.certificate },
      tlogEntries: material.transparency_entries.map(({ inclusionPromise, ...entry }) => ({
        ...entry,
        ...(inclusionPromise && { inclusionPromise }),
      })),
      ...(times && {
        timestampVerificationData: {
          rfc3161Timestamps: times.map((each) => ({ signedTimestamp: each.signed_timestamp })),
        },
      }),
    },
    dsseEnvelope: {
      payload: envelope.statement,
      payloadType: "application/vnd.in-toto+json",
      signatures: [{ sig: envelope.signature, keyid: "" }],
    },
  });
}

/** What the statement says of the file. */
function attestedPredicate(base64: string, file: AttestedFile): string {
  const bytes = Uint8Array.from(atob(base64), (it) => it.codePointAt(0) ?? 0);
  const { subject, predicateType } = parsed(
    new TextDecoder().decode(bytes),
    attestedStatement,
    "its statement is not about one file",
  );
  const [only] = subject;
  if (!only || !isSameName(only.name, file.filename)) throw new Refusal("it is about a file of another name");
  if (only.digest.sha256 !== file.sha256) throw new Refusal("it is about a file with another digest");
  const predicate = PREDICATES.get(predicateType);
  if (predicate === undefined) throw new Refusal("it attests neither publishing nor a build");
  return predicate;
}

/** Whether two names are of one file, in whatever spelling: publishers have attested normalized names, and PyPI takes both. */
function isSameName(attested: string, own: string): boolean {
  const [one, other] = [asFilename(attested), asFilename(own)];
  if (one === undefined || other === undefined) return false;
  if (one === other) return true;
  const candidates = projectCandidates(other);
  return projectCandidates(one).some(
    (project) => candidates.includes(project) && identityOf(one, project) === identityOf(other, project),
  );
}

function statedSigner(signer: Signer, stated: StatedPublisher): Signer {
  if (!isKnownKind(stated.kind))
    throw new Refusal(
      `no certificate is known here for publishers of the kind ${JSON.stringify(stated.kind.slice(0, 40))}`,
    );
  if (isStated(stated, signer.publisher)) return signer;
  throw new Refusal(
    `its index states another publisher than its certificate, which says ${publisherLabel(signer.publisher)}`,
  );
}

/** The signer of several attestations. */
function together(signers: readonly Signer[]): Signer {
  const [first] = signers;
  if (!first) throw new Refusal("it has no attestation");
  if (!signers.every(({ publisher }) => isOne(first.publisher, publisher))) {
    throw new Refusal("its attestations are by several publishers");
  }
  const predicates = new Set(signers.flatMap(({ predicates: own }) => own));
  if (predicates.size < signers.length) throw new Refusal("it attests the same twice");
  return { ...first, predicates: [...predicates] };
}

const isOne = (one: Publisher, other: Publisher) =>
  isSamePublisher(one, other) && one.repository === other.repository && one.workflow === other.workflow;
