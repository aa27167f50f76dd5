import { bundleToJSON, type SerializedBundle } from "@sigstore/bundle";
import { dsse } from "@sigstore/core";
import { HashAlgorithm } from "@sigstore/protobuf-specs";
import {
  DSSEBundleBuilder,
  FulcioSigner,
  RekorWitness,
  TSAWitness,
  type SignatureBundle,
  type Witness,
} from "@sigstore/sign";
import { createHash } from "node:crypto";
import { SECOND } from "../../worker/duration.ts";
import { messageOf } from "../../worker/errors.ts";
import { escaped } from "../../worker/pypi/shown.ts";
import { CommandError } from "../lib/command-error.ts";
import { identityToken } from "./identity.ts";
import type { SigningServices } from "./signing-services.ts";

/** Makes a publish attestation (PEP 740) of a file. `sha256` in lower-case hex. */
export type Attester = (file: { readonly filename: string; readonly sha256: string }) => Promise<object>;

const STATEMENT_TYPE = "application/vnd.in-toto+json";

const PATIENCE = { retry: 2, timeout: 30 * SECOND };

/**
 * What makes attestations in the name of the CI job that runs the command, with a key that is used once. The log that it enters
 * them into is public where the services are sigstore's own.
 *
 * @param patience how often a service that fails is asked again, and for how many milliseconds an answer is waited for
 *
 * The function throws a `CommandError` where there is no identity, or a service fails: it would for each file.
 */
export function createAttester(
  services: SigningServices,
  environment: NodeJS.ProcessEnv,
  patience: { readonly retry: number; readonly timeout?: number } = PATIENCE,
): Attester {
  return async ({ filename, sha256 }) => {
    const identity = await identityToken(environment);
    const signer = new FulcioSigner({
      identityProvider: { getToken: () => Promise.resolve(identity) },
      fulcioBaseURL: services.fulcio,
      ...patience,
    });
    const log = logOf(services, patience);
    const clock = services.tsa === undefined ? [] : [new TSAWitness({ tsaBaseURL: services.tsa, ...patience })];
    const statement = {
      _type: "https://in-toto.io/Statement/v1",
      subject: [{ name: filename, digest: { sha256 } }],
      predicateType: "https://docs.pypi.org/attestations/publish/v1",
      predicate: null,
    };
    try {
      const builder = new DSSEBundleBuilder({ signer, witnesses: [log, ...clock] });
      return attestationOf(
        bundleToJSON(await builder.create({ data: Buffer.from(JSON.stringify(statement)), type: STATEMENT_TYPE })),
      );
    } catch (error) {
      throw new CommandError(escaped(sentenceOf(error, services)));
    }
  };
}

function logOf({ rekor, rekorVersion }: SigningServices, patience: { retry: number; timeout?: number }): Witness {
  const log = { rekorBaseURL: rekor, ...patience };
  if (rekorVersion !== "2") return new RekorWitness({ ...log, entryType: "dsse" });
  const second = new RekorWitness({ ...log, majorApiVersion: 2 });
  return { testify: (content, key) => second.testify(asDigest(content), key) };
}

/**
 * A signed envelope as Rekor 2 takes it: it has no entries for envelopes, but for the digest of the bytes that were signed
 * (rekor-v2-spec, 6.1.4).
 */
function asDigest(content: SignatureBundle): SignatureBundle {
  if (content.$case === "messageSignature") return content;
  const { payload, payloadType, signatures } = content.dsseEnvelope;
  const [only] = signatures;
  if (!only) throw new Error("the envelope has no signature");
  const digest = createHash("sha256").update(dsse.preAuthEncoding(payloadType, payload)).digest();
  return {
    $case: "messageSignature",
    messageSignature: { messageDigest: { algorithm: HashAlgorithm.SHA2_256, digest }, signature: only.sig },
  };
}

/** A bundle of sigstore's as an attestation object. */
function attestationOf({ verificationMaterial: material, dsseEnvelope: envelope }: SerializedBundle): object {
  const times = material.timestampVerificationData?.rfc3161Timestamps ?? [];
  return {
    version: 1,
    verification_material: {
      certificate: material.certificate?.rawBytes,
      transparency_entries: material.tlogEntries,
      ...(times.length > 0 && {
        timestamp_verification_data: {
          rfc3161_timestamps: times.map(({ signedTimestamp }) => ({ signed_timestamp: signedTimestamp })),
        },
      }),
    },
    envelope: { statement: envelope?.payload, signature: envelope?.signatures[0]?.sig },
  };
}

/** What went wrong. The library's own message of a wrong token has the token in it, which is a secret. */
function sentenceOf(error: unknown, { fulcio, rekor, tsa }: SigningServices): string {
  const { code, cause } = error as { readonly code?: string; readonly cause?: unknown };
  const why = cause instanceof Error ? ` (${cause.message})` : "";
  if (code === "IDENTITY_TOKEN_PARSE_ERROR") return "The identity token of this job is not one: it cannot be read.";
  if (code === "CA_CREATE_SIGNING_CERTIFICATE_ERROR") return `${fulcio} gives this job no certificate${why}.`;
  if (code?.startsWith("TLOG_")) return `${rekor} has not entered the attestation into its log${why}.`;
  if (code?.startsWith("TSA_")) return `${tsa} has not said the time${why}.`;
  return `The attestation could not be made (${messageOf(error)}).`;
}
