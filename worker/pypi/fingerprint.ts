/** A short hash of a text, for keys and ETags (FNV-1a, 32 bits, base 36). Not cryptographic: collisions are easy to make. */
export function fingerprint(text: string): string {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0).toString(36);
}
