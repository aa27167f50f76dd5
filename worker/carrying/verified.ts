import { createHash } from "node:crypto";
import { IndexError } from "../errors.ts";
import type { NumberedMember } from "./ports.ts";

/** The member's bytes, which throw `unprocessable` at their end where they have another digest than the manifest says. */
export async function* verified(
  chunks: AsyncIterable<Uint8Array>,
  { number, kind, key, sha256 }: NumberedMember,
): AsyncGenerator<Uint8Array> {
  const hash = createHash("sha256");
  for await (const chunk of chunks) {
    hash.update(chunk);
    yield chunk;
  }
  if (hash.digest("hex") === sha256) return;
  throw new IndexError(
    "unprocessable",
    `Member ${number}, ${kind} ${key}, has other bytes than the manifest says: it was damaged or changed on its way.`,
  );
}

/** All bytes of a member that is read as a whole. Throws `too-large` where it has more than `limit`. */
export async function gathered(
  chunks: AsyncIterable<Uint8Array>,
  { kind, key, size }: NumberedMember,
  limit: number,
): Promise<Uint8Array> {
  if (size > limit)
    throw new IndexError("too-large", `The ${kind} ${key} has ${size} bytes; at most ${limit} are taken.`);
  const bytes = new Uint8Array(size);
  let at = 0;
  for await (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.byteLength;
  }
  return bytes;
}
