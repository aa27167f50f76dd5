import { createHash } from "node:crypto";
import type { DigestAlgorithm } from "../../pypi/page.ts";

/** A stream that takes bytes; their digest is available once it is closed. */
export interface DigestSink extends WritableStream<Uint8Array> {
  readonly digest: Promise<ArrayBuffer | Uint8Array>;
}

export function digestStream(algorithm: DigestAlgorithm): DigestSink {
  if (algorithm === "sha224") return sha224Stream();
  return new crypto.DigestStream(algorithm === "md5" ? "MD5" : algorithm.replace("sha", "SHA-"));
}

/** WebCrypto has no SHA-224, and pip verifies it. */
function sha224Stream(): DigestSink {
  const hash = createHash("sha224");
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  // The digest of a broken transfer is never read: without this, its rejection would be logged as unhandled.
  promise.catch(() => undefined);
  const stream = new WritableStream<Uint8Array>({
    write: (chunk) => hash.update(chunk),
    close: () => resolve(hash.digest()),
    abort: reject,
  });
  return Object.assign(stream, { digest: promise });
}
