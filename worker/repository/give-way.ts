/**
 * Lets other requests of the isolate run. Long work calls it between pieces that take a few milliseconds each. Pieces
 * are counted by size, not timed: in workerd the clock stands still while code runs.
 */
export const giveWay = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

/** How many items are looked at before other requests may run. */
const MANY = 1_000;

/** The items that pass a test of some microseconds each; other requests run in between. */
export async function filterGivingWay<Item>(items: readonly Item[], test: (item: Item) => boolean): Promise<Item[]> {
  const passed: Item[] = [];
  for (let at = 0; at < items.length; at += MANY) {
    if (at > 0) await giveWay();
    passed.push(...items.slice(at, at + MANY).filter(test));
  }
  return passed;
}

/** How much is encoded before other requests may run. Characters. */
const STRIDE = 128 * 1024;

/** The pieces of a text joined, in UTF-8; other requests run in between. No piece ends within a character. */
export async function encodeText(pieces: Iterable<string>): Promise<Uint8Array<ArrayBuffer>> {
  const encoder = new TextEncoder();
  const parts: Uint8Array[] = [];
  let [text, size] = ["", 0];
  const encode = () => {
    const part = encoder.encode(text);
    parts.push(part);
    size += part.byteLength;
    text = "";
  };
  for (const piece of pieces) {
    text += piece;
    if (text.length < STRIDE) continue;
    encode();
    await giveWay();
  }
  encode();
  return joined(parts, size);
}

/** @param size bytes of all parts together */
export function joined(parts: readonly Uint8Array[], size: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.byteLength;
  }
  return whole;
}
