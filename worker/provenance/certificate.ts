import { X509Certificate } from "@sigstore/core";

/** What the claims of a CI service's identity token are in a certificate of Fulcio (fulcio, docs/oid-info.md). */
const CLAIMS = {
  issuer: "1.3.6.1.4.1.57264.1.8",
  buildSigner: "1.3.6.1.4.1.57264.1.9",
  repository: "1.3.6.1.4.1.57264.1.12",
  commit: "1.3.6.1.4.1.57264.1.13",
  ref: "1.3.6.1.4.1.57264.1.14",
  repositoryId: "1.3.6.1.4.1.57264.1.15",
  ownerId: "1.3.6.1.4.1.57264.1.17",
  buildConfig: "1.3.6.1.4.1.57264.1.18",
  run: "1.3.6.1.4.1.57264.1.21",
} as const;

/** Who a certificate is for. */
export type CertificateClaims = Readonly<Partial<Record<keyof typeof CLAIMS | "email", string>>>;

const EXTENDED_KEY_USAGE = "2.5.29.37";
const CODE_SIGNING = "1.3.6.1.5.5.7.3.3";

/** DER's tag of a UTF8String. */
const UTF8_STRING = 0x0c;

/**
 * Reads who a signing certificate is for. It says nothing about who has made the certificate.
 *
 * @param base64 of its DER
 * @throws Error where it cannot be read, has another encoding than DER, or is not for signing code
 */
export function claimsOf(base64: string): CertificateClaims {
  const certificate = X509Certificate.parse(`-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`);
  if (certificate.root.toDER().toString("base64") !== base64) throw new Error("its certificate is not encoded as DER");
  const usages = certificate.extension(EXTENDED_KEY_USAGE)?.valueObj.subs[0]?.subs ?? [];
  if (certificate.isCA || !usages.some((usage) => usage.toOID() === CODE_SIGNING)) {
    throw new Error("its certificate is not for signing code");
  }
  const claims: Partial<Record<keyof CertificateClaims, string>> = {};
  for (const [name, oid] of Object.entries(CLAIMS)) {
    const value = textOf(certificate, oid);
    if (value !== undefined) claims[name as keyof typeof CLAIMS] = value;
  }
  const email = certificate.extSubjectAltName?.rfc822Name;
  return email === undefined ? claims : { ...claims, email };
}

function textOf(certificate: X509Certificate, oid: string): string | undefined {
  const parts = certificate.extension(oid)?.valueObj.subs ?? [];
  const [only] = parts;
  if (!only || parts.length > 1 || only.tag.number !== UTF8_STRING || !only.tag.isUniversal()) return undefined;
  return new TextDecoder().decode(only.value);
}
