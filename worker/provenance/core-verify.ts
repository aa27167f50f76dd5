import crypto from "node:crypto";

const original = crypto.verify;

/**
 * Gives `crypto.verify` the algorithm that OpenSSL takes where none is said. `@sigstore/core` says none where it means
 * SHA-256: Node then asks OpenSSL for the key's default, which is that, and workerd refuses. What a call does on Node is
 * the same before and after. The object is changed itself, since each loader (esbuild, vitest, Node) gives CommonJS
 * modules another copy of anything else. May be called again.
 */
export function acceptImpliedAlgorithms(): void {
  crypto.verify = verifyWithDefault;
}

const verifyWithDefault: typeof original = (algorithm, data, key, signature) => {
  const isImplied = (algorithm === undefined || algorithm === null) && hasDefault(key);
  return original(isImplied ? "sha256" : algorithm, data, key, signature);
};

/** Whether a key signs a SHA-256 where nothing else is said; others, as Ed25519, take no algorithm. */
function hasDefault(key: unknown): boolean {
  if (typeof key !== "object" || key === null || !("asymmetricKeyType" in key)) return false;
  return key.asymmetricKeyType === "ec" || key.asymmetricKeyType === "rsa";
}
