import { createHash, timingSafeEqual } from "node:crypto";

/** Compares two texts. The time it takes does not depend on where they differ. */
export function equalsInConstantTime(one: string, other: string): boolean {
  const hash = (text: string) => createHash("sha256").update(new TextEncoder().encode(text)).digest();
  return timingSafeEqual(hash(one), hash(other));
}
