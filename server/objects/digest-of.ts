import { createHash } from "node:crypto";
import { open } from "node:fs/promises";

/** Bytes of one read. */
const CHUNK = 1024 * 1024;

/**
 * The digest of a file's bytes, in hex. Rejects with the system's error.
 *
 * @param algorithm as Node names it, such as `sha256`
 */
export async function digestOfFile(path: string, algorithm: string): Promise<string> {
  const hash = createHash(algorithm);
  const handle = await open(path);
  try {
    const buffer = Buffer.allocUnsafeSlow(CHUNK);
    for (;;) {
      const { bytesRead } = await handle.read(buffer);
      if (bytesRead === 0) return hash.digest("hex");
      hash.update(buffer.subarray(0, bytesRead));
    }
  } finally {
    await handle.close();
  }
}

/**
 * What is wrong with a file whose bytes have a digest, in words that go on after its name; undefined: nothing.
 *
 * @param digest such as `sha256=…`
 */
export async function faultByDigest(path: string, digest: string): Promise<string | undefined> {
  const at = digest.indexOf("=");
  const found = await digestOfFile(path, digest.slice(0, at));
  return found === digest.slice(at + 1) ? undefined : "has other bytes than were stored";
}
