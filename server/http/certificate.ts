import { createPrivateKey, X509Certificate, type KeyObject } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createSecureContext } from "node:tls";
import { messageOf, withoutStop } from "../../worker/errors.ts";
import { fileErrorText } from "../file-errors.ts";

/** Paths of the two files, in PEM form. */
export interface CertificateFiles {
  /** The certificate, and behind it those of the authorities between it and one that clients know. */
  readonly cert: string;
  readonly key: string;
}

/** A certificate that a server can use. */
export interface Certificate {
  readonly cert: Buffer;
  readonly key: Buffer;
  /** The server's own one, the first in its file. */
  readonly x509: X509Certificate;
}

/** The message is a sentence for the user. */
export class UnusableCertificate extends Error {}

/**
 * Reads a certificate and its key. That it is out of date is no error: `whyOutOfDate` says so.
 *
 * @throws UnusableCertificate where a file cannot be read or parsed, or the key is another certificate's
 */
export async function readCertificate({ cert: certFile, key: keyFile }: CertificateFiles): Promise<Certificate> {
  const [cert, key] = await Promise.all([contentOf(certFile, "certificate"), contentOf(keyFile, "private key")]);
  const x509 = orRefuse(`${certFile} has no certificate in PEM form`, () => new X509Certificate(cert));
  const own: KeyObject = orRefuse(
    `${keyFile} has no private key in PEM form that can be read without a passphrase`,
    () => createPrivateKey(key),
  );
  if (!x509.checkPrivateKey(own))
    throw new UnusableCertificate(`The key in ${keyFile} is not the key of the certificate in ${certFile}.`);
  orRefuse(`The certificate in ${certFile} cannot be used`, () => createSecureContext({ cert, key }));
  return { cert, key, x509 };
}

/** Why clients refuse a certificate at that time; undefined where they do not. A sentence. */
export function whyOutOfDate({ x509 }: Certificate, file: string, now: number): string | undefined {
  const { validFromDate: from, validToDate: to } = x509;
  if (to.getTime() < now) return `The certificate in ${file} has expired (${to.toISOString()}): clients refuse it.`;
  if (from.getTime() > now)
    return `The certificate in ${file} is not valid before ${from.toISOString()}: clients refuse it.`;
  return undefined;
}

async function contentOf(file: string, what: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    throw new UnusableCertificate(`The file of the ${what} cannot be read: ${file}: ${fileErrorText(error)}.`, {
      cause: error,
    });
  }
}

function orRefuse<T>(sentence: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    const said = messageOf(error);
    // OpenSSL's own words have numbers and names of its source.
    const reason = said.startsWith("error:") ? "" : `: ${withoutStop(said)}`;
    throw new UnusableCertificate(`${sentence}${reason}.`, { cause: error });
  }
}
