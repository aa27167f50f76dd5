import * as z from "zod/mini";

/** Characters of base64 of the longest certificate, statement or log entry that is read. */
const MAX_BASE64 = 96 * 1024;

/** Canonical base64: another spelling of the same bytes is refused, so that an object has one form. */
const base64 = z.string().check(
  z.maxLength(MAX_BASE64),
  z.refine((it) => isCanonical(it), "must be base64"),
);

function isCanonical(text: string): boolean {
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text)) return false;
  return btoa(atob(text)) === text;
}

const whole = z.string().check(z.regex(/^(?:0|[1-9]\d{0,18})$/));

const short = z.string().check(z.maxLength(1_000));

/** An entry of a transparency log (Rekor), as sigstore's bundles have it. */
const logEntry = z.object({
  logIndex: whole,
  logId: z.object({ keyId: base64 }),
  kindVersion: z.object({ kind: short, version: short }),
  integratedTime: z._default(whole, "0"),
  inclusionPromise: z.optional(z.nullable(z.object({ signedEntryTimestamp: base64 }))),
  inclusionProof: z.object({
    logIndex: whole,
    rootHash: base64,
    treeSize: whole,
    hashes: z._default(z.array(base64).check(z.maxLength(64)), []),
    checkpoint: z.object({ envelope: z.string().check(z.maxLength(8_192)) }),
  }),
  canonicalizedBody: base64,
});

const signedByCertificate = z.object({
  verifier: z.object({ x509Certificate: z.object({ rawBytes: base64 }) }),
});

/** What the entries of a log say of who has signed, by their kind and version; the first one of Rekor, the others of Rekor 2. */
export const loggedBodies = {
  "dsse 0.0.1": z.object({
    spec: z.object({ signatures: z.array(z.object({ verifier: base64 })).check(z.length(1)) }),
  }),
  "dsse 0.0.2": z.object({
    spec: z.object({ dsseV002: z.object({ signatures: z.array(signedByCertificate).check(z.length(1)) }) }),
  }),
  "hashedrekord 0.0.2": z.object({
    spec: z.object({ hashedRekordV002: z.object({ signature: signedByCertificate }) }),
  }),
} as const;

/** An attestation object (PEP 740). */
export const attestation = z.object({
  version: z.literal(1),
  verification_material: z.object({
    certificate: base64,
    transparency_entries: z.array(logEntry).check(z.minLength(1), z.maxLength(4)),
    /** Not of PEP 740: where a log gives no time of its own (Rekor 2), signed times are beside it, as in sigstore's bundles. */
    timestamp_verification_data: z.optional(
      z.object({
        rfc3161_timestamps: z.array(z.object({ signed_timestamp: base64 })).check(z.maxLength(4)),
      }),
    ),
  }),
  envelope: z.object({ statement: base64, signature: base64 }),
});

export type Attestation = z.infer<typeof attestation>;

/** The publisher that an index states, which is not signed. */
const statedPublisher = z.looseObject({ kind: short });

export type StatedPublisher = z.infer<typeof statedPublisher>;

/** A provenance object (PEP 740), as the Integrity API gives it. */
export const provenanceObject = z.object({
  version: z.literal(1),
  attestation_bundles: z
    .array(
      z.object({
        publisher: statedPublisher,
        attestations: z.array(attestation).check(z.minLength(1), z.maxLength(4)),
      }),
    )
    .check(z.minLength(1), z.maxLength(4)),
});

/** An in-toto statement, version 1. */
export const attestedStatement = z.object({
  _type: z.literal("https://in-toto.io/Statement/v1"),
  subject: z
    .array(z.object({ name: short, digest: z.object({ sha256: z.string().check(z.regex(/^[0-9a-f]{64}$/)) }) }))
    .check(z.length(1)),
  predicateType: short,
});
