/** Compares two texts. The time it takes does not depend on where they differ. */
export async function equalsInConstantTime(one: string, other: string): Promise<boolean> {
  const hash = (text: string) => crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  const [a, b] = await Promise.all([hash(one), hash(other)]);
  return crypto.subtle.timingSafeEqual(a, b);
}
