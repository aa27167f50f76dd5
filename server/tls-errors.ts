/** Codes of certificates that none of the authorities has issued that are known here. */
const UNTRUSTED = new Set([
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
]);

/** What OpenSSL says of a first answer that is no TLS, such as one of plain http. */
const NO_TLS = new Set(["ERR_SSL_WRONG_VERSION_NUMBER", "ERR_SSL_PACKET_LENGTH_TOO_LONG", "ERR_SSL_HTTP_REQUEST"]);

/** Why no connection by TLS was made, in plain words for the middle of a sentence; undefined for another error. OpenSSL's own text has places in its source. */
export function tlsErrorText(error: unknown): string | undefined {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (NO_TLS.has(code)) return "it does not speak TLS there: its address may be one with http://, or have another port";
  if (UNTRUSTED.has(code))
    return `its certificate is not trusted (${code}): if its authority is your own, name the file of that in NODE_EXTRA_CA_CERTS`;
  return code.startsWith("ERR_SSL_") ? `no connection by TLS can be made (${code})` : undefined;
}
